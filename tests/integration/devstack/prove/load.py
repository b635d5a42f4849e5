"""Records on their way, for tests that send them to a real broker."""

from dataclasses import replace

from devstack.prove.load.producing import Producing
from devstack.prove.load.records import Record, Records
from tests.servers import wait_until

RECORDS = Records(3, 1500)


class WithOneTooLarge(Records):
    """Its record 4 is larger than any broker takes."""

    def __getitem__(self, number: int) -> Record:
        record = super().__getitem__(number)
        return replace(record, value=bytes(9 * 2**20)) if number == 4 else record


def wait_for(producing: Producing, acknowledged: int) -> None:
    wait_until(lambda: producing.acknowledged >= acknowledged, f"{acknowledged} records")
