"""Parts of a local cloud: a folder in, the components that a stack and an `esm` have alike out."""

import os
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from devstack import leftovers, mappings, private_file
from devstack.component import Component, NotReadyError
from devstack.ports import LOCALHOST
from devstack.settings import ROOT

Command = Callable[[], tuple[str, ...]]
Configure = Callable[[], Mapping[str, object]]


@dataclass(frozen=True)
class Parts:
    """The processes that keep what they know in one folder, and are known by it."""

    folder: Path

    @property
    def mark(self) -> dict[str, str]:
        """Return the variable that tells whose a process is."""
        return {leftovers.MARK: str(self.folder)}

    @property
    def environment(self) -> dict[str, str]:
        """Return what every component's process is given."""
        # -m devstack.… from any folder; what the path held before stays on it.
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        return {**self.mark, "PYTHONUNBUFFERED": "1", "PYTHONPATH": path}

    def module(self, module: str, configure: Configure) -> Command:
        """Return what runs a module of devstack with a configuration file, written at its start."""

        def command() -> tuple[str, ...]:
            file = private_file.write(self.folder / "run" / f"{module}.json", configure())
            return (sys.executable, "-m", f"devstack.{module}", "--config", str(file))

        return command

    def aws(self, port: int, fill: Callable[[], object]) -> Component:
        """Return the local AWS services; `fill` makes in them what is to be there."""

        def settle() -> None:
            try:
                fill()
            except (BotoCoreError, ClientError) as error:
                raise NotReadyError from error

        return Component(
            name="aws",
            command=lambda: (sys.executable, "-m", "devstack.aws", "--port", str(port)),
            answers=lambda: listens(port),
            settle=settle,
            environment=self.environment,
        )

    def end_environments(self) -> None:
        """End execution environments that a killed process left: two answers are too many."""
        leftovers.end(self.folder, with_variable="AWS_LAMBDA_RUNTIME_API")

    def mapping(
        self, configure: Configure, needs: tuple[str, ...], renewed_with: tuple[str, ...] = ()
    ) -> Component:
        """Return the mapping process, which tells of itself in this folder."""
        ready_file = self.folder / "run" / "mapping.ready"
        status_file = mappings.file_of(self.folder)
        own = {"ready_file": str(ready_file), "status_file": str(status_file)}

        def prepare() -> None:
            ready_file.unlink(missing_ok=True)
            status_file.unlink(missing_ok=True)

        return Component(
            name="mapping",
            command=self.module("event_source_mapping", lambda: {**configure(), **own}),
            answers=ready_file.exists,
            needs=needs,
            renewed_with=renewed_with,
            prepare=prepare,
            environment=self.environment,
        )


def listens(port: int) -> bool:
    """Tell whether something accepts connections on a port of this machine."""
    try:
        socket.create_connection((LOCALHOST, port), timeout=1).close()
    except OSError:
        return False
    return True
