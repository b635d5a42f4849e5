"""The proxy between functions and PostgreSQL: connections in, what is wanted of them out.

Invariant: what it passes on is what came, in the same order.
"""

from devstack.prove.arena.proxy.moments import Course, MissedError, Moment
from devstack.prove.arena.proxy.server import Proxy

__all__ = ["Course", "MissedError", "Moment", "Proxy"]
