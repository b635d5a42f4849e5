"""The mappings of a template nobody here wrote, run by the command."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from confluent_kafka import Producer

from devstack.account import ACCOUNT, REGION
from devstack.event_source_mapping.clients.aws_client import aws_client
from devstack.leftovers import is_alive
from tests.integration.esm import foreign
from tests.integration.esm.esm_process import Esm, environment, refused
from tests.integration.event_source_mapping.endpoint import lambda_endpoint
from tests.integration.event_source_mapping.mapping_process import Topic
from tests.servers import ROOT, KafkaServer, wait_until

SECONDS = 30
QUEUE_URL = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/failed-readings-dev"


@dataclass(frozen=True)
class Project:
    """A foreign project, its topics, and what its functions have noted."""

    template: Path
    readings: Topic
    clicks: Topic
    log: Path

    @property
    def options(self) -> list[object]:
        parameters = {
            "ReadingsTopic": self.readings.name,
            "ClicksTopic": self.clicks.name,
            "Log": self.log,
            "Network": "net-1",
        }
        given = [f"--parameter={name}={value}" for name, value in parameters.items()]
        return ["--template", self.template, *given]

    def notes(self, name: str) -> list[Any]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [note for note in map(json.loads, lines) if name in note]

    def wait_for(self, name: str, condition: Callable[[list[Any]], object]) -> None:
        wait_until(lambda: condition(self.notes(name)), f"notes of {name}", SECONDS)


@pytest.fixture
def project(kafka: KafkaServer, tmp_path: Path) -> Project:
    template = foreign.write(tmp_path / "foreign")
    return Project(template, Topic(kafka, 2), Topic(kafka, 1), tmp_path / "notes.jsonl")


def produce(topic: Topic, *values: str) -> None:
    producer = Producer({"bootstrap.servers": topic.servers})
    for value in values:
        producer.produce(topic.name, value.encode(), partition=0)
    assert producer.flush(10) == 0


def test_a_foreign_template_is_served_and_mapped_from_record_to_destination(
    project: Project, tmp_path: Path
) -> None:
    servers = project.readings.servers

    with Esm(tmp_path / "home", *project.options, "--bootstrap-servers", servers) as esm:
        produce(project.readings, "first", "unreadable", "third")
        produce(project.clicks, "click")
        project.wait_for("value", lambda notes: len({note["value"] for note in notes}) == 2)
        project.wait_for("clicks", len)
        client = aws_client("sqs", esm.address_of("SQS, SNS and S3"), Config(), REGION)
        (message,) = client.receive_message(QueueUrl=QUEUE_URL, WaitTimeSeconds=20)["Messages"]
        status, seconds = esm.stop()

    assert project.notes("value")[0] == {
        "value": "first",
        "source": "SelfManagedKafka",
        "function": "meters-dev",
        "stage": "dev",
    }
    assert project.notes("clicks")[0]["source"].startswith(f"arn:aws:kafka:{REGION}:{ACCOUNT}:")
    failure = json.loads(message["Body"])
    assert failure["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert failure["KafkaBatchInfo"]["batchSize"] == 1
    project.readings.group = group_of(esm, "MeterFunctionReadings")
    assert project.readings.committed() == 3
    assert (status, seconds < 10) == (0, True)


def group_of(esm: Esm, mapping: str) -> str:
    (line,) = [line for line in esm.output().splitlines() if f"{mapping}: topic" in line]
    return line.partition("group ")[2].split()[0]


def test_it_says_what_is_mapped_and_what_is_not(project: Project, tmp_path: Path) -> None:
    servers = project.readings.servers

    with Esm(tmp_path / "home", *project.options, "--bootstrap-servers", servers) as esm:
        output = esm.output()

    assert f"MeterFunctionReadings: topic {project.readings.name} of {servers}, group " in output
    assert f"group clicks-{project.clicks.name} → ClickFunction at http://127.0.0.1:" in output
    assert f"goes to arn:aws:sqs:{REGION}:{ACCOUNT}:failed-readings-dev at http://127" in output
    assert "Chores is left out: its source is not Kafka" in output
    assert "SourceAccessConfigurations (BASIC_AUTH) are not used here" in output


def counted(home: Path) -> int:
    """Ask `python -m devstack status` for the records the mappings have polled."""
    command = [sys.executable, "-m", "devstack", "status", "--json"]
    told = subprocess.run(
        command, cwd=ROOT, env=environment(home, {}), capture_output=True, text=True, check=False
    )
    if told.returncode:
        return 0
    mappings = json.loads(told.stdout)["mappings"].values()
    return sum(mapping["metrics"]["PolledEventCount"] for mapping in mappings)


def test_an_endpoint_of_the_user_s_is_invoked_and_nothing_is_served_here(
    project: Project, tmp_path: Path
) -> None:
    project.template.write_text(
        project.template.read_text().replace("Runtime: python3.12", "Runtime: java21")
    )
    with lambda_endpoint() as endpoint:
        options = [*project.options, "--function", "ClickFunction", "--endpoint-url", endpoint.url]
        options += ["--log-level", "INFO", "--choice", "tombstone=null"]
        produce(project.clicks, "click")
        with Esm(tmp_path / "home", *options, KAFKA_BROKER=project.clicks.servers) as esm:
            wait_until(lambda: endpoint.invocations, "an invocation", SECONDS)
            wait_until(lambda: counted(tmp_path / "home") == 1, "the count in the status", SECONDS)
            names = " ".join(" ".join(process.cmdline()) for process in esm.processes())

    assert endpoint.invocations[0].path == "/2015-03-31/functions/ClickFunction/invocations"
    assert "devstack.runtime" not in names
    assert "devstack.aws" not in names
    assert "MeterFunctionReadings" not in esm.output()
    assert "POLLER_STATUS_EVENT" in esm.output()


def test_a_second_run_takes_over_what_a_killed_one_left(project: Project, tmp_path: Path) -> None:
    options = [*project.options, "--bootstrap-servers", project.readings.servers]
    with Esm(tmp_path / "home", *options) as killed:
        processes = killed.processes()
        killed.kill()

        with Esm(tmp_path / "home", *options) as esm:
            produce(project.readings, "first")
            project.wait_for("value", len)
            assert not any(map(is_alive, processes))
            own = esm.processes()
            assert esm.stop()[0] == 0

    assert not any(map(is_alive, own))


def test_the_same_mappings_run_once_and_others_beside_them(
    project: Project, tmp_path: Path
) -> None:
    options = [*project.options, "--bootstrap-servers", project.readings.servers]
    home = tmp_path / "home"
    with Esm(home, *options, "--function", "MeterFunction"):
        again = refused(home, *options, "--function", "meters-dev")

        with Esm(home, *options, "--function", "ClickFunction"):
            produce(project.clicks, "click")
            project.wait_for("clicks", len)

    assert again.startswith("devstack: these mappings are running already, in ")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--function", "Nobody"], "has no function Nobody; its functions: MeterFunction, Cli"),
        (["--function", "PageFunction"], "no Kafka event source mapping of PageFunction to run;"),
        (["--parameter", "Size=1"], "there is no parameter Size; the parameters: Stage, Brokers"),
        (["--parameter", "Stage=test"], "BatchSize: FindInMap: Mappings has nothing under"),
        (["--choice", "tombstone=never"], "tombstone=never is not one of omit"),
        (["--endpoint-url", "localhost:3001"], "--endpoint-url localhost:3001 is neither an http"),
        (["--bootstrap-servers", "127.0.0.1:9"], "no Kafka broker answers at 127.0.0.1:9"),
    ],
)
def test_what_a_person_can_put_right_is_told_in_one_line(
    tmp_path: Path, words: list[str], sentence: str
) -> None:
    template = foreign.write(tmp_path / "foreign")
    given = [f"--parameter={name}=some" for name in ("ReadingsTopic", "ClicksTopic", "Log")]
    servers = ["--bootstrap-servers", "127.0.0.1:9"]

    told = refused(tmp_path / "home", "--template", template, *given, *servers, *words)

    assert sentence in told
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("", ""), "ClickFunctionClicks reads an MSK cluster, whose brokers only AWS knows; give"),
        (("Stream: !GetAtt Cluster.Arn", "Stream: !Ref Failures"), "EventSourceArn: 'https://sqs"),
        (("handle\n", "handle\n      Layers: [x]\n"), "layer x is not a layer of .*--endpoint-url"),
        (("../services/clicks", "../services/none"), "none is no folder; give --endpoint-url"),
        (("MaximumRetryAttempts: 1", "MaximumRecordAgeInSeconds: 59"), "59 is neither -1 nor 60"),
        (("Timeout: 20", "Timeout: 900"), "is 900 s; a function that reads from Kafka may"),
    ],
)
def test_a_template_that_cannot_run_is_told_in_one_line(
    tmp_path: Path, change: tuple[str, str], sentence: str
) -> None:
    template = foreign.write(tmp_path / "foreign")
    template.write_text(template.read_text().replace(*change))
    given = [f"--parameter={name}=some" for name in ("ReadingsTopic", "ClicksTopic", "Log")]
    servers = ["--bootstrap-servers", "127.0.0.1:9"] if change[0] else []

    told = refused(tmp_path / "home", "--template", template, *given, *servers)

    assert re.search(sentence, told), told
    assert told.count("\n") == 1
