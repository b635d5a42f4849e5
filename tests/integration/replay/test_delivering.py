"""What the function answers decides whether an event is through, tried again, or failed."""

import json
import signal
from pathlib import Path

import pytest

from devstack.errors import UserError
from devstack.event_source_mapping.clients.invoker import lambda_client
from devstack.replay.files import Files, part_of
from devstack.replay.target import BACK_OFF_SECONDS, Target
from tests.integration.event_source_mapping.endpoint import (
    FUNCTION_ERROR,
    Invocation,
    LambdaEndpoint,
    Place,
    Reply,
)
from tests.integration.replay.command import ReplayCommand
from tests.servers import wait_until

HIDDEN_ERROR = Reply(b'{"errorMessage": "no", "errorType": "ValueError"}')


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """Give a file of a hundred orders."""
    file = tmp_path / "orders.jsonl"
    file.write_text("".join(f'{{"order_uid": "order-{n}"}}\n' for n in range(100)))
    return file


def offsets(endpoint: LambdaEndpoint) -> list[list[int]]:
    return [[place.offset for place in one.places] for one in endpoint.invocations]


@pytest.mark.parametrize("reply", [FUNCTION_ERROR, HIDDEN_ERROR], ids=["in header", "in payload"])
def test_an_event_that_keeps_failing_is_counted_and_the_others_go_on(
    endpoint: LambdaEndpoint, command: ReplayCommand, lines: Path, reply: Reply
) -> None:
    bad = Place(0, 15)
    endpoint.answer = lambda invocation: reply if bad in invocation.places else Reply()

    done = command("files", lines, "--batch-size", 10, "--attempts", 2)

    assert done.status == 1
    assert len(endpoint.invocations) == 11
    assert (done.summary["sent"], done.summary["failed"]) == (100, 10)
    (failure,) = done.summary["failures"]
    assert failure["records"].endswith("-0[10…19]")
    assert "ValueError" in failure["reason"] or "Unhandled" in failure["reason"]


def test_an_event_that_fails_once_is_through_at_the_second_attempt(
    endpoint: LambdaEndpoint, command: ReplayCommand, lines: Path
) -> None:
    endpoint.answer = lambda _: FUNCTION_ERROR if len(endpoint.invocations) == 1 else Reply()

    done = command("files", lines)

    assert (done.status, done.summary["failed"]) == (0, 0)
    assert offsets(endpoint) == [list(range(100))] * 2


def test_only_the_records_that_a_response_lists_are_sent_again(
    endpoint: LambdaEndpoint, command: ReplayCommand, lines: Path
) -> None:
    def answer(invocation: Invocation) -> Reply:
        listed = [
            {"itemIdentifier": {"partition": f"{r['topic']}-0", "offset": r["offset"]}}
            for r in invocation.records
            if r["offset"] in {7, 42}
        ]
        return Reply(json.dumps({"batchItemFailures": listed}).encode())

    endpoint.answer = answer

    done = command("files", lines)

    assert offsets(endpoint) == [list(range(100)), [7, 42], [7, 42]]
    assert (done.status, done.summary["failed"]) == (1, 2)
    assert done.summary["failures"][0]["records"].endswith("[7…42]")


@pytest.mark.parametrize("status", [429, 500])
def test_an_event_that_did_not_reach_the_function_waits_without_using_up_attempts(
    endpoint: LambdaEndpoint, command: ReplayCommand, lines: Path, status: int
) -> None:
    away = Reply(b'{"message": "later"}', status)
    endpoint.answer = lambda _: away if len(endpoint.invocations) < 4 else Reply()

    done = command("files", lines, "--attempts", 1)

    assert (done.status, done.summary["failed"]) == (0, 0)
    assert len(endpoint.invocations) == 4


def test_a_function_that_is_not_known_ends_the_replay_at_once(
    endpoint: LambdaEndpoint, command: ReplayCommand, lines: Path
) -> None:
    unknown = Reply(b'{"message": "Function not found: Nobody"}', 404)
    endpoint.answer = lambda _: unknown

    done = command("files", lines, "--function", "Nobody")

    assert (done.status, done.err.count("\n")) == (1, 1)
    assert "Nobody" in done.err
    assert "--function" in done.err
    assert len(endpoint.invocations) == 1


