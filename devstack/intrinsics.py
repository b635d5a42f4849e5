"""CloudFormation intrinsics: values of a template in, plain ones out.

Covers Ref, Sub, GetAtt, FindInMap, If, Equals, Not, And, Or, Join, Split and Select. What only AWS
can answer (ImportValue, GetAZs, dynamic references, …) becomes an `Unresolved` in its place.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from devstack.account import ACCOUNT, REGION, STACK_NAME
from devstack.errors import UserError
from devstack.sam.names import Names
from devstack.sam.parameters import as_text
from devstack.unresolved import Unresolved, needs_aws, unresolved_in

PSEUDO_PARAMETERS: Mapping[str, str] = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": STACK_NAME,
    "AWS::URLSuffix": "amazonaws.com",
}
NO_VALUE = object()
_SUBSTITUTION = re.compile(r"\$\{([^!][^}]*)\}")
_DYNAMIC_REFERENCE = re.compile(r"\{\{(resolve:[^}]+)\}\}")


@dataclass(frozen=True)
class Resolver:
    """Resolve values of one template under the values of its parameters."""

    parameters: Mapping[str, Any]
    conditions: Mapping[str, Any]
    mappings: Mapping[str, Any] = field(default_factory=dict)
    resources: Mapping[str, Any] = field(default_factory=dict)
    _known: dict[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> Names:
        """Return what the template's resources are called."""
        return Names(self.resources, self.resolve)

    def resolve(self, value: Any) -> Any:  # noqa: ANN401 - any YAML value
        """Return `value` with every intrinsic evaluated and `AWS::NoValue` entries left out."""
        if isinstance(value, str):
            return self._with_dynamic_references(value)
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if intrinsic := _INTRINSICS.get(name):
                return intrinsic(self, argument)
            if str(name).startswith("Fn::"):
                return Unresolved(f"{name} is worked out by AWS; put a parameter in its place")
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not NO_VALUE}

    def holds(self, condition: str) -> bool:
        """Tell whether the named condition is true.

        Raises `UserError` for an unknown name, and when only AWS can tell.
        """
        answer = self._condition(condition)
        if isinstance(answer, Unresolved):
            message = f"condition {condition}: {answer.reason}"
            raise UserError(message)
        return answer

    def _condition(self, name: str) -> bool | Unresolved:
        if name not in self.conditions:
            message = f"condition {name} is not defined"
            raise UserError(message)
        if name not in self._known:
            answer = self.resolve(self.conditions[name])
            self._known[name] = answer if isinstance(answer, Unresolved) else bool(answer)
        known: bool | Unresolved = self._known[name]
        return known

    def _with_dynamic_references(self, text: str) -> str | Unresolved:
        for found in _DYNAMIC_REFERENCE.finditer(text):
            if found[1] not in self.parameters:
                return needs_aws(f"the dynamic reference {found[0]}", found[1])
        return _DYNAMIC_REFERENCE.sub(lambda found: str(self.parameters[found[1]]), text)

    def _reference(self, name: str) -> Any:  # noqa: ANN401 - NO_VALUE is an object
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in PSEUDO_PARAMETERS:
            return PSEUDO_PARAMETERS[name]
        return self.parameters[name] if name in self.parameters else self.names.reference(name)

    def _if(self, argument: list[Any]) -> Any:  # noqa: ANN401 - either branch
        condition, then, otherwise = argument
        answer = self._condition(condition)
        return (
            answer
            if isinstance(answer, Unresolved)
            else self.resolve(then if answer else otherwise)
        )

    def _substitute(self, argument: str | list[Any]) -> str | Unresolved:
        text, own = (argument, {}) if isinstance(argument, str) else argument
        asked = {name: own.get(name, _asked(name)) for name in _SUBSTITUTION.findall(text)}
        values = [self.resolve(value) for value in asked.values()]
        if unresolved := unresolved_in(values):
            return unresolved
        known = dict(zip(asked, values, strict=True))
        whole = _SUBSTITUTION.sub(lambda found: as_text(known[found[1]]), text)
        return self._with_dynamic_references(whole.replace("${!", "${"))

    def _get_attribute(self, argument: str | list[Any]) -> str | Unresolved:
        logical_id, attribute = (
            argument.split(".", 1) if isinstance(argument, str) else self.resolve(argument)
        )
        return (
            attribute
            if isinstance(attribute, Unresolved)
            else self.names.attribute(logical_id, attribute)
        )

    def _find_in_map(self, argument: list[Any]) -> Any:  # noqa: ANN401 - text or a list
        keys = self.resolve(argument[:3])
        if unresolved := unresolved_in(keys):
            return unresolved
        found: Any = self.mappings
        for key in keys:
            found = found.get(as_text(key)) if isinstance(found, Mapping) else None
        if found is None:
            return Unresolved(f"FindInMap: Mappings has nothing under {', '.join(map(str, keys))}")
        return self.resolve(found)

    def _import(self, argument: Any) -> Any:  # noqa: ANN401 - a name, or how to make it
        name = self.resolve(argument)
        if isinstance(name, Unresolved):
            return name
        return self.parameters.get(name, needs_aws(f"the export {name} of another stack", name))


def _asked(name: str) -> dict[str, str]:
    return {"Fn::GetAtt": name} if "." in name else {"Ref": name}


def _equals(parts: list[Any]) -> bool:
    left, right = parts
    return as_text(left) == as_text(right)


def _join(parts: list[Any]) -> str:
    separator, items = parts
    return str(separator).join(map(as_text, items))


def _split(parts: list[Any]) -> list[str]:
    separator, text = parts
    return str(text).split(separator)


def _select(parts: list[Any]) -> Any:  # noqa: ANN401 - an element of any list
    index, items = parts
    if int(index) < len(items):
        return items[int(index)]
    # Made-up names may have fewer parts than AWS's.
    return Unresolved(f"Select: there is no element {index} of {items}")


def _of_known(function: Callable[[Any], Any]) -> Callable[[Resolver, Any], Any]:
    """Evaluate a function whose argument is known; pass on what stands for one that is not."""

    def evaluate(resolver: Resolver, argument: Any) -> Any:  # noqa: ANN401 - any YAML value
        resolved = resolver.resolve(argument)
        return unresolved_in(resolved) or function(resolved)

    return evaluate


_INTRINSICS: Mapping[str, Callable[[Resolver, Any], Any]] = {
    "Ref": Resolver._reference,  # noqa: SLF001 - the table belongs to the class
    "Condition": Resolver._condition,  # noqa: SLF001
    "Fn::If": Resolver._if,  # noqa: SLF001
    "Fn::Sub": Resolver._substitute,  # noqa: SLF001
    "Fn::GetAtt": Resolver._get_attribute,  # noqa: SLF001
    "Fn::FindInMap": Resolver._find_in_map,  # noqa: SLF001
    "Fn::ImportValue": Resolver._import,  # noqa: SLF001
    "Fn::Equals": _of_known(_equals),
    "Fn::Not": _of_known(lambda parts: not parts[0]),
    "Fn::And": _of_known(all),
    "Fn::Or": _of_known(any),
    "Fn::Join": _of_known(_join),
    "Fn::Split": _of_known(_split),
    "Fn::Select": _of_known(_select),
}
