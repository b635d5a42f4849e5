"""One event poller: pure decisions, driven step by step; what touches the world is a port."""
