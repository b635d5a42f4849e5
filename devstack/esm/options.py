"""The options of the esm command, as a person gave them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from devstack.errors import UserError
from devstack.event_source_mapping.clients.aws_client import AWS


@dataclass(frozen=True)
class Options:
    """What was asked for; None and empty: nothing was said."""

    template: Path
    functions: Sequence[str] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    endpoint_url: str | None = None
    aws_endpoint_url: str | None = None
    bootstrap_servers: str | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    kafka_properties: Mapping[str, str] = field(default_factory=dict)
    log_level: str | None = None

    @property
    def serves_functions(self) -> bool:
        """Tell whether the functions are to be served here."""
        return self.endpoint_url is None

    @property
    def uses_aws(self) -> bool:
        """Tell whether the functions are those of AWS itself."""
        host = urlsplit(self.endpoint_url or "").hostname or ""
        return self.endpoint_url == AWS or host.endswith(".amazonaws.com")

    def check(self) -> None:
        """Raise `UserError` for an address that is none."""
        for name in ("endpoint_url", "aws_endpoint_url"):
            given = getattr(self, name)
            if given not in (None, AWS) and urlsplit(given).scheme not in {"http", "https"}:
                option = name.replace("_", "-")
                message = f"--{option} {given} is neither an http address nor the word {AWS}"
                raise UserError(message)
