"""Replay: records of a topic, a stream, files or dead letters in, a function invoked with them out.

Nothing is committed to Kafka or acknowledged to NATS, and what a function accepted is never
forgotten: an interrupted replay goes on after the last event that came back.
"""
