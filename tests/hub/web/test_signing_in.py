"""Signing in and staying signed in: passwords, guessing, sessions, one-time codes, other people's passwords."""

from __future__ import annotations

import base64
import re
import stat
from datetime import UTC, datetime, timedelta

import pytest

from hub.access import totp
from hub.access.passwords import fits, hashed, unfit
from hub.access.roles import Role
from hub.access.sessions import IDLE, LONGEST
from hub.access.throttle import ADDRESS, MOST, NAME, Throttle, address_key
from hub.access.totp import Seal, SealBroken
from tests.hub.web.parts import NAMES, NOON, PASSWORD, Client, Shop

OWNER = NAMES[Role.OWNER]


def signed_in(client: Client) -> bool:
    return client.get("/hub/account").status == 200


@pytest.mark.parametrize(
    ("name", "password", "passes"),
    [
        (OWNER, PASSWORD, True),
        (f" {OWNER.upper()} ", PASSWORD, True),
        (OWNER, PASSWORD + "x", False),
        (OWNER, "", False),
        ("nobody", PASSWORD, False),
        ("' OR 1=1 --", PASSWORD, False),
    ],
)
def test_name_and_password_let_in_and_nothing_else_does(shop: Shop, name: str, password: str, passes: bool) -> None:
    client = shop.client()
    answer = client.sign_in(name, password)
    assert (answer.status == 303, signed_in(client)) == (passes, passes)
    if not passes:
        assert "Name, password or code is wrong." in answer.text


def test_a_session_that_somebody_knew_before_the_sign_in_is_worth_nothing(shop: Shop) -> None:
    client = shop.client()
    client.get("/hub/sign-in")
    before = client.cookies["kvitt"]
    client.sign_in(OWNER)
    assert client.cookies["kvitt"] != before
    assert not signed_in(Client(shop.port, cookies={"kvitt": before}))


def test_signing_out_ends_the_session_for_every_holder_of_its_cookie(shop: Shop) -> None:
    client = shop.client(Role.OWNER)
    copy = Client(shop.port, cookies=dict(client.cookies))
    assert client.post("/hub/sign-out", {}).status == 303
    assert not signed_in(copy)


def test_a_session_ends_when_it_is_not_used(own_shop: Shop) -> None:
    client = own_shop.client(Role.OWNER)
    own_shop.now += IDLE - timedelta(minutes=1)
    assert signed_in(client)
    own_shop.now += IDLE - timedelta(minutes=1)
    assert signed_in(client)
    own_shop.now += IDLE + timedelta(seconds=1)
    assert not signed_in(client)


def test_figures_that_a_page_asks_for_by_itself_keep_no_session_alive(own_shop: Shop) -> None:
    client = own_shop.client(Role.OWNER)
    own_shop.now += IDLE - timedelta(minutes=1)
    assert client.get("/hub/today/figures").status == 200
    own_shop.now += timedelta(minutes=2)
    assert not signed_in(client)


def test_a_session_ends_however_much_it_is_used(own_shop: Shop) -> None:
    client = own_shop.client(Role.OWNER)
    end = own_shop.now + LONGEST
    while own_shop.now + timedelta(hours=7) < end:
        own_shop.now += timedelta(hours=7)
        assert signed_in(client)
    own_shop.now = end + timedelta(seconds=1)
    assert not signed_in(client)


def test_a_new_password_ends_every_other_session(own_shop: Shop) -> None:
    client, other = own_shop.client(Role.OWNER), own_shop.client(Role.OWNER)
    form = {"password": PASSWORD, "new": "another good password", "again": "another good password"}
    assert client.post("/hub/account/password", {**form, "password": "wrong"}).status == 422
    assert client.post("/hub/account/password", {**form, "again": "other"}).status == 422
    assert client.post("/hub/account/password", {**form, "new": "short", "again": "short"}).status == 422
    assert signed_in(other)
    assert client.post("/hub/account/password", form).status == 303
    assert signed_in(client)
    assert not signed_in(other)
    assert own_shop.client().sign_in(OWNER).status == 422
    assert own_shop.client().sign_in(OWNER, "another good password").status == 303


