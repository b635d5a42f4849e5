import tomllib

from devstack.sam.document import load
from tests.servers import ROOT

SETTINGS = tomllib.loads((ROOT / "samconfig.toml").read_text())["default"]
RESOURCES = load((ROOT / "template.yaml").read_text())["Resources"]


def test_a_deployment_may_make_roles_but_none_under_names_of_its_choice() -> None:
    named = [
        logical_id
        for logical_id, resource in RESOURCES.items()
        if {"RoleName", "ManagedPolicyName"} & resource.get("Properties", {}).keys()
    ]

    assert SETTINGS["deploy"]["parameters"]["capabilities"] == "CAPABILITY_IAM"
    assert named == []


def test_a_deployment_shows_what_it_will_change_and_is_no_failure_without_a_change() -> None:
    deploy = SETTINGS["deploy"]["parameters"]

    assert deploy["stack_name"] == "serverless-orders"
    assert deploy["confirm_changeset"] is True
    assert deploy["fail_on_empty_changeset"] is False


def test_every_layer_and_function_is_built_by_the_one_makefile() -> None:
    kinds = {"AWS::Serverless::Function", "AWS::Serverless::LayerVersion"}
    rules = {
        logical_id: resource.get("Metadata", {})
        for logical_id, resource in RESOURCES.items()
        if resource["Type"] in kinds
    }

    assert len(rules) > len(kinds)
    for logical_id, rule in rules.items():
        assert (rule.get("BuildMethod"), rule.get("ContextPath")) == ("makefile", "layers"), (
            logical_id
        )
