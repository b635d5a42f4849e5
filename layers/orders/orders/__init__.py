"""Orders: what the functions share, from the record on Kafka to the answer over HTTP."""
