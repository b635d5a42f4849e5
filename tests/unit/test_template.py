"""What devstack reads out of template.yaml."""

from pathlib import Path

import pytest

from devstack import template
from devstack.errors import UserError
from devstack.template import Route

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
      Environment: {Variables: {B: 3}}
      Events: {Any: {Type: Api, Properties: {Path: "/a/{b}", Method: get}}}
  Unwanted: {Type: AWS::S3::Bucket, Condition: Never}
"""


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    file = tmp_path / "template.yaml"
    file.write_text(FOREIGN)
    return file


def test_a_function_has_its_own_settings_over_the_global_ones(foreign: Path) -> None:
    function = template.read(foreign, {}).functions["Work"]

    assert function.code == foreign.parent / "src"
    assert function.layers == (foreign.parent / "layer",)
    assert function.handler == "app.handler"
    assert function.environment == {"A": "1", "B": "3"}
    assert (function.timeout_seconds, function.memory_megabytes) == (7, 128)


def test_parameters_win_over_their_defaults(foreign: Path) -> None:
    default, given = template.read(foreign, {}), template.read(foreign, {"Limit": "9"})

    assert default.functions["Work"].concurrency == 5
    assert given.functions["Work"].concurrency == 9


def test_routes_name_their_method_in_upper_case(foreign: Path) -> None:
    assert template.read(foreign, {}).routes == (Route("GET", "/a/{b}", "Work"),)


def test_what_a_false_condition_leaves_out_is_not_there(foreign: Path) -> None:
    assert template.read(foreign, {}).buckets == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- a list", "it is not a mapping"),
        ("a: [", "while parsing"),
        ("Resources: {F: {Type: AWS::Serverless::Function, Properties: {}}}", "F has no CodeUri"),
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
