"""SAM templates: resources of any of them in, what the local cloud runs out.

Invariant: what only AWS knows stands as `Unresolved` in its place; nothing fails before it is used.
"""
