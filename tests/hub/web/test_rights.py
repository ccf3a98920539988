"""Who may see and do what: every page, every operation, every role; and forms that no page of ours sent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.access.roles import RIGHTS, Right, Role
from hub.web.app import PAGES
from hub.web.bokmaal import BOKMAAL
from hub.web.bokmaal_keys import KEYS
from hub.web.english import ENGLISH
from hub.web.gate import Page
from hub.web.operations import OPERATIONS
from hub.web.visit import MENU
from hub.web.wording import NOTICES
from tests.hub.web.parts import KIOSKS, NAMES, Client, Shop

WEB = Path(__file__).parents[3] / "hub" / "web"
PLACES = {
    "/sales/{kiosk}/{epoch:int}/{seq:int}": f"/sales/{KIOSKS[0]}/1/1",
    "/export/{file}": "/export/sales.csv",
    "/products/item": "/products/item?sku=sku-0",
    "/stock/item": "/stock/item?sku=sku-0&store=oslo-01",
}
ALLOWED = {
    Right.SALES: {Role.OWNER, Role.ACCOUNTANT, Role.READ_ONLY},
    Right.EXPORT: {Role.OWNER, Role.ACCOUNTANT},
    Right.PRODUCTS: set(Role),
    Right.PRICES: {Role.OWNER},
    Right.STOCK: set(Role),
    Right.STOCK_CHANGE: {Role.OWNER, Role.STOCK},
    Right.KIOSKS: set(Role),
    Right.ALARMS: {Role.OWNER, Role.ACCOUNTANT, Role.READ_ONLY},
    Right.RELEASE: {Role.OWNER},
    Right.AUDIT: {Role.OWNER, Role.ACCOUNTANT},
    Right.USERS: {Role.OWNER},
}
"""The table of rights, written a second time: a change of one alone fails."""


@pytest.fixture(scope="module")
def clients(shop: Shop) -> dict[Role, Client]:
    return {role: shop.client(role) for role in Role}


def place(page: Page) -> str:
    return "/hub" + PLACES.get(page.path, page.path)


def test_the_rights_are_those_of_the_table() -> None:
    assert {right: {role for role in Role if right in RIGHTS[role]} for right in Right} == ALLOWED


@pytest.mark.parametrize("role", list(Role))
def test_a_page_is_shown_to_those_who_have_its_right_and_to_nobody_else(
    shop: Shop, clients: dict[Role, Client], role: Role
) -> None:
    for page in PAGES:
        if page.again is not None:
            continue
        status = clients[role].get(place(page)).status
        wanted = (200, 303) if page.right is None or role in ALLOWED[page.right] else (403,)
        assert status in wanted, (page.path, status)


@pytest.mark.parametrize("role", list(Role))
def test_a_form_is_taken_from_those_who_have_its_right_and_from_nobody_else(
    shop: Shop, clients: dict[Role, Client], role: Role
) -> None:
    for page in PAGES:
        if page.again is None or page.right is None:
            continue
        status = clients[role].post(place(page), {}).status
        # An empty form cannot be taken: whoever may send it is told so.
        assert status in ((404, 422) if role in ALLOWED[page.right] else (403,)), (page.path, status)


def test_nobody_sees_anything_without_signing_in(shop: Shop) -> None:
    for page in PAGES:
        if page.public:
            continue
        client = shop.client()
        client.get("/hub/sign-in")
        answer = client.ask("GET" if page.again is None else "POST", place(page))
        assert (answer.status, answer.place.partition("?")[0]) == (303, "/hub/sign-in"), page.path


def test_who_was_sent_to_sign_in_comes_to_the_page_he_wanted(shop: Shop) -> None:
    client = shop.client()
    answer = client.get("/hub/stock/item?sku=sku-0&store=oslo-01")
    answer = client.get(answer.place)
    then = re.search(r'name="then" value="([^"]*)"', answer.text)
    assert then is not None
    form = {"name": NAMES[Role.OWNER], "password": "correct horse battery", "then": then[1].replace("&amp;", "&")}
    assert client.post("/hub/sign-in/now", form).place == "/hub/stock/item?sku=sku-0&store=oslo-01"


@pytest.mark.parametrize("then", ["//evil.example", "https://evil.example", "/\\evil.example", "\r\nX: y"])
def test_nobody_is_sent_elsewhere_after_signing_in(shop: Shop, then: str) -> None:
    client = shop.client()
    client.get("/hub/sign-in")
    form = {"name": NAMES[Role.OWNER], "password": "correct horse battery", "then": then}
    answer = client.post("/hub/sign-in/now", form)
    assert answer.place == "/hub/"
    assert "X" not in answer.headers


def test_a_form_that_no_page_of_ours_sent_changes_nothing(own_shop: Shop) -> None:
    client = own_shop.client(Role.OWNER)
    other = own_shop.client(Role.OWNER)
    form = {"store": "oslo-01", "low": "3"}
    place = "/hub/stock/low?sku=sku-1&store=oslo-01"
    for key in ("", "0" * 64, other.key):
        assert client.post(place, form, key=key).status == 403
    for site in ("cross-site", "same-site"):
        assert client.post(place, form, **{"Sec-Fetch-Site": site}).status == 403
    assert "stock.low" not in own_shop.client(Role.OWNER).get("/hub/audit").text
    assert client.post(place, form, **{"Sec-Fetch-Site": "same-origin"}).status == 303


def test_forms_are_limited_in_size(shop: Shop) -> None:
    client = shop.client(Role.OWNER)
    assert client.post("/hub/users/add", {"name": "x" * 70_000}).status == 413


def test_pages_run_nothing_from_elsewhere_and_are_kept_by_nobody(shop: Shop, clients: dict[Role, Client]) -> None:
    answer = clients[Role.OWNER].get("/hub/today")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert not re.search(r"<script>|\sstyle=|\son[a-z]+=", answer.text)


def test_the_cookie_of_a_session_is_out_of_reach_of_scripts_and_other_sites(shop: Shop) -> None:
    plain = shop.client().get("/hub/sign-in").headers["Set-Cookie"]
    assert plain.startswith("kvitt=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(plain.split("; "))
    behind = shop.client().get("/hub/sign-in", {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"})
    secure = behind.headers["Set-Cookie"]
    assert secure.startswith("__Host-kvitt=")
    assert "Secure" in secure.split("; ")
    assert behind.headers["Strict-Transport-Security"]


def test_pages_and_api_are_not_given_over_a_line_that_others_can_read(shop: Shop) -> None:
    far = {"X-Forwarded-Proto": "http", "X-Forwarded-For": "203.0.113.9"}
    assert shop.client().get("/hub/sign-in", far).status == 403
    assert shop.client().get("/api/v1/me", far).status == 403
    assert shop.client().get("/health", far).status == 200


def test_a_product_s_name_cannot_become_markup(own_shop: Shop) -> None:
    client = own_shop.client(Role.OWNER)
    form = {"name": "<script>alert(1)</script>", "role": "owner", "password": "x" * 12}
    answer = client.post("/hub/users/add", form)
    assert answer.status == 422
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_every_address_leads_to_a_right_that_is_in_use() -> None:
    assert {page.right for page in PAGES} | {operation.right for operation in OPERATIONS} == {None, *Right}
    assert {f"/{name}" for name, _, _ in MENU} <= {page.path for page in PAGES}


def test_every_text_of_the_pages_is_there_in_norwegian() -> None:
    said = set(NOTICES.values()) | {title for _, title, _ in MENU}
    for file in [*WEB.rglob("*.html"), *WEB.rglob("*.py"), *(WEB.parent / "access").glob("*.py")]:
        text = file.read_text(encoding="utf-8")
        said |= set(re.findall(r'\b(?:_|say|wording\([a-z.]+\))\(\s*"([^"]*)"\s*[,)]', text))
        for parts in re.findall(r'(?:Declined|Refused)\(\s*((?:"[^"]*"\s*)+)[,)]', text):
            said.add("".join(re.findall(r'"([^"]*)"', parts)))
        said |= set(re.findall(r'^\s+\("([A-Z][^"]*)", Kind\.', text, re.MULTILINE))
        said |= set(re.findall(r'wanted\.sheet\(\s*"([^"]*)"', text))
    said -= {"", "kind: one of {kinds}", "There is no such role; there are: {", "The two passwords are not the same."}
    said = {text for text in said if text not in ENGLISH}
    assert {text for text in said if text not in BOKMAAL and text not in KEYS} - {
        # Said by the API alone, or the same in both.
        "From first to last there may be up to 731 days.",
        "SKU",
    } == set()
    assert set(ENGLISH) <= set(KEYS) | set(BOKMAAL)
