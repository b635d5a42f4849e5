"""CloudFormation intrinsics: a template with tags and conditions in, plain values out.

Covers Ref, Sub, GetAtt, If, Equals, Not, And, Or, Join, Split and Select.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from devstack.account import ACCOUNT, REGION
from devstack.errors import UserError

PSEUDO_PARAMETERS: Mapping[str, str] = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": "serverless-orders",
    "AWS::URLSuffix": "amazonaws.com",
}
NO_VALUE = object()
_SUBSTITUTION = re.compile(r"\$\{([^!][^}]*)\}")


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags, read as their long form."""


def _tag(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    match node:
        case yaml.ScalarNode():
            value: Any = loader.construct_scalar(node)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case _:
            value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type] # the third kind
    return {name: value}


_Loader.add_multi_constructor("!", _tag)


def load(text: str) -> dict[str, Any]:
    """Parse template text; short tags become long forms (`!Ref x` → `{"Ref": "x"}`)."""
    document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader with CloudFormation's tags
    if not isinstance(document, dict):
        message = "it is not a mapping"
        raise UserError(message)
    return document


@dataclass(frozen=True)
class Resolver:
    """Resolve values of one template under given parameters.

    `Ref` and `GetAtt` of a resource answer its logical id: locally that is its name.
    """

    parameters: Mapping[str, str]
    conditions: Mapping[str, Any]
    _known: dict[str, bool] = field(default_factory=dict)

    def resolve(self, value: Any) -> Any:  # noqa: ANN401 - any YAML value
        """Return `value` with every intrinsic evaluated and `AWS::NoValue` entries left out."""
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if intrinsic := _INTRINSICS.get(name):
                return intrinsic(self, argument)
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not NO_VALUE}

    def holds(self, condition: str) -> bool:
        """Tell whether the named condition is true; unknown names raise `UserError`."""
        if condition not in self.conditions:
            message = f"condition {condition} is not defined"
            raise UserError(message)
        if condition not in self._known:
            self._known[condition] = bool(self.resolve(self.conditions[condition]))
        return self._known[condition]

    def _reference(self, name: str) -> Any:  # noqa: ANN401 - NO_VALUE is an object
        if name == "AWS::NoValue":
            return NO_VALUE
        return PSEUDO_PARAMETERS.get(name, self.parameters.get(name, name))

    def _if(self, argument: list[Any]) -> Any:  # noqa: ANN401 - either branch
        condition, then, otherwise = argument
        return self.resolve(then if self.holds(condition) else otherwise)

    def _substitute(self, argument: str | list[Any]) -> str:
        text, own = (argument, {}) if isinstance(argument, str) else argument
        names = {key: self.resolve(item) for key, item in own.items()}

        def value_of(found: re.Match[str]) -> str:
            name = found[1]
            return str(names.get(name, self._reference(name.split(".")[0])))

        return _SUBSTITUTION.sub(value_of, text).replace("${!", "${")

    def _get_attribute(self, argument: str | list[str]) -> str:
        return argument.split(".")[0] if isinstance(argument, str) else argument[0]

    def _equals(self, argument: list[Any]) -> bool:
        left, right = self.resolve(argument)
        return bool(str(left) == str(right))

    def _join(self, argument: list[Any]) -> str:
        separator, parts = self.resolve(argument)
        return str(separator).join(map(str, parts))

    def _split(self, argument: list[Any]) -> list[str]:
        separator, text = self.resolve(argument)
        return str(text).split(separator)

    def _select(self, argument: list[Any]) -> Any:  # noqa: ANN401 - an element of any list
        index, items = self.resolve(argument)
        return items[int(index)]


_INTRINSICS: Mapping[str, Callable[[Resolver, Any], Any]] = {
    "Ref": Resolver._reference,  # noqa: SLF001 - the table belongs to the class
    "Condition": Resolver.holds,
    "Fn::If": Resolver._if,  # noqa: SLF001
    "Fn::Sub": Resolver._substitute,  # noqa: SLF001
    "Fn::GetAtt": Resolver._get_attribute,  # noqa: SLF001
    "Fn::Equals": Resolver._equals,  # noqa: SLF001
    "Fn::Not": lambda resolver, argument: not resolver.resolve(argument)[0],
    "Fn::And": lambda resolver, argument: all(resolver.resolve(argument)),
    "Fn::Or": lambda resolver, argument: any(resolver.resolve(argument)),
    "Fn::Join": Resolver._join,  # noqa: SLF001
    "Fn::Split": Resolver._split,  # noqa: SLF001
    "Fn::Select": Resolver._select,  # noqa: SLF001
}
