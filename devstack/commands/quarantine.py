"""The quarantine command: what to do with which refused records in, what became of them out."""

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable
from typing import NamedTuple

from devstack.commands import moments, numbers
from devstack.commands.texts import text
from devstack.quarantine import details, discarding, editing, fixing, listing, redriving
from devstack.quarantine.desk import Desk, opened
from devstack.quarantine.selection import ALL
from devstack.settings import Settings
from orders.quarantine import MOST_ATTEMPTS, STATES

Act = Callable[[Namespace, Desk], int]

_LARGEST_ID = 2**63 - 1
_MOMENT = "RFC 3339, a date, or seconds since 1970"
_record_id = numbers.number(
    int, lambda found: 0 < found <= _LARGEST_ID, "the id of a record, a whole number over 0"
)


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the options of `python -m devstack quarantine`."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    for name, action in _ACTIONS.items():
        own = actions.add_parser(
            name,
            help=action.summary,
            description=action.description,
            formatter_class=RawDescriptionHelpFormatter,
        )
        action.add_options(own)
        own.set_defaults(act=action.act)


def run(arguments: Namespace, settings: Settings) -> int:
    """Work on the running stack's database, or on the one that DB_HOST names.

    Raises `UserError` when it is away or refuses what was asked.
    """
    with opened(settings) as desk:
        act: Act = arguments.act
        return act(arguments, desk)


# Options


def _add_list(parser: ArgumentParser) -> None:
    _add_selection(parser)
    option = parser.add_argument
    option(
        "--state",
        choices=[*STATES, ALL],
        help="only of this state (default: open; of ids: all)",
    )
    option(
        "--limit",
        type=numbers.positive_whole,
        default=50,
        metavar="N",
        help="how many at most, the newest ones (default: 50)",
    )
    option("--by-code", action="store_true", help="only say how many there are of each code")
    option("--json", action="store_true", help="print one JSON object a line")


def _add_show(parser: ArgumentParser) -> None:
    parser.add_argument("id", type=_record_id, metavar="ID", help="which record")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--raw", action="store_true", help="write exactly its bytes, nothing else")
    output.add_argument("--json", action="store_true", help="print everything as JSON, in one line")


def _add_fix(parser: ArgumentParser) -> None:
    _add_selection(parser)
    option = parser.add_argument
    option("--file", metavar="FILE", help="the corrected document; - for standard input")
    option(
        "--set",
        dest="edits",
        action="append",
        type=editing.setting,
        default=[],
        metavar="POINTER=JSON",
        help="put a value in a place, as --set /payment/currency='\"USD\"'; may be repeated",
    )
    option(
        "--remove",
        dest="edits",
        action="append",
        type=editing.removal,
        metavar="POINTER",
        help="take a field or an entry away, as --remove /coupon; may be repeated",
    )
    _add_all(parser)
    option("--dry-run", action="store_true", help="only hold the document to the rules")
    option("--json", action="store_true", help="print one JSON object for each record")


def _add_redrive(parser: ArgumentParser) -> None:
    _add_selection(parser)
    _add_all(parser)
    option = parser.add_argument
    option("--dry-run", action="store_true", help="say what would happen, and write nothing")
    option(
        "--force",
        action="store_true",
        help=f"try those too that were tried {MOST_ATTEMPTS} times or more",
    )
    option("--json", action="store_true", help="print the summary as JSON")


def _add_discard(parser: ArgumentParser) -> None:
    _add_selection(parser)
    _add_all(parser)
    option = parser.add_argument
    option(
        "--reason", type=text, required=True, metavar="TEXT", help="why no order shall come of them"
    )
    option("--dry-run", action="store_true", help="say how many they are, and write nothing")
    option("--json", action="store_true", help="print the summary as JSON")


def _add_selection(parser: ArgumentParser) -> None:
    chosen = parser.add_argument_group("which records (all that is given must hold)")
    option = chosen.add_argument
    option("ids", nargs="*", type=_record_id, metavar="ID", help="the records of these ids")
    option("--code", type=text, metavar="CODE", help="first fault, as bad_format or conflict")
    option("--topic", type=text, metavar="TOPIC", help="where they came from")
    option("--since", type=moments.moment, metavar="TIME", help=f"not before: {_MOMENT}")
    option("--until", type=moments.moment, metavar="TIME", help="only before this time")
    option("--text", type=text, metavar="TEXT", help="in the value, the key or the faults")
    option("--order-uid", type=text, metavar="ID", help="of this order")


def _add_all(parser: ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="every open record")


# Actions

_LIST = "List refused records, newest first, and how many there are of each code."
_SHOW = """\
Show one record: where it stood, why it is refused, what was tried with it, and its
bytes; for a conflict the stored order too, and where the two differ."""
_FIX = """\
Correct records and redrive them. A record keeps its own bytes; the corrected
document is kept beside them. With --set or --remove, any number of records is
corrected; with --file, one. Without, $VISUAL or $EDITOR opens on the value of one.

Exit status: 0 when each selected record is stored now, or its order was already
with the same content; 1 when anything is left; 130 when it was interrupted."""
_REDRIVE = f"""\
Try records again by the rules of today, in the transaction of ingestion, a thousand
at a time. What is refused again stays, with its new reasons. A record that was tried
{MOST_ATTEMPTS} times, its arrival included, is passed over unless forced.

Exit status: 0 when each selected record is stored now, or its order was already
with the same content; 1 when any was refused, passed over, or settled before; 130
when it was interrupted: what is done by then stays done. A dry run ends as the
redrive would."""
_DISCARD = """\
Close records that no order shall come of. They stay, with the reason and who gave it.

Exit status: 0 when all are closed now; 1 when one that was named was settled before;
130 when it was interrupted: what is done by then stays done."""


class _Action(NamedTuple):
    add_options: Callable[[ArgumentParser], None]
    act: Act
    summary: str
    description: str


_ACTIONS = {
    "list": _Action(_add_list, listing.run, "which records are refused, by code", _LIST),
    "show": _Action(_add_show, details.run, "all that is known of one record", _SHOW),
    "fix": _Action(_add_fix, fixing.run, "correct records and redrive them", _FIX),
    "redrive": _Action(_add_redrive, redriving.run, "try records again, as they are", _REDRIVE),
    "discard": _Action(_add_discard, discarding.run, "close records without an order", _DISCARD),
}
