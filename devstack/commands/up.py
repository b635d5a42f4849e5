"""The up command: settings in, a running stack with orders in it out, until Ctrl-C or SIGTERM."""

import asyncio
import errno
import os
import shutil
import signal
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping

import psutil

from devstack import jetstream, leftovers, postgres, state
from devstack.alone import alone
from devstack.console import Console
from devstack.errors import UserError
from devstack.localstack.cloud import LocalStackCloud
from devstack.own_cloud import OwnCloud
from devstack.ports import LOCALHOST
from devstack.samples import SAMPLE_ORDER_UID, load_samples
from devstack.settings import Addresses, Settings, addresses
from devstack.stack import Stack, use_external_servers
from devstack.supervisor import Status, Supervisor

LEAST_FREE_MEGABYTES = 300


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the options of `python -m devstack up`."""
    parser.add_argument(
        "--no-samples", action="store_true", help="start without loading the sample orders"
    )
    parser.add_argument(
        "--on",
        choices=("devstack", "localstack"),
        default="devstack",
        help="where its AWS side runs (default: devstack)",
    )


def run(arguments: Namespace, settings: Settings) -> int:
    """Run the stack until it is told to stop; 0 when it stopped as asked.

    Raises `UserError` for what a person can put right.
    """
    refusal = (
        f"a stack is already running in {settings.home};"
        " stop it with `python -m devstack down`, or set DEVSTACK_HOME to another folder"
    )
    with alone(settings.home, refusal), Console(settings.home / "logs") as console:
        _check_disk(settings)
        try:
            _end_leftovers(settings, console)
            asyncio.run(_Run(settings, console, arguments).until_stopped())
        except OSError as error:
            if error.errno == errno.ENOSPC:
                message = f"the disk of {settings.home} is full; free some space and start again"
                raise UserError(message) from error
            raise
        finally:
            leftovers.end(settings.home)
            state.file_of(settings.home).unlink(missing_ok=True)
        console.say("stopped; the data is kept for the next start")
    return 0


class _Run:
    def __init__(self, settings: Settings, console: Console, arguments: Namespace) -> None:
        self._settings = settings
        self._console = console
        self._samples = not arguments.no_samples
        self._on_localstack = arguments.on == "localstack"
        self._up = False
        self._components: Mapping[str, Status] = {}
        self._addresses = addresses(settings, on_localstack=self._on_localstack)

    async def until_stopped(self) -> None:
        stack = Stack(self._settings, self._addresses, self._console.say)
        await asyncio.to_thread(use_external_servers, stack)
        cloud = LocalStackCloud(stack) if self._on_localstack else OwnCloud(stack)
        supervisor = Supervisor(stack.components(cloud), self._console)
        supervisor.observe(self._note)
        loop = asyncio.get_running_loop()
        for stopping in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(stopping, self._stop, supervisor)
        self._console.say("starting (Ctrl-C stops everything)")
        await supervisor.run(self._welcome)

    def _stop(self, supervisor: Supervisor) -> None:
        self._console.say("stopping")
        supervisor.stop()

    def _welcome(self) -> None:
        if self._samples:
            load_samples(self._settings, self._addresses, self._console.say)
        for line in _welcome_lines(self._settings, self._addresses):
            self._console.say(line)
        self._up = True  # said last: who waits for it has been told everything
        self._note(self._components)

    def _note(self, components: Mapping[str, Status]) -> None:
        self._components = components
        state.write(
            self._settings.home,
            state.State(
                pid=os.getpid(),
                started_at=psutil.Process().create_time(),
                up=self._up,
                addresses=self._addresses,
                components={name: vars(status) for name, status in components.items()},
            ),
        )


def _welcome_lines(settings: Settings, chosen: Addresses) -> Iterator[str]:
    first, *others = (f"http://{LOCALHOST}:{port}" for port in chosen.http_ports)
    yield ""
    yield f"page and API   {first}/" + "".join(f"  and  {other}/" for other in others)
    yield f"an order       {first}/order/{SAMPLE_ORDER_UID}"
    yield f"all the routes {first}/docs"
    if chosen.nats_url:
        servers = jetstream.addresses(chosen.nats_url)
        yield f"NATS           {servers}, stream {settings.nats_stream}"
    else:
        yield f"Kafka          {chosen.kafka_broker}, topic {settings.topic}"
    yield f"PostgreSQL     {chosen.db_host}:{chosen.db_port}, database {settings.db_name}"
    if settings.own_cache:
        yield f"Valkey         {chosen.cache_url}"
    yield f"Lambda         http://{LOCALHOST}:{chosen.invoke_port} (boto3's endpoint_url)"
    yield f"S3             http://{LOCALHOST}:{chosen.aws_port}"
    yield ""
    yield "another terminal: make run-producer · make demo · make status · make logs"


def _check_disk(settings: Settings) -> None:
    free = shutil.disk_usage(settings.home).free // 1_000_000
    if free < LEAST_FREE_MEGABYTES:
        message = (
            f"only {free} MB are free for {settings.home} and the servers need"
            f" {LEAST_FREE_MEGABYTES}; free some space, or set DEVSTACK_HOME to another disk"
        )
        raise UserError(message)


def _end_leftovers(settings: Settings, console: Console) -> None:
    server = postgres.Server(settings.home / "postgres", port=0)
    if ended := leftovers.end(settings.home) + server.end_leftover():
        console.say(f"ended {ended} processes that a killed stack had left")
