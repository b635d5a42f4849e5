"""Runtime processes: a function configuration in, a watched process of its own group out.

Invariant: `kill` ends this process and what it started, nothing else.
"""

import asyncio
import contextlib
import os
import signal

import psutil

from devstack.runtime.configuration import FunctionConfiguration

TERMINATION_GRACE_SECONDS = 1
_MEGABYTE = 1024 * 1024


class RuntimeProcess:
    """One process of AWS's runtime client."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._memory: psutil.Process | None = None
        self.peak_megabytes = 0

    @classmethod
    async def start(
        cls, configuration: FunctionConfiguration, runtime_api: str, output: int
    ) -> "RuntimeProcess":
        """Start the runtime in a session of its own; `output` takes stdout and stderr."""
        process = await asyncio.create_subprocess_exec(
            *configuration.command,
            cwd=configuration.code,
            env=configuration.variables(runtime_api),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        return cls(process)

    @property
    def pid(self) -> int:
        """The process, which leads its group."""
        return self._process.pid

    def resident_megabytes(self) -> int:
        """Measure the resident memory of the process (children excluded)."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self._memory = self._memory or psutil.Process(self.pid)
            used = round(self._memory.memory_info().rss / _MEGABYTE)
            self.peak_megabytes = max(self.peak_megabytes, used)
            return used
        return 0

    async def wait(self) -> int:
        """Return the exit status; a negative one is the signal that ended the process."""
        return await self._process.wait()

    def kill(self) -> None:
        """End the group now."""
        self._signal(signal.SIGKILL)

    async def stop(self) -> None:
        """Ask the group to end; after a second, end it."""
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(TERMINATION_GRACE_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self.kill()
            await self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
