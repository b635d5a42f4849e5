"""The producer: a seed in, orders and bad records in a Kafka topic or a NATS stream out."""
