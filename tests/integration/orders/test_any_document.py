"""Whatever arrives: never a failed batch, never a 5xx, and what is accepted comes back equal."""

import base64
import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.integration.conftest import Query
from tests.integration.orders.conftest import LoadFunction
from tests.unit.orders.made import Context, event, orders, sample

DOCUMENTS = int(os.environ.get("DOCUMENTS", "2000"))
"""How many are made in all; each is posted, and delivered through Kafka beside others."""
A_BATCH = 20

_scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["\0", "\ud800", "USD", "", 2**63, -1, 1e3])
)
_json = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=5,
)
_uids = st.integers(0, 10**6).map("uid-{}".format)


@st.composite
def _spoiled(draw: st.DrawFn) -> dict[str, Any]:
    """Make an order of which one field, somewhere, is another, gone, or new."""
    order = sample(order_uid=draw(_uids))
    place = draw(st.sampled_from([order, order["delivery"], order["payment"], order["items"][0]]))
    name = draw(st.sampled_from(sorted(place)) | st.text(max_size=8))
    if draw(st.booleans()):
        place.pop(name, None)
    else:
        place[name] = draw(_json)
    return order


def _encoded(document: object) -> bytes:
    return json.dumps(document).encode()


@st.composite
def _cut(draw: st.DrawFn) -> bytes:
    """Make the bytes of an order, with some of them lost or replaced."""
    whole = _encoded(sample(order_uid=draw(_uids)))
    start = draw(st.integers(0, len(whole)))
    return whole[:start] + draw(st.binary(max_size=5)) + whole[start + draw(st.integers(0, 9)) :]


values = (
    orders().map(_encoded)
    | _spoiled().map(_encoded)
    | _json.map(_encoded)
    | _cut()
    | st.binary(max_size=30)
    | st.text(max_size=30).map(lambda text: text.encode(errors="surrogatepass"))
)


class Service:
    """The handlers, as Lambda calls them."""

    def __init__(self, load_function: LoadFunction) -> None:
        self._ingest = load_function("ingest_orders").lambda_handler
        self._submit = load_function("submit_order").lambda_handler
        self._read = load_function("orders_api", CACHE_MAX_ENTRIES="0").lambda_handler
        self._offset = 0

    def deliver(self, batch: list[bytes]) -> None:
        (source,) = event("kafka_one_order.json")["records"]["orders-0"]
        entries = [
            {**source, "offset": self._offset + n, "value": base64.b64encode(value).decode()}
            for n, value in enumerate(batch)
        ]
        self._offset += len(batch)
        response = self._ingest({"records": {"orders-0": entries}}, Context())
        assert response == {"batchItemFailures": []}

    def post(self, value: bytes) -> int:
        request = event("api_submit_order.json")
        body = base64.b64encode(value).decode()
        answer = self._submit({**request, "body": body, "isBase64Encoded": True}, Context())
        return int(answer["statusCode"])

    def read(self, order_uid: str) -> object:
        request = event("api_order.json")
        path = {"path": f"/order/{order_uid}", "pathParameters": {"order_uid": order_uid}}
        answer = self._read({**request, **path}, Context())
        assert answer["statusCode"] == 200
        return json.loads(answer["body"])


@pytest.mark.usefixtures("database")
def test_any_document_is_answered_and_an_accepted_one_comes_back_equal(
    load_function: LoadFunction, query: Query
) -> None:
    service = Service(load_function)
    made: list[bytes] = []
    accepted: dict[str, object] = {}

    @hypothesis_settings(
        deadline=None,
        max_examples=DOCUMENTS // A_BATCH,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(batch=st.lists(values, min_size=A_BATCH, max_size=A_BATCH))
    def any_batch(batch: list[bytes]) -> None:
        for value in batch:
            status = service.post(value)
            assert status in {200, 201, 400, 409, 422}
            if status == 201:
                order = json.loads(value)
                accepted[order["order_uid"]] = order
        service.deliver(batch)
        made.extend(batch)

    any_batch()

    ((fates,),) = query(
        "SELECT (SELECT sum(duplicates) FROM ingested_offsets)"
        " + (SELECT count(*) FROM quarantined_records)"
        " + (SELECT count(*) FROM orders WHERE source = 'kafka')"
    )
    assert int(fates) == len(made)
    assert len(made) >= DOCUMENTS
    assert len(accepted) > DOCUMENTS // 40
    for order_uid, order in accepted.items():
        assert service.read(order_uid) == order
