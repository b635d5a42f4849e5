"""Documents: template text in, its values with every intrinsic in the long form out."""

from typing import Any

import yaml

from devstack.errors import UserError

_SafeLoader: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


class _Loader(_SafeLoader):  # type: ignore[misc]
    """YAML with CloudFormation's short tags, read as their long form."""


def _tag(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    match node:
        case yaml.ScalarNode():
            value: Any = loader.construct_scalar(node)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case _:
            value = loader.construct_mapping(node, deep=True)
    return {name: value}


_Loader.add_multi_constructor("!", _tag)


def load(text: str) -> dict[str, Any]:
    """Parse template text; short tags become long forms (`!Ref x` → `{"Ref": "x"}`)."""
    document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader with CloudFormation's tags
    if not isinstance(document, dict):
        message = "it is not a mapping"
        raise UserError(message)
    return document
