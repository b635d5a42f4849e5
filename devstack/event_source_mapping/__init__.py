"""The event source mapping for Kafka: records of a topic in, function invocations out.

Nothing is committed before the function has accepted it, so no record is ever skipped:
poller → batcher → invoker → checkpoint, driven step by step, with AWS's rules.
"""
