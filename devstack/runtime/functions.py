"""Functions of a template: names, ARNs and qualified names in, their pools out."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Self

from devstack.runtime.configuration import FunctionConfiguration, function_arn
from devstack.runtime.environment import ExecutionEnvironment
from devstack.runtime.invocation import Invocation, InvocationResult
from devstack.runtime.pool import FunctionPool
from devstack.runtime.scaling import Scaling
from devstack.template import Function


class FunctionNotFoundError(LookupError):
    """No function of this name; the text is AWS's."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Function not found: {function_arn(name)}")


class Functions:
    """The pools of all functions, by every name the Invoke API accepts."""

    def __init__(self, pools: Mapping[str, FunctionPool]) -> None:
        self._pools = pools

    @classmethod
    def of(
        cls,
        functions: Mapping[str, Function],
        added: Mapping[str, str],
        log: Callable[[str, str], None],
    ) -> Self:
        """Make the pools of a template's functions; nothing is started.

        `added` are settings for every function, over the template's own; `log` takes a function's
        name and a line of its log.
        """
        return cls({name: _pool(function, added, log) for name, function in functions.items()})

    def pool(self, name: str, qualifier: str | None = None) -> FunctionPool:
        """Find a function by name, `name:qualifier`, ARN or partial ARN.

        Raises `FunctionNotFoundError`, also for any qualifier but $LATEST.
        """
        bare, _, own_qualifier = name.rpartition(":function:")[2].partition(":")
        version = own_qualifier or qualifier or "$LATEST"
        if bare not in self._pools or version != "$LATEST":
            raise FunctionNotFoundError(bare if version == "$LATEST" else f"{bare}:{version}")
        return self._pools[bare]

    async def invoke(self, name: str, invocation: Invocation) -> InvocationResult:
        """Run an invocation in a pool; raises what `pool` and the pool raise."""
        return await self.pool(name).invoke(invocation)

    async def provision(self, names: set[str]) -> None:
        """Have one environment of each of these functions up, or failed."""
        await asyncio.gather(*(self._pools[name].provision() for name in names))

    async def close(self) -> None:
        """End all environments of all functions."""
        await asyncio.gather(*(pool.close() for pool in self._pools.values()))


def _pool(
    function: Function, added: Mapping[str, str], log: Callable[[str, str], None]
) -> FunctionPool:
    name = function.logical_id
    configuration = FunctionConfiguration(
        name=name,
        handler=function.handler,
        code=function.code,
        layers=function.layers,
        environment={**function.environment, **added},
        timeout_seconds=function.timeout_seconds,
        memory_megabytes=function.memory_megabytes,
    )
    return FunctionPool(
        lambda: ExecutionEnvironment(configuration, lambda line: log(name, line)),
        function.timeout_seconds,
        Scaling.of(function.concurrency),
    )
