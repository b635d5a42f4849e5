"""Routes of a REST API: a method and a path in, the route and its path parameters out.

Invariant: a literal segment goes before `{name}`, that before `{name+}`, a method before ANY.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from devstack.template import Route


@dataclass(frozen=True, slots=True)
class Match:
    """A resource that serves a path; parameters are URL-decoded, None when it has none."""

    resource: str
    methods: Mapping[str, str]
    """Method, or ANY → function."""
    parameters: Mapping[str, str] | None

    def function(self, method: str) -> str | None:
        """Name the function that serves a method, if one does."""
        return self.methods.get(method) or self.methods.get("ANY")


class RouteTable:
    """The resources of one API, the most specific first."""

    def __init__(self, routes: Iterable[Route]) -> None:
        methods: dict[str, dict[str, str]] = {}
        for route in routes:
            methods.setdefault(route.path, {})[route.method] = route.function
        self._literal = {
            path: Match(path, by_method, None)
            for path, by_method in methods.items()
            if "{" not in path
        }
        templates = [
            (_segments(path), Match(path, by_method, None))
            for path, by_method in methods.items()
            if "{" in path
        ]
        self._templates = sorted(templates, key=lambda each: [_rank(name) for name in each[0]])

    def match(self, path: str) -> Match | None:
        """Find the resource for a path as it came, still percent-encoded."""
        if (literal := self._literal.get(path)) is not None:
            return literal
        segments = _segments(path)
        for template, resource in self._templates:
            if (parameters := _parameters(template, segments)) is not None:
                return Match(resource.resource, resource.methods, parameters)
        return None


def _segments(path: str) -> list[str]:
    return path.strip("/").split("/")


def _rank(segment: str) -> int:
    if segment.endswith("+}"):
        return 2
    return int(segment.startswith("{"))


def _parameters(template: list[str], segments: list[str]) -> dict[str, str] | None:
    parameters: dict[str, str] = {}
    for index, (expected, segment) in enumerate(zip(template, segments, strict=False)):
        if expected.endswith("+}"):
            parameters[expected[1:-2]] = unquote("/".join(segments[index:]))
            return parameters
        if expected.startswith("{"):
            if not segment:
                return None
            parameters[expected[1:-1]] = unquote(segment)
        elif expected != segment:
            return None
    return parameters if len(template) == len(segments) else None
