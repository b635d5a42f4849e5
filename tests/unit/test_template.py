"""What devstack reads out of a template, anybody's."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from devstack import template
from devstack.errors import UserError
from devstack.event_source_mapping.definition.properties import parse
from devstack.template import Route, Template

FOREIGN = """
Transform: AWS::Serverless-2016-10-31
Parameters: {Limit: {Type: Number, Default: 5}}
Conditions: {Never: !Equals [1, 2]}
Globals: {Function: {Handler: app.handler, Timeout: 7, Environment: {Variables: {A: 1, B: 2}}}}
Resources:
  Shared: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer}}
  Work:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Layers: [!Ref Shared]
      ReservedConcurrentExecutions: !Ref Limit
      Environment: {Variables: {B: 3, FLAG: true}}
      Events: {Any: {Type: Api, Properties: {Path: "/a/{b}", Method: get}}}
  Unwanted: {Type: AWS::S3::Bucket, Condition: Never}
"""
CLUSTER = "arn:aws:kafka:eu-west-1:123456789012:cluster/demo/0-1"


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    file = tmp_path / "template.yaml"
    file.write_text(FOREIGN)
    return file


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Template]:
    """Give what reads resources, and other sections by name, as a template."""

    def read(given: dict[str, str] | None = None, /, **sections: Any) -> Template:  # noqa: ANN401
        file = tmp_path / "template.yaml"
        file.write_text(yaml.safe_dump(sections, sort_keys=False))
        return template.read(file, given or {})

    return read


def function(**properties: object) -> dict[str, Any]:
    own = {"CodeUri": "src", "Handler": "app.handler", "Runtime": "python3.13", **properties}
    return {"Type": "AWS::Serverless::Function", "Properties": own}


def test_a_function_has_its_own_settings_over_the_global_ones(foreign: Path) -> None:
    function = template.read(foreign, {}).functions["Work"]

    assert function.code == foreign.parent / "src"
    assert function.layers == (foreign.parent / "layer",)
    assert function.handler == "app.handler"
    assert function.environment == {"A": "1", "B": "3", "FLAG": "true"}
    assert (function.timeout_seconds, function.memory_megabytes) == (7, 128)


def test_parameters_win_over_their_defaults(foreign: Path) -> None:
    default, given = template.read(foreign, {}), template.read(foreign, {"Limit": "9"})

    assert default.functions["Work"].concurrency == 5
    assert given.functions["Work"].concurrency == 9


def test_routes_name_their_method_in_upper_case(foreign: Path) -> None:
    assert template.read(foreign, {}).routes == (Route("GET", "/a/{b}", "Work"),)


def test_what_is_deployed_is_called_as_it_was_named_there(tmp_path: Path) -> None:
    bucket = {"Type": "AWS::S3::Bucket"}
    own = {**bucket, "Properties": {"BucketName": "its-own"}}
    file = tmp_path / "template.yaml"
    file.write_text(yaml.safe_dump({"Resources": {"Unnamed": bucket, "Named": own}}))

    there = template.read(file, {}, {"Unnamed": "unnamed-1a2b", "Named": "any"})

    assert set(there.buckets) == {"unnamed-1a2b", "its-own"}


def test_an_api_with_a_definition_of_its_own_gives_its_routes(
    read: Callable[..., Template],
) -> None:
    def operation(function: str) -> dict[str, Any]:
        place = f"arn:aws:apigateway:r:lambda:path/2015-03-31/functions/{function}/invocations"
        return {"x-amazon-apigateway-integration": {"uri": {"Fn::Sub": place}}}

    definition = {
        "/a/{b}": {
            "parameters": [],
            "get": operation("${F.Arn}"),
            "x-amazon-apigateway-any-method": operation("${F.Alias}"),
        },
        "/other": {"post": operation("arn:aws:lambda:r:1:function:elsewhere")},
        "/mocked": {"get": {"x-amazon-apigateway-integration": {"type": "mock"}}},
    }
    api = {"Type": "AWS::Serverless::Api", "Properties": {"DefinitionBody": {"paths": definition}}}

    described = read(Resources={"F": function(FunctionName="named"), "Api": api})

    assert described.routes == (Route("GET", "/a/{b}", "F"), Route("ANY", "/a/{b}", "F"))


def test_what_a_false_condition_leaves_out_is_not_there(foreign: Path) -> None:
    assert template.read(foreign, {}).buckets == ()


def test_a_function_of_plain_cloudformation_has_its_code_in_a_folder(
    read: Callable[..., Template], tmp_path: Path
) -> None:
    properties = {"Code": "built", "Handler": "a.b", "Runtime": "python3.13", "Timeout": 9}
    resource = {"Type": "AWS::Lambda::Function", "Properties": properties}

    described = read(
        Globals={"Function": {"MemorySize": 512}},  # not for what is not SAM's
        Resources={"Plain": resource},
    )

    assert described.functions["Plain"].code == tmp_path / "built"
    assert described.functions["Plain"].timeout_seconds == 9
    assert described.functions["Plain"].memory_megabytes == 128


def test_a_built_layer_is_on_the_path_as_lambda_unpacks_it(
    read: Callable[..., Template], tmp_path: Path
) -> None:
    (tmp_path / "layer" / "python").mkdir(parents=True)
    layer = {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "layer"}}

    described = read(Resources={"Shared": layer, "F": function(Layers=[{"Ref": "Shared"}])})

    assert described.functions["F"].layers == (tmp_path / "layer" / "python",)


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"Runtime": "nodejs22.x"}, "its runtime is nodejs22.x"),
        ({"PackageType": "Image", "ImageUri": "i"}, "it is a container image"),
        ({"InlineCode": "def handler(): ..."}, "its code is inline"),
        ({"CodeUri": "s3://bucket/key.zip"}, "its code is not a folder beside the template"),
        ({"CodeUri": {"Bucket": "b", "Key": "k"}}, "its code is not a folder"),
        ({"CodeUri": "template.yaml"}, "template.yaml is a file, not a folder"),
        ({"CodeUri": None}, "it has no CodeUri"),
        ({"Handler": None}, "it has no Handler"),
        ({"Layers": ["arn:aws:lambda:eu-west-1:1:layer:x:1"]}, "layer arn:.* is not a layer of"),
        (
            {"Environment": {"Variables": {"TABLE": {"Fn::ImportValue": "Orders"}}}},
            "Environment: the export Orders .*--parameter 'Orders=value'",
        ),
    ],
)
def test_a_function_that_cannot_be_served_here_is_named_with_its_reason(
    read: Callable[..., Template], properties: dict[str, Any], reason: str
) -> None:
    given = {name: value for name, value in function(**properties)["Properties"].items() if value}
    resource = {"Type": "AWS::Serverless::Function", "Properties": given}

    described = read(Resources={"F": resource, "Other": function()})

    assert list(described.functions) == ["Other"]
    with pytest.raises(UserError, match=f"^F cannot be served here: .*{reason}"):
        described.check_servable(["Other", "F"])


@pytest.mark.parametrize(
    "reference",
    ["F", "F:live", "named", "named:$LATEST", "arn:aws:lambda:eu-west-1:1:function:named:3"],
)
def test_a_function_is_found_by_whatever_names_it(
    read: Callable[..., Template], reference: str
) -> None:
    described = read(Resources={"F": function(FunctionName="named", Timeout=61)})

    assert described.function_of(reference) == "F"
    assert described.function_of("other") is None
    assert described.timeouts == {"F": 61}
    assert described.functions["F"].name == "named"


def test_an_msk_event_becomes_the_mapping_that_sam_makes_of_it(
    read: Callable[..., Template],
) -> None:
    event = {
        "Stream": CLUSTER,
        "Topics": ["orders"],
        "StartingPosition": "LATEST",
        "ConsumerGroupId": "mine",
        "MaximumRetryAttempts": 3,
        "ProvisionedPollerConfig": {"MinimumPollers": 1},
        "DestinationConfig": {"OnFailure": {"Type": "Kafka", "Destination": "kafka://failed"}},
        "SourceAccessConfigurations": [{"Type": "SASL_SCRAM_512_AUTH", "URI": "arn:secret"}],
    }

    resources = {"Work": function(Events={"Orders": {"Type": "MSK", "Properties": event}})}
    mappings = read(Resources=resources).mappings

    assert mappings["WorkOrders"] == {
        "FunctionName": "Work",
        "EventSourceArn": CLUSTER,
        "Topics": ["orders"],
        "StartingPosition": "LATEST",
        "AmazonManagedKafkaEventSourceConfig": {"ConsumerGroupId": "mine"},
        "MaximumRetryAttempts": 3,
        "ProvisionedPollerConfig": {"MinimumPollers": 1},
        "DestinationConfig": {"OnFailure": {"Destination": "kafka://failed"}},
        "SourceAccessConfigurations": [{"Type": "SASL_SCRAM_512_AUTH", "URI": "arn:secret"}],
    }
    assert parse("WorkOrders", mappings["WorkOrders"], "a:1").destination == "kafka://failed"


def test_a_self_managed_event_becomes_the_mapping_that_sam_makes_of_it(
    read: Callable[..., Template],
) -> None:
    event = {
        "KafkaBootstrapServers": ["a:9092"],
        "Topics": ["orders"],
        "StartingPosition": "LATEST",
        "ConsumerGroupId": "mine",
    }

    events = {"Orders": {"Type": "SelfManagedKafka", "Properties": event}}
    mappings = read(Resources={"Work": function(FunctionName="named", Events=events)}).mappings

    assert mappings["WorkOrders"] == {
        "FunctionName": "named",
        "SelfManagedEventSource": {"Endpoints": {"KafkaBootstrapServers": ["a:9092"]}},
        "SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": "mine"},
        "Topics": ["orders"],
        "StartingPosition": "LATEST",
    }


def test_mappings_of_other_sources_are_left_out_by_name(read: Callable[..., Template]) -> None:
    def mapping(**properties: object) -> dict[str, Any]:
        return {"Type": "AWS::Lambda::EventSourceMapping", "Properties": properties}

    described = read(
        Resources={
            "OfQueue": mapping(EventSourceArn={"Fn::GetAtt": ["Queue", "Arn"]}),
            "OfStream": mapping(EventSourceArn={"Fn::ImportValue": "Stream"}),
            "OfCluster": mapping(EventSourceArn=CLUSTER),
            "OfBrokers": mapping(Topics=["orders"]),
            "Queue": {"Type": "AWS::SQS::Queue"},
        }
    )

    assert list(described.mappings) == ["OfCluster", "OfBrokers"]
    assert described.left_out == ("OfQueue", "OfStream")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ({"Ref": "F"}, "F"),
        ({"Fn::GetAtt": "F.Arn"}, "F"),
        ({"Fn::Sub": "${F.Arn}:live"}, "F:live"),
        ({"Ref": "Live"}, "F:live"),
        ("arn:aws:lambda:eu-west-1:1:function:F", "arn:aws:lambda:eu-west-1:1:function:F"),
    ],
)
def test_a_raw_mapping_names_a_function_of_the_template_plainly(
    read: Callable[..., Template], name: object, expected: str
) -> None:
    alias = {
        "Type": "AWS::Lambda::Alias",
        "Properties": {"Name": "live", "FunctionName": {"Ref": "F"}},
    }
    mapping = {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {"FunctionName": name, "Topics": ["orders"]},
    }

    described = read(Resources={"F": function(), "Live": alias, "Mapping": mapping})

    assert described.mappings["Mapping"]["FunctionName"] == expected
    assert described.function_of(expected) == "F"


def test_functions_are_changed_one_by_one_and_layers_for_all_of_them(
    read: Callable[..., Template], tmp_path: Path
) -> None:
    (tmp_path / "app.py").touch()
    shared = {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "shared"}}
    described = read(
        Resources={"L": shared, "F": function(Layers=[{"Ref": "L"}]), "Other": function()}
    )
    further = tmp_path / "further"

    changed = described.changed({"F": tmp_path}, [further])

    assert changed.functions["F"].code == tmp_path
    assert changed.functions["F"].layers == (further, *described.functions["F"].layers)
    assert changed.functions["Other"].code == described.functions["Other"].code
    assert changed.functions["Other"].layers == (further,)


def test_other_code_must_be_a_function_s_and_hold_its_handler(
    read: Callable[..., Template], tmp_path: Path
) -> None:
    described = read(Resources={"F": function(), "Other": function()})

    with pytest.raises(UserError, match="no function G; the functions: F, Other"):
        described.changed({"G": tmp_path}, [])
    with pytest.raises(UserError, match=r"F's handler is to be in .*app\.py, which is not there"):
        described.changed({"F": tmp_path}, [])


def test_queues_topics_and_buckets_go_by_their_names(read: Callable[..., Template]) -> None:
    described = read(
        Resources={
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "failed"}},
            "OtherQueue": {"Type": "AWS::SQS::Queue"},
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "told"}},
            "Files": {"Type": "AWS::S3::Bucket"},
            "NamedFiles": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "files"}},
        }
    )

    assert described.queues == ("failed", "OtherQueue")
    assert described.topics == ("told",)
    assert described.buckets == ("serverless-orders-files", "files")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- a list", "it is not a mapping"),
        ("a: [", "while parsing"),
        ("Resources: [F]", "no template that CloudFormation would take"),
        ("Resources: {B: {Type: AWS::S3::Bucket, Condition: C}}", "condition C is not defined"),
        (
            """
            Parameters: {P: {Type: String}}
            Conditions: {C: !Equals [!Ref P, a]}
            Resources: {B: {Type: AWS::S3::Bucket, Condition: C}}
            """,
            "condition C: parameter P.*--parameter 'P=value'",
        ),
    ],
)
def test_a_template_that_cannot_be_read_is_refused_in_one_line(
    tmp_path: Path, text: str, reason: str
) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(text)

    with pytest.raises(UserError, match=reason) as refused:
        template.read(file, {})

    assert str(file) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        template.read(tmp_path / "none.yaml", {})
