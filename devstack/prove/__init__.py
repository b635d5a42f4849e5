"""The proof: a stack of its own under load and faults in, the fate of every record out.

Invariant: what is proved is looked at from outside, by each record's own id; the code under proof
is never asked what it did.
"""
