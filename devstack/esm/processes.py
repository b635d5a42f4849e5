"""The processes of a plan: its mappings, and what of Lambda and AWS they need here."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from devstack.component import Component
from devstack.esm import resources
from devstack.esm.plan import Plan
from devstack.event_source_mapping.clients.aws_client import AWS
from devstack.parts import Parts, listens
from devstack.ports import LOCALHOST, free_port


@dataclass(frozen=True)
class Processes:
    """Where everything is, and what starts it."""

    plan: Plan

    def components(self) -> list[Component]:
        """Return the components, each after those it needs."""
        parts = [self._aws(self._aws_port)] if self._aws_port else []
        if self._invoke_port:
            parts.append(self._runtime(self._invoke_port, tuple(part.name for part in parts)))
        parts.append(self._mapping(tuple(part.name for part in parts)))
        return parts

    @property
    def endpoint_url(self) -> str | None:
        """Return where functions are invoked; None is AWS itself."""
        if self._invoke_port:
            return f"http://{LOCALHOST}:{self._invoke_port}"
        given = self.plan.options.endpoint_url
        return None if given == AWS else given

    @property
    def aws_url(self) -> str | None:
        """Return where SQS, SNS and S3 are; None is AWS itself."""
        if self._aws_port:
            return f"http://{LOCALHOST}:{self._aws_port}"
        given = self.plan.options.aws_endpoint_url
        return None if given == AWS else given

    def welcome(self) -> Iterator[str]:
        """Tell what is mapped to what."""
        where = self.endpoint_url or "AWS"
        for one in self.plan.configurations:
            yield (
                f"{one.name}: topic {one.topic} of {one.bootstrap_servers}, group"
                f" {one.consumer_group} → {one.function_name} at {where}"
            )
            if one.destination:
                place = f" at {self.aws_url or 'AWS'}" if one.destination.startswith("arn:") else ""
                yield f"{one.name}: what fails for good goes to {one.destination}{place}"
        if self._aws_port:
            yield f"SQS, SNS and S3 are at {self.aws_url}"

    @cached_property
    def _invoke_port(self) -> int | None:
        return free_port() if self.plan.options.serves_functions else None

    @cached_property
    def _aws_port(self) -> int | None:
        plan, described = self.plan, self.plan.template
        if plan.options.aws_endpoint_url or plan.options.uses_aws:
            return None
        made = described.queues or described.topics or described.buckets
        if plan.has_destination_on_aws or (plan.options.serves_functions and made):
            return free_port()
        return None

    @property
    def _parts(self) -> Parts:
        return Parts(self.plan.folder)

    def _aws(self, port: int) -> Component:
        url = f"http://{LOCALHOST}:{port}"
        return self._parts.aws(port, lambda: resources.make(self.plan.template, url))

    def _runtime(self, port: int, needs: tuple[str, ...]) -> Component:
        aws = {"AWS_ENDPOINT_URL": self.aws_url} if self.aws_url else {}
        configuration = {
            "template": str(self.plan.options.template.resolve()),
            "parameters": self.plan.options.parameters,
            "environment": {**self._parts.mark, **aws},
            "functions": self.plan.served,
            "invoke_port": port,
        }
        return Component(
            name="runtime",
            command=self._parts.module("runtime", lambda: configuration),
            answers=lambda: listens(port),
            needs=needs,
            prepare=self._parts.end_environments,
            environment=self._parts.environment,
        )

    def _mapping(self, needs: tuple[str, ...]) -> Component:
        options = self.plan.options
        configuration = {
            "template": str(options.template.resolve()),
            "parameters": options.parameters,
            "functions": self.plan.functions,
            "endpoint_url": self.endpoint_url,
            "aws_endpoint_url": self.aws_url,
            "bootstrap_servers": self.plan.bootstrap_servers,
            "choices": options.choices,
            "kafka_properties": options.kafka_properties,
            "log_level": options.log_level,
        }
        return self._parts.mapping(lambda: configuration, needs)
