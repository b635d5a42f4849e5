"""The parts of the NATS consumer: the wire in, messages in their stream's order out."""
