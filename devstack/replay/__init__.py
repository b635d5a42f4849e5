"""Replay: records of a topic, of files or of dead letters in, a function invoked with them out.

Nothing is committed to Kafka, and what a function accepted is never forgotten: an interrupted
replay goes on after the last event that came back.
"""
