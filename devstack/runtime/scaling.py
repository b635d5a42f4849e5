"""Scaling: a function's reserved concurrency in, when its pool grows, throttles and shrinks out."""

from dataclasses import dataclass
from typing import Final

# ThrottleReason of https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
RESERVED: Final = "ReservedFunctionConcurrentInvocationLimitExceeded"
ALL: Final = "ConcurrentInvocationLimitExceeded"


class ThrottledError(Exception):
    """All environments are busy and no more may be started; `reason` is AWS's ThrottleReason."""

    def __init__(self, reason: str) -> None:
        super().__init__("Rate Exceeded.")
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """When a pool grows, throttles and shrinks.

    AWS starts an environment for every invocation that finds none idle. On a laptop a second one
    costs a second of a core and 60 MB, while most invocations take under a millisecond: so an
    invocation is patient for a moment first. Under a reserved concurrency an invocation beyond it
    is throttled at once, as on AWS; without one, AWS would give a thousand environments, and a
    wait of some seconds stands in for those that a laptop cannot start.
    """

    limit: int = 10
    reserved: bool = False
    patience_seconds: float = 0.05
    wait_seconds: float = 5
    idle_seconds: float = 600

    @classmethod
    def of(cls, reserved_concurrency: int | None) -> "Scaling":
        """Take the function's reserved concurrency, if it has one, as the limit."""
        if reserved_concurrency is None:
            return cls()
        return cls(limit=reserved_concurrency, reserved=True)
