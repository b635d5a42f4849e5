"""template.yaml in, functions, routes, mappings and buckets out: one source of settings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from devstack import intrinsics
from devstack.errors import UserError

DEFAULT_TIMEOUT_SECONDS = 3  # AWS::Serverless::Function, Timeout
DEFAULT_MEMORY_MEGABYTES = 128  # AWS::Serverless::Function, MemorySize

Properties = Mapping[str, Any]


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


@dataclass(frozen=True)
class Route:
    """A REST API route; `method` is upper case, `ANY` for all."""

    method: str
    path: str
    function: str


@dataclass(frozen=True)
class Template:
    """What the local cloud runs. Resources whose condition is false are not in it."""

    functions: Mapping[str, Function]
    routes: tuple[Route, ...]
    mappings: Mapping[str, Properties]
    """Logical id → resolved properties of each `AWS::Lambda::EventSourceMapping`."""
    buckets: tuple[str, ...]


def read(path: Path, parameters: Mapping[str, str]) -> Template:
    """Read a SAM template under `parameters` (which win over the defaults).

    Raises `UserError` when the file cannot be read, is not YAML, or names what it does not define.
    """
    try:
        document = intrinsics.load(path.read_text(encoding="utf-8"))
        return _Reading(path.parent, document, parameters).template()
    except OSError as error:
        message = f"{path}: {error.strerror}; give the path of a SAM template"
        raise UserError(message) from error
    except (yaml.YAMLError, UserError) as error:
        message = f"{path}: {' '.join(str(error).split())}"
        raise UserError(message) from error


class _Reading:
    def __init__(self, root: Path, document: Properties, parameters: Mapping[str, str]) -> None:
        self._root = root
        self._globals = document.get("Globals", {}).get("Function", {})
        defaults = {
            name: str(parameter["Default"])
            for name, parameter in document.get("Parameters", {}).items()
            if "Default" in parameter
        }
        self._resolver = intrinsics.Resolver(
            {**defaults, **parameters}, document.get("Conditions", {})
        )
        self._resources = {
            logical_id: resource
            for logical_id, resource in document.get("Resources", {}).items()
            if "Condition" not in resource or self._resolver.holds(resource["Condition"])
        }

    def template(self) -> Template:
        functions = dict(self._of_type("AWS::Serverless::Function"))
        return Template(
            functions={name: self._function(name, own) for name, own in functions.items()},
            routes=tuple(
                route for name, own in functions.items() for route in self._routes(name, own)
            ),
            mappings=dict(self._of_type("AWS::Lambda::EventSourceMapping")),
            buckets=tuple(name for name, _ in self._of_type("AWS::S3::Bucket")),
        )

    def _of_type(self, kind: str) -> Iterator[tuple[str, Properties]]:
        for logical_id, resource in self._resources.items():
            if resource.get("Type") == kind:
                yield logical_id, self._resolver.resolve(resource.get("Properties", {}))

    def _function(self, logical_id: str, own: Properties) -> Function:
        inherited = self._resolver.resolve(self._globals)
        settings = {**inherited, **own}
        for required in ("CodeUri", "Handler"):
            if required not in settings:
                message = f"{logical_id} has no {required}"
                raise UserError(message)
        return Function(
            logical_id=logical_id,
            code=(self._root / settings["CodeUri"]).resolve(),
            layers=tuple(
                self._layer(name)
                # SAM appends a function's layers to the global ones.
                for name in [*inherited.get("Layers", []), *own.get("Layers", [])]
            ),
            handler=settings["Handler"],
            environment=_variables(inherited) | _variables(own),
            timeout_seconds=int(settings.get("Timeout", DEFAULT_TIMEOUT_SECONDS)),
            memory_megabytes=int(settings.get("MemorySize", DEFAULT_MEMORY_MEGABYTES)),
            concurrency=_optional_int(settings.get("ReservedConcurrentExecutions")),
        )

    def _layer(self, name: str) -> Path:
        resource = self._resources.get(name, {})
        if "ContentUri" not in resource.get("Properties", {}):
            message = f"layer {name} is not a layer of this template with a ContentUri"
            raise UserError(message)
        content = str(self._resolver.resolve(resource["Properties"]["ContentUri"]))
        return (self._root / content).resolve()

    def _routes(self, function: str, own: Properties) -> Iterator[Route]:
        for event in own.get("Events", {}).values():
            if event.get("Type") == "Api":
                properties = event["Properties"]
                yield Route(properties["Method"].upper(), properties["Path"], function)


def _variables(settings: Properties) -> dict[str, str]:
    variables = settings.get("Environment", {}).get("Variables", {})
    return {name: str(value) for name, value in variables.items()}


def _optional_int(value: object) -> int | None:
    return None if value is None else int(str(value))
