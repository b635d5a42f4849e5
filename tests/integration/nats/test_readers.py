"""Two sources of one consumer: they share the work, give up the order, and lose nothing."""

from pathlib import Path

from tests.integration.event_source_mapping.endpoint import LambdaEndpoint
from tests.integration.nats.source import ReadStream, source


def test_two_sources_share_the_messages_and_the_one_left_takes_them_all(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    stream.make_consumer(ack_wait=1)

    with source(tmp_path / "one", stream, endpoint.url, BatchSize=10):
        with source(tmp_path / "two", stream, endpoint.url, BatchSize=10) as second:
            stream.produce(500)
            stream.wait_until_acknowledged(500)
            stream.produce(300, first=500)
            second.kill()
        stream.produce(200, first=800)
        stream.wait_until_acknowledged(1000)

    assert {place.offset for place in endpoint.places()} == set(range(1, 1001))


def test_what_another_reader_holds_and_leaves_behind_is_read_in_the_end(
    stream: ReadStream, endpoint: LambdaEndpoint, tmp_path: Path
) -> None:
    stream.make_consumer(ack_wait=2)
    stream.produce(20)

    with source(tmp_path, stream, endpoint.url):
        stream.wait_until_acknowledged(20)
        taken = stream.shared_with_another_reader(30)
        stream.wait_until_acknowledged(50)

    assert taken
    # It held back what came behind them: nothing overtook them.
    assert [place.offset for place in endpoint.places()] == list(range(1, 51))
