"""The invoker: a poller's batches in, invocations out; what has come back of them in the end."""

from collections.abc import Callable

from devstack.event_source_mapping.polling.event import EventFormat
from devstack.event_source_mapping.polling.ports import Completion
from devstack.event_source_mapping.polling.records import Batch, RecordsByPartition
from tests.simulation.chronicle import span
from tests.simulation.function import Function
from tests.simulation.setting import TOPIC


class SimulatedInvoker:
    """The port of one poller; `on_submit` looks at every batch before it leaves."""

    def __init__(
        self, function: Function, event_format: EventFormat, on_submit: Callable[[Batch], None]
    ) -> None:
        self.in_flight: dict[int, Batch] = {}
        """By number: what the poller has not been told of."""
        self._function = function
        self._format = event_format
        self._on_submit = on_submit
        self._completions: list[Completion] = []

    def submit(self, batch: Batch) -> None:
        self._on_submit(batch)
        self.in_flight[batch.number] = batch
        self._function.invoke(
            self._format.event(batch.records),
            lambda outcome: self._completions.append(Completion(batch, outcome)),
        )

    def completed(self) -> list[Completion]:
        completions, self._completions = self._completions, []
        for completion in completions:
            del self.in_flight[completion.batch.number]
        return completions


def spans(records: RecordsByPartition) -> str:
    """Name records by partition: `orders-0[3…7] orders-1[0]`."""
    return " ".join(span(TOPIC, p, (one.offset for one in some)) for p, some in records.items())
