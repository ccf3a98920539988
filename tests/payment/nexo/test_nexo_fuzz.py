"""Whatever a terminal answers: no crash, no hang, no false approval.

The answer is written into one end of a socket pair that ends there, so that an endless wait cannot be, and the till's
own exchange, codec, envelope and judgement read the other end.
"""

from __future__ import annotations

import logging
import random
import re
import socket
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from appliance.core.money import Currency, Money
from appliance.core.payment import IntentKind, Outcome, OutcomeKind, PaymentFact, ReceiptText, Result
from appliance.errors import DeviceError
from appliance.io.payment.nexo import adyen, service_id, swedbank
from appliance.io.payment.nexo.attempt import Attempt
from appliance.io.payment.nexo.envelope import Envelope, Keys
from appliance.io.payment.nexo.http_link import Address, Exchange, HttpLink
from appliance.io.payment.nexo.messages import Category, Names, read_status
from appliance.io.payment.nexo.session import Dialect, Session
from appliance.io.payment.nexo.verdict import judge_status
from simulators.nexo import answers
from simulators.nexo.answers import Asked
from tests.payment.till import intent

NOK = Currency.parse("NOK")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ASKED = Money(1880, NOK)
ATTEMPT = UUID("019ab123-4567-7000-8000-0000002a2a2a")
SERVICE = service_id.of_attempt(ATTEMPT)
LOOKUP = "LOOKUP0001"
ENVELOPE = Envelope(keys=Keys.derive("a passphrase"), identifier="key", version=1)
PAY = replace(intent(ASKED, None), attempt=ATTEMPT)

DEFAULT, MANY = 6_000, 200_000

WORDS = [
    *(b"Success", b"Failure", b"Partial", b"Payment", b"Reversal", b"Normal", b"Refund", b"NotFound", b"Busy"),
    *(b"NOK", b"SEK", b"18.80", b"18.8", b"1880", b"0", b"1e99", b"true", b"", b"null", b"[]", b"{}", b'"'),
    *(b"&amp;", b"<!--", b"]]>", b"\\u0000", b"\xff", SERVICE.encode(), LOOKUP.encode()),
]


