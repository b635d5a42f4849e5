"""Redriving: a selection in, its records tried again in bulk, and what became of them out."""

import json
from argparse import Namespace

from devstack.console import say
from devstack.quarantine import bulk
from devstack.quarantine.desk import Desk
from orders import quarantine
from orders.quarantine import MOST_ATTEMPTS, Redrives


def run(arguments: Namespace, desk: Desk) -> int:
    """Redrive all that is meant; 1 when anything of it was refused again or not tried."""
    with bulk.task("redriving", arguments, desk) as task:
        done = quarantine.redrive_all(
            desk.store,
            task.chosen,
            actor=desk.actor,
            force=arguments.force,
            dry_run=arguments.dry_run,
            judge=desk.judge,
            on_progress=task.on_progress,
        )
    if arguments.json:
        say(_as_json(done, task.settled, dry_run=arguments.dry_run))
    else:
        say(_as_text(done, dry_run=arguments.dry_run))
    return 1 if done.refused or done.passed_over or task.settled else 0


def _as_json(done: Redrives, settled: int, *, dry_run: bool) -> str:
    return json.dumps(
        {
            "dry_run": dry_run,
            "stored": done.stored,
            "duplicates": done.duplicates,
            "refused": done.refused.total(),
            "refused_by_code": dict(done.refused.most_common()),
            "passed_over": done.passed_over,
            "settled_before": settled,
        }
    )


def _as_text(done: Redrives, *, dry_run: bool) -> str:
    tried = bulk.records(done.stored + done.duplicates + done.refused.total())
    lines = [
        f"would try {tried} again; nothing was written" if dry_run else f"tried {tried} again",
        f"  stored: {done.stored}",
        f"  duplicates: {done.duplicates}",
        f"  still refused: {done.refused.total()}",
        *(f"    {code}: {count}" for code, count in done.refused.most_common()),
    ]
    if done.passed_over:
        why = f"tried {MOST_ATTEMPTS} times or more; --force tries them all the same"
        lines.append(f"  passed over: {done.passed_over} ({why})")
    return "\n".join(lines)
