"""Second level: orders in and out of a server that all execution environments share.

Whatever becomes of the server, a call returns within its budget and never raises; what it does not
return is looked for in the store.
"""

from orders.second_level.client import BUDGET, Budget, Client
from orders.second_level.level import ValkeySecondLevel

__all__ = ["BUDGET", "Budget", "Client", "ValkeySecondLevel"]
