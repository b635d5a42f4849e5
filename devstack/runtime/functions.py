"""Functions of a template: names, ARNs and qualified names in, their pools out."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Self

from devstack.account import function_arn
from devstack.runtime.configuration import FunctionConfiguration
from devstack.runtime.environment import ExecutionEnvironment
from devstack.runtime.invocation import Invocation, InvocationResult
from devstack.runtime.pool import FunctionPool
from devstack.runtime.scaling import Scaling
from devstack.template import Function

_LATEST = "$LATEST"


class FunctionNotFoundError(LookupError):
    """No function of this name; the text is AWS's."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Function not found: {function_arn(name)}")


class Functions:
    """The pools of all functions, by every name the Invoke API accepts."""

    def __init__(
        self,
        pools: Mapping[str, FunctionPool],
        names: Mapping[str, str],
        *,
        every_version: bool,
    ) -> None:
        """Take the pools by logical id, and logical ids by what AWS would call the functions."""
        self._pools = pools
        self._names = names
        self._every_version = every_version

    @classmethod
    def of(
        cls,
        functions: Mapping[str, Function],
        added: Mapping[str, str],
        log: Callable[[str, str], None],
        *,
        every_version: bool = False,
    ) -> Self:
        """Make the pools of a template's functions; nothing is started.

        `added` are settings for every function, over the template's own; `log` takes a function's
        name and a line of its log. With `every_version`, each alias and version is the function.
        """
        return cls(
            {name: _pool(function, added, log) for name, function in functions.items()},
            {function.name: logical_id for logical_id, function in functions.items()},
            every_version=every_version,
        )

    def pool(self, name: str, qualifier: str | None = None) -> FunctionPool:
        """Find a function by name, `name:qualifier`, ARN or partial ARN.

        Raises `FunctionNotFoundError`, also for a qualifier that names no version served here.
        """
        bare, _, own_qualifier = name.rpartition(":function:")[2].partition(":")
        version = own_qualifier or qualifier or _LATEST
        found = self._pools.get(self._names.get(bare, bare))
        if found is None or not (self._every_version or version == _LATEST):
            raise FunctionNotFoundError(bare if version == _LATEST else f"{bare}:{version}")
        return found

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
        name=function.name,
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
