"""What an ordered consumer makes of the server's answers to one request."""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

import nats.errors
import pytest
from nats.aio.msg import Msg

from devstack.event_source_mapping.clients.nats.wire import RawHeaders, WholeClient
from devstack.replay.ordered_consumer import OrderedConsumer, Pulled

if TYPE_CHECKING:
    from nats.aio.subscription import Subscription

NO_MORE = ("404", 0)


class InMemoryClient:
    """Takes every request."""

    max_payload = 1024

    async def publish(self, *_: object, **__: object) -> None:
        """Do nothing: the answers are there."""


class InMemorySubscription:
    """Answers with (delivery of the consumer, sequence of the stream) or (status, …)."""

    subject = "_INBOX.here"

    def __init__(self, answers: Iterable[tuple[int | str, int]]) -> None:
        self._answers = iter(answers)

    async def next_msg(self, _timeout: float) -> Msg:
        match next(self._answers, None):
            case (str(status), _):
                return _message("", RawHeaders(Status=status))
            case (delivery, sequence):
                return _message(
                    f"$JS.ACK.orders.one.1.{sequence}.{delivery}.5000000.7", RawHeaders()
                )
        raise nats.errors.TimeoutError


def _message(reply: str, headers: RawHeaders) -> Msg:
    client = cast("WholeClient", InMemoryClient())
    return Msg(_client=client, subject="orders.key", reply=reply, data=b"v", headers=headers)


def consumer_with(*answers: tuple[int | str, int]) -> OrderedConsumer:
    client = cast("WholeClient", InMemoryClient())
    subscription = cast("Subscription", InMemorySubscription(answers))
    return OrderedConsumer(client, "orders", "one", subscription)


def pulled(consumer: OrderedConsumer) -> tuple[list[int], bool]:
    some: Pulled = asyncio.run(consumer.pull())
    return [message.sequence for message in some.messages], some.is_all


def test_what_is_there_comes_up_to_the_last_message_over_gaps_in_the_stream() -> None:
    consumer = consumer_with((1, 4), (2, 5), (3, 9), NO_MORE)

    assert pulled(consumer) == ([4, 5, 9], True)
    assert not consumer.ended


@pytest.mark.parametrize("answer", [("409", 0), ("503", 0), (3, 6)], ids=["full", "gone", "loss"])
def test_what_came_before_a_refusal_or_a_loss_counts_and_another_consumer_goes_on(
    answer: tuple[int | str, int],
) -> None:
    consumer = consumer_with((1, 4), answer, (4, 7), NO_MORE)

    assert pulled(consumer) == ([4], False)
    assert consumer.ended


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([("409", 0)], "status 409"),
        ([(2, 5)], "a message was lost on its way"),
        ([(1, 4)], "timeout"),
        ([], "timeout"),
    ],
)
def test_an_answer_that_brings_nothing_is_a_fault(
    answers: list[tuple[int | str, int]], reason: str
) -> None:
    with pytest.raises(nats.errors.Error, match=reason):
        pulled(consumer_with(*answers))
