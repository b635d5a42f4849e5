"""devstack's own AWS: a stack in; its S3, its functions and the door to both out."""

from collections.abc import Mapping
from dataclasses import dataclass

from devstack import site
from devstack.account import bucket_name
from devstack.component import Component
from devstack.esm import resources
from devstack.parts import listens
from devstack.ports import LOCALHOST
from devstack.stack import FRONTEND, TEMPLATE, Stack

WARM = ("OrdersApiFunction", "IngestOrdersFunction")
"""The functions that every start needs; each costs a second of a core and 35 MB."""


@dataclass(frozen=True)
class OwnCloud:
    """moto for S3 and its like; functions, gateway and edge in one process."""

    stack: Stack

    @property
    def invoke_url(self) -> str:
        """Where functions are invoked."""
        return f"http://{LOCALHOST}:{self.stack.addresses.invoke_port}"

    @property
    def physical(self) -> Mapping[str, str]:
        """What resources are called here by other names than the template's reader gives them."""
        return {}

    @property
    def forgetful(self) -> tuple[str, ...]:
        """Components that call them differently after each start."""
        return ()

    @property
    def aws_url(self) -> str:
        """Where S3 and its like are."""
        return f"http://{LOCALHOST}:{self.stack.addresses.aws_port}"

    def components(self, needs: tuple[str, ...]) -> list[Component]:
        """Return its components, each after those it needs; `needs` are what functions use."""
        aws = self._aws()
        return [aws, self._front((*needs, aws.name))]

    @property
    def _bucket(self) -> str:
        return bucket_name("SiteBucket")

    def _aws(self) -> Component:
        return self.stack.parts.aws(self.stack.addresses.aws_port, self._fill)

    def _fill(self) -> None:
        resources.make(self.stack.template, self.aws_url)
        site.upload(FRONTEND, self.aws_url, self._bucket)

    def _front(self, needs: tuple[str, ...]) -> Component:
        settings, addresses, parts = self.stack.settings, self.stack.addresses, self.stack.parts
        ports = (*addresses.http_ports, addresses.invoke_port)
        configuration = {
            "template": str(TEMPLATE),
            "parameters": self.stack.parameters,
            "code": {name: str(path) for name, path in settings.function_code.items()},
            "layers": [str(path) for path in settings.function_layers],
            "environment": {**parts.mark, "AWS_ENDPOINT_URL": self.aws_url},
            "http_ports": addresses.http_ports,
            "invoke_port": addresses.invoke_port,
            "site": f"{self.aws_url}/{self._bucket}",
            "warm": WARM,
        }
        return Component(
            name="front",
            command=parts.module("front", lambda: configuration),
            answers=lambda: all(map(listens, ports)),
            needs=needs,
            prepare=parts.end_environments,
            environment=parts.environment,
        )
