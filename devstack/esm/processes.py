"""The processes of a plan: its mappings, and what of Lambda and AWS they need here."""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from botocore.exceptions import BotoCoreError, ClientError

from devstack import leftovers, mappings, private_file
from devstack.component import Component, NotReadyError
from devstack.esm import resources
from devstack.esm.options import AWS
from devstack.esm.plan import Plan
from devstack.settings import AWS_PORT, HIGHEST_PORT, INVOKE_PORT, LOCALHOST, ROOT, is_free
from devstack.stack import listens


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
        return _next_free(INVOKE_PORT) if self.plan.options.serves_functions else None

    @cached_property
    def _aws_port(self) -> int | None:
        plan, described = self.plan, self.plan.template
        if plan.options.aws_endpoint_url or plan.options.uses_aws:
            return None
        made = described.queues or described.topics or described.buckets
        if plan.has_destination_on_aws or (plan.options.serves_functions and made):
            return _next_free(AWS_PORT)
        return None

    def _aws(self, port: int) -> Component:
        def settle() -> None:
            try:
                resources.make(self.plan.template, f"http://{LOCALHOST}:{port}")
            except (BotoCoreError, ClientError) as error:
                raise NotReadyError from error

        return Component(
            name="aws",
            command=lambda: (sys.executable, "-m", "devstack.aws", "--port", str(port)),
            answers=lambda: listens(port),
            settle=settle,
            environment=self._environment,
        )

    def _runtime(self, port: int, needs: tuple[str, ...]) -> Component:
        folder, options = self.plan.folder, self.plan.options
        added = {leftovers.MARK: str(folder)}
        configuration = {
            "template": str(options.template.resolve()),
            "parameters": options.parameters,
            "environment": added | ({"AWS_ENDPOINT_URL": self.aws_url} if self.aws_url else {}),
            "functions": self.plan.served,
            "invoke_port": port,
        }

        def prepare() -> None:
            # Environments of a killed runtime may still be at work.
            leftovers.end(folder, with_variable="AWS_LAMBDA_RUNTIME_API")

        return Component(
            name="runtime",
            command=self._module("runtime", configuration),
            answers=lambda: listens(port),
            needs=needs,
            prepare=prepare,
            environment=self._environment,
        )

    def _mapping(self, needs: tuple[str, ...]) -> Component:
        options = self.plan.options
        ready_file = self.plan.folder / "run" / "mapping.ready"
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
            "ready_file": str(ready_file),
            "status_file": str(mappings.file_of(self.plan.folder)),
        }
        return Component(
            name="mapping",
            command=self._module("event_source_mapping", configuration),
            answers=ready_file.exists,
            needs=needs,
            prepare=lambda: ready_file.unlink(missing_ok=True),
            environment=self._environment,
        )

    @property
    def _environment(self) -> dict[str, str]:
        return {
            leftovers.MARK: str(self.plan.folder),
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(ROOT),  # -m devstack.… from any folder
        }

    def _module(
        self, module: str, configuration: Mapping[str, object]
    ) -> Callable[[], tuple[str, ...]]:
        file = private_file.write(self.plan.folder / "run" / f"{module}.json", configuration)
        command = (sys.executable, "-m", f"devstack.{module}", "--config", str(file))
        return lambda: command


def _next_free(first: int) -> int:
    return next(port for port in range(first, HIGHEST_PORT) if is_free(port))
