"""What the esm command decides before it starts anything."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from devstack import state
from devstack.errors import UserError
from devstack.esm.options import Options
from devstack.esm.plan import Plan
from devstack.esm.processes import Processes
from devstack.settings import Addresses, Settings
from devstack.state import State

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:failed"
CLUSTER = "arn:aws:kafka:eu-west-1:123456789012:cluster/demo/0-1"
ENDPOINT = "http://127.0.0.1:3999"

MakePlan = Callable[..., Plan]


def mapping(**properties: object) -> dict[str, Any]:
    own = {
        "FunctionName": {"Ref": "Work"},
        "SelfManagedEventSource": {"Endpoints": {"KafkaBootstrapServers": ["own:9092"]}},
        "Topics": ["orders"],
        "StartingPosition": "LATEST",
        **properties,
    }
    return {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {name: value for name, value in own.items() if value is not None},
    }


def function(**properties: object) -> dict[str, Any]:
    own = {"CodeUri": ".", "Handler": "app.handler", "Runtime": "python3.13", **properties}
    return {"Type": "AWS::Serverless::Function", "Properties": own}


@pytest.fixture
def plan(tmp_path: Path) -> MakePlan:
    """Give what makes a plan of resources, options by name, and settings."""

    def make(
        resources: dict[str, Any],
        settings: dict[str, str] | None = None,
        **options: Any,  # noqa: ANN401
    ) -> Plan:
        template = tmp_path / "project" / "template.yaml"
        template.parent.mkdir(exist_ok=True)
        template.write_text(yaml.safe_dump({"Resources": resources}, sort_keys=False))
        home = Settings(settings or {}, tmp_path / "home")
        return Plan(Options(template=template, **options), home)

    return make


def run_stack(home: Path, broker: str) -> None:
    """Leave behind what a running stack tells of itself."""
    addresses = Addresses((8080,), 3001, 5555, broker, 9093, "127.0.0.1", 5432)
    born = psutil.Process().create_time()
    state.write(home, State(os.getpid(), born, up=True, addresses=addresses, components={}))


def test_brokers_are_the_option_s_then_the_setting_s_then_the_stack_s_then_the_template_s(
    plan: MakePlan, tmp_path: Path
) -> None:
    resources = {"Work": function(), "Mapping": mapping()}
    setting = {"KAFKA_BROKER": "set:9092"}

    def servers(settings: dict[str, str], **options: object) -> str:
        (configuration,) = plan(resources, settings, **options).configurations
        return configuration.bootstrap_servers

    assert servers(setting, bootstrap_servers="given:9092") == "given:9092"
    assert servers(setting) == "set:9092"
    assert servers({}) == "own:9092"
    run_stack(tmp_path / "home", "stack:9092")
    assert servers({}) == "stack:9092"


def test_a_cluster_s_brokers_must_be_given(plan: MakePlan) -> None:
    managed = mapping(SelfManagedEventSource=None, EventSourceArn=CLUSTER)

    with pytest.raises(UserError, match=r"Mapping reads an MSK cluster, .* --bootstrap-servers"):
        plan({"Work": function(), "Mapping": managed}).check()


def test_every_template_and_choice_of_functions_has_a_folder_of_its_own(plan: MakePlan) -> None:
    resources = {"Work": function(), "Other": function(), "Mapping": mapping()}

    folders = [
        plan(resources, functions=names).folder
        for names in ((), (), ("Work",), ("Work", "Other"), ("Other", "Work"))
    ]

    assert folders[0] == folders[1]
    assert folders[3] == folders[4]
    assert len(set(folders)) == 3
    assert folders[0].name.startswith("project-")


def test_a_function_is_chosen_by_its_name_or_its_logical_id(plan: MakePlan) -> None:
    resources = {
        "Work": function(FunctionName="worker"),
        "Other": function(),
        "Mapping": mapping(),
        "OtherMapping": mapping(FunctionName={"Fn::GetAtt": ["Other", "Arn"]}),
    }

    for name in ("Work", "worker"):
        chosen = plan(resources, functions=[name])
        assert [one.name for one in chosen.configurations] == ["Mapping"]
        assert chosen.functions == ["Work"]
        assert chosen.served == ["Work"]


def test_what_does_not_run_is_noted(plan: MakePlan) -> None:
    access = [{"Type": "VPC_SUBNET", "URI": "s"}, {"Type": "BASIC_AUTH", "URI": "arn:secret"}]
    resources = {
        "Work": function(),
        "Disabled": mapping(Enabled=False),
        "OfQueue": mapping(SelfManagedEventSource=None, Topics=None, EventSourceArn=QUEUE),
        "Mapping": mapping(SourceAccessConfigurations=access),
    }

    notes = list(plan(resources).notes())
    with_sign_in = list(plan(resources, kafka_properties={"sasl.username": "me"}).notes())

    assert [note.split(":")[0] for note in notes] == [
        "OfQueue is left out",
        "Disabled is left out",
        "Mapping",
    ]
    assert "(BASIC_AUTH)" in notes[2]
    assert len(with_sign_in) == 2


@pytest.mark.parametrize(
    ("resources", "options", "sentence"),
    [
        ({}, {}, "has no Kafka event source mapping to run$"),
        ({"M": mapping(Enabled="false")}, {}, "to run; M is not enabled"),
        ({"M": mapping(Topics=["a1", "b1"])}, {}, "M: Topics: exactly one topic"),
        ({"M": mapping(FunctionName="other")}, {}, "M: function other is not of this template;"),
        (
            {"Work": function(Timeout=841), "M": mapping()},
            {"endpoint_url": ENDPOINT},
            "Timeout of Work is 841 s",
        ),
        (
            {"Work": function(Runtime="java21"), "M": mapping()},
            {},
            "M: Work cannot be served here: its runtime is java21; give --endpoint-url",
        ),
        ({"M": mapping()}, {"endpoint_url": "ftp://x"}, "--endpoint-url ftp://x is neither"),
        ({"M": mapping()}, {"aws_endpoint_url": "x"}, "--aws-endpoint-url x is neither"),
        ({"M": mapping()}, {"choices": {"colour": "red"}}, "colour"),
        ({"M": mapping()}, {"functions": ["Nobody"]}, "no function Nobody; its functions: none"),
    ],
)
def test_what_is_in_the_way_is_told_in_one_line(
    plan: MakePlan, resources: dict[str, Any], options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence) as refusal:
        plan(resources, **options).check()

    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("resources", "options"),
    [
        ({"Work": function(Runtime="java21"), "M": mapping()}, {"endpoint_url": ENDPOINT}),
        ({"M": mapping(FunctionName="other")}, {"endpoint_url": "aws"}),
        ({"Work": function(), "M": mapping(), "Other": mapping(Enabled=False)}, {}),
    ],
)
def test_what_another_endpoint_serves_need_not_be_servable_here(
    plan: MakePlan, resources: dict[str, Any], options: dict[str, Any]
) -> None:
    plan(resources, **options).check()


@pytest.mark.parametrize(
    ("options", "endpoint", "aws"),
    [
        ({"endpoint_url": "aws"}, None, None),
        (
            {"endpoint_url": "https://lambda.eu-west-1.amazonaws.com"},
            "https://lambda.eu-west-1.amazonaws.com",
            None,
        ),
        ({"endpoint_url": ENDPOINT, "aws_endpoint_url": "aws"}, ENDPOINT, None),
        ({"endpoint_url": ENDPOINT, "aws_endpoint_url": ENDPOINT}, ENDPOINT, ENDPOINT),
    ],
)
def test_functions_on_aws_have_their_destinations_there(
    plan: MakePlan, options: dict[str, Any], endpoint: str | None, aws: str | None
) -> None:
    destination = {"OnFailure": {"Destination": QUEUE}}
    resources = {"Work": function(), "Mapping": mapping(DestinationConfig=destination)}

    processes = Processes(plan(resources, **options))

    assert (processes.endpoint_url, processes.aws_url) == (endpoint, aws)
    assert [component.name for component in processes.components()] == ["mapping"]
