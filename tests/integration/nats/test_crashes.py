"""What is killed or paused while messages flow: none is lost, and none overtakes an earlier one."""

import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.event_source_mapping.endpoint import LambdaEndpoint, Reply
from tests.integration.nats.function import hanging, invoked
from tests.integration.nats.source import ReadStream, source
from tests.servers import NatsServer, running_nats, wait_until


@pytest.fixture
def own_server() -> Iterator[NatsServer]:
    """Give a server that a test may do anything to."""
    with running_nats() as server:
        yield server


def came_in_order(endpoint: LambdaEndpoint, count: int) -> bool:
    """Tell whether all came, each after those before it, however often some came again."""
    highest = 0
    for place in endpoint.places():
        if place.offset > highest + 1:
            return False
        highest = max(highest, place.offset)
    return highest == count


def publishing(stream: ReadStream, total: int) -> threading.Thread:
    """Publish in the background, again after a fault: the server knows what it has."""
    thread = threading.Thread(target=stream.publish_whatever_happens, args=(total,))
    thread.start()
    return thread


def test_a_source_that_is_killed_loses_nothing_and_keeps_the_order(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    released = hanging(endpoint)
    stream.produce(30)
    with source(tmp_path, stream, endpoint.url, BatchSize=10) as mapping:
        wait_until(invoked(endpoint, 1), "an invocation")
        mapping.kill()
        # These are there at once, and what the dead process holds is not due yet.
        stream.produce(30, first=30)
        released.set()
        mapping.start()
        stream.wait_until_acknowledged(60)

    assert came_in_order(endpoint, 60)


def test_a_source_that_is_killed_again_and_again_loses_nothing_and_keeps_the_order(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    producing = publishing(stream, 2000)
    with source(tmp_path, stream, endpoint.url, BatchSize=20) as mapping:
        for _ in range(4):
            seen = len(endpoint.invocations)
            wait_until(invoked(endpoint, seen + 7), "work")
            mapping.kill()
            mapping.start()
        producing.join()
        stream.wait_until_acknowledged(2000)

    assert came_in_order(endpoint, 2000)


def test_a_source_that_is_killed_while_it_retries_loses_nothing_and_keeps_the_order(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    failing = threading.Event()
    failing.set()
    endpoint.answer = lambda _: Reply(status=500) if failing.is_set() else Reply()
    stream.produce(20)

    with source(tmp_path, stream, endpoint.url, BatchSize=10) as mapping:
        wait_until(invoked(endpoint, 3), "a retry")
        mapping.kill()
        stream.produce(20, first=20)
        failing.clear()
        mapping.start()
        stream.wait_until_acknowledged(40)

    assert came_in_order(endpoint, 40)


def test_a_source_that_is_stopped_gives_back_what_it_holds_at_once(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    released = hanging(endpoint)
    stream.make_consumer(ack_wait=3600)  # or the server would give them back by itself
    stream.produce(30)
    with source(tmp_path, stream, endpoint.url, BatchSize=10) as mapping:
        wait_until(invoked(endpoint, 1), "an invocation")
        status, _ = mapping.terminate()
        told = stream.consumer()
        released.set()
        mapping.start()
        stream.wait_until_acknowledged(30)

    assert status == 0
    assert told is not None
    assert told.num_ack_pending == 30
    assert came_in_order(endpoint, 30)


def test_a_server_that_is_killed_again_and_again_costs_nothing(
    own_server: NatsServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    stream = ReadStream(own_server)
    producing = publishing(stream, 1500)
    with source(tmp_path, stream, endpoint.url, BatchSize=20):
        for how in (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM):
            seen = len(endpoint.invocations)
            wait_until(invoked(endpoint, seen + 7), "work")
            own_server.stop(how)
            own_server.start()
        producing.join()
        stream.wait_until_acknowledged(1500, seconds=60)

    assert came_in_order(endpoint, 1500)


def test_a_server_that_is_paused_while_acknowledgements_are_on_their_way_costs_nothing(
    own_server: NatsServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    stream = ReadStream(own_server)
    released = hanging(endpoint)
    stream.produce(40)
    with source(tmp_path, stream, endpoint.url, BatchSize=20) as mapping:
        wait_until(invoked(endpoint, 1), "an invocation")
        own_server.send_signal(signal.SIGSTOP)
        released.set()
        wait_until(lambda: "does not confirm" in mapping.output(), "a fault")
        own_server.send_signal(signal.SIGCONT)
        stream.produce(20, first=40)
        stream.wait_until_acknowledged(60)
        assert mapping.status()["metrics"]["CommitErrorCount"] >= 1

    assert came_in_order(endpoint, 60)


def test_a_server_that_is_paused_for_good_and_started_anew_costs_nothing(
    own_server: NatsServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    stream = ReadStream(own_server)
    stream.produce(20)
    with source(tmp_path, stream, endpoint.url, BatchSize=20) as mapping:
        stream.wait_until_acknowledged(20)
        own_server.send_signal(signal.SIGSTOP)
        wait_until(lambda: "gave up partitions [0]" in mapping.output(), "it to be given up")
        own_server.stop(signal.SIGKILL)
        own_server.start()
        stream.produce(20, first=20)
        stream.wait_until_acknowledged(40)

    assert came_in_order(endpoint, 40)


def test_a_source_that_is_paused_for_longer_than_the_server_waits_goes_on(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    released = hanging(endpoint)
    stream.make_consumer(ack_wait=1)
    stream.produce(40)
    with source(tmp_path, stream, endpoint.url, BatchSize=10) as mapping:
        wait_until(invoked(endpoint, 1), "an invocation")
        mapping.send_signal(signal.SIGSTOP)
        released.set()
        wait_until(stream.has_delivered_again, "the server to lose patience")
        mapping.send_signal(signal.SIGCONT)
        stream.produce(20, first=40)
        stream.wait_until_acknowledged(60)

    assert came_in_order(endpoint, 60)


def test_messages_that_are_worked_on_for_long_are_not_delivered_again(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    released = hanging(endpoint)
    stream.make_consumer(ack_wait=1)
    stream.produce(20)
    with source(tmp_path, stream, endpoint.url, BatchSize=10):
        wait_until(invoked(endpoint, 1), "an invocation")
        # Three times for each second that the server waits.
        assert stream.progress_told_of(20, times=7)
        told = stream.consumer()
        released.set()
        stream.wait_until_acknowledged(20)

    assert told is not None
    assert told.num_redelivered == 0
    assert len(endpoint.places()) == 20


def test_a_server_whose_data_are_wiped_is_read_from_its_new_beginning(
    own_server: NatsServer, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    stream = ReadStream(own_server)
    stream.produce(30)
    with source(tmp_path, stream, endpoint.url) as mapping:
        stream.wait_until_acknowledged(30)
        released = hanging(endpoint)
        stream.produce(10, first=30)
        wait_until(lambda: len(endpoint.places()) > 30, "an invocation")
        own_server.stop(signal.SIGKILL)
        shutil.rmtree(own_server.server.folder / "jetstream")
        own_server.start()
        wait_until(lambda: "there is no stream" in mapping.output(), "it to be missed")
        stream.make()
        stream.produce(20, first=100)
        released.set()
        stream.wait_until_acknowledged(20)

    offsets = [place.offset for place in endpoint.places()]
    assert offsets[-20:] == list(range(1, 21))
    assert offsets[30] == 31
