"""What becomes of a download of Apache Kafka."""

from collections.abc import Callable
from pathlib import Path

import pytest

from devstack import kafka
from devstack.errors import UserError

SHA256_OF_GOOD = "770e607624d689265ca6c44884d0807d9b054d23c473c106c72be9de08b7376c"


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    lock = tmp_path / "kafka.txt"
    lock.write_text(f"{SHA256_OF_GOOD}  org.example:broker:1\n")
    monkeypatch.setattr(kafka, "LOCK", lock)
    return tmp_path / "tools"


def downloads(content: bytes | Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Maven's repository answer with a jar of this content, or with this trouble."""

    def fetcher(repository: Path) -> Callable[[str], Path]:
        def fetch(_coordinates: str) -> Path:
            if isinstance(content, Exception):
                raise content
            repository.mkdir(parents=True)
            (repository / "broker.jar").write_bytes(content)
            return repository / "broker.jar"

        return fetch

    monkeypatch.setattr(kafka, "_fetcher", fetcher)


def test_a_good_download_is_kept_and_not_asked_for_again(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    downloads(b"good", monkeypatch)
    said: list[str] = []

    first, second = kafka.jars(tools, said.append), kafka.jars(tools, said.append)

    assert first == second
    assert (first / "broker.jar").read_bytes() == b"good"
    assert len(said) == 1


def test_a_broken_download_is_removed_and_told_in_one_line(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    downloads(b"broken", monkeypatch)

    with pytest.raises(
        UserError, match=r"org\.example:broker:1 is broken; it was removed"
    ) as refused:
        kafka.jars(tools, lambda _: None)

    assert "\n" not in str(refused.value)
    assert not list(tools.rglob("*.jar"))


def test_a_network_that_is_away_is_told_with_its_cause(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    downloads(OSError("Connection refused"), monkeypatch)

    with pytest.raises(UserError, match=r"could not be downloaded \(Connection refused\)"):
        kafka.jars(tools, lambda _: None)