class Line:
    """One dialect, and what its terminal may say."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        xml = dialect == "swedbank"
        self.names = Names(sale_id="KIOSK01", poi_id="A-POIID", explicit=xml)
        encode = swedbank.encode if xml else ENVELOPE.seal
        decode = swedbank.decode if xml else ENVELOPE.open
        address = Address(host="192.0.2.60", port=11000)
        link = HttpLink(address, "/nexo", "text/plain", None)
        self.exchange = partial(Exchange, address, path="/nexo", content_type="text/plain")
        version = swedbank.VERSION if xml else adyen.VERSION
        self.session = Session(
            link, Dialect(version=version, encode=encode, decode=decode), self.names, connect=1.0, stopped=lambda: False
        )
        self.plain = swedbank.encode if xml else adyen.encode
        self.payments = [self.message("Payment", SERVICE, {"PaymentResponse": body}) for body in self.bodies()]
        self.lookups = [
            self.message("TransactionStatus", LOOKUP, {"TransactionStatusResponse": body}) for body in self.found()
        ]

    def message(self, category: str, service: str, body: Mapping[str, Any]) -> dict[str, Any]:
        header = Asked(category, service, "KIOSK01", "A-POIID", {}).header("3.1")
        return {"SaleToPOIResponse": {"MessageHeader": header, **body}}

    def bodies(self) -> list[dict[str, Any]]:
        sale = {"SaleData": {"SaleTransactionID": {"TransactionID": "1", "TimeStamp": "2026-11-23T12:00:00Z"}}}
        asked = Asked("Payment", SERVICE, "KIOSK01", "A-POIID", sale)
        make = partial(answers.payment, self.dialect, asked, trace=7)
        return [
            make(answers.response("Success"), money=ASKED),
            make(answers.response("Success"), money=Money(1881, NOK)),
            make(answers.response("Partial"), money=Money(500, NOK)),
            make(answers.response("Failure", "Refusal", "no money")),
            make(answers.response("Failure", "Aborted")),
            make(answers.response("Failure", "Busy")),
        ]

    def found(self) -> list[dict[str, Any]]:
        header = Asked("Payment", SERVICE, "KIOSK01", "A-POIID", {}).header("3.1")
        other = Asked("Payment", "OTHER", "KIOSK01", "A-POIID", {}).header("3.1")
        success = {"Response": answers.response("Success")}
        repeats = [(header, body) for body in self.bodies()] + [(other, self.bodies()[0])]
        return [
            *({"Response": answers.response("Failure", name)} for name in ("NotFound", "InProgress", "NotAllowed")),
            *(
                {**success, "RepeatedMessageResponse": answers.repeated(self.dialect, named, "Payment", body)}
                for named, body in repeats
            ),
        ]

    def wire(self, rng: random.Random, tree: dict[str, Any]) -> tuple[bytes, bytes]:
        """Give a mutated body as it is sent, and the text that is inside."""
        text = mutate(rng, self.plain(tree))
        if self.dialect == "swedbank":
            return text, text
        sealed = ENVELOPE.seal_bytes(tree, text)
        if rng.random() < 0.2:
            return mutate(rng, sealed), text
        return sealed, text


def mutate(rng: random.Random, data: bytes) -> bytes:
    """Change a text in no to four places: bits, bytes, words, whole parts."""
    text = bytearray(data)
    for _ in range(rng.randint(0, 4)):
        place = rng.randrange(len(text) or 1)
        match rng.randrange(8):
            case 0 if text:
                text[place] ^= 1 << rng.randrange(8)
            case 1:
                text[place:place] = rng.randbytes(rng.randint(1, 6))
            case 2:
                del text[place : place + rng.randint(1, 30)]
            case 3:
                end = place + rng.randint(1, 200)
                text[place:place] = text[place:end]
            case 4 | 5:
                old = rng.choice(WORDS)
                at = text.find(old)
                if old and at >= 0:
                    text[at : at + len(old)] = rng.choice(WORDS)
            case 6:
                text[place:place] = rng.choice(WORDS)
            case 7:
                # A whole value is exchanged, so that the rest stays well-formed.
                values = list(re.finditer(rb'"[^"<>{}]{1,40}"', bytes(text)))
                if values:
                    one, other = rng.choice(values), rng.choice(values)
                    text[one.start() : one.end()] = other.group()
    return bytes(text)


def response(rng: random.Random, body: bytes) -> bytes:
    """Give an answer of HTTP; now and then one with a wrong length, a wrong status, or changed bytes."""
    length = len(body) if rng.random() < 0.95 else rng.choice((0, len(body) - 1, len(body) + 1, -1, 10**20))
    status = 200 if rng.random() < 0.97 else rng.choice((100, 204, 302, 500, 99, 1000))
    head = f"HTTP/1.1 {status} OK\r\nContent-Length: {length}\r\n\r\n".encode()
    if rng.random() < 0.05:
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:50], body[50:]) if part)
        head, body = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", chunks + b"0\r\n\r\n"
    whole = head + body
    return mutate(rng, whole) if rng.random() < 0.03 else whole


def stated(text: bytes) -> bool:
    """Whether a text says yes to our amount at all; nothing of the driver's reads it."""
    amounts = re.findall(rb'AuthorizedAmount"?\s*[=:]\s*["\']?([0-9.eE+-]+)', text)
    return (
        re.search(rb'Result"?\s*[=:]\s*["\']Success', text) is not None
        and SERVICE.encode() in text
        and b"NOK" in text
        and any(_number(amount) == Decimal("18.80") for amount in amounts)
    )


def _number(text: bytes) -> Decimal | None:
    try:
        return Decimal(text.decode())
    except InvalidOperation:
        return None


def pay(line: Line, rng: random.Random, stream: bytes) -> Outcome:
    durable = rng.random() < 0.8
    recorded: list[Outcome] = []

    def record(fact: PaymentFact) -> bool:
        if isinstance(fact, Result):
            recorded.append(fact.outcome)
            return durable and fact.outcome.amount == ASKED
        assert isinstance(fact, ReceiptText)
        return durable

    request = line.names.payment(SERVICE, ASKED, transaction="1", now=NOW)
    ours, theirs = socket.socketpair()
    attempt = Attempt(
        line.session,
        request,
        PAY,
        record=record,
        notify=lambda *_: None,
        stop=None,
        stopped=lambda: False,
        attended=True,
    )
    with closing(theirs), closing(line.exchange(ours)) as exchange:
        theirs.sendall(stream)
        theirs.shutdown(socket.SHUT_WR)
        outcome = attempt.run(exchange, 60.0)
    assert "fault of the till" not in outcome.text
    if outcome.kind is OutcomeKind.APPROVED:
        assert durable
        assert recorded == [outcome]
    return outcome


