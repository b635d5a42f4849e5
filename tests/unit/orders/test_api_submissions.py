"""What a client sees who sends an order."""

import json

import pytest
from hypothesis import given

from orders.api.lookups import OrdersApi
from orders.api.submissions import SubmissionsApi
from orders.cache import OrderCache
from orders.validation import LARGEST_VALUE_BYTES, judge
from tests.unit.orders.asking import Answer, ask, request
from tests.unit.orders.fakes_api import InMemoryOrders
from tests.unit.orders.made import (
    ORDER_UID,
    SAMPLE_VALUE,
    InMemoryOrderStore,
    orders,
    sample,
)

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def store() -> InMemoryOrderStore:
    return InMemoryOrderStore()


@pytest.fixture
def api(store: InMemoryOrderStore) -> SubmissionsApi:
    return SubmissionsApi(store, judge)


def post(api: SubmissionsApi, body: bytes | str | None, **headers: str) -> Answer:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return request(api, "POST", "/orders", body=body, headers={**JSON, **fields})


def test_a_new_order_is_stored_and_can_be_found(
    api: SubmissionsApi, store: InMemoryOrderStore
) -> None:
    answer = ask(api, "api_submit_order.json")

    assert answer.status == 201
    assert answer.json() == {
        "message": "Order processed and saved successfully",
        "order_uid": ORDER_UID,
    }
    assert answer.headers["Location"] == f"/order/{ORDER_UID}"
    assert store.orders.keys() == {ORDER_UID}


def test_the_identical_order_is_stored_already(api: SubmissionsApi) -> None:
    post(api, SAMPLE_VALUE)

    answer = post(api, json.dumps(sample(), indent=2))

    assert answer.status == 200
    assert answer.json() == {"message": "Order is already stored", "order_uid": ORDER_UID}
    assert "Location" not in answer.headers


def test_another_order_of_the_same_id_is_told_where_it_differs(api: SubmissionsApi) -> None:
    post(api, SAMPLE_VALUE)

    answer = post(api, json.dumps(sample(entry="other")))

    assert answer.problem("faults", "differences") == (409, "conflict")
    assert answer.json()["differences"] == [
        {"path": "/entry", "stored": "WBIL", "received": "other"}
    ]
    assert [fault["code"] for fault in answer.json()["faults"]] == ["conflict"]


def test_every_fault_of_an_order_is_told_with_its_place(api: SubmissionsApi) -> None:
    answer = ask(api, "api_submit_order_invalid.json")

    assert answer.status == 422
    faults = answer.json()["faults"]
    assert {(fault["path"], fault["code"]) for fault in faults} == {
        ("/payment/amount", "wrong_type"),
        ("/customer_id", "missing_field"),
    }
    assert answer.problem("faults") == (422, faults[0]["code"])
    assert answer.headers["Content-Language"] == "ru"
    assert answer.headers["Vary"] == "Accept-Language"


def test_faults_are_worded_in_english_or_in_russian(api: SubmissionsApi) -> None:
    body = json.dumps(sample(sm_id="99"))

    english, russian = post(api, body), post(api, body, Accept_Language="ru")

    assert english.headers["Content-Language"] == "en"
    assert english.json()["detail"] == english.json()["faults"][0]["sentence"]
    assert russian.json()["detail"] == english.json()["detail"]
    assert any("а" <= letter <= "я" for letter in russian.json()["faults"][0]["sentence"])


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (None, 400, "empty_value"),
        (b"", 400, "empty_value"),
        (b'{"order_uid":', 400, "not_json"),
        (b'"\xff"', 400, "not_utf8"),
        ('"\ud800"', 400, "not_utf8"),
        (b"[" * 100_000, 400, "too_deep"),
        (b" " * (LARGEST_VALUE_BYTES + 1), 413, "too_large"),
        (b"[]", 422, "wrong_type"),
        (b"null", 422, "wrong_type"),
    ],
)
def test_a_body_that_is_no_order_is_refused_for_what_it_is(
    api: SubmissionsApi, body: bytes | str | None, status: int, code: str
) -> None:
    answer = post(api, body)

    assert answer.problem("faults") == (status, code)
    assert [fault["path"] for fault in answer.json()["faults"]] == [""]


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (b" " * (LARGEST_VALUE_BYTES + 1), "Content Too Large"),
        (b"[]", "Unprocessable Content"),
    ],
)
def test_the_title_of_a_problem_is_the_same_on_every_python(
    api: SubmissionsApi, body: bytes, title: str
) -> None:
    assert post(api, body).json()["title"] == title


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=utf-8", "application/json;x=1"]
)
def test_json_may_be_named_in_any_way_and_come_as_base64(
    api: SubmissionsApi, content_type: str
) -> None:
    assert post(api, SAMPLE_VALUE, Content_Type=content_type).status == 201
    assert post(api, SAMPLE_VALUE.decode(), Content_Type=content_type).status == 200
    assert post(api, SAMPLE_VALUE, Content_Encoding="identity").status == 200


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/jsonx", "application/problem+json", ";"]
)
def test_what_is_not_json_by_its_name_is_not_read(
    api: SubmissionsApi, content_type: str, store: InMemoryOrderStore
) -> None:
    answer = post(api, SAMPLE_VALUE, Content_Type=content_type)

    assert answer.problem() == (415, "unsupported_media_type")
    assert answer.headers["Accept-Post"] == "application/json"
    assert store.orders == {}


def test_a_body_without_a_content_type_is_not_read(api: SubmissionsApi) -> None:
    answer = ask(api, "api_submit_order.json", headers=None, multiValueHeaders=None)

    assert answer.problem() == (415, "unsupported_media_type")


def test_a_coded_body_is_not_read(api: SubmissionsApi) -> None:
    answer = post(api, SAMPLE_VALUE, Content_Encoding="gzip")

    assert answer.problem() == (415, "unsupported_content_encoding")
    assert answer.headers["Accept-Encoding"] == "identity"


def test_a_store_that_is_down_is_told_with_a_time_to_come_back(
    api: SubmissionsApi, store: InMemoryOrderStore
) -> None:
    store.fails = True

    answer = post(api, SAMPLE_VALUE)

    assert answer.problem() == (503, "store_unavailable")
    assert answer.headers["Retry-After"] == "2"


def test_an_order_that_the_database_refuses_is_unprocessable() -> None:
    api = SubmissionsApi(InMemoryOrderStore(refuses=[ORDER_UID]), judge)

    assert post(api, SAMPLE_VALUE).problem("faults") == (422, "refused_by_database")


def test_the_judge_that_it_is_given_decides(store: InMemoryOrderStore) -> None:
    api = SubmissionsApi(store, lambda record: judge(record, strict_totals=True))

    answer = post(api, json.dumps(sample(payment__amount=1)))

    assert answer.problem("faults") == (422, "inconsistent_total")


@given(order=orders())
def test_what_was_posted_is_what_is_found(order: dict[str, object]) -> None:
    store = InMemoryOrderStore()
    uid = str(order["order_uid"])

    posted = post(SubmissionsApi(store, judge), json.dumps(order).encode())
    reader = InMemoryOrders(dict(store.documents([uid])))
    found = request(OrdersApi(OrderCache(10), reader), "GET", posted.headers["Location"])

    assert (posted.status, found.status) == (201, 200)
    assert found.json() == order
    assert json.dumps(found.json(), sort_keys=True) == json.dumps(order, sort_keys=True)


def test_nothing_but_post_is_answered_here(api: SubmissionsApi) -> None:
    assert ask(api, "api_submit_order.json", path="/other").problem() == (404, "route_not_found")
