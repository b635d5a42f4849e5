"""What the poller needs of the world: Kafka and the Lambda Invoke API."""
