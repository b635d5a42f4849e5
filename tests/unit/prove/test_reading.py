from devstack.prove.load.records import Records
from devstack.prove.reads.reading import MOST_VIOLATIONS, Reading, Reads, reads


def _reader(seconds: list[float], violations: list[str], **counts: int) -> Reading:
    reading = Reading(
        "http://127.0.0.1:1",
        Records(1, 10),
        sent=lambda: 0,
        settled_at=lambda _: None,
        now=lambda: 0.0,
        rate=1,
        seed=1,
    )
    reading.answered_seconds.extend(seconds)
    reading.violations.extend(violations)
    reading.counts.update({name.removeprefix("of_"): many for name, many in counts.items()})
    return reading


def test_readers_are_summed_up() -> None:
    first = _reader([0.001] * 98, ["wrong"], of_200=90, of_404=6, of_503=1, violation=1)
    second = _reader([0.5, 0.25], [], of_200=2, unavailable=4)

    summary = reads([first, second])

    assert summary == Reads(
        asked=104,
        counts={"200": 92, "404": 6, "503": 1, "unavailable": 4, "violation": 1},
        p50_ms=1.0,
        p99_ms=250.0,
        error_rate=5 / 104,
        violations=("wrong",),
    )


def test_only_the_first_violations_are_told() -> None:
    many = [_reader([], [f"{reader}/{n}" for n in range(15)]) for reader in "ab"]

    assert len(reads(many).violations) == MOST_VIOLATIONS


def test_readers_that_asked_nothing_have_nothing_to_tell() -> None:
    assert reads([]) == Reads(0, {}, 0.0, 0.0, 0.0, ())
