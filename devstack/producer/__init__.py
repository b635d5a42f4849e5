"""The producer: a seed in, orders and bad records in a Kafka topic out."""
