import json
from pathlib import Path

import yaml

from devstack.sam_local.methods import separate

ANY = "x-amazon-apigateway-any-method"
OTHERS = ("delete", "get", "head", "options", "patch", "put")


def test_any_becomes_the_methods_that_are_left_where_a_path_has_one_of_its_own(
    tmp_path: Path,
) -> None:
    paths = {
        "/orders": {"post": "submit", ANY: "look up"},
        "/health": {ANY: "tell"},
    }
    built = tmp_path / "template.yaml"
    built.write_text(
        yaml.safe_dump({"Resources": {"Api": {"Properties": {"DefinitionBody": {"paths": paths}}}}})
    )

    separated = separate(built)

    content = json.loads(separated.read_text())
    assert separated.parent == built.parent
    assert content["Resources"]["Api"]["Properties"]["DefinitionBody"]["paths"] == {
        "/orders": {"post": "submit", **dict.fromkeys(OTHERS, "look up")},
        "/health": {ANY: "tell"},
    }


def test_all_else_stays_as_it_is_with_its_intrinsics_in_the_long_form(tmp_path: Path) -> None:
    built = tmp_path / "template.yaml"
    built.write_text("Resources: {Bucket: {Type: A, Name: !Sub 'a-${b}', Version: 2012-10-17}}")

    content = json.loads(separate(built).read_text())

    bucket = {"Type": "A", "Name": {"Fn::Sub": "a-${b}"}, "Version": "2012-10-17"}
    assert content == {"Resources": {"Bucket": bucket}}