def test_a_password_that_another_person_gave_must_be_changed_first(own_shop: Shop) -> None:
    owner = own_shop.client(Role.OWNER)
    assert owner.post("/hub/users/add", {"name": "Per", "role": "read-only", "password": "given by kari"}).status == 303
    client = own_shop.client()
    assert client.sign_in("per", "given by kari").status == 303
    assert client.get("/hub/today").place.startswith("/hub/account")
    client.get("/hub/account")
    assert client.post("/hub/account/token", {"label": "x", "role": "read-only"}).place.startswith("/hub/account")
    form = {"password": "given by kari", "new": "chosen by per", "again": "chosen by per"}
    assert client.post("/hub/account/password", form).status == 422, "the name stands in it"
    form = {"password": "given by kari", "new": "chosen by himself", "again": "chosen by himself"}
    assert client.post("/hub/account/password", form).status == 303
    assert client.get("/hub/today").status == 200


def test_who_is_barred_is_out_at_once_and_the_last_owner_cannot_be(own_shop: Shop) -> None:
    owner, reader = own_shop.client(Role.OWNER), own_shop.client(Role.READ_ONLY)
    assert owner.post("/hub/users/change", {"name": NAMES[Role.READ_ONLY], "what": "bar"}).status == 303
    assert not signed_in(reader)
    assert own_shop.client().sign_in(NAMES[Role.READ_ONLY]).status == 422
    for form in ({"what": "bar"}, {"what": "role", "role": "stock"}):
        answer = owner.post("/hub/users/change", {"name": OWNER, **form})
        assert (answer.status, "only owner" in answer.text) == (422, True)
    assert owner.post("/hub/users/change", {"name": NAMES[Role.READ_ONLY], "what": "admit"}).status == 303
    assert own_shop.client().sign_in(NAMES[Role.READ_ONLY]).status == 303


def test_guessing_becomes_slow_for_a_name_but_never_keeps_its_owner_out_for_long(own_shop: Shop) -> None:
    client = own_shop.client()
    for _ in range(NAME.free + 1):
        assert client.sign_in(OWNER, "wrong wrong wrong").status == 422
    answer = client.sign_in(OWNER)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "1")
    own_shop.now += NAME.longest
    assert client.sign_in(OWNER).status == 303


def test_guessing_becomes_slow_for_an_address_whatever_the_names(own_shop: Shop) -> None:
    client = own_shop.client()
    statuses = [client.sign_in(f"name-{number}", "wrong wrong wrong").status for number in range(ADDRESS.free + 2)]
    assert statuses == [422] * (ADDRESS.free + 1) + [429]


def test_waits_double_up_to_a_longest_and_are_forgotten() -> None:
    throttle = Throttle()
    waits = []
    for _ in range(20):
        throttle.failed("a", ADDRESS, NOON)
        waits.append(throttle.wait("a", NOON).total_seconds())
    assert waits[: ADDRESS.free] == [0] * ADDRESS.free
    assert waits[ADDRESS.free : ADDRESS.free + 4] == [1, 2, 4, 8]
    assert max(waits) <= ADDRESS.longest.total_seconds()
    assert waits == sorted(waits)
    assert not throttle.wait("b", NOON)
    throttle.failed("a", ADDRESS, NOON + timedelta(hours=2))
    assert not throttle.wait("a", NOON + timedelta(hours=2))
    for number in range(MOST + 10):
        throttle.failed(f"x{number}", ADDRESS, NOON)
    assert len(throttle._records) == MOST


def test_an_ipv6_household_is_one_address() -> None:
    assert address_key("2001:db8:1:2::1") == address_key("2001:db8:1:2:ffff::9") != address_key("2001:db8:1:3::1")
    assert address_key("192.0.2.1") != address_key("192.0.2.2")


