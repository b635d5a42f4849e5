import pytest

from devstack.prove.background import Background


class _Waiting(Background):
    ended = False

    def work(self) -> None:
        self.ended = self.stopping.wait(10)


class _Failing(Background):
    def work(self) -> None:
        message = "out of paper"
        raise ValueError(message)


def test_stopping_waits_for_the_end_of_the_work() -> None:
    waiting = _Waiting("waiting")
    waiting.start()

    waiting.stop()

    assert waiting.ended


def test_what_goes_wrong_is_raised_by_who_stops_it() -> None:
    failing = _Failing("failing")
    failing.start()

    with pytest.raises(ValueError, match="out of paper"):
        failing.stop()