def test_fates_are_added_up_where_the_function_tells_them(
    endpoint: LambdaEndpoint, command: ReplayCommand, lines: Path
) -> None:
    fates = {"stored": 5, "duplicates": 3, "quarantined": {"conflict": 1, "not_json": 1}}
    reply = Reply(json.dumps({"batchItemFailures": [], "fates": fates}).encode())
    endpoint.answer = lambda _: reply

    told = command("files", lines, "--batch-size", 10).summary

    assert (told["stored"], told["duplicates"], told["quarantined"]) == (50, 30, 20)
    assert told["quarantined_by_code"] == {"conflict": 10, "not_json": 10}


@pytest.mark.parametrize("fates", ["5", "{}", '{"stored": "5"}', "null"])
def test_fates_of_another_kind_are_unknown(
    endpoint: LambdaEndpoint, command: ReplayCommand, lines: Path, fates: str
) -> None:
    endpoint.answer = lambda _: Reply(b'{"fates": %b}' % fates.encode())

    done = command("files", lines)

    assert (done.status, done.summary["stored"]) == (0, None)


def test_an_order_over_the_limit_of_an_event_fails_alone_without_being_sent(
    endpoint: LambdaEndpoint, command: ReplayCommand, tmp_path: Path
) -> None:
    file = tmp_path / "large.jsonl"
    file.write_bytes(b"{}\n" + b"x" * 5_000_000 + b"\n{}\n")

    done = command("files", file)

    assert (done.status, done.summary["sent"], done.summary["failed"]) == (1, 3, 1)
    assert "over the 6 MB" in done.summary["failures"][0]["reason"]
    assert offsets(endpoint) == [[0], [2]]


def test_a_rate_makes_small_events_that_leave_in_time(
    endpoint: LambdaEndpoint, command: ReplayCommand, lines: Path
) -> None:
    command("files", lines, "--rate", 50)

    first, second = endpoint.invocations
    assert [len(first.records), len(second.records)] == [50, 50]
    assert second.received_at - first.received_at > 0.9


@pytest.mark.parametrize(
    ("how", "status"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)]
)
def test_the_same_command_goes_on_after_an_interruption(
    endpoint: LambdaEndpoint,
    command: ReplayCommand,
    lines: Path,
    how: signal.Signals,
    status: int,
) -> None:
    words = ("files", lines, "--rate", 20)
    with command.start(*words) as process:
        wait_until(lambda: len(endpoint.invocations) >= 2, "two events")
        process.send_signal(how)
        _, err = process.communicate(timeout=10)
    before = len(endpoint.invocations)

    done = command(*words[:2])

    assert process.returncode == status
    assert ("the same command goes on" in err) == (how is signal.SIGINT)
    assert "going on after" in done.err
    assert done.summary["resumed"] is True
    assert done.summary["sent"] == 100
    sent = [offset for some in offsets(endpoint) for offset in some]
    assert sorted(set(sent)) == list(range(100))
    again = [offset for some in offsets(endpoint)[before:] for offset in some]
    assert min(again) >= 20, "what was acknowledged is not sent again"


def test_a_restart_forgets_the_interruption(
    endpoint: LambdaEndpoint, command: ReplayCommand, lines: Path
) -> None:
    with command.start("files", lines, "--rate", 20) as process:
        wait_until(lambda: len(endpoint.invocations) >= 2, "two events")
        process.kill()
    endpoint.invocations.clear()

    done = command("files", lines, "--restart")

    assert done.summary["resumed"] is False
    assert offsets(endpoint) == [list(range(100))]


def test_an_endpoint_that_stays_away_is_given_up_after_a_while_and_the_way_on_is_told(
    endpoint: LambdaEndpoint, lines: Path
) -> None:
    endpoint.answer = lambda _: Reply(b"", 503)
    files = Files([part_of(lines, batch_size=100)])
    (event,) = files.events(*files.bounds())
    waits: list[float] = []
    target = Target(lambda_client(endpoint.url, 1), "F", endpoint.url, waits.append)

    with pytest.raises(UserError, match="the same command goes on where this one stopped"):
        target.send(event)

    assert waits == list(BACK_OFF_SECONDS)
    assert len(endpoint.invocations) == len(waits) + 1