def test_passwords_are_kept_as_argon2id_and_only_good_ones() -> None:
    kept = hashed(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert kept != hashed(PASSWORD)
    assert fits(kept, PASSWORD)
    assert not fits(kept, PASSWORD + " ")
    assert not fits(None, PASSWORD)
    assert not fits("not a hash", PASSWORD)
    assert all(unfit(password, "kari") for password in ("short", "aaaaaaaaaaaaaa", "Kari-is-my-name", "x" * 201))
    assert not unfit(PASSWORD, "kari")


# RFC 6238, appendix B: seconds, codes of 8 digits by SHA-1, SHA-256 and SHA-512.
VECTORS = [
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]


@pytest.mark.parametrize(("seconds", "sha1", "sha256", "sha512"), VECTORS)
def test_codes_are_those_of_rfc_6238(seconds: int, sha1: str, sha256: str, sha512: str) -> None:
    step = seconds // totp.STEP_S
    seed = b"1234567890"
    assert totp.code(seed * 2, step, digits=8) == sha1
    assert totp.code((seed * 4)[:32], step, digits=8, algorithm="sha256") == sha256
    assert totp.code((seed * 7)[:64], step, digits=8, algorithm="sha512") == sha512


def test_a_code_holds_for_its_step_and_those_beside_it() -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()
    at = datetime.fromtimestamp(1234567890, UTC)
    code = totp.code(b"12345678901234567890", 1234567890 // 30)
    assert totp.step_of(secret, f"{code[:3]} {code[3:]}", at) == 1234567890 // 30
    for seconds, holds in ((-60, False), (-30, True), (30, True), (60, False)):
        assert (totp.step_of(secret, code, at + timedelta(seconds=seconds)) is not None) == holds
    assert totp.step_of(secret, "", at) is None
    assert totp.step_of(secret, "५५५५५५", at) is None


def code_now(shop: Shop, secret: str) -> str:
    return totp.code(base64.b32decode(secret), int(shop.now.timestamp()) // 30)


def test_with_one_time_codes_a_password_alone_lets_nobody_in_and_a_code_is_good_for_once(own_shop: Shop) -> None:
    client = own_shop.client(Role.OWNER)
    page = client.post("/hub/account/code", {})
    found = re.search(r'name="secret" value="([A-Z2-7]{32})"', page.text)
    assert found is not None
    secret = found[1]
    wrong = client.post("/hub/account/code/confirm", {"secret": secret, "code": "000000"})
    assert (wrong.status, secret in wrong.text) == (422, True)
    good = {"secret": secret, "code": code_now(own_shop, secret)}
    assert client.post("/hub/account/code/confirm", good).status == 303
    assert own_shop.client().sign_in(OWNER).status == 422
    assert own_shop.client().sign_in(OWNER, code=code_now(own_shop, secret)).status == 422, "it was used to set up"
    own_shop.now += timedelta(seconds=30)
    code = code_now(own_shop, secret)
    assert own_shop.client().sign_in(OWNER, "wrong wrong wrong", code).status == 422
    assert own_shop.client().sign_in(OWNER, code=code).status == 303
    assert own_shop.client().sign_in(OWNER, code=code).status == 422
    assert client.post("/hub/account/code/end", {"password": "wrong"}).status == 422
    assert client.post("/hub/account/code/end", {"password": PASSWORD}).status == 303
    assert own_shop.client().sign_in(OWNER).status == 303


def test_secrets_are_sealed_to_their_user_with_a_key_that_only_the_hub_reads(own_shop: Shop) -> None:
    folder = own_shop.folder
    seal = Seal(folder)
    sealed = seal.close("SECRET", "kari")
    assert "SECRET" not in base64.b64decode(sealed).decode("latin-1")
    assert seal.open(sealed, "kari") == Seal(folder).open(sealed, "kari") == "SECRET"
    file = folder / "keys" / "seal.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(SealBroken):
        seal.open(sealed, "ola")
    file.write_bytes(bytes(32))
    with pytest.raises(SealBroken, match="kvitt-hub user password kari --no-code"):
        seal.open(sealed, "kari")
