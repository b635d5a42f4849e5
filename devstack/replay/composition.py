"""The composition of a replay: the command's options in, its source and its target out."""

import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.config import Config

from devstack import jetstream, state
from devstack.errors import UserError
from devstack.event_source_mapping.clients.aws_client import AWS, aws_client
from devstack.event_source_mapping.clients.invoker import lambda_client
from devstack.event_source_mapping.clients.nats.messages import PARTITION
from devstack.event_source_mapping.filtering.filters import Filter
from devstack.event_source_mapping.polling.event import EventFormat
from devstack.ports import LOCALHOST
from devstack.replay import files, mapping
from devstack.replay.events import Source
from devstack.replay.files import Files
from devstack.replay.mapping import Mapping
from devstack.replay.objects import SCHEME, Objects
from devstack.replay.selection import Selection
from devstack.replay.stream import Stream
from devstack.replay.target import Target
from devstack.replay.topic import Topic
from devstack.settings import Addresses, Settings
from devstack.settings import Source as SourceName

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

STACK = "the running stack"
"""What stands for its addresses, which may change when it starts anew."""

Warn = Callable[[str], None]


@dataclass(frozen=True)
class Replay:
    """What is sent, and where to."""

    source: Source
    target: Target
    addresses: Sequence[str]
    """Of target and source, as they were given."""

    @property
    def identity(self) -> Sequence[str]:
        """Return what makes it the same replay as an earlier one."""
        return (*self.source.identity, *self.addresses, self.target.function_name)

    @property
    def words(self) -> dict[str, str]:
        """Name source and target for programs."""
        return {
            "source": self.source.title,
            "function": self.target.function_name,
            "endpoint_url": self.target.endpoint,
        }


def compose(arguments: Namespace, settings: Settings, warn: Warn) -> Replay:
    """Make source and target; raises `UserError` for what cannot be found."""
    match arguments.source:
        case "topic":
            return _of_topic(arguments, settings, warn)
        case "stream":
            return _of_stream(arguments, settings)
    found = mapping.of_template(settings, None, settings.topic, arguments.function)
    size = _batch_size(arguments, found)
    parts = [_part(arguments, settings, name, size) for name in arguments.files]
    return _replay(arguments, settings, Files(parts), found, arguments.aws_endpoint_url)


def _of_topic(arguments: Namespace, settings: Settings, warn: Warn) -> Replay:
    given = arguments.bootstrap_servers or settings.values.get("KAFKA_BROKER")
    servers = given or _of_stack(settings, SourceName.KAFKA, "--bootstrap-servers").kafka_broker
    topic = arguments.topic or settings.topic
    found = mapping.of_template(settings, servers, topic, arguments.function)
    return _replay(arguments, settings, _topic(arguments, found, warn), found, given)


def _of_stream(arguments: Namespace, settings: Settings) -> Replay:
    given = arguments.server or settings.values.get("NATS_URL")
    url = given or _of_stack(settings, SourceName.NATS, "--server").nats_url
    named = {"NATS_STREAM": arguments.stream} if arguments.stream else {}
    name = replace(settings, values={**settings.values, **named}).nats_stream
    servers, topic = jetstream.addresses(url), jetstream.topic_of(name)
    found = mapping.of_template(settings, servers, topic, arguments.function)
    stream = Stream(
        name,
        url,
        arguments.credentials or settings.nats_credentials,
        Selection(
            (PARTITION,),
            arguments.from_sequence,
            arguments.to_sequence,
            arguments.from_time,
            arguments.to_time,
        ),
        EventFormat.of(found.configuration),
        batch_size=_batch_size(arguments, found),
        passes=_filter(found),
    )
    return _replay(arguments, settings, stream, found, servers if given else None)


def _replay(
    arguments: Namespace, settings: Settings, source: Source, found: Mapping, read: str | None
) -> Replay:
    addresses = (arguments.endpoint_url or STACK, read or STACK)
    return Replay(source, _target(arguments, settings, found), addresses)


def _filter(found: Mapping) -> Callable[[bytes | None], bool] | None:
    patterns = found.configuration.patterns
    return Filter(patterns).passes if patterns else None


def _batch_size(arguments: Namespace, found: Mapping) -> int:
    size = int(arguments.batch_size or found.configuration.batch_size)
    return size if arguments.rate is None else max(1, min(size, int(arguments.rate)))


def _topic(arguments: Namespace, found: Mapping, warn: Warn) -> Topic:
    configuration = found.configuration
    return Topic(
        configuration.topic,
        configuration.bootstrap_servers,
        Selection(
            tuple(arguments.partition),
            arguments.from_offset,
            arguments.to_offset,
            arguments.from_time,
            arguments.to_time,
        ),
        EventFormat.of(configuration),
        passes=_filter(found),
        batch_size=_batch_size(arguments, found),
        unwraps=not arguments.wrapped,
        kafka_properties=dict(arguments.kafka_property),
        warn=warn,
    )


def _part(arguments: Namespace, settings: Settings, name: str, batch_size: int) -> files.Part:
    if not name.startswith(SCHEME):
        return files.part_of(Path(name), batch_size)
    port = None if arguments.aws_endpoint_url else _running(settings, "--aws-endpoint-url").aws_port
    endpoint = _endpoint(arguments.aws_endpoint_url or f"http://{LOCALHOST}:{port}")
    client: S3Client = aws_client("s3", endpoint, Config())
    return Objects(client, name)


def _target(arguments: Namespace, settings: Settings, found: Mapping) -> Target:
    address = arguments.endpoint_url
    if address is None and not (arguments.dry_run and state.read(settings.home) is None):
        address = f"http://{LOCALHOST}:{_running(settings, '--endpoint-url').invoke_port}"
    endpoint = _endpoint(address or f"http://{LOCALHOST}")
    return Target(
        lambda_client(endpoint, found.timeout_seconds),
        found.configuration.function_name,
        endpoint=address or STACK,
        wait=time.sleep,
        attempts=arguments.attempts,
    )


def _endpoint(address: str) -> str | None:
    """Return the address; None is AWS itself."""
    if address == AWS:
        return None
    if urlsplit(address).scheme not in {"http", "https"} or not urlsplit(address).hostname:
        message = f"{address} is no address; give http://host:port, or 'aws' for AWS"
        raise UserError(message)
    return address


def _running(settings: Settings, option: str) -> Addresses:
    try:
        return state.running(settings).addresses
    except UserError as error:
        message = f"{error}, or give {option}"
        raise UserError(message) from error


def _of_stack(settings: Settings, source: SourceName, option: str) -> Addresses:
    addresses = _running(settings, option)
    if addresses.source is not source:
        other = "replay stream" if addresses.source is SourceName.NATS else "replay topic"
        message = f"the running stack reads {addresses.source}: `{other}`, or give {option}"
        raise UserError(message)
    return addresses
