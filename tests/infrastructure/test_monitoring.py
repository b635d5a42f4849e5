"""Alarms and dashboard: they look at what is really measured."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest

from devstack.event_source_mapping.definition.controls import METRICS
from orders import telemetry
from orders.ingestion import Result
from tests.infrastructure.transformed import BROKERS, NATS, Stack, stack
from tests.unit.orders.made import record

# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
OF_FUNCTIONS = {"Errors", "Throttles", "Duration", "ConcurrentExecutions"}
OF_MAPPINGS = {
    "PolledEventCount": "EventCount",
    "InvokedEventCount": "EventCount",
    "FailedInvokeEventCount": "EventCount",
    "CommittedEventCount": "EventCount",
    "DroppedEventCount": "EventCount",
    "OnFailureDestinationDeliveredEventCount": "EventCount",
    "MaxOffsetLag": "KafkaMetrics",
    "SumOffsetLag": "KafkaMetrics",
    "ProvisionedPollers": None,  # comes with provisioned mode
}
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
OF_APIS = {"4XXError", "5XXError", "Count", "Latency", "IntegrationLatency"}


class Metric(NamedTuple):
    """A metric that somebody looks at."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]


@pytest.fixture(scope="module")
def made() -> Stack:
    return stack(BROKERS)


def metrics(made: Stack) -> list[Metric]:
    alarms = made.of_type("AWS::CloudWatch::Alarm").values()
    return [*(each for alarm in alarms for each in of_alarm(alarm)), *of_dashboard(made)]


def of_alarm(alarm: Mapping[str, Any]) -> Iterator[Metric]:
    looked_at = [
        one["MetricStat"]["Metric"] for one in alarm.get("Metrics", ()) if "MetricStat" in one
    ]
    for one in looked_at or [alarm]:
        dimensions = {each["Name"]: each["Value"] for each in one["Dimensions"]}
        yield Metric(one["Namespace"], one["MetricName"], dimensions)


def of_dashboard(made: Stack) -> Iterator[Metric]:
    for widget in json.loads(made.properties["Dashboard"]["DashboardBody"])["widgets"]:
        for namespace, name, *dimensions in widget["properties"]["metrics"]:
            yield Metric(namespace, name, dict(zip(dimensions[::2], dimensions[1::2], strict=True)))


def emitted(capsys: pytest.CaptureFixture[str]) -> tuple[str, set[str], dict[str, str]]:
    """Return namespace, names and dimensions of what the functions measure themselves."""
    telemetry.batch_ingested([record()], Result(stored=1))
    capsys.readouterr()
    telemetry.metrics.flush_metrics()
    document = json.loads(capsys.readouterr().out)
    (described,) = document["_aws"]["CloudWatchMetrics"]
    (dimensions,) = described["Dimensions"]
    names = {one["Name"] for one in described["Metrics"]}
    return described["Namespace"], names, {name: document[name] for name in dimensions}


def test_every_metric_of_the_functions_own_is_one_that_they_emit(
    made: Stack, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = made.properties["IngestOrdersFunction"]["Environment"]["Variables"]
    # As Powertools reads it from the environment when the function starts.
    monkeypatch.setattr(telemetry.metrics, "service", variables["POWERTOOLS_SERVICE_NAME"])
    namespace, names, dimensions = emitted(capsys)
    looked_at = [each for each in metrics(made) if not each.namespace.startswith("AWS/")]

    assert {each.namespace for each in looked_at} == {namespace}
    assert {each.name for each in looked_at} == names
    assert all(each.dimensions == dimensions for each in looked_at)


def test_every_metric_of_aws_is_documented_and_of_something_in_the_stack(made: Stack) -> None:
    functions = {each["FunctionName"] for each in made.of_type("AWS::Lambda::Function").values()}
    api = {"ApiName": made.properties["OrdersApi"]["Name"], "Stage": "live"}

    for namespace, name, dimensions in metrics(made):
        match namespace, list(dimensions):
            case "AWS/Lambda", ["FunctionName"]:
                assert name in OF_FUNCTIONS
                assert dimensions["FunctionName"] in functions
            case "AWS/Lambda", ["EventSourceMappingUUID"]:
                assert name in OF_MAPPINGS
                assert dimensions["EventSourceMappingUUID"] == "OrdersTopicMapping"
            case "AWS/ApiGateway", _:
                assert name in OF_APIS
                assert dimensions == api
            case other, _:
                assert other == telemetry.NAMESPACE


def test_the_mapping_counts_what_is_looked_at(made: Stack) -> None:
    counted = set(made.properties["OrdersTopicMapping"]["MetricsConfig"]["Metrics"])

    assert counted <= set(METRICS)
    needed = {OF_MAPPINGS[each.name] for each in metrics(made) if each.name in OF_MAPPINGS}
    assert needed - {None} <= counted


def test_what_must_not_go_unnoticed_has_an_alarm(made: Stack) -> None:
    alarms = made.of_type("AWS::CloudWatch::Alarm")
    watched = {each.name for alarm in alarms.values() for each in of_alarm(alarm)}

    assert watched >= {
        "MaxOffsetLag",
        "Errors",
        "Throttles",
        "Duration",
        "OnFailureDestinationDeliveredEventCount",
        "DroppedEventCount",
        "QuarantinedRecords",
        "OldestRecordAge",
        "5XXError",
        "Latency",
    }


def test_every_alarm_tells_the_topic_if_there_is_one_and_says_what_silence_means() -> None:
    topic = "arn:aws:sns:eu-central-1:000000000000:alarms"
    told = stack(BROKERS, NATS, AlarmTopicArn=topic).of_type("AWS::CloudWatch::Alarm")
    untold = stack(BROKERS, NATS).of_type("AWS::CloudWatch::Alarm")

    assert all(alarm["AlarmActions"] == alarm["OKActions"] == [topic] for alarm in told.values())
    assert not any("AlarmActions" in alarm for alarm in untold.values())
    silence = {name: alarm["TreatMissingData"] for name, alarm in told.items()}
    # A mapping that tells no lag does not poll; where nothing happens, nothing fails.
    alarming = dict.fromkeys(("LagAlarm", "NatsSourceAlarm"), "breaching")
    assert silence == dict.fromkeys(told, "notBreaching") | alarming


def test_the_alarm_of_the_duration_knows_the_time_out() -> None:
    alarm = stack(IngestTimeoutSeconds="30").properties["DurationAlarm"]
    (expression,) = (one["Expression"] for one in alarm["Metrics"] if "Expression" in one)

    assert eval(expression, {"longest": 24_000}) == alarm["Threshold"] == 80  # noqa: S307 - our own


def test_without_a_mapping_nobody_waits_for_its_metrics() -> None:
    made = stack()

    alarms = made.of_type("AWS::CloudWatch::Alarm")
    assert not any(
        "EventSourceMappingUUID" in each.dimensions
        for alarm in alarms.values()
        for each in of_alarm(alarm)
    )
    assert not stack(Monitoring="false").of_type(
        "AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"
    )
