"""The plan: options and settings in, what is to run, or the first thing in its way, out."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from devstack import state, template
from devstack.errors import UserError
from devstack.esm.options import Options
from devstack.event_source_mapping.definition.choices import Choices
from devstack.event_source_mapping.definition.configuration import (
    MappingConfiguration,
    check_function_timeout,
)
from devstack.event_source_mapping.definition.properties import is_enabled, parse
from devstack.event_source_mapping.definition.source import access_types
from devstack.settings import Settings
from devstack.template import Properties, Template

_WAY_OUT = "give --endpoint-url of an endpoint that serves it"


@dataclass(frozen=True)
class Plan:
    """What is decided before the first process starts."""

    options: Options
    settings: Settings

    def check(self) -> None:
        """Raise `UserError` for the first thing that is in the way."""
        self.options.check()
        Choices.of(self.options.choices)
        for configuration in self._accepted.values():
            function = self.template.function_of(configuration.function_name)
            if function:
                check_function_timeout(configuration, self.template.timeouts[function])
        if not self.configurations:
            raise UserError(self._nothing_to_run())
        if self.options.serves_functions:
            self._check_served()

    @cached_property
    def template(self) -> Template:
        """Return the template under the given parameters."""
        return template.read(self.options.template, self.options.parameters)

    @cached_property
    def functions(self) -> Sequence[str] | None:
        """Return the logical ids of the functions that were named; None when none was."""
        return [self._function(name) for name in self.options.functions] or None

    @cached_property
    def chosen(self) -> Mapping[str, Properties]:
        """Return the properties of the mappings that were asked for, disabled ones too."""
        return {
            name: properties
            for name, properties in self.template.mappings.items()
            if self.functions is None
            or self.template.function_of(str(properties.get("FunctionName"))) in self.functions
        }

    @property
    def configurations(self) -> Sequence[MappingConfiguration]:
        """Return the mappings that are to run."""
        return [one for name, one in self._accepted.items() if is_enabled(self.chosen[name])]

    @cached_property
    def bootstrap_servers(self) -> str | None:
        """Return the brokers that stand for the template's; None when there are no others."""
        given = self.options.bootstrap_servers or self.settings.values.get("KAFKA_BROKER")
        if given:
            return given
        running = state.read(self.settings.home)
        return running.addresses.kafka_broker if running else None

    @cached_property
    def served(self) -> Sequence[str]:
        """Return the logical ids of the functions behind the mappings."""
        names = (self.template.function_of(one.function_name) for one in self.configurations)
        return sorted({name for name in names if name})

    @property
    def has_destination_on_aws(self) -> bool:
        """Tell whether failures go to a queue, a topic or a bucket."""
        return any((one.destination or "").startswith("arn:") for one in self.configurations)

    @cached_property
    def folder(self) -> Path:
        """Return the folder of this template and these functions."""
        path = self.options.template.resolve()
        what = "\n".join([str(path), *sorted(self.functions or ())])
        digest = hashlib.sha256(what.encode()).hexdigest()[:8]
        return self.settings.home / "esm" / f"{path.parent.name or 'root'}-{digest}"

    def notes(self) -> Iterator[str]:
        """Tell what of the template is not done here."""
        for name in self.template.left_out:
            yield f"{name} is left out: its source is not Kafka"
        for name, properties in self.chosen.items():
            types = [one for one in access_types(properties) if not one.startswith("VPC_")]
            if not is_enabled(properties):
                yield f"{name} is left out: it is not enabled"
            elif types and not self.options.kafka_properties:
                yield (
                    f"{name}: SourceAccessConfigurations ({', '.join(types)}) are not used here;"
                    " give --kafka-property for brokers that want to know who asks"
                )

    def _function(self, name: str) -> str:
        if logical_id := self.template.function_of(name):
            return logical_id
        known = ", ".join(self.template.function_names) or "none"
        message = f"{self.options.template} has no function {name}; its functions: {known}"
        raise UserError(message)

    @cached_property
    def _accepted(self) -> Mapping[str, MappingConfiguration]:
        return {
            name: parse(name, properties, self._servers_of(name, properties))
            for name, properties in self.chosen.items()
        }

    def _nothing_to_run(self) -> str:
        of_whom = f" of {', '.join(self.functions)}" if self.functions else ""
        message = f"{self.options.template} has no Kafka event source mapping{of_whom} to run"
        others = [
            *(f"{name} is not enabled" for name in self.chosen),
            *(f"{name} is not of Kafka" for name in self.template.left_out),
        ]
        return "; ".join([message, *others])

    def _servers_of(self, name: str, properties: Properties) -> str | None:
        if self.bootstrap_servers is None and properties.get("EventSourceArn"):
            message = (
                f"{name} reads an MSK cluster, whose brokers only AWS knows;"
                " give --bootstrap-servers, set KAFKA_BROKER, or start the stack (`make run`)"
            )
            raise UserError(message)
        return self.bootstrap_servers

    def _check_served(self) -> None:
        for configuration in self.configurations:
            if hindrance := self._hindrance(configuration.function_name):
                message = f"{configuration.name}: {hindrance}; {_WAY_OUT}"
                raise UserError(message)

    def _hindrance(self, name: str) -> str | None:
        function = self.template.function_of(name)
        if function is None:
            return f"function {name} is not of this template"
        if reason := self.template.unservable.get(function):
            return f"{function} cannot be served here: {reason}"
        code = self.template.functions[function].code
        return None if code.is_dir() else f"{function} cannot be served here: {code} is no folder"
