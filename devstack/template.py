"""A SAM template in; functions, routes, Kafka mappings, buckets, queues and topics out.

Invariant: a template of anybody's can be read; what cannot be used here is named with its reason.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from devstack import intrinsics
from devstack.errors import UserError
from devstack.sam import definitions, document, kafka_mappings, names, parameters
from devstack.sam.functions import Function, FunctionReader, UnservableError, timeout_seconds

__all__ = ["Function", "Properties", "Route", "Template", "read"]

Properties = Mapping[str, Any]


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
    """Logical id → function, of those that can be served here."""
    routes: tuple[Route, ...]
    mappings: Mapping[str, Properties]
    """Logical id → resolved properties of each mapping of Kafka, as CloudFormation names them."""
    buckets: tuple[str, ...]
    """The names of buckets, and of queues and topics."""
    queues: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    unservable: Mapping[str, str] = field(default_factory=dict)
    """Logical id of every other function → why it cannot be served."""
    timeouts: Mapping[str, int] = field(default_factory=dict)
    """Logical id of every function → its time-out in seconds."""
    function_names: Mapping[str, str] = field(default_factory=dict)
    """Logical id of every function → what AWS would call it."""
    left_out: tuple[str, ...] = ()
    """Logical ids of mappings that are not of Kafka."""

    def function_of(self, reference: str) -> str | None:
        """Return the logical id of the function that a name or an ARN, qualified or not, means."""
        name = _bare(reference)
        if name in self.function_names:
            return name
        ids = {named: logical_id for logical_id, named in self.function_names.items()}
        return ids.get(name)

    def changed(self, code: Mapping[str, Path], layers: Sequence[Path]) -> "Template":
        """Return it with other code for some functions, and further layers for all of them.

        What a further layer holds is found before what the template's own hold. Raises `UserError`
        for code that is not a function's.
        """
        for name, folder in code.items():
            self._check_code(name, folder)
        changed = {
            name: replace(
                function,
                code=code.get(name, function.code),
                layers=(*layers, *function.layers),
            )
            for name, function in self.functions.items()
        }
        return replace(self, functions=changed)

    def check_servable(self, functions: Iterable[str]) -> None:
        """Raise `UserError` for the first of these functions that cannot be served here."""
        for name in functions:
            if name in self.unservable:
                message = f"{name} cannot be served here: {self.unservable[name]}"
                raise UserError(message)

    def _check_code(self, name: str, folder: Path) -> None:
        if name not in self.functions:
            known = ", ".join(self.functions)
            message = f"there is no function {name}; the functions: {known}"
            raise UserError(message)
        file = folder / f"{self.functions[name].handler.rpartition('.')[0]}.py"
        if not file.is_file():
            message = f"{name}'s handler is to be in {file}, which is not there"
            raise UserError(message)


def read(
    path: Path, given: Mapping[str, str], physical: Mapping[str, str] | None = None
) -> Template:
    """Read a SAM template under given parameters (which win over the defaults).

    `physical` are names by logical ids, of what is deployed already and was named there. Raises
    `UserError` when the file cannot be read, is not YAML, or names what it does not define.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = document.load(text)
        parameters.check(given, content.get("Parameters") or {}, text)
        return _Reading(path.parent, content, given, physical or {}).template()
    except OSError as error:
        message = f"{path}: {error.strerror}; give the path of a SAM template"
        raise UserError(message) from error
    except (yaml.YAMLError, UserError) as error:
        message = f"{path}: {' '.join(str(error).split())}"
        raise UserError(message) from error
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        # Something has another form than CloudFormation lets it have: it would not be deployed.
        message = f"{path}: it is no template that CloudFormation would take ({error!r})"
        raise UserError(message) from error


def _bare(reference: str) -> str:
    """Take a function's name out of an ARN or a qualified name."""
    return reference.rpartition(":function:")[2].partition(":")[0]


