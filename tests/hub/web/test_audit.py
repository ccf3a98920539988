"""The audit: kept with the change itself, and not to be changed unseen; on both databases."""

from __future__ import annotations

import io
import json
import threading

import pytest
from sqlalchemy import Executable, delete, update

from hub.access import audit, tokens, users
from hub.access.audit import Actor
from hub.access.roles import Role
from hub.access.users import Refused
from hub.database import Database
from hub.schema import hub_audit
from tests.hub.web.parts import NAMES, PASSWORD, PASSWORD_HASH, Shop
from tests.mqtt.parts import HubFolder

KARI = Actor(who="kari", role="owner", via="page", address="192.0.2.1")


def filled(database: Database, count: int = 5) -> None:
    for number in range(count):
        with database.write() as connection:
            audit.append(connection, KARI, "price.change", f"sku-{number}", before=number, after=number + 1)


class Undone(Exception):
    """Rolls a transaction back."""


def changed(database: Database, change: Executable, said: str) -> None:
    with database.write() as connection:
        connection.execute(change)
        assert audit.damage(connection) == said
        raise Undone


def appended(database: Database) -> None:
    with database.write() as connection:
        audit.append(connection, KARI, "price.change", "sku-1")
        raise Undone


def test_rows_are_told_newest_first_with_what_was_before(database: Database) -> None:
    filled(database)
    with database.read() as connection:
        found = audit.entries(connection, limit=2)
        assert [(entry.number, entry.subject, dict(entry.detail)) for entry in found] == [
            (5, "sku-4", {"before": 4, "after": 5}),
            (4, "sku-3", {"before": 3, "after": 4}),
        ]
        assert [entry.number for entry in audit.entries(connection, before=4, limit=2)] == [3, 2]
        assert found[0].actor == KARI
        assert audit.damage(connection) == ""


def test_what_was_changed_or_taken_out_is_seen(database: Database) -> None:
    filled(database)
    table = hub_audit
    for change, said in (
        (update(table).where(table.c.number == 3).values(who="ola"), "row 3 was changed"),
        (update(table).where(table.c.number == 3).values(detail="{}"), "row 3 was changed"),
        (delete(table).where(table.c.number == 2), "row 2 is gone"),
        (delete(table).where(table.c.number == 5), "rows after 4 are gone"),
    ):
        with pytest.raises(Undone):
            changed(database, change, said)


def test_a_change_that_fails_leaves_no_row(database: Database) -> None:
    with pytest.raises(Undone):
        appended(database)
    with database.read() as connection:
        assert audit.entries(connection) == ()


def test_rows_of_many_at_once_are_one_chain(database: Database) -> None:
    threads = [threading.Thread(target=filled, args=(database, 5)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with database.read() as connection:
        assert [entry.number for entry in audit.entries(connection, limit=100)] == list(range(20, 0, -1))
        assert audit.damage(connection) == ""


def test_users_and_tokens_are_kept_in_either_database(database: Database) -> None:
    with database.write() as connection:
        user = users.add(connection, "Kari", Role.OWNER, PASSWORD_HASH, language="en")
        stock = users.add(connection, "siv", Role.STOCK, PASSWORD_HASH)
        with pytest.raises(Refused, match="taken"):
            users.add(connection, "kari", Role.OWNER, PASSWORD_HASH)
        token, secret = tokens.add(connection, user, Role.READ_ONLY, "books")
        with pytest.raises(Refused, match="more than its user"):
            tokens.add(connection, stock, Role.READ_ONLY, "sales")
        assert users.use_step(connection, "kari", 7)
        assert not users.use_step(connection, "kari", 7)
    with database.write() as connection:
        assert [entry.name for entry in users.listed(connection)] == ["kari", "siv"]
        found = tokens.find(connection, secret)
        assert found is not None
        assert found[0] == token
        users.set_role(connection, "siv", Role.OWNER)
        users.set_active(connection, "kari", active=False)
        assert tokens.find(connection, secret) is None


def test_what_is_done_on_the_page_stands_in_the_audit(own_shop: Shop) -> None:
    client = own_shop.client(Role.OWNER)
    client.post("/hub/products/price?sku=sku-2", {"price": "62,00", "when": "now"})
    client.post("/hub/stock/low?sku=sku-1&store=oslo-01", {"low": "3"})
    client.post("/hub/users/add", {"name": "per", "role": "stock", "password": "given by kari"})
    own_shop.client().sign_in("a password in the wrong field", "x")
    with own_shop.database.read() as connection:
        found = audit.entries(connection)
        assert audit.damage(connection) == ""
    assert [(entry.actor.who, entry.action, entry.subject) for entry in found[:4]] == [
        ("(unknown)", "sign-in.refused", "(unknown)"),
        (NAMES[Role.OWNER], "user.add", "per"),
        (NAMES[Role.OWNER], "stock.low", "oslo-01 sku-1"),
        (NAMES[Role.OWNER], "price.change", "sku-2"),
    ]
    assert (found[3].detail["before"], found[3].detail["after"]) == (5990, 6200)
    assert found[3].actor.address == "127.0.0.1"
    page = client.get("/hub/audit").words
    assert "price changed: sku-2" in page
    assert "before: NOK 59.90 · after: NOK 62.00" in page


def test_users_tokens_and_the_audit_are_looked_after_from_a_shell(
    own_shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hub = HubFolder(own_shop.folder, 0)

    def typed(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{text}\n"))

    typed("too short")
    assert hub.command("user", "add", "per", "--role", "stock") == 1
    assert "12 to 200 characters" in capsys.readouterr().err
    typed(PASSWORD)
    assert hub.command("user", "add", "per", "--role", "stock") == 0
    assert own_shop.client().sign_in("per").status == 303
    assert hub.command("user", "role", "per", "owner") == 0
    typed("a new password")
    assert hub.command("user", "password", "per", "--no-code") == 0
    assert own_shop.client().sign_in("per", "a new password").status == 303
    assert hub.command("user", "bar", "per") == 0
    assert hub.command("user", "bar", "nobody") == 1
    capsys.readouterr()
    assert hub.command("user", "list") == 0
    assert "per                  owner        barred" in capsys.readouterr().out
    assert hub.command("token", "add", NAMES[Role.OWNER], "--role", "read-only", "--label", "books") == 0
    secret = capsys.readouterr().out.strip()
    client = own_shop.client()
    assert client.get("/api/v1/me", {"Authorization": f"Bearer {secret}"}).status == 200
    assert hub.command("token", "list") == 0
    assert "books" in capsys.readouterr().out
    assert hub.command("token", "revoke", "1") == 0
    assert client.get("/api/v1/me", {"Authorization": f"Bearer {secret}"}).status == 401
    capsys.readouterr()
    assert hub.command("audit", "list", "--last", "2") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["action"], row["via"]) for row in rows] == [("token.revoke", "shell"), ("token.add", "shell")]
    assert hub.command("audit", "verify") == 0
    with own_shop.database.write() as connection:
        connection.execute(update(hub_audit).where(hub_audit.c.number == 2).values(who="ola"))
    assert hub.command("audit", "verify") == 1
    assert "row 2 was changed" in capsys.readouterr().out
