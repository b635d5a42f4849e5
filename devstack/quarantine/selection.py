"""Selection: the options of a command in, which refused records are meant out."""

from argparse import Namespace

from devstack.errors import UserError
from orders.quarantine import OPEN, Selection

ALL = "all"
_FILTERS = ("code", "topic", "since", "until", "text", "order_uid")


def to_look_at(arguments: Namespace) -> Selection:
    """Return what to list: the open ones unless a state is given, or records are named."""
    state = arguments.state or (ALL if arguments.ids else OPEN)
    return _selection(arguments, None if state == ALL else state)


def to_act_on(arguments: Namespace) -> Selection:
    """Return what to change, which is open.

    Raises `UserError` unless it is said what is meant: nobody changes everything by leaving
    something out.
    """
    narrowed = bool(arguments.ids) or any(getattr(arguments, name) for name in _FILTERS)
    if arguments.all and narrowed:
        message = "--all means every open record; leave it out, or leave out what narrows it"
        raise UserError(message)
    if not arguments.all and not narrowed:
        message = "name ids, or select with --code … or --all"
        raise UserError(message)
    return _selection(arguments, OPEN)


def _selection(arguments: Namespace, state: str | None) -> Selection:
    return Selection(
        state=state,
        ids=tuple(dict.fromkeys(arguments.ids)),
        **{name: getattr(arguments, name) for name in _FILTERS},
    )
