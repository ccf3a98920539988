"""The pages in a real Chromium: what an owner does, with mouse or keyboard, and whether everybody can read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.access.roles import Role
from hub.prices import price_at
from tests.hub.web.browser import ENTER, TAB, Browser, programs
from tests.hub.web.parts import KIOSKS, NAMES, PASSWORD, Shop
from tests.mqtt.parts import wait_for

PLACES = {
    "today": "today",
    "sales": "sales",
    "sale": f"sales/{KIOSKS[0]}/1/1",
    "periods": "periods?first=2026-03-01&last=2026-03-31",
    "products": "products",
    "product": "products/item?sku=sku-0",
    "stock": "stock",
    "stock item": "stock/item?sku=sku-0&store=oslo-01",
    "tills": "kiosks",
    "alarms": "alarms",
    "audit": "audit",
    "users": "users",
    "account": "account",
    "nothing": "products/item?sku=nothing",
}
OUTLINE = """
const seen = [], faults = [];
for (const [what, count] of [["h1", 1], ["main", 1], ["head > title", 1]])
  if (document.querySelectorAll(what).length !== count) faults.push(`${what} is not there once`);
if (!document.documentElement.lang) faults.push("no language");
let level = 1;
for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
  if (+heading.tagName[1] > level + 1) faults.push(`${heading.innerText}: a level of headings is left out`);
  level = +heading.tagName[1];
}
for (const element of document.querySelectorAll("[id]")) {
  if (seen.includes(element.id)) faults.push(`id ${element.id} is there twice`);
  seen.push(element.id);
}
for (const element of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
  if (![...(element.labels || [])].some(label => label.innerText.trim())) faults.push(`${element.name}: no label`);
for (const element of document.querySelectorAll("a, button, summary"))
  if (!element.textContent.trim() && !element.ariaLabel) faults.push(`${element.outerHTML}: no words`);
for (const element of document.querySelectorAll("th"))
  if (!["row", "col"].includes(element.scope)) faults.push(`${element.innerText}: no scope`);
for (const element of document.querySelectorAll("[aria-describedby]"))
  if (!document.getElementById(element.getAttribute("aria-describedby"))) faults.push(`${element.name}: no hint`);
for (const element of document.querySelectorAll("nav"))
  if (!element.ariaLabel) faults.push("a navigation has no name");
return faults;
"""
CONTRAST = """
const faults = [];
const parse = text => (text.match(/[0-9.]+/g) || []).map(Number);
const light = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
const ground = element => {
  for (let at = element; at; at = at.parentElement) {
    const found = parse(getComputedStyle(at).backgroundColor);
    if (found.length === 3 || found[3] === 1) return found;
    if (found[3] > 0) return null;
  }
  return [255, 255, 255];
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let count = 0;
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  const said = walker.currentNode.data.trim();
  if (!said || !element.checkVisibility() || element.matches("title, noscript")) continue;
  const style = getComputedStyle(element);
  const ink = parse(element.closest("svg") ? style.fill : style.color);
  const under = ground(element.closest("svg")?.parentElement || element);
  count++;
  if (!under || ratio(ink, under) < 4.5)
    faults.push(`${said}: ${ink} on ${under}: ${under && ratio(ink, under).toFixed(2)}`);
}
if (count < 5) faults.push(`only ${count} texts`);
for (const element of document.querySelectorAll("input:not([type=hidden]), select, button")) {
  if (!element.checkVisibility() || ["radio", "checkbox"].includes(element.type)) continue;
  const edge = parse(getComputedStyle(element).borderTopColor), under = ground(element.parentElement);
  if (ratio(edge, under) < 3) faults.push(`edge of ${element.name || element.innerText}: ${edge} on ${under}`);
}
return faults;
"""
FIT = """
const faults = [];
const wide = document.documentElement.scrollWidth - innerWidth;
if (wide > 0) faults.push(`${wide} px too wide`);
for (const element of document.querySelectorAll("button, input:not([type=hidden]), select, summary, main a, nav a")) {
  const box = element.getBoundingClientRect();
  if (!element.checkVisibility() || !box.width) continue;
  const least = element.matches("button, select, input:not([type=radio], [type=checkbox])") ? 44 : 22;
  if (box.height < least) faults.push(`${element.innerText || element.name} is ${box.height} px high`);
  if (box.right > innerWidth + 1 || box.left < -1) faults.push(`${element.innerText || element.name} is cut off`);
}
for (const element of document.querySelectorAll("h1, h2, td, th, dd, .total, .value, button, .tag"))
  if (element.checkVisibility() && element.scrollWidth > element.clientWidth + 1 && !element.closest(".hidden")) {
    const right = element.getBoundingClientRect().left + element.scrollWidth;
    const cut = getComputedStyle(element).overflow !== "visible" || right > innerWidth;
    if (cut) faults.push(`${element.innerText} is cut`);
  }
return faults;
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    found = programs()
    if found is None:
        pytest.skip("NOT TESTED HERE: there is no Chromium; on Debian: apt install chromium chromium-driver")
    browser = Browser(found, tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture
def window(browser: Browser) -> Browser:
    """The browser as somebody finds it: a wide window, nobody signed in."""
    browser.resize(1280, 900)
    browser.command("Network.clearBrowserCookies")
    browser.complaints()
    return browser


def address(shop: Shop, path: str = "") -> str:
    return f"http://127.0.0.1:{shop.port}/hub/{path}"


def soon() -> datetime:
    """Give a time after all that is done at once."""
    return datetime.now(UTC) + timedelta(minutes=5)


def sign_in(window: Browser, shop: Shop, role: Role = Role.OWNER) -> None:
    window.open(address(shop))
    window.type("#name", NAMES[role])
    window.type("#password", PASSWORD)
    window.click("button.forward")
    wait_for(lambda: window.count(".side"), "somebody is signed in")


def test_a_sale_appears_by_itself_while_somebody_looks(window: Browser, own_shop: Shop) -> None:
    sign_in(window, own_shop)
    window.wait_text("[data-figure=total]", "NOK 8.60")
    assert window.text("[data-figure=count]") == "4"
    window.run("window.same = true; document.querySelector('#live a').focus()")
    own_shop.sell(KIOSKS[0], [5])
    window.wait_text("[data-figure=total]", "NOK 10.80")
    assert window.text("[data-figure=count]") == "5"
    assert window.run("return window.same === true"), "the page was not loaded again"
    assert window.run("return document.activeElement.tagName") == "A", "who was at a link still is"
    own_shop.sell(KIOSKS[2], [6], store="bergen-01")
    window.wait_text("[data-figure=count]", "6")
    assert window.complaints() == []


def test_a_page_says_that_its_figures_are_old(window: Browser, tmp_path: Path) -> None:
    shop = Shop(tmp_path / "hub")
    shop.fill()
    shop.start()
    try:
        sign_in(window, shop)
        assert window.text("#lost") == ""
    finally:
        shop.stop()
    window.wait_text("#lost", "these figures are old")


def test_a_price_is_changed_on_the_page(window: Browser, own_shop: Shop) -> None:
    own_shop.now = soon()
    sign_in(window, own_shop)
    window.open(address(own_shop, "products/item?sku=sku-2"))
    assert window.text("[data-figure=price]") == "NOK 59.90"
    window.type("#price", "a lot")
    window.click("main button.forward")
    window.wait_text(".error", "Write the new price as an amount")
    assert window.run("return document.querySelector('#price').value") == "a lot"
    window.run("document.querySelector('#price').value = ''")
    window.type("#price", "62.50")
    window.click("main button.forward")
    window.wait_text(".notice", "The new price is published.")
    assert window.text("[data-figure=price]") == "NOK 62.50"
    with own_shop.database.read() as connection:
        assert price_at(connection, "main", "sku-2", own_shop.now) == 6250


def test_everything_can_be_done_without_a_mouse(window: Browser, own_shop: Shop) -> None:
    own_shop.now = soon()
    window.open(address(own_shop, "products/item?sku=sku-2"))
    window.press(NAMES[Role.OWNER] + TAB + PASSWORD + ENTER)
    wait_for(lambda: window.count("#price"), "the page that was wanted is there after signing in")
    window.press(TAB)
    assert window.run("return document.activeElement.className") == "skip"
    assert window.run("return document.activeElement.getBoundingClientRect().top") >= 0, "it is seen"
    window.press(ENTER)
    for _ in range(10):
        window.press(TAB)
        assert window.run("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
        if window.run("return document.activeElement.id") == "price":
            break
    window.press("61" + ENTER)
    window.wait_text(".notice", "The new price is published.")
    assert window.text("[data-figure=price]") == "NOK 61.00"


def test_the_menu_of_a_phone_opens_and_leads_on(window: Browser, own_shop: Shop) -> None:
    sign_in(window, own_shop, Role.STOCK)
    window.resize(390, 800)
    window.open(address(own_shop, "stock"))
    assert window.run("return document.querySelector('.side nav.wide').checkVisibility()") is False
    window.click(".side summary")
    assert window.text(".side details [aria-current]") == "Stock"
    window.click(".side details a[href$=kiosks]")
    window.wait_text("h1", "Tills")
    assert window.count(".side details[open]") == 0


def test_a_token_is_shown_once(window: Browser, own_shop: Shop) -> None:
    sign_in(window, own_shop)
    window.open(address(own_shop, "account"))
    window.type("#label", "the books")
    window.type("#token-password", PASSWORD)
    window.click("form[action$='account/token'] button")
    window.wait_text("[data-figure=token]", "kvitt_")
    secret = window.text("[data-figure=token]")
    window.open(address(own_shop, "account"))
    assert window.count("[data-figure=token]") == 0
    assert secret not in window.run("return document.documentElement.outerHTML")
    assert "the books" in window.text("main")


def test_everybody_can_read_every_page(window: Browser, own_shop: Shop) -> None:
    faults: dict[str, Any] = {}

    def look(name: str, place: str) -> None:
        for width, dark in ((1280, False), (1280, True), (390, False)):
            window.resize(width, 900, dark=dark)
            window.open(address(own_shop, place))
            window.run("document.querySelectorAll('main details').forEach(each => { each.open = true; })")
            found = [*window.run(OUTLINE), *window.run(CONTRAST), *window.run(FIT)]
            if found:
                faults[f"{name}, {width} px{', dark' if dark else ''}"] = found

    look("sign in", "sign-in")
    window.resize(1280, 900)
    sign_in(window, own_shop)
    for name, place in PLACES.items():
        look(name, place)
    assert faults == {}
    assert [entry for entry in window.complaints() if "sku=nothing" not in entry] == []


def test_the_measures_find_what_cannot_be_read(window: Browser, own_shop: Shop) -> None:
    window.open(address(own_shop, "sign-in"))
    window.run("""
        const main = document.querySelector("main");
        main.querySelector("h1").style.color = "#ccc";
        main.querySelector("label").remove();
        main.querySelector("button").style.minHeight = "10px";
        main.querySelector("button").style.padding = "0";
        main.style.width = "3000px"; main.style.maxWidth = "none";
        main.insertAdjacentHTML("beforeend", "<h3>x</h3><table><tr><th>x</th></tr></table><a href=''></a>");
    """)
    assert any("Torget" in fault for fault in window.run(CONTRAST))
    assert any("too wide" in fault for fault in window.run(FIT))
    assert any("px high" in fault for fault in window.run(FIT))
    outline = " ".join(window.run(OUTLINE))
    for said in ("no label", "left out", "no scope", "no words"):
        assert said in outline
