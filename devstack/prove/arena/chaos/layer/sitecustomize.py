"""The layer itself: what the file `clock` says in, a clock that is off and scarce memory out.

Python runs it at the start of every process that has its folder on the path. It patches `time.time`
and `time.time_ns`, not `datetime.now`, nor what C reads by itself. Standard library only.
"""

import mmap
import os
import signal
import struct
import time
from pathlib import Path

_CLOCK = Path(__file__).with_name("clock")
_SECONDS = struct.Struct("d")
_STEP_BYTES = 16 * 1024 * 1024
_MOST_BYTES = 2 * 1024 * 1024 * 1024
_PAUSE_SECONDS = 0.005
"""Short, and long enough for whoever watches the process's memory."""


def _put_clock_off() -> None:
    with _CLOCK.open("rb") as file:
        off = mmap.mmap(file.fileno(), _SECONDS.size, access=mmap.ACCESS_READ)
    right, right_ns, read = time.time, time.time_ns, _SECONDS.unpack_from
    time.time = lambda: right() + read(off)[0]
    time.time_ns = lambda: right_ns() + int(read(off)[0] * 1e9)


def _exhaust_memory(*_: object) -> None:
    hoard: list[bytes] = []
    while True:
        if len(hoard) * _STEP_BYTES < _MOST_BYTES:
            hoard.append(b"\1" * _STEP_BYTES)  # written, or it would not be resident
        time.sleep(_PAUSE_SECONDS)  # it must be seen to grow before it takes the machine's


_put_clock_off()
if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    signal.signal(signal.SIGUSR1, _exhaust_memory)
