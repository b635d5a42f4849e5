"""Functions of a template: a resource in, what its execution environments need, or why not, out.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devstack import layer
from devstack.intrinsics import Resolver
from devstack.sam.parameters import as_text
from devstack.unresolved import unresolved_in

DEFAULT_TIMEOUT_SECONDS = 3  # AWS::Serverless::Function, Timeout
DEFAULT_MEMORY_MEGABYTES = 128  # AWS::Serverless::Function, MemorySize

Properties = Mapping[str, Any]

_READ = (
    *("Code", "CodeUri", "Environment", "Handler", "InlineCode", "Layers", "MemorySize"),
    *("PackageType", "ReservedConcurrentExecutions", "Runtime", "Timeout"),
)
_CONTENT = {
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Lambda::LayerVersion": "Content",
}


class UnservableError(Exception):
    """Why a function cannot run here."""


@dataclass(frozen=True)
class Function:
    """A function: where its code is and what its execution environment is given."""

    logical_id: str
    code: Path
    layers: tuple[Path, ...]
    handler: str
    environment: Mapping[str, str]
    timeout_seconds: int
    memory_megabytes: int
    concurrency: int | None
    """Reserved concurrent executions; None: no limit of its own."""
    name: str
    """What AWS would call it: FunctionName, or the logical id."""


class FunctionReader:
    """Reads the functions of one template."""

    def __init__(self, root: Path, resolver: Resolver, inherited: Properties) -> None:
        self._root = root
        self._resolver = resolver
        self._inherited = inherited

    def settings(self, resource: Properties) -> dict[str, Any]:
        """Return a function's settings, resolved, with the global ones under its own."""
        own = self._resolved(resource.get("Properties") or {})
        if resource.get("Type") != "AWS::Serverless::Function":
            return own
        inherited = self._resolved(self._inherited)
        return {
            **inherited,
            **own,
            # SAM appends a function's layers to the global ones.
            "Layers": [*_list(inherited.get("Layers")), *_list(own.get("Layers"))],
            "Environment": {"Variables": _variables(inherited) | _variables(own)},
        }

    def function(self, logical_id: str, settings: Properties) -> Function:
        """Read a function; raises `UnservableError` when it cannot run here."""
        _check_kind(settings)
        for name, value in settings.items():
            if unresolved := unresolved_in(value):
                message = f"{name}: {unresolved.reason}"
                raise UnservableError(message)
        return Function(
            logical_id=logical_id,
            code=self._code(settings),
            layers=tuple(self._layer(name) for name in settings.get("Layers", ())),
            handler=_required(settings, "Handler"),
            environment={name: as_text(value) for name, value in _variables(settings).items()},
            timeout_seconds=timeout_seconds(settings),
            memory_megabytes=int(settings.get("MemorySize", DEFAULT_MEMORY_MEGABYTES)),
            concurrency=_optional_int(settings.get("ReservedConcurrentExecutions")),
            name=self._resolver.names.of(logical_id),
        )

    def _resolved(self, properties: Properties) -> dict[str, Any]:
        wanted = {name: value for name, value in properties.items() if name in _READ}
        resolved: dict[str, Any] = self._resolver.resolve(wanted)
        return resolved

    def _code(self, settings: Properties) -> Path:
        place = settings.get("Code") or _required(settings, "CodeUri")
        if not isinstance(place, str) or place.startswith("s3://"):
            message = "its code is not a folder beside the template"
            raise UnservableError(message)
        return self._path(place)

    def _layer(self, name: str) -> Path:
        resource = self._resolver.resources.get(name, {})
        content = (resource.get("Properties") or {}).get(_CONTENT.get(resource.get("Type"), ""))
        place = self._resolver.resolve(content)
        if not isinstance(place, str) or place.startswith("s3://"):
            message = f"layer {name} is not a layer of this template with a folder for content"
            raise UnservableError(message)
        return layer.on_path(self._path(place))

    def _path(self, place: str) -> Path:
        path = (self._root / place).resolve()
        if path.is_file():
            message = f"{place} is a file, not a folder"
            raise UnservableError(message)
        return path


def timeout_seconds(settings: Properties) -> int:
    """Return a function's time-out; AWS's default when it is not known here."""
    given = as_text(settings.get("Timeout"))
    return int(given) if given.isdecimal() else DEFAULT_TIMEOUT_SECONDS


def _check_kind(settings: Properties) -> None:
    if settings.get("PackageType") == "Image":
        message = "it is a container image"
        raise UnservableError(message)
    if "InlineCode" in settings:
        message = "its code is inline"
        raise UnservableError(message)
    runtime = as_text(settings.get("Runtime", "python"))
    if not runtime.startswith("python"):
        message = f"its runtime is {runtime}"
        raise UnservableError(message)


def _required(settings: Properties, name: str) -> Any:  # noqa: ANN401 - any property
    if name not in settings:
        message = f"it has no {name}"
        raise UnservableError(message)
    return settings[name]


def _variables(settings: Properties) -> dict[str, Any]:
    environment = settings.get("Environment") or {}
    variables = environment.get("Variables") if isinstance(environment, Mapping) else environment
    return dict(variables) if isinstance(variables, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:  # noqa: ANN401 - any property
    if value is None:
        return ()
    return value if isinstance(value, list) else [value]


def _optional_int(value: object) -> int | None:
    return None if value is None else int(str(value))
