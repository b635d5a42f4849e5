"""Triggers: a table in, its inserts failing with a chosen SQLSTATE for a while out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from devstack.errors import UserError
from devstack.prove.arena.proxy import MissedError
from devstack.prove.arena.stack import ProvingStack
from devstack.prove.faults.fault import AWAY, PATIENCE_SECONDS
from devstack.prove.faults.sessions import session
from devstack.waiting import until

DROP_SECONDS = 60.0
"""How long a trigger may take to be dropped: PostgreSQL, or the whole stack, may be away."""

RETRY_SECONDS = 0.1


@dataclass(frozen=True)
class Trigger:
    """Inserts into `table` that fail, at once or, deferred, in their COMMIT."""

    name: str
    table: str
    sqlstate: str
    message: str
    deferred: bool = False

    @contextmanager
    def in_place(self, stack: ProvingStack) -> Iterator[None]:
        """Let inserts fail for the length of a `with` block.

        Raises `MissedError` when it cannot be made, `UserError` when it cannot be dropped.
        """
        try:
            self._make(stack)
            yield
        finally:
            if not _run(stack, self._drop, DROP_SECONDS):
                message = f"PostgreSQL does not let go of trigger {self.name}; begin anew"
                raise UserError(message)

    def failures(self, stack: ProvingStack) -> int:
        """Count the inserts that failed; a crash of PostgreSQL may add up to 32 to them."""
        try:
            with session(stack) as connection:
                ((last, is_called),) = connection.run(
                    f"SELECT last_value, is_called FROM {self.name}"  # noqa: S608 - a name of ours
                )
        except AWAY:
            return 0
        return int(last) if is_called else 0

    def _make(self, stack: ProvingStack) -> None:
        if not _run(stack, self._drop + self._create, PATIENCE_SECONDS):
            message = f"no trigger could be put on {self.table}"
            raise MissedError(message)

    @property
    def _drop(self) -> str:
        return f"""
DROP TRIGGER IF EXISTS {self.name} ON {self.table};
DROP FUNCTION IF EXISTS {self.name};
DROP SEQUENCE IF EXISTS {self.name};
"""

    @property
    def _create(self) -> str:
        kind, when = ("TRIGGER", "BEFORE INSERT")
        if self.deferred:
            kind, when = ("CONSTRAINT TRIGGER", "AFTER INSERT")
        deferrable = "DEFERRABLE INITIALLY DEFERRED" if self.deferred else ""
        # What a sequence counts outlives the transaction that fails.
        return f"""
CREATE SEQUENCE {self.name};
CREATE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    PERFORM nextval('public.{self.name}');
    RAISE EXCEPTION USING ERRCODE = '{self.sqlstate}', MESSAGE = '{self.message}';
END $$;
CREATE {kind} {self.name} {when} ON {self.table} {deferrable}
FOR EACH ROW EXECUTE FUNCTION {self.name}();
"""


def _run(stack: ProvingStack, script: str, seconds: float) -> bool:
    """Run a script, again and again while it fails; tell whether it ran in time."""

    def has_run() -> bool:
        try:
            with session(stack) as connection:
                connection.run(script)
        except AWAY:
            return False
        return True

    return until(has_run, seconds, RETRY_SECONDS)
