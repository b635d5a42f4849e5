"""`sam local` beside a running stack: the built template in, functions in AWS's containers out.

Invariant: the containers reach the stack's database, and nothing else of it.
"""
