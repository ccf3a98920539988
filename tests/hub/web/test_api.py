"""The JSON API: every answer is as docs/hub-api.yaml says, and every operation is for its right."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from hub.access.roles import Role
from hub.access.throttle import ADDRESS
from hub.prices import history
from hub.web.operations import OPERATIONS
from tests.hub.web.parts import KIOSKS, NAMES, Shop
from tests.hub.web.test_rights import ALLOWED

FILE = Path(__file__).parents[3] / "docs" / "hub-api.yaml"
DOCUMENT: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
QUERIES = {"/prices": "?sku=sku-2"}


def described(path: str) -> str:
    """Give an operation's path as OpenAPI writes it."""
    return path.replace(":int", "")


class Caller:
    """A program with a token. Every answer that it gets is held against the description."""

    def __init__(self, shop: Shop, token: str) -> None:
        self._client = shop.client()
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: Any = None, *, pattern: str = "") -> tuple[int, Any]:
        text = None if body is None else body if isinstance(body, str) else json.dumps(body)
        answer = self._client.ask(method, f"/api/v1{path}", text, self._headers)
        assert answer.headers["Content-Type"] == "application/json"
        document = json.loads(answer.body)
        operation = DOCUMENT["paths"][pattern or path.partition("?")[0]][method.lower()]
        check(operation["responses"][str(answer.status)], document)
        return answer.status, document


def check(response: Mapping[str, Any], document: Any) -> None:
    if "$ref" in response:
        response = DOCUMENT["components"]["responses"][response["$ref"].rpartition("/")[2]]
    schema = {**response["content"]["application/json"]["schema"], "components": DOCUMENT["components"]}
    Draft202012Validator(schema).validate(document)


@pytest.fixture(scope="module")
def caller(shop: Shop) -> Caller:
    return Caller(shop, shop.token(Role.OWNER))


def test_the_description_is_valid_and_names_what_there_is() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()
    written = {(method.upper(), path) for path, item in DOCUMENT["paths"].items() for method in item}
    assert written == {(operation.method, described(operation.path)) for operation in OPERATIONS}


def test_what_an_operation_needs_is_written_at_it() -> None:
    for operation in OPERATIONS:
        entry = DOCUMENT["paths"][described(operation.path)][operation.method.lower()]
        right = "" if operation.right is None else f"Right {operation.right.value}."
        assert entry.get("description", "").startswith(right), operation.path


@pytest.mark.parametrize("role", list(Role))
def test_a_token_may_what_its_role_may(shop: Shop, role: Role) -> None:
    caller = Caller(shop, shop.token(role))
    for operation in OPERATIONS:
        path = operation.path.replace("{kiosk}/{epoch:int}/{seq:int}", f"{KIOSKS[0]}/1/1")
        path += QUERIES.get(operation.path, "")
        body = {} if operation.method == "POST" else None
        status, _ = caller.call(operation.method, path, body, pattern=described(operation.path))
        if operation.right is None or role in ALLOWED[operation.right]:
            assert status in (200, 400, 422), (operation.path, status)
        else:
            assert status == 403, (operation.path, status)


def test_a_token_loses_what_its_user_loses(own_shop: Shop) -> None:
    token = own_shop.token(Role.READ_ONLY, user=Role.ACCOUNTANT)
    caller = Caller(own_shop, token)
    assert caller.call("GET", "/sales")[0] == 200
    owner = own_shop.client(Role.OWNER)
    name = NAMES[Role.ACCOUNTANT]
    assert owner.post("/hub/users/change", {"name": name, "what": "role", "role": "stock"}).status == 303
    assert caller.call("GET", "/sales")[0] == 403
    assert caller.call("GET", "/stock")[0] == 200
    assert owner.post("/hub/users/change", {"name": name, "what": "bar"}).status == 303
    assert caller.call("GET", "/stock")[0] == 401


def test_a_cookie_is_no_token_and_a_token_no_cookie(shop: Shop) -> None:
    owner = shop.client(Role.OWNER)
    assert owner.get("/api/v1/me").status == 401
    token = shop.token(Role.OWNER)
    assert shop.client().get("/hub/today", {"Authorization": f"Bearer {token}"}).status == 303
    assert shop.client().get("/api/v1/me", {"Authorization": f"Basic {token}"}).status == 401


def test_guessing_tokens_becomes_slow(own_shop: Shop) -> None:
    client = own_shop.client()
    statuses = [
        client.get("/api/v1/me", {"Authorization": f"Bearer kvitt_{number}"}).status
        for number in range(ADDRESS.free + 2)
    ]
    assert statuses == [401] * (ADDRESS.free + 1) + [429]


def test_a_period_tells_what_the_page_tells(caller: Caller) -> None:
    _, found = caller.call("GET", "/period?first=2026-03-14&last=2026-03-14")
    assert found["days"] == [{"key": "2026-03-14", "currency": "NOK", "count": 4, "total": 860}]
    assert [entry["key"] for entry in found["hours"]] == ["2026-03-14 13", "2026-03-14 14"]
    assert sum(tax["gross"] for tax in found["taxes"]) == sum(line["total"] for line in found["products"]) == 860
    _, found = caller.call("GET", "/period?first=2026-03-01&last=2026-03-31&store=bergen-01")
    assert [entry["total"] for entry in found["days"]] == [218]
    assert caller.call("GET", "/period?first=2026-03-14&last=2026-03-01")[0] == 422
    for bad in ("first=today", "first=0001-01-01"):
        assert caller.call("GET", f"/period?{bad}")[0] == 400