def look_up(line: Line, stream: bytes) -> Outcome | None:
    request = line.names.status(LOOKUP, Category.PAYMENT, SERVICE)
    ours, theirs = socket.socketpair()
    with closing(theirs), closing(line.exchange(ours)) as exchange:
        theirs.sendall(stream)
        theirs.shutdown(socket.SHUT_WR)
        try:
            exchange.send(line.session.encode(request))
            status = read_status(line.session.answer(exchange, request, 60.0))
        except DeviceError:
            return None
    header = line.names.header(Category.PAYMENT, SERVICE)
    return judge_status(ASKED, IntentKind.PAY, header, status, terminal="A-POIID", attended=True)


def judged(outcome: Outcome, text: bytes) -> None:
    if outcome.kind is OutcomeKind.APPROVED and outcome.amount != ASKED:
        # Never released, and reversed by its name.
        assert outcome.amount is not None
        assert outcome.reference is not None
        assert outcome.reference.poi_transaction
    elif outcome.kind is OutcomeKind.APPROVED:
        assert stated(text), text
        assert outcome.amount == ASKED
        assert outcome.reference is not None
        assert outcome.reference.poi_transaction
        assert sum(map(str.isdigit, outcome.masked_pan)) <= 4


def payments(rng: random.Random, line: Line, count: int) -> dict[OutcomeKind, int]:
    ends = dict.fromkeys(OutcomeKind, 0)
    for _ in range(count):
        body, text = line.wire(rng, rng.choice(line.payments))
        outcome = pay(line, rng, response(rng, body))
        ends[outcome.kind] += 1
        judged(outcome, text)
    return ends


def look_ups(rng: random.Random, line: Line, count: int) -> dict[OutcomeKind | None, int]:
    ends: dict[OutcomeKind | None, int] = dict.fromkeys([*OutcomeKind, None], 0)
    for _ in range(count):
        body, text = line.wire(rng, rng.choice(line.lookups))
        outcome = look_up(line, response(rng, body))
        ends[None if outcome is None else outcome.kind] += 1
        if outcome is not None:
            judged(outcome, text)
            assert LOOKUP.encode() in text
    return ends


@pytest.fixture
def line(dialect: str) -> Line:
    return Line(dialect)


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Thousands of records of unreadable receipts are no news."""
    caplog.set_level(logging.ERROR, logger="appliance.io.payment.nexo")


def test_mutated_payments_never_crash_hang_or_approve_falsely(line: Line) -> None:
    ends = payments(random.Random(f"payments {line.dialect}"), line, DEFAULT // 4)
    # The mutations reach behind the codec: every kind of end is among them.
    for kind in (OutcomeKind.APPROVED, OutcomeKind.DECLINED, OutcomeKind.CANCELLED, OutcomeKind.NOT_CHARGED):
        assert ends[kind] > 10, kind
    assert ends[OutcomeKind.UNKNOWN] > 100


def test_mutated_look_ups_never_crash_hang_or_approve_falsely(line: Line) -> None:
    ends = look_ups(random.Random(f"look-ups {line.dialect}"), line, DEFAULT // 4)
    assert ends[OutcomeKind.APPROVED] > 10
    assert ends[OutcomeKind.DECLINED] > 10
    assert ends[OutcomeKind.UNKNOWN] > 50
    assert ends[None] > 100


@pytest.mark.crash
def test_a_hundred_thousand_mutated_answers_never_crash_hang_or_approve_falsely(
    line: Line, record_property: Callable[[str, object], None]
) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    logging.getLogger(__name__).warning("seed %d", seed)
    rng = random.Random(seed)
    paid, found = payments(rng, line, MANY // 4), look_ups(rng, line, MANY // 4)
    record_property(
        "figures", f"seed {seed}; {sum(paid.values())} payments, {sum(found.values())} look-ups, none false"
    )


def test_pure_noise_is_no_payment(line: Line) -> None:
    rng = random.Random("noise")
    for _ in range(500):
        assert pay(line, rng, rng.randbytes(rng.randint(0, 200))).kind is OutcomeKind.UNKNOWN
