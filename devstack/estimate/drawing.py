"""Drawing: a sheet in, what a person reads of it in a terminal out."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table

from devstack.estimate.bill import Cause
from devstack.estimate.sheet import Sheet

_TOTALS = {
    Cause.TIME: "whatever comes",
    Cause.ORDERS: "by the orders",
    Cause.LOOKUPS: "by the look-ups",
}
_LARGE = 100
"""From here on decimals tell nothing."""
_LEAST_USD = 0.005
"""A line under it would be drawn as nothing."""
_LEFT_OUT = (
    "free tiers, discounts, taxes, traffic between zones, backups, S3, KMS, WAF, cold starts,"
    " retries, what operators ask, a standby of the database, whether the brokers carry it"
)


def drawn(sheet: Sheet) -> RenderableType:
    """Return all of it."""
    return Group(
        *(_functions(sheet), "", *_needs(sheet), "", _charges(sheet)),
        *(*_next_million(sheet), "", *_assumptions(sheet)),
    )


def _functions(sheet: Sheet) -> RenderableType:
    table = Table(box=None, pad_edge=False)
    table.add_column("function", no_wrap=True)
    for title in ("MB", "calls/s", "ms", "busy", "room for", "reserved", "GB-s/s"):
        table.add_column(title, justify="right")
    for name, load in sheet.loads:
        reserved = sheet.deployed.reserved.get(name)
        table.add_row(
            name,
            str(load.memory_mb),
            f"{load.invocations_per_second:,.2f}",
            f"{load.milliseconds:,.1f}",
            f"{load.busy:,.2f}",
            str(load.concurrency),
            "" if reserved is None else f"{reserved}{_enough(reserved, load.concurrency)}",
            f"{load.gb_seconds:,.3f}",
        )
    return table


def _needs(sheet: Sheet) -> Iterator[str]:
    capacity, allowed = sheet.capacity, sheet.deployed.mapping.pollers
    needed = capacity.ingestion
    units, pollers = needed.event_poller_units, needed.event_pollers
    yield (
        f"event pollers          {pollers}, charged as {units} event poller unit{'s' * (units > 1)}"
    )
    yield (
        f"  of the template      {allowed.minimum} to"
        f" {allowed.maximum}{_enough(allowed.maximum, pollers)}"
    )
    yield (
        f"orders an invocation   {needed.orders_per_invocation:,.1f}, at most"
        f" {needed.largest_batch:,}; {needed.partitions} partitions carry"
        f" {needed.highest_orders_per_second:,.0f}/s"
    )
    yield f"environments           {capacity.environments} (an account's default quota: 1,000)"
    yield f"database connections   {capacity.connections}"
    yield (
        f"database capacity      {capacity.acus:g} ACU, {capacity.write_ios_per_second:,.0f} write"
        f" and {capacity.read_ios_per_second:,.0f} read I/Os a second"
    )


def _charges(sheet: Sheet) -> RenderableType:
    table = Table(box=None, pad_edge=False)
    for title in ("service", "what"):
        table.add_column(title, no_wrap=True)
    for title in ("a month", "USD/month", "USD/M orders"):
        table.add_column(title, justify="right", no_wrap=True)
    for cause in Cause:
        _add_lines(table, sheet, cause)
    bill = sheet.bill
    table.add_row("TOGETHER", "", "", _usd(bill.usd), _usd(bill.usd_per_million_orders))
    return table


def _add_lines(table: Table, sheet: Sheet, cause: Cause) -> None:
    for line in sheet.bill.lines:
        if line.cause is cause and line.usd >= _LEAST_USD:
            amount = f"{_short(line.amount)} {line.unit}"
            each = sheet.each_million(cause, line.usd)
            table.add_row(line.service, line.what, amount, _usd(line.usd), _usd(each))
    total = sheet.bill.of(cause)
    table.add_row(_TOTALS[cause], "", "", _usd(total), _usd(sheet.each_million(cause, total)))
    table.add_row()


def _next_million(sheet: Sheet) -> Iterator[str]:
    for what, usd in (
        ("orders", sheet.bill.usd_of_another_million_orders),
        ("look-ups", sheet.bill.usd_of_another_million_lookups),
    ):
        if usd is not None:
            yield f"another million {what:<8}   USD {usd:,.2f}"


def _assumptions(sheet: Sheet) -> Iterator[str]:
    workload, setup, source = sheet.workload, sheet.setup, sheet.measured.source
    yield (
        f"assumed: orders of {workload.order_bytes:,.0f} bytes, window {setup.window_seconds:g} s,"
        f" warm hits {workload.hit_rate:.0%}, CloudFront's {workload.edge_hit_rate:.0%}, head room"
        f" {setup.headroom:g}, {setup.network_ms:g} ms to the database, orders stored for"
        f" {setup.months:g} months and on the topic for {setup.retention_days:g} days"
    )
    yield (
        f"measured: {source['date']} by `{source['command']}` ({source['machine']}, load"
        f" {source['load']}); a vCPU of AWS taken for {setup.speed:g} of its cores"
    )
    yield (
        f"prices: {sheet.prices.currency} in {sheet.prices.region}, the oldest known of"
        f" {sheet.prices.oldest}; check devstack/estimate/prices.toml before a budget is made"
    )
    yield f"not in it: {_LEFT_OUT}"
    yield (
        "an estimate: the most uncertain are how fast a vCPU of AWS is beside that core, how"
        " many orders gather for an invocation, and the I/Os of the database (docs/estimate.md)"
    )


def _enough(allowed: int, needed: int) -> str:
    return "" if allowed >= needed else ", too few"


def _short(amount: float) -> str:
    return f"{amount:,.0f}" if amount >= _LARGE else f"{amount:,.2f}"


def _usd(amount: float | None) -> str:
    return "" if amount is None else f"{amount:,.2f}"
