"""The rules: what must hold in every history, each as a sentence that a violation is told by."""

from enum import StrEnum


class Rule(StrEnum):
    """What is promised."""

    # At every moment
    ONE_BATCH = "a poller sends one batch of a partition at a time"
    FIVE_BATCHES = "a poller has five batches in flight at most"
    BATCH_ORDER = "the offsets of a partition rise in every batch"
    ORDER = "records of a partition are first sent in their order, none left out"
    COMMITS = "no commit passes a record without a fate"
    MEMORY = "what a poller holds is bounded"
    NOTHING_TWICE = "nothing is stored twice"
    # At the end
    PROGRESS = "every history ends"
    LEDGER = "the ledger has no gaps"
    NOTHING_ELSE = "nothing is kept that was not produced"
    FILTER = "what the filter removes is never sent"
    STORED = "an order is stored"
    FIRST_STAYS = "the first of an id is stored"
    AS_SENT = "what is kept is what was sent, with its place and time"
    QUARANTINED = "a record that is refused is quarantined, once, for the right reason"
    NOT_QUARANTINED = "a record that is accepted is not quarantined"
    DUPLICATES = "a duplicate is counted once"


class ViolationError(Exception):
    """A rule is broken."""

    def __init__(self, rule: Rule, found: str) -> None:
        super().__init__(f"{rule}: {found}")
        self.rule = rule
