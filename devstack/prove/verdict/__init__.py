"""The verdict: what was produced held against what PostgreSQL and Kafka hold, record by record."""
