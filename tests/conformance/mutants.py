"""The mutants: rules in, for each a line whether its test notices that the rule is broken out.

`python -m tests.conformance.mutants [test …]`; every mutant is made in a copy of the tree, in which
the one test of its rule is run, and has to fail.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from tests.conformance.conftest import AWS_THAT_RUNS, KAFKA_THAT_RUNS
from tests.conformance.rules import rules
from tests.integration.event_source_mapping.local_aws import local_aws
from tests.servers import ROOT, running_kafka, temporary_folder

PACKAGE = "devstack/event_source_mapping"
COPIES = 3
"""How many mutants are tried at the same time; their tests mostly wait."""

PATIENCE_SECONDS = 120
_COPIED = ("devstack", "layers", "tests", "requirements", "pyproject.toml")
_LINKED = (".tools", ".venv")


@dataclass(frozen=True)
class Mutant:
    """A change of one place that breaks the rule which `test` shows."""

    test: str
    file: str
    old: str
    new: str


def _read() -> Iterator[Mutant]:
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    for test, change in tomllib.loads(text).items():
        yield Mutant(test, f"{PACKAGE}/{change['file']}", change["old"], change["new"])


MUTANTS = tuple(_read())


def main(chosen: Sequence[str]) -> int:
    """Try the mutants of the chosen tests, or all; return 0 when every one was noticed."""
    mutants = [mutant for mutant in MUTANTS if mutant.test in chosen or not chosen]
    with ExitStack() as stack:
        servers = {
            KAFKA_THAT_RUNS: stack.enter_context(running_kafka()).bootstrap_servers,
            AWS_THAT_RUNS: stack.enter_context(local_aws()),
        }
        copies: SimpleQueue[Path] = SimpleQueue()
        for _ in range(COPIES):
            copies.put(_copy(stack.enter_context(temporary_folder())))
        workers = stack.enter_context(ThreadPoolExecutor(COPIES))
        found = workers.map(lambda mutant: _is_noticed(mutant, copies, servers), mutants)
        missed = [mutant for mutant, noticed in zip(mutants, found, strict=True) if not noticed]
    sys.stdout.write(f"\n{len(mutants) - len(missed)} noticed, {len(missed)} missed\n")
    return int(bool(missed))


def _copy(folder: Path) -> Path:
    for name in _COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    for name in _LINKED:
        (folder / name).symlink_to(ROOT / name)
    return folder


def _is_noticed(mutant: Mutant, copies: SimpleQueue[Path], servers: Mapping[str, str]) -> bool:
    copy = copies.get()
    file = copy / mutant.file
    source = file.read_text(encoding="utf-8")
    try:
        file.write_text(source.replace(mutant.old, mutant.new), encoding="utf-8")
        noticed = not _passes(mutant.test, copy, servers)
    finally:
        file.write_text(source, encoding="utf-8")
        copies.put(copy)
    sys.stdout.write(f"{'noticed' if noticed else 'MISSED '}  {mutant.test}\n")
    sys.stdout.flush()
    return noticed


def _passes(test: str, copy: Path, servers: Mapping[str, str]) -> bool:
    """Run a test; one that does not end does not pass."""
    (path,) = {rule.path for rule in rules() if rule.test == test}
    quiet = ("-q", "-p", "no:randomly", "-p", "no:cacheprovider")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *quiet, "-x", f"{path}::{test}"],
            cwd=copy,
            env={**os.environ, **servers, "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
