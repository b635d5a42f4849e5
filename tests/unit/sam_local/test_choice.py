import pytest

from devstack.errors import UserError
from devstack.sam_local.choice import function_for
from devstack.settings import Settings, load
from tests.unit.orders.made import EVENTS, event

OTHERS = {
    "api_submit_order.json": "SubmitOrderFunction",
    "api_submit_order_invalid.json": "SubmitOrderFunction",
}


@pytest.fixture
def settings() -> Settings:
    return load()


@pytest.mark.parametrize("name", sorted(path.name for path in EVENTS.glob("*.json")))
def test_every_sample_event_has_a_function(settings: Settings, name: str) -> None:
    kinds = {
        "kafka": "IngestOrdersFunction",
        "nats": "IngestOrdersFunction",
        "api_quarantine": "QuarantineFunction",
    }
    expected = next((kinds[kind] for kind in kinds if name.startswith(kind)), "OrdersApiFunction")

    assert function_for(event(name), settings) == OTHERS.get(name, expected)


@pytest.mark.parametrize(
    "nobodys",
    [
        {},
        {"eventSource": "aws:sqs"},
        {"resource": "/nowhere", "httpMethod": "GET"},
    ],
)
def test_an_event_that_tells_of_no_function_is_refused_with_all_of_them(
    settings: Settings, nobodys: dict[str, object]
) -> None:
    with pytest.raises(UserError, match=r"--function.*, one of .*IngestOrdersFunction"):
        function_for(nobodys, settings)
