"""The cloud on LocalStack: a stack in; LocalStack with the stack deployed, and the edge, out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from devstack import sam_cli
from devstack.component import Component
from devstack.errors import UserError
from devstack.front.proxy_event import STAGE
from devstack.localstack import server
from devstack.localstack.deployment import deployed
from devstack.localstack.server import Server
from devstack.parts import listens
from devstack.ports import LOCALHOST
from devstack.stack import FRONTEND, TEMPLATE, TOOLS, Stack

_LEFT_OUT = ("KafkaBootstrapServers",)
"""LocalStack cannot poll Kafka: devstack's mapping does, and invokes the functions there."""

_UNKNOWN_TO_LOCALSTACK = {"Distribution": "false", "Monitoring": "false"}
_DEVSTACK_ONLY = ("FUNCTION_CODE", "FUNCTION_LAYERS")
_NAME = "localstack"


@dataclass
class LocalStackCloud:
    """A LocalStack of the stack's own, or the one that LOCALSTACK_ENDPOINT names."""

    stack: Stack
    physical: Mapping[str, str] = field(default_factory=dict)
    """What the deployed resources are called, by logical ids."""

    @property
    def invoke_url(self) -> str:
        """Where functions are invoked."""
        return f"http://{LOCALHOST}:{self.stack.addresses.invoke_port}"

    @property
    def aws_url(self) -> str:
        """Where S3 and its like are: the same place."""
        return self.invoke_url

    @property
    def forgetful(self) -> tuple[str, ...]:
        """Components that call them differently after each start."""
        return (_NAME,) if self.stack.settings.own_localstack else ()

    def components(self, needs: tuple[str, ...]) -> list[Component]:
        """Return its components, each after those it needs; `needs` are what functions use."""
        self._refuse_what_is_devstack_s()
        if self.stack.settings.own_localstack:
            return [self._localstack(needs), self._front((*needs, _NAME))]
        return [replace(self._front(needs), prepare=self._deploy_once)]

    def _localstack(self, needs: tuple[str, ...]) -> Component:
        parts, port = self.stack.parts, self.stack.addresses.aws_port
        own = Server(TOOLS, self.stack.settings.home / "localstack", port)

        def prepare() -> None:
            parts.end_environments()
            own.prepare()

        return Component(
            name=_NAME,
            command=lambda: own.command,
            answers=lambda: server.answers(port),
            needs=needs,
            prepare=prepare,
            settle=self._deploy,
            environment={**parts.environment, **own.environment},
            stop_signal=server.STOP_SIGNAL,
        )

    def _front(self, needs: tuple[str, ...]) -> Component:
        ports = self.stack.addresses.http_ports
        return Component(
            name="front",
            command=self.stack.parts.module("localstack.edge", self._edge),
            answers=lambda: all(map(listens, ports)),
            needs=needs,
            renewed_with=self.forgetful,
            environment=self.stack.parts.environment,
        )

    def _edge(self) -> Mapping[str, object]:
        url, physical = self.aws_url, self.physical
        return {
            "template": str(TEMPLATE),
            "parameters": self.stack.parameters,
            "http_ports": self.stack.addresses.http_ports,
            "api": f"{url}/_aws/execute-api/{physical['OrdersApi']}/{STAGE}",
            "site": url,
            "site_host": f"{physical['SiteBucket']}.s3-website.localhost.localstack.cloud",
        }

    def _deploy_once(self) -> None:
        """Deploy to a LocalStack that outlives the edge, before the edge's first start."""
        if not self.physical:
            self._deploy()

    def _deploy(self) -> None:
        built = sam_cli.build(self.stack.say)
        self.stack.say(f"deploying to LocalStack at {self.aws_url} (sam deploy)")
        given = {
            name: value for name, value in self.stack.parameters.items() if name not in _LEFT_OUT
        }
        self.physical = deployed(
            built,
            {**given, **_UNKNOWN_TO_LOCALSTACK},
            self.aws_url,
            self.stack.settings.home / "run",
            FRONTEND,
        )
        self.stack.say(f"{len(self.physical)} resources are deployed")

    def _refuse_what_is_devstack_s(self) -> None:
        for name in _DEVSTACK_ONLY:
            if self.stack.settings.values.get(name):
                message = f"{name} is for `up` without --on localstack; unset it"
                raise UserError(message)
