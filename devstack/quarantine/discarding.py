"""Discarding: a selection and a reason in, its records closed, and how many they were out."""

import json
from argparse import Namespace

from devstack.console import say
from devstack.quarantine import bulk
from devstack.quarantine.desk import Desk
from orders import quarantine


def run(arguments: Namespace, desk: Desk) -> int:
    """Discard all that is meant; 1 when a record that was named is settled already."""
    with bulk.task("discarding", arguments, desk) as task:
        discarded = quarantine.discard_all(
            desk.store,
            task.chosen,
            actor=desk.actor,
            reason=arguments.reason,
            dry_run=arguments.dry_run,
            on_progress=task.on_progress,
        )
    if arguments.json:
        told = {"discarded": discarded, "settled_before": task.settled}
        say(json.dumps({"dry_run": arguments.dry_run, **told}))
    elif arguments.dry_run:
        say(f"would discard {bulk.records(discarded)}; nothing was written")
    else:
        say(f"discarded {bulk.records(discarded)}: {arguments.reason}")
    return 1 if task.settled else 0
