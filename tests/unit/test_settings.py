"""Which settings win, and which ports are chosen."""

from pathlib import Path

import pytest

from devstack import ports, settings
from devstack.errors import UserError


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (
        "HTTP_PORT",
        "DB_HOST",
        "DB_PORT",
        "AWS_PORT",
        "KAFKA_BROKER",
        "KAFKA_PORT",
        "KAFKA_TOPIC",
        "DEVSTACK_HOME",
        "MAPPING_CHOICES",
        "DB_PROXY",
        "FUNCTION_CODE",
        "FUNCTION_LAYERS",
        "INGEST_TIMEOUT_SECONDS",
    ):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Ports that another program listens on."""
    taken: set[int] = set()
    monkeypatch.setattr(ports, "is_free", lambda port: port not in taken)
    monkeypatch.setattr(ports, "claim", lambda _: True)
    return taken


def test_the_environment_wins_over_env_which_wins_over_config_env(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "config.env").write_text("KAFKA_TOPIC=third\nDB_NAME=third\nDB_USER=third\n")
    (root / ".env").write_text("KAFKA_TOPIC=second\nDB_NAME=second\n")
    monkeypatch.setenv("KAFKA_TOPIC", "first")

    loaded = settings.load(root)

    assert (loaded.topic, loaded.db_name, loaded.db_user) == ("first", "second", "third")


@pytest.mark.usefixtures("taken")
def test_by_default_the_contract_s_addresses_are_chosen(root: Path) -> None:
    chosen = settings.addresses(settings.load(root))

    assert chosen.http_ports == (8080, 8081)
    assert (chosen.invoke_port, chosen.aws_port, chosen.db_port) == (3001, 5555, 5432)
    assert chosen.kafka_broker == "127.0.0.1:9092"


def test_a_default_that_is_taken_gives_way_to_the_next_free_port(
    root: Path, taken: set[int]
) -> None:
    taken |= {8080, 5432, 9092}

    chosen = settings.addresses(settings.load(root))

    assert chosen.http_ports == (8081, 8082)
    assert chosen.db_port == 5433
    assert chosen.kafka_broker == "127.0.0.1:9093"
    assert chosen.kafka_controller_port == 9094


@pytest.mark.parametrize(
    ("others", "controller"),
    [({}, 9193), ({"AWS_PORT": "9193"}, 9194), ({"KAFKA_PORT": "65535"}, 1024)],
)
@pytest.mark.usefixtures("taken")
def test_the_controller_s_port_is_the_first_after_the_broker_s_that_nobody_chose(
    root: Path, monkeypatch: pytest.MonkeyPatch, others: dict[str, str], controller: int
) -> None:
    for name, port in {"KAFKA_PORT": "9192", **others}.items():
        monkeypatch.setenv(name, port)

    chosen = settings.addresses(settings.load(root))

    assert chosen.kafka_controller_port == controller


@pytest.mark.usefixtures("taken")
def test_on_localstack_functions_and_s3_have_one_address(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = settings.addresses(settings.load(root), on_localstack=True)
    monkeypatch.setenv("LOCALSTACK_ENDPOINT", "http://localhost:4599")
    external = settings.addresses(settings.load(root), on_localstack=True)

    assert (own.invoke_port, own.aws_port) == (4566, 4566)
    assert (external.invoke_port, external.aws_port) == (4599, 4599)


@pytest.mark.usefixtures("taken")
@pytest.mark.parametrize(
    "endpoint", ["localhost:4566", "http://aws.example:4566", "http://127.0.0.1"]
)
def test_a_localstack_that_is_not_of_this_machine_is_refused(
    root: Path, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("LOCALSTACK_ENDPOINT", endpoint)

    with pytest.raises(UserError, match=r"^LOCALSTACK_ENDPOINT=.* is not http://127\.0\.0\.1:PORT"):
        settings.addresses(settings.load(root), on_localstack=True)


def test_an_explicit_port_that_is_taken_is_refused_with_the_way_out(
    root: Path, taken: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PORT", "8090")
    taken.add(8090)

    with pytest.raises(UserError, match=r"port 8090 \(HTTP_PORT\) is taken"):
        settings.addresses(settings.load(root))


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "8080.0"])
def test_what_is_no_port_is_refused_by_its_name(
    root: Path, monkeypatch: pytest.MonkeyPatch, port: str
) -> None:
    monkeypatch.setenv("HTTP_PORT", port)

    with pytest.raises(UserError, match="HTTP_PORT"):
        settings.addresses(settings.load(root))


@pytest.mark.usefixtures("taken")
def test_servers_of_the_user_s_are_used_as_given(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_HOST", "db.example")
    monkeypatch.setenv("KAFKA_BROKER", "broker.example:9999")

    loaded = settings.load(root)
    chosen = settings.addresses(loaded)

    assert (loaded.own_postgres, loaded.own_kafka) == (False, False)
    assert (chosen.db_host, chosen.db_port) == ("db.example", 5432)
    assert chosen.kafka_broker == "broker.example:9999"


def test_choices_of_the_mapping_are_names_and_values(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAPPING_CHOICES", " tombstone=null, null_header=[0], ")

    assert settings.load(root).mapping_choices == {"tombstone": "null", "null_header": "[0]"}


def test_no_choices_are_made_unless_they_are_set(root: Path) -> None:
    assert settings.load(root).mapping_choices == {}


def test_a_choice_without_a_value_is_told_in_one_line(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAPPING_CHOICES", "tombstone")

    with pytest.raises(UserError, match="MAPPING_CHOICES: tombstone is not NAME=VALUE"):
        settings.load(root).mapping_choices  # noqa: B018 - reading it is the test


def test_nothing_stands_between_the_template_and_its_functions_unless_it_is_set(root: Path) -> None:
    loaded = settings.load(root)

    assert loaded.db_proxy is None
    assert loaded.ingest_timeout_seconds is None
    assert loaded.function_code == {}
    assert loaded.function_layers == ()


def test_what_functions_are_given_is_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PROXY", "pooler.example:6432")
    monkeypatch.setenv("INGEST_TIMEOUT_SECONDS", "6")
    monkeypatch.setenv("FUNCTION_CODE", f"IngestOrdersFunction={root}")
    monkeypatch.setenv("FUNCTION_LAYERS", f"{root}, {root.parent}")

    loaded = settings.load(root)

    assert loaded.db_proxy == ("pooler.example", 6432)
    assert loaded.ingest_timeout_seconds == 6
    assert loaded.function_code == {"IngestOrdersFunction": root}
    assert loaded.function_layers == (root, root.parent)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DB_PROXY", "pooler.example", "DB_PROXY=pooler.example is not host:port"),
        ("DB_PROXY", "pooler.example:pg", "DB_PROXY=pooler.example:pg is not host:port"),
        ("DB_PROXY", ":6432", "DB_PROXY=:6432 is not host:port"),
        ("INGEST_TIMEOUT_SECONDS", "841", "841 is not a time-out; give a number from 1 to 840"),
        ("INGEST_TIMEOUT_SECONDS", "6 s", "INGEST_TIMEOUT_SECONDS=6 s is not a time-out"),
        ("FUNCTION_CODE", "nowhere", "FUNCTION_CODE: nowhere is not FUNCTION=FOLDER"),
        ("FUNCTION_CODE", "AnyFunction=nowhere", "FUNCTION_CODE: nowhere is no folder"),
        ("FUNCTION_LAYERS", "nowhere", "FUNCTION_LAYERS: nowhere is no folder"),
    ],
)
def test_what_functions_cannot_be_given_is_told_in_one_line(
    root: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(UserError, match=told):
        getattr(settings.load(root), name.lower())


def test_neither_nats_nor_a_shared_cache_is_there_unless_it_is_asked_for(root: Path) -> None:
    loaded = settings.load(root)

    assert (loaded.source, loaded.own_nats, loaded.own_cache) == ("kafka", False, False)


@pytest.mark.usefixtures("taken")
def test_nats_takes_the_place_of_kafka(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE", "nats")

    loaded = settings.load(root)
    chosen = settings.addresses(loaded)

    assert (loaded.own_nats, loaded.own_kafka) == (True, False)
    assert (chosen.nats_url, chosen.kafka_broker) == ("nats://127.0.0.1:4222", "")


def test_a_cache_of_the_stack_s_own_gives_way_to_a_port_that_is_taken(
    root: Path, monkeypatch: pytest.MonkeyPatch, taken: set[int]
) -> None:
    taken.add(6379)
    monkeypatch.setenv("CACHE", "valkey")

    loaded = settings.load(root)

    assert loaded.own_cache
    assert settings.addresses(loaded).cache_url == "valkey://127.0.0.1:6380"


@pytest.mark.usefixtures("taken")
def test_a_nats_and_a_cache_of_the_user_s_are_used_as_given(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE", "nats")
    monkeypatch.setenv("NATS_URL", "tls://a.example,tls://b.example:4333")
    monkeypatch.setenv("CACHE", "valkey")
    monkeypatch.setenv("CACHE_URL", "rediss://cache.example:6380")

    loaded = settings.load(root)
    chosen = settings.addresses(loaded)

    assert (loaded.own_nats, loaded.own_cache) == (False, False)
    assert chosen.nats_url == "tls://a.example,tls://b.example:4333"
    assert chosen.cache_url == "rediss://cache.example:6380"


@pytest.mark.parametrize(
    ("name", "value", "attribute", "told"),
    [
        ("SOURCE", "rabbit", "source", "SOURCE=rabbit is none of kafka, nats"),
        ("CACHE", "redis", "own_cache", "CACHE=redis is neither valkey nor none"),
        ("NATS_STREAM", "or.ders", "nats_stream", "NATS_STREAM=or.ders is no stream's name"),
    ],
)
def test_a_source_or_cache_that_does_not_exist_is_told_in_one_line(  # noqa: PLR0913, PLR0917 - a table
    root: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, attribute: str, told: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(UserError, match=told):
        getattr(settings.load(root), attribute)
