"""The controls of a mapping: properties in, what is done with pollers, retries and logs out.

https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html
"""

import re
from typing import NamedTuple

from devstack.event_source_mapping.definition.configuration import (
    DEFAULT_MAXIMUM_POLLERS,
    DEFAULT_MINIMUM_POLLERS,
    Pollers,
)
from devstack.event_source_mapping.refusals import (
    Properties,
    RefusedError,
    section,
    texts,
    truth,
    whole_number,
)

ENDLESS = -1
MOST_RETRIES = 10_000
LEAST_RECORD_AGE_SECONDS = 60
MOST_RECORD_AGE_SECONDS = 604_800
MOST_MINIMUM_POLLERS = 200
MOST_MAXIMUM_POLLERS = 2_000
ITEM_FAILURES = "ReportBatchItemFailures"
LOG_LEVELS = ("DEBUG", "INFO", "WARN")
"""From the most detail to the least."""

METRICS = ("EventCount", "ErrorCount", "KafkaMetrics")

_POLLER_GROUP = re.compile(r"[a-zA-Z0-9\-_]{0,128}")


class Controls(NamedTuple):
    """What a mapping does with records that fail; the names are those of its configuration."""

    report_item_failures: bool
    maximum_retry_attempts: int | None
    maximum_record_age_seconds: int | None
    bisect_on_function_error: bool


def pollers(properties: Properties) -> Pollers:
    """Read ProvisionedPollerConfig; an empty one is none."""
    config = section(
        properties,
        "ProvisionedPollerConfig",
        ("MinimumPollers", "MaximumPollers", "PollerGroupName"),
    )
    if not _POLLER_GROUP.fullmatch(str(config.get("PollerGroupName", ""))):
        message = f"PollerGroupName: {config['PollerGroupName']!r} is not a poller group's name"
        raise RefusedError(message)
    least = whole_number(
        config, "MinimumPollers", range(1, MOST_MINIMUM_POLLERS + 1), DEFAULT_MINIMUM_POLLERS
    )
    most = whole_number(
        config, "MaximumPollers", range(1, MOST_MAXIMUM_POLLERS + 1), DEFAULT_MAXIMUM_POLLERS
    )
    if least > most:
        message = f"MinimumPollers: {least} is more than MaximumPollers, {most}"
        raise RefusedError(message)
    return Pollers(least, most, provisioned=bool(config.keys() - {"PollerGroupName"}))


def controls(properties: Properties, *, provisioned: bool) -> Controls:
    """Read the retry controls, which only provisioned pollers obey."""
    read = Controls(
        report_item_failures=bool(texts(properties, "FunctionResponseTypes", (ITEM_FAILURES,))),
        maximum_retry_attempts=_retries(properties),
        maximum_record_age_seconds=_record_age(properties),
        bisect_on_function_error=truth(properties, "BisectBatchOnFunctionError", default=False),
    )
    used = {
        "FunctionResponseTypes": read.report_item_failures,
        "MaximumRetryAttempts": read.maximum_retry_attempts is not None,
        "MaximumRecordAgeInSeconds": read.maximum_record_age_seconds is not None,
        "BisectBatchOnFunctionError": read.bisect_on_function_error,
    }
    require_provisioned([name for name, asked in used.items() if asked], provisioned=provisioned)
    return read


def log_level(properties: Properties, *, provisioned: bool) -> str | None:
    """Read LoggingConfig, see …/dg/esm-logging.html."""
    config = section(properties, "LoggingConfig", ("SystemLogLevel",))
    if "SystemLogLevel" not in config:
        return None
    require_provisioned(["LoggingConfig"], provisioned=provisioned)
    (level,) = texts({"SystemLogLevel": [config["SystemLogLevel"]]}, "SystemLogLevel", LOG_LEVELS)
    return level


def check_metrics(properties: Properties) -> None:
    """Refuse metrics that AWS does not have; locally all of them are counted anyway."""
    texts(section(properties, "MetricsConfig", ("Metrics",)), "Metrics", METRICS)


def require_provisioned(names: list[str], *, provisioned: bool) -> None:
    """Refuse what AWS offers to provisioned pollers only."""
    if names and not provisioned:
        message = f"{', '.join(names)}: only with MinimumPollers in ProvisionedPollerConfig"
        raise RefusedError(message)


def _retries(properties: Properties) -> int | None:
    name = "MaximumRetryAttempts"
    number = whole_number(properties, name, range(ENDLESS, MOST_RETRIES + 1), ENDLESS)
    return None if number == ENDLESS else number


def _record_age(properties: Properties) -> int | None:
    name = "MaximumRecordAgeInSeconds"
    seconds = whole_number(properties, name, range(ENDLESS, MOST_RECORD_AGE_SECONDS + 1), ENDLESS)
    if ENDLESS < seconds < LEAST_RECORD_AGE_SECONDS:
        message = f"{name}: {seconds} is neither -1 nor {LEAST_RECORD_AGE_SECONDS} or more"
        raise RefusedError(message)
    return None if seconds == ENDLESS else seconds