def test_sales_come_in_pages_and_whole(caller: Caller) -> None:
    seen = []
    offset: int | None = 0
    while offset is not None:
        _, found = caller.call("GET", f"/sales?limit=3&offset={offset}")
        seen += [sale["seq"] for sale in found["sales"]]
        offset = found["next"]
    assert len(seen) == 4
    place = f"/sales/{KIOSKS[0]}/1/1"
    _, sale = caller.call("GET", place, pattern="/sales/{kiosk}/{epoch}/{seq}")
    assert sum(line["gross"] for line in sale["lines"]) == sale["total"] == 212
    assert "receipt_token" not in sale
    missing = f"/sales/{KIOSKS[0]}/1/99"
    assert caller.call("GET", missing, pattern="/sales/{kiosk}/{epoch}/{seq}")[0] == 404
    for bad in ("limit=501", "offset=-1", "limit=x"):
        assert caller.call("GET", f"/sales?{bad}")[0] == 400


def test_a_price_is_changed_once_however_often_it_is_sent(own_shop: Shop) -> None:
    caller = Caller(own_shop, own_shop.token(Role.OWNER))
    later = (own_shop.now + timedelta(hours=2)).isoformat()
    body = {"sku": "sku-2", "price": 6200, "seen": 1}
    assert caller.call("POST", "/prices", body)[1]["outcome"] == "published"
    assert caller.call("POST", "/prices", body)[0] == 422, "there is a newer one than was seen"
    assert caller.call("POST", "/prices", {"sku": "sku-2", "price": 6200})[1]["outcome"] == "unchanged"
    with own_shop.database.read() as connection:
        assert [change.price for change in history(connection, "main", "sku-2")] == [6200, 5990]
    _, found = caller.call("GET", "/prices?sku=sku-2")
    assert [change["price"] for change in found["prices"]] == [6200, 5990]
    for body, status in (
        ({"sku": "sku-2", "price": 0}, 400),
        ({"sku": "sku-2", "price": 62.5}, 400),
        ({"sku": "sku-2", "price": True}, 400),
        ({"sku": "sku-2", "price": "6200"}, 400),
        ({"price": 6200}, 400),
        ({"sku": "sku-2", "price": 6300, "effective_at": "2026-03-15"}, 400),
        ({"sku": "sku-2", "price": 6300, "effective_at": 5}, 400),
        ({"sku": "nothing", "price": 6300}, 404),
        ("[1]", 400),
        ("{", 400),
        ("[" * 50_000, 400),
        ({"sku": "sku-1", "price": 6300, "effective_at": later}, 201),
    ):
        assert caller.call("POST", "/prices", body)[0] == status, body
    _, found = caller.call("GET", "/audit?limit=1")
    assert (found["entries"][0]["via"], found["entries"][0]["subject"]) == ("api 1", "sku-1")


def test_stock_is_booked_and_told(own_shop: Shop) -> None:
    caller = Caller(own_shop, own_shop.token(Role.STOCK))
    body = {"store": "oslo-01", "sku": "sku-0", "kind": "receiving", "quantity": "12.5", "note": "late"}
    assert caller.call("POST", "/stock", body)[1]["on_hand"] == "15.5"
    _, found = caller.call("GET", "/stock?store=oslo-01")
    assert {level["sku"]: level["on_hand"] for level in found["levels"]} == {"sku-0": "15.5", "sku-1": "40"}
    assert caller.call("GET", "/stock?low=true")[1]["levels"] == []
    for change, status in (
        ({"kind": "sale"}, 422),
        ({"quantity": "1,5"}, 400),
        ({"quantity": "0.0001"}, 400),
        ({"quantity": 1}, 400),
        ({"quantity": "-1"}, 422),
        ({"store": "nowhere"}, 422),
        ({"sku": "nothing"}, 422),
        ({"kind": "transfer", "to_store": "bergen-01"}, 201),
        ({"kind": "transfer"}, 422),
    ):
        assert caller.call("POST", "/stock", {**body, **change})[0] == status, change


def test_tills_alarms_and_the_audit_are_told(caller: Caller) -> None:
    _, found = caller.call("GET", "/kiosks")
    assert [till["kiosk"] for till in found["kiosks"]] == [KIOSKS[2], KIOSKS[0], KIOSKS[1]]
    assert caller.call("GET", "/alarms")[1]["alarms"][0]["kind"] == "fork"
    _, found = caller.call("GET", "/products?q=vare")
    assert [product["sku"] for product in found["products"]] == ["sku-0"]
    assert caller.call("GET", "/stores")[1]["stores"] == ["bergen-01", "oslo-01"]


def test_every_other_address_is_refused_in_the_same_form(shop: Shop) -> None:
    client = shop.client()
    token = {"Authorization": f"Bearer {shop.token(Role.OWNER)}"}
    for method, path, status in (
        ("GET", "/api/v1/nothing", 404),
        ("DELETE", "/api/v1/sales", 405),
        ("POST", "/api/v1/kiosks", 405),
    ):
        answer = client.ask(method, path, headers=token)
        assert (answer.status, set(json.loads(answer.body)["error"])) == (status, {"code", "text"})
    assert client.ask("POST", "/api/v1/prices", "x" * 70_000, token).status == 413
