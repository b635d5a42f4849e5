"""The estimate command: rates in; what AWS would need for them, and charge, out."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Callable

from rich.console import Console

from devstack.commands.numbers import number, positive_whole, share
from devstack.console import say
from devstack.estimate import billing, deployment
from devstack.estimate.capacity import Reckoning
from devstack.estimate.deployment import Deployment
from devstack.estimate.drawing import drawn
from devstack.estimate.measured import Measured
from devstack.estimate.prices import Prices
from devstack.estimate.sheet import Sheet
from devstack.estimate.workload import Setup, Workload
from devstack.settings import Settings

BROKERS = ("kafka.t3.small", "kafka.m7g.large")


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    expected = f"a whole number from {lowest} to {highest}"
    return number(int, lambda found: lowest <= found <= highest, expected)


def _between(lowest: float, highest: float) -> Callable[[str], float]:
    expected = f"a number from {lowest:g} to {highest:g}"
    return number(float, lambda found: lowest <= found <= highest, expected)


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the options of `python -m devstack estimate`."""
    _add_workload(parser)
    _add_deployment(parser)
    _add_assumptions(parser)
    parser.add_argument("--json", action="store_true", help="print all of it as JSON, in one line")


def _add_workload(parser: ArgumentParser) -> None:
    option = parser.add_argument_group("what arrives, all the time alike").add_argument
    for name, what in (
        ("orders", "orders over Kafka"),
        ("lookups", "look-ups by HTTP"),
        ("posts", "orders by HTTP"),
    ):
        rate, text = f"--{name}-per-second", f"{what} (default: 0)"
        option(rate, type=_between(0, 1e6), default=0.0, metavar="RATE", help=text)
    option(
        "--order-bytes",
        type=_whole(100, 1_000_000),
        metavar="BYTES",
        help="of an order's JSON (default: as the producer makes them)",
    )
    for name, default, what in (
        ("hit", 0.5, "the warm cache answers, of those that reach it"),
        ("edge-hit", 0.0, "CloudFront answers"),
    ):
        text = f"look-ups that {what} (default: {default:g})"
        option(f"--{name}-rate", type=share, default=default, metavar="SHARE", help=text)


def _add_deployment(parser: ArgumentParser) -> None:
    option = parser.add_argument_group("how it is deployed").add_argument
    for name, kind, unit, text in (
        ("partitions", positive_whole, "COUNT", "of the topic (default: as many as it takes)"),
        ("batch-size", _whole(1, 10_000), "ORDERS", "of the mapping (default: the template's)"),
        ("window", _whole(0, 300), "SECONDS", "of the mapping (default: the template's)"),
        ("memory", _whole(128, 10_240), "MB", "of each function (default: the template's)"),
    ):
        option(f"--{name}", type=kind, metavar=unit, help=text)
    kinds = {"msk": billing.CLUSTERS, "database": billing.DATABASES}
    for name, choices in kinds.items():
        text = f"none: what is there already costs nothing here (default: {choices[0]})"
        option(f"--{name}", choices=choices, default=choices[0], help=text)
    text = "of each of three, when provisioned (default: as in infrastructure.yaml)"
    option("--broker", choices=BROKERS, help=text)
    for name, unit, highest, default, text in (
        ("retention-days", "DAYS", 3650, 7, "that orders stay on the topic"),
        ("months", "MONTHS", 1200, 1, "of orders that are stored"),
    ):
        option(
            f"--{name}",
            type=_between(0, highest),
            metavar=unit,
            default=float(default),
            help=f"{text} (default: {default})",
        )


def _add_assumptions(parser: ArgumentParser) -> None:
    option = parser.add_argument_group("what is assumed").add_argument
    option(
        "--speed",
        type=_between(0.01, 100),
        default=1.0,
        metavar="FACTOR",
        help="of a vCPU of AWS, over a core of the machine that was measured (default: 1)",
    )
    option(
        "--network-ms",
        type=_between(0, 10_000),
        default=2.0,
        metavar="MS",
        help="that an invocation spends on the way to the database (default: 2)",
    )
    option(
        "--headroom",
        type=_between(1, 100),
        default=2.0,
        metavar="FACTOR",
        help="how many times the rates are to be carried (default: 2)",
    )


def run(arguments: Namespace, _settings: Settings) -> int:
    """Print the sheet; raises `UserError` when the given partitions cannot carry the orders."""
    deployed, prices = deployment.read(), Prices.load()
    measured = _measured(arguments)
    workload, setup = _workload(arguments, measured), _setup(arguments, deployed)
    capacity = Reckoning(workload, setup, measured).capacity()
    bill = billing.billed(workload, setup, capacity, measured.stored_bytes, prices)
    sheet = Sheet(workload, setup, deployed, capacity, bill, measured, prices)
    if arguments.json:
        say(json.dumps(sheet.as_json()))
    else:
        Console(highlight=False, markup=False).print(drawn(sheet))
    return 0


def _measured(arguments: Namespace) -> Measured:
    measured = Measured.load()
    return measured.sized(arguments.order_bytes or measured.order_bytes)


def _workload(arguments: Namespace, measured: Measured) -> Workload:
    return Workload(
        orders_per_second=arguments.orders_per_second,
        posts_per_second=arguments.posts_per_second,
        lookups_per_second=arguments.lookups_per_second,
        order_bytes=measured.order_bytes,
        hit_rate=arguments.hit_rate,
        edge_hit_rate=arguments.edge_hit_rate,
    )


def _setup(arguments: Namespace, deployed: Deployment) -> Setup:
    mapping, memory = deployed.mapping, arguments.memory
    return Setup(
        partitions=arguments.partitions,
        usual_partitions=deployed.partitions,
        batch_size=arguments.batch_size or mapping.batch_size,
        window_seconds=mapping.window_seconds if arguments.window is None else arguments.window,
        memory_mb={name: memory or own for name, own in deployed.memory_mb.items()},
        speed=arguments.speed,
        network_ms=arguments.network_ms,
        headroom=arguments.headroom,
        msk=arguments.msk,
        broker=arguments.broker or deployed.broker,
        disk_gigabytes=deployed.disk_gigabytes,
        retention_days=arguments.retention_days,
        database=arguments.database,
        months=arguments.months,
        minimum_acus=deployed.minimum_acus,
        alarms=deployed.alarms,
    )
