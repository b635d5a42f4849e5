"""The second-level cache measured: what it is good for, and what becomes of look-ups without it."""
