"""The group: members that come, go and vanish in, who owns which partition and the commits out.

As a broker coordinates static members with cooperative rebalances (KIP-345, KIP-429): a partition
goes to its next owner only when its last one gave it up or is a member no more, and nobody else is
disturbed. A commit counts only while its sender is a member, and before it gives partitions up.
"""

from collections.abc import Sequence
from typing import Protocol

from tests.simulation.chronicle import Chronicle


class Member(Protocol):
    """What the coordinator knows of a consumer."""

    @property
    def member(self) -> str:
        """Return its static name."""

    def receive(self, partitions: Sequence[int]) -> None:
        """Hear, at a later poll, that partitions are its own now."""

    def give_up(self, partition: int) -> None:
        """Hear, at a later poll, that a partition is to go to somebody else."""

    def fence(self) -> None:
        """Hear, at the next poll, that a successor has its name."""


class Group:
    """The coordinator's view."""

    def __init__(self, partitions: int, chronicle: Chronicle) -> None:
        self.committed: dict[int, int] = {}
        self.members: dict[str, Member] = {}
        self._owners: list[Member | None] = [None] * partitions
        self._targets: dict[int, str] = {}
        self._asked: set[int] = set()
        """Partitions whose owner was told to give them up."""
        self._chronicle = chronicle

    def join(self, member: Member) -> None:
        """Take a member in; one that returns under its name gets what it had."""
        former = self.members.get(member.member)
        self.members[member.member] = member
        if former is None:
            self._rebalance()
        elif former is not member:
            self._replace(former, member)

    def leave(self, member: Member) -> None:
        """Forget a member that left or was not heard of for too long."""
        if self.has(member):
            del self.members[member.member]
            self._owners = [None if owner is member else owner for owner in self._owners]
            self._rebalance()

    def has(self, member: Member) -> bool:
        return self.members.get(member.member) is member

    def gave_up(self, member: Member, partition: int) -> None:
        """Give a partition to its next owner."""
        if self._owners[partition] is member:
            self._owners[partition] = None
            self._asked.discard(partition)
            self._hand_out()

    def commit(self, member: Member, partition: int, offset: int) -> bool:
        """Note an offset; tell whether it counts."""
        if not self.has(member):
            return False
        self.committed[partition] = offset
        return True

    def _replace(self, former: Member, member: Member) -> None:
        former.fence()
        owned = [p for p, owner in enumerate(self._owners) if owner is former]
        for partition in owned:
            self._owners[partition] = member
        self._asked.difference_update(owned)
        if owned:
            member.receive(owned)
        self._hand_out()

    def _rebalance(self) -> None:
        self._targets = self._balanced()
        self._chronicle.tell("the group is balanced anew: {}", dict(self._targets))
        self._hand_out()

    def _balanced(self) -> dict[int, str]:
        """Share the partitions out evenly; who has one keeps it as far as that goes."""
        names = sorted(self.members)
        if not names:
            return {}
        fewest, more = divmod(len(self._owners), len(names))
        share = {name: fewest + (place < more) for place, name in enumerate(names)}
        targets: dict[int, str] = {}
        for partition, owner in enumerate(self._owners):
            if owner is not None and share[owner.member]:
                share[owner.member] -= 1
                targets[partition] = owner.member
        free = [name for name in names for _ in range(share[name])]
        rest = [p for p in range(len(self._owners)) if p not in targets]
        return targets | dict(zip(rest, free, strict=True))

    def _hand_out(self) -> None:
        for partition, name in sorted(self._targets.items()):
            owner, heir = self._owners[partition], self.members[name]
            if owner is None:
                self._asked.discard(partition)
                self._owners[partition] = heir
                heir.receive([partition])
            elif owner is not heir and partition not in self._asked:
                self._asked.add(partition)
                owner.give_up(partition)
