"""The faults of a proof, each under its name, in a fixed order."""

from collections.abc import Mapping

from devstack.prove.faults import (
    broker,
    function,
    mapping,
    network,
    postgres,
    statements,
    whole,
)
from devstack.prove.faults.fault import Fault
from devstack.prove.faults.surroundings import Surroundings

__all__ = ["FAULTS", "Fault", "Surroundings"]

_PARTS = (function, postgres, statements, network, broker, mapping, whole)

FAULTS: Mapping[str, Fault] = {fault.name: fault for part in _PARTS for fault in part.FAULTS}
