"""Order within a partition, and what happens at the same time."""

from collections import defaultdict
from threading import Event, Lock

from devstack.waiting import until
from tests.conformance.broker import Broker
from tests.conformance.rules import rule
from tests.integration.event_source_mapping.endpoint import (
    FUNCTION_ERROR,
    Invocation,
    Place,
    Reply,
)
from tests.servers import wait_until

MSK = "lambda/latest/dg/with-msk-configure.html"
SCALING = "lambda/latest/dg/kafka-scaling-modes.html"
TROUBLES = "lambda/latest/dg/with-kafka-troubleshoot.html"
ONE_POLLER = {"MinimumPollers": 1, "MaximumPollers": 1}


@rule("The records of a partition are sent in the order of their offsets.", MSK)
def test_a_partition_is_sent_in_order(broker: Broker) -> None:
    topic = broker.topic(partitions=3)
    topic.produce(300)

    broker.ingest(topic, BatchSize=7)

    sent = defaultdict(list)
    for partition, offset in broker.endpoint.places():
        sent[partition].append(offset)
    assert sent == {partition: list(range(100)) for partition in range(3)}


@rule("One event may hold records of several partitions.", MSK)
def test_an_event_may_mix_partitions(broker: Broker) -> None:
    topic = broker.topic(partitions=2)
    topic.produce(4)

    (invocation,) = broker.ingest(
        topic,
        BatchSize=4,
        MaximumBatchingWindowInSeconds=300,
        ProvisionedPollerConfig=ONE_POLLER,
    )

    assert sorted(invocation.places) == [Place(0, 0), Place(0, 1), Place(1, 0), Place(1, 1)]


@rule("A partition is read in sequence: its next batch waits for the one on its way.", MSK)
def test_a_partition_has_one_batch_on_its_way(broker: Broker) -> None:
    topic = broker.topic(partitions=2)
    topic.produce(10)
    done = Event()

    def hang_in_partition_0(invocation: Invocation) -> Reply:
        if invocation.places[0].partition == 0:
            done.wait(20)
        return Reply()

    broker.endpoint.answer = hang_in_partition_0
    with broker.mapping(topic, BatchSize=1, ProvisionedPollerConfig=ONE_POLLER):
        topic.wait_until_committed(5)
        wait_until(lambda: Place(0, 0) in broker.endpoint.places(), "a batch of partition 0")
        sent_meanwhile = broker.endpoint.places()
        done.set()
        topic.wait_until_committed(10)

    assert [offset for partition, offset in sent_meanwhile if partition == 0] == [0]


@rule("A poller has at most five invocations at the same time.", SCALING)
def test_a_poller_has_five_invocations_at_once(broker: Broker) -> None:
    topic = broker.topic(partitions=8)
    topic.produce(16)
    function = BusyFunction()
    broker.endpoint.answer = function.work

    with broker.mapping(topic, BatchSize=1, ProvisionedPollerConfig=ONE_POLLER):
        wait_until(lambda: function.most == 5, "five invocations at once")
        until(lambda: function.most > 5, 0.3)
        function.done.set()
        topic.wait_until_committed(16)

    assert function.most == 5


class BusyFunction:
    """Is not done until told so, and counts how many of it there are."""

    def __init__(self) -> None:
        self.done = Event()
        self.most = 0
        self._now = 0
        self._lock = Lock()

    def work(self, _: Invocation) -> Reply:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        self.done.wait(20)
        with self._lock:
            self._now -= 1
        return Reply()


@rule("Every record is sent at least once, so one may come twice.", MSK)
def test_a_batch_whose_answer_was_lost_comes_twice(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(3)
    broker.answer_first(Reply(b"", status=500))

    broker.ingest(topic, BatchSize=3, MaximumBatchingWindowInSeconds=300)

    assert broker.sent() == [[0, 1, 2], [0, 1, 2]]


@rule("A batch that fails holds its partition up.", TROUBLES)
def test_what_fails_holds_up_its_partition(broker: Broker) -> None:
    topic = broker.topic()
    topic.produce(3)
    broker.fail_on(0, times=4)

    broker.ingest(topic, BatchSize=1)

    assert broker.sent() == [[0], [0], [0], [0], [0], [1], [2]]


@rule("A batch that fails does not hold up other partitions.", TROUBLES)
def test_what_fails_does_not_hold_up_other_partitions(broker: Broker) -> None:
    topic = broker.topic(partitions=2)
    topic.send(b"fails", partition=0)
    broker.endpoint.answer = lambda i: FUNCTION_ERROR if i.places[0].partition == 0 else Reply()

    with broker.mapping(topic, BatchSize=1, ProvisionedPollerConfig=ONE_POLLER):
        wait_until(broker.endpoint.places, "a failure")
        topic.send(*[b"succeeds"] * 10, partition=1)
        topic.wait_until_committed(10)

    sent = set(broker.endpoint.places())
    assert sent == {Place(0, 0), *(Place(1, offset) for offset in range(10))}
