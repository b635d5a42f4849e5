"""The chaos layer: a folder in, processes whose clock and memory can be disturbed out.

What AWS's Fault Injection Service does by an extension, a module does here that Python loads before
any other, in every process that has the folder on PYTHONPATH when it starts.
"""

import os
import shutil
import signal
import struct
from pathlib import Path

import psutil

_SECONDS = struct.Struct("d")
LAYER = Path(__file__).parent / "layer" / "sitecustomize.py"


class Chaos:
    """The layer in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def install(self) -> None:
        """Put the layer there, its clock being right."""
        self._folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(LAYER, self._folder)
        self.jump_clock(0)

    def jump_clock(self, seconds: float) -> None:
        """Let `time.time` and `time.time_ns` be off by so much from now on; 0: right again.

        `datetime.now` stays right, and so does what C libraries read.
        """
        # Never cut short: a process that has mapped the file would die of reading past its end.
        clock = os.open(self._clock, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.pwrite(clock, _SECONDS.pack(seconds), 0)
        finally:
            os.close(clock)

    @property
    def offset_seconds(self) -> float:
        """Return by how much the clock is off."""
        (seconds,) = _SECONDS.unpack(self._clock.read_bytes())
        return float(seconds)

    def exhaust_memory(self, process: psutil.Process) -> None:
        """Let an execution environment take memory until somebody ends it.

        Raises `psutil.NoSuchProcess`.
        """
        process.send_signal(signal.SIGUSR1)

    @property
    def _clock(self) -> Path:
        return self._folder / "clock"
