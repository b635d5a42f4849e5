"""The nats-source command: a stream of NATS in, invocations of the ingest function out.

What reads is the template's own mapping, so batches, retries and destination are Kafka's. On AWS,
which has no mapping for NATS, it runs in a container beside the function (docs/deployment.md).
"""

from argparse import ArgumentParser, Namespace

from devstack import jetstream, state
from devstack.alone import alone
from devstack.errors import UserError
from devstack.event_source_mapping.clients.aws_client import AWS
from devstack.event_source_mapping.clients.nats.place import Place
from devstack.event_source_mapping.foreground import run_until_signalled
from devstack.event_source_mapping.settings import Settings as Mappings
from devstack.ports import LOCALHOST
from devstack.settings import ROOT, Addresses, Settings

FUNCTION = "IngestOrdersFunction"


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the options of `python -m devstack nats-source`."""
    option = parser.add_argument
    option(
        "--server",
        metavar="URL,…",
        help="nats:// or tls://, with user:password@ if need be (default: NATS_URL, else the"
        " running stack's)",
    )
    option("--stream", help="which is read (default: NATS_STREAM, else orders)")
    option("--credentials", metavar="FILE", help="of a NATS user (default: NATS_CREDENTIALS)")
    option("--group", help="the name of the durable consumer (default: the template's group)")
    option("--function", metavar="NAME", help="which is invoked (default: the template's own)")
    option(
        "--endpoint-url",
        metavar="URL",
        help="where the function is invoked; 'aws' for AWS (default: the running"
        " stack's, else AWS)",
    )
    option(
        "--aws-endpoint-url",
        metavar="URL",
        help="where the destination is; 'aws' for AWS (default: the running stack's, else AWS)",
    )
    option(
        "--destination",
        metavar="ARN",
        help="queue, topic or bucket for what is given up (default: the template's own)",
    )


def run(arguments: Namespace, settings: Settings) -> int:
    """Read the stream until told to stop; raises `UserError` for what a person can put right."""
    running = state.read(settings.home)
    addresses = running.addresses if running else None
    folder = settings.home / "nats-source"
    place = _place(arguments, settings, addresses)
    mappings = Mappings(
        template=ROOT / "template.yaml",
        ready_file=folder / "ready",
        status_file=folder / "status.json",
        parameters=_parameters(place, settings),
        functions=[FUNCTION],
        nats=place,
        instead=_instead(arguments),
        endpoint_url=_endpoint(
            arguments.endpoint_url, addresses.invoke_port if addresses else None
        ),
        aws_endpoint_url=_endpoint(
            arguments.aws_endpoint_url, addresses.aws_port if addresses else None
        ),
    )
    with alone(folder, f"a nats-source runs already in {folder}"):
        return run_until_signalled(mappings)


def _place(arguments: Namespace, settings: Settings, running: Addresses | None) -> Place:
    url = arguments.server or settings.values.get("NATS_URL") or (running and running.nats_url)
    if not url:
        message = "no NATS server is named; give --server, or set NATS_URL"
        raise UserError(message)
    stream = arguments.stream or settings.nats_stream
    return Place(url, stream, arguments.credentials or settings.nats_credentials)


def _parameters(place: Place, settings: Settings) -> dict[str, str]:
    parameters = {"KafkaBootstrapServers": jetstream.addresses(place.url)}
    if seconds := settings.ingest_timeout_seconds:
        parameters["IngestTimeoutSeconds"] = str(seconds)
    return parameters


def _instead(arguments: Namespace) -> dict[str, str]:
    given = {
        "consumer_group": arguments.group,
        "function_name": arguments.function,
        "destination": arguments.destination,
    }
    return {name: value for name, value in given.items() if value}


def _endpoint(given: str | None, port: int | None) -> str | None:
    """Return where to call; None is AWS itself."""
    if given or port is None:
        return None if given == AWS else given
    return f"http://{LOCALHOST}:{port}"
