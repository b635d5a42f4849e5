"""Parameters of a template: declarations and given values in, what `Ref` answers out.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from devstack.errors import UserError
from devstack.unresolved import needs_aws

_KEPT_IN_SSM = "AWS::SSM::Parameter::Value"


def values(declared: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """Return each parameter's value: text, a list for a list's type, or what stands for it."""
    return {**given, **{name: _value(name, how, given) for name, how in declared.items()}}


def as_text(value: object) -> str:
    """Write a YAML scalar as CloudFormation does."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def check(given: Iterable[str], declared: Mapping[str, Any], text: str) -> None:
    """Refuse what is neither a parameter nor, by its name, anything else that `text` asks for."""
    for name in given:
        word = rf"(?<!\w){re.escape(name)}(?!\w)"
        if name not in declared and not re.search(word, text):
            known = ", ".join(declared) or "none"
            message = f"there is no parameter {name}; the parameters: {known}"
            raise UserError(message)


def _value(name: str, declared: Mapping[str, Any], given: Mapping[str, str]) -> Any:  # noqa: ANN401
    kind = str(declared.get("Type", "String"))
    if name in given:
        text = given[name]
    elif "Default" not in declared:
        return needs_aws(f"parameter {name}, which has no default,", name)
    elif kind.startswith(_KEPT_IN_SSM):
        return needs_aws(f"parameter {name}, kept in SSM,", name)
    else:
        text = as_text(declared["Default"])
    return [item.strip() for item in text.split(",")] if "List" in kind else text