class _Reading:
    def __init__(
        self,
        root: Path,
        content: Properties,
        given: Mapping[str, str],
        physical: Mapping[str, str],
    ) -> None:
        self._resources: Mapping[str, Properties] = {
            logical_id: names.named(resource, physical.get(logical_id))
            for logical_id, resource in (content.get("Resources") or {}).items()
            if isinstance(resource, Mapping)  # Fn::ForEach holds a list
        }
        self._resolver = intrinsics.Resolver(
            parameters.values(content.get("Parameters") or {}, given),
            content.get("Conditions") or {},
            content.get("Mappings") or {},
            self._resources,
        )
        inherited = (content.get("Globals") or {}).get("Function") or {}
        self._reader = FunctionReader(root, self._resolver, inherited)
        self._unservable: dict[str, str] = {}

    def template(self) -> Template:
        functions = dict(self._servable())
        return Template(
            functions=functions,
            routes=(*self._routes_of_events(functions), *self._routes_of_apis(functions)),
            mappings=dict(self._mappings()),
            buckets=self._names(names.BUCKET),
            queues=self._names(names.QUEUE),
            topics=self._names(names.TOPIC),
            unservable=self._unservable,
            timeouts={name: timeout_seconds(some) for name, some in self._settings.items()},
            function_names={name: self._resolver.names.of(name) for name in self._settings},
            left_out=tuple(
                name
                for name, some in self._raw_mappings.items()
                if not kafka_mappings.is_of_kafka(some)
            ),
        )

    @cached_property
    def _settings(self) -> Mapping[str, Properties]:
        return {
            logical_id: self._reader.settings(resource)
            for logical_id, resource in self._of_type(*names.FUNCTIONS)
        }

    @cached_property
    def _raw_mappings(self) -> Mapping[str, Properties]:
        return {
            logical_id: self._resolver.resolve(resource.get("Properties") or {})
            for logical_id, resource in self._of_type(kafka_mappings.RESOURCE)
        }

    def _of_type(self, *kinds: str) -> Iterator[tuple[str, Properties]]:
        for logical_id, resource in self._resources.items():
            if resource.get("Type") in kinds and self._is_made(resource):
                yield logical_id, resource

    def _is_made(self, resource: Properties) -> bool:
        return "Condition" not in resource or self._resolver.holds(resource["Condition"])

    def _names(self, kind: str) -> tuple[str, ...]:
        return tuple(self._resolver.names.of(logical_id) for logical_id, _ in self._of_type(kind))

    def _servable(self) -> Iterator[tuple[str, Function]]:
        for logical_id, settings in self._settings.items():
            try:
                yield logical_id, self._reader.function(logical_id, settings)
            except UnservableError as error:
                self._unservable[logical_id] = str(error)

    def _mappings(self) -> Iterator[tuple[str, Properties]]:
        for logical_id, properties in self._raw_mappings.items():
            if kafka_mappings.is_of_kafka(properties):
                yield logical_id, kafka_mappings.of_resource(properties)
        for logical_id in self._settings:
            name = self._resolver.names.of(logical_id)
            yield from kafka_mappings.of_events(logical_id, name, self._events(logical_id))

    def _routes_of_events(self, functions: Iterable[str]) -> Iterator[Route]:
        for function in functions:
            for event in self._events(function).values():
                if event.get("Type") == "Api":
                    properties = event["Properties"]
                    yield Route(str(properties["Method"]).upper(), properties["Path"], function)

    def _routes_of_apis(self, functions: Iterable[str]) -> Iterator[Route]:
        ids = {self._resolver.names.of(function): function for function in functions}
        for _, api in self._of_type(*definitions.RESOURCES):
            properties = self._resolver.resolve(api.get("Properties") or {})
            for method, path, name in definitions.integrations(properties):
                if _bare(name) in ids:
                    yield Route(method, path, ids[_bare(name)])

    def _events(self, function: str) -> Mapping[str, Properties]:
        properties = self._resources[function].get("Properties") or {}
        events: Mapping[str, Properties] = self._resolver.resolve(properties.get("Events") or {})
        return events
