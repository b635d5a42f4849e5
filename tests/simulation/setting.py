"""The setting: a seed in, what is decided before a history begins out."""

from dataclasses import dataclass
from random import Random

from devstack.event_source_mapping.definition.choices import AS_DEFAULT, AgeFrom, Choices
from devstack.event_source_mapping.definition.configuration import (
    MappingConfiguration,
    StartingPosition,
)
from tests.simulation.contents import PATTERN, Content, Kind, contents

TOPIC = "orders"
LARGEST_NUMBER_OF_POLLERS = 4
TOO_SMALL_FOR_ORDERS = 700
"""Bytes of an event that holds no order, yet most of what is none."""


@dataclass(frozen=True)
class Setting:
    """Partitions, pollers, records and options of one history."""

    partitions: int
    pollers: int
    contents: tuple[Content, ...]
    there_already: int
    """So many of the records; the rest arrives during the history."""
    turns: int
    """How long the history is disturbed."""
    configuration: MappingConfiguration
    batch_sizes: tuple[int, ...]
    """Of one start of a poller after the other, in turn: it may be deployed anew meanwhile."""
    records_a_poll: int
    slice_records: int
    """The function's records a transaction; 1000 in production."""
    maximum_held_bytes: int

    @property
    def gives_up(self) -> bool:
        """Tell whether the mapping may give records up."""
        return self.configuration.destination is not None

    @property
    def keeps_order(self) -> bool:
        """Tell whether records of a partition must be settled in their order."""
        return not self.gives_up and self.configuration.choices.hold_partition_while_retrying

    def passes(self, content: Content) -> bool:
        """Tell whether the filter lets a record through."""
        if not self.configuration.patterns:
            return True
        if content.value is None:
            return self.configuration.choices.tombstones_pass_filters
        return content.kind is not Kind.UNWANTED


def setting(seed: int) -> Setting:
    """Draw a setting. Half of them are as the template has it, in the others all may differ."""
    draw = Random(f"setting {seed}")  # noqa: S311 - chance that can be repeated, not a secret
    as_template = draw.random() < 0.5
    count = draw.choice((5, 20, 40, 60))
    configuration = _configuration(draw, **({} if as_template else _options(draw)))
    return Setting(
        partitions=draw.randint(1, 4),
        pollers=draw.randint(1, 3),
        contents=tuple(contents(draw, count)),
        there_already=draw.choice((0, 3, count)),
        turns=draw.choice((60, 300, 600, 1200)),
        configuration=configuration,
        batch_sizes=draw.choice(((1,), (3,), (10,), (100,), (100, 1, 7))),
        records_a_poll=draw.choice((1, 7, 100)),
        # A function that names records as undone needs a mapping that reads it.
        slice_records=draw.choice((1, 3, 1000)) if configuration.report_item_failures else 1000,
        maximum_held_bytes=draw.choice((2_500, 10_000, 2**26)),
    )


def _configuration(draw: Random, **options: object) -> MappingConfiguration:
    settings: dict[str, object] = {
        "name": "OrdersTopicMapping",
        "function_name": "IngestOrdersFunction",
        "topic": TOPIC,
        "bootstrap_servers": "broker:9092",
        "consumer_group": "serverless-orders",
        "starting_position": StartingPosition.TRIM_HORIZON,
        "window_seconds": draw.choice((0.0, 0.5)),
        "report_item_failures": True,
        **options,
    }
    return MappingConfiguration(**settings)  # type: ignore[arg-type] # any of its fields


def _options(draw: Random) -> dict[str, object]:
    options: dict[str, object] = {
        "report_item_failures": draw.random() < 0.8,
        "patterns": draw.choice(((), (PATTERN,))),
        "bisect_on_function_error": draw.random() < 0.5,
        "choices": _choices(draw, draw.choice((4_000, AS_DEFAULT.largest_event_bytes))),
    }
    if draw.random() < 0.5:
        options["destination"] = "arn:aws:s3:::given-up"
        options["maximum_retry_attempts"] = draw.choice((None, 0, 2))
        options["maximum_record_age_seconds"] = draw.choice((None, 10))
        largest = draw.choice((TOO_SMALL_FOR_ORDERS, AS_DEFAULT.largest_event_bytes))
        options["choices"] = _choices(draw, largest)
    return options


def _choices(draw: Random, largest_event_bytes: int) -> Choices:
    def rarely() -> bool:
        return draw.random() < 0.3

    return Choices(
        largest_event_bytes=largest_event_bytes,
        throttles_count=rarely(),
        partial_responses_count=not rarely(),
        splits_count=rarely(),
        bisect_partial_responses=rarely(),
        merge_retries=rarely(),
        hold_partition_while_retrying=not rarely(),
        tombstones_pass_filters=rarely(),
        filtered_records_fill_batches=rarely(),
        commit_filtered_at_once=rarely(),
        age_from=draw.choice((AgeFrom.TIMESTAMP, AgeFrom.ARRIVAL)),
    )
