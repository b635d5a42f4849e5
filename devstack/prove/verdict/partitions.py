"""Partitions: what was produced, the ledger, the topic and commits in, where they disagree out."""

from collections.abc import Iterator, Mapping

from devstack.prove.result import Defect, Finding
from devstack.prove.verdict.evidence import Evidence
from devstack.prove.verdict.offsets import Run, runs, text, without
from devstack.prove.verdict.produced import Produced


def disagreements(
    produced: Produced, evidence: Evidence, repeats: Mapping[int, int]
) -> Iterator[Finding]:
    """Yield what is wrong in any partition; `repeats`, by partition, were settled as such."""
    for partition in sorted({*produced.offsets, *evidence.ledger, *evidence.progress.ends}):
        sent = runs(produced.offsets.get(partition, ()))
        yield from _of_ledger(evidence, partition, sent)
        yield from _of_duplicates(evidence, partition, repeats.get(partition, 0))
        yield from _of_topic(evidence, partition, sent)
        yield from _of_commit(evidence, partition)


def _of_ledger(evidence: Evidence, partition: int, sent: list[Run]) -> Iterator[Finding]:
    settled = evidence.settled(partition).runs
    for run in without(sent, settled):
        yield _finding(Defect.LEDGER, partition, run, "produced, but not in the ledger")
    for run in without(settled, sent):
        yield _finding(Defect.LEDGER, partition, run, "in the ledger, but never produced")


def _of_duplicates(evidence: Evidence, partition: int, repeats: int) -> Iterator[Finding]:
    counted = evidence.settled(partition).duplicates
    if counted != repeats:
        what = f"the ledger counts {counted} duplicates, but there are {repeats}"
        yield Finding(Defect.LEDGER, what, partition=partition)


def _of_topic(evidence: Evidence, partition: int, sent: list[Run]) -> Iterator[Finding]:
    first, end = evidence.progress.first, evidence.progress.end(partition)
    there = [(first, end)] if end > first else []
    for run in without(there, sent):
        yield _finding(Defect.FOREIGN, partition, run, "in the topic, but never produced")
    for run in without(sent, there):
        yield _finding(Defect.LOST, partition, run, "acknowledged, but not in the topic")


def _of_commit(evidence: Evidence, partition: int) -> Iterator[Finding]:
    progress = evidence.progress
    if not progress.is_read(partition):
        end, committed = progress.end(partition), progress.committed.get(partition)
        where = "nothing" if committed is None else f"offset {committed}"
        what = f"the group has committed {where}, the partition ends at {end}"
        yield Finding(Defect.COMMIT, what, partition=partition)


def _finding(defect: Defect, partition: int, run: Run, what: str) -> Finding:
    first, end = run
    many = end - first
    which = f"{text(run)} {what}" if many == 1 else f"{text(run)} ({many} offsets) {what}"
    return Finding(defect, f"offset {which}", partition=partition, offset=first)
