"""Codes that the till shows by itself: what they say, and that the till never says that they were paid."""

from __future__ import annotations

import threading
from datetime import date, datetime
from uuid import uuid4

import pytest

from appliance.core.identifiers import TransactionId
from appliance.core.money import Currency, Money
from appliance.core.payment import Intent, IntentKind, Outcome, OutcomeKind, PaymentFact, Progress, Sending, TenderType
from appliance.errors import DeviceFailure
from appliance.io.payment.qr import epc, swish, swiss
from appliance.io.payment.qr.static import StaticQr
from tests.payment.till import until

SWISH = {"standard": "swish", "currency": "SEK", "payee": "1231234567", "message": "Torgbua"}
EPC = {"standard": "epc", "currency": "EUR", "name": "Torgbua", "iban": "DE89370400440532013000"}
SWISS = {
    "standard": "swiss",
    "currency": "CHF",
    "name": "Torgbua",
    "iban": "CH9300762011623852957",
    "postcode": "8000",
    "town": "Zürich",
    "country": "CH",
}


def device(options: dict[str, str]) -> StaticQr:
    return StaticQr("qr", StaticQr.Options(**options))


def intent(currency: str, minor: int = 29540, kind: IntentKind = IntentKind.PAY) -> Intent:
    return Intent(
        attempt=uuid4(),
        transaction=TransactionId("store-01", "1", date(2026, 11, 23), 1187),
        kind=kind,
        device="qr",
        tender=TenderType.QR,
        amount=Money(minor, Currency.parse(currency)),
        original_attempt=None if kind is IntentKind.PAY else uuid4(),
    )


class Showing:
    """A payment on a thread of its own."""

    def __init__(self, shows: StaticQr, what: Intent) -> None:
        self.facts: list[PaymentFact] = []
        self.steps: list[tuple[Progress, bool, str]] = []
        self.ended: list[Outcome] = []
        self._shows, self._what = shows, what
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        def record(fact: PaymentFact) -> bool:
            self.facts.append(fact)
            return True

        def notify(progress: Progress, may_cancel: bool, code: str = "", until: datetime | None = None) -> None:
            self.steps.append((progress, may_cancel, code))

        self.ended.append(self._shows.authorise(self._what, record, notify))

    def code(self) -> str:
        until(lambda: bool(self.steps))
        assert self.facts == [Sending()]
        return self.steps[0][2]

    def end(self) -> Outcome:
        self._thread.join(10)
        return self.ended[0]


@pytest.mark.parametrize("options", [SWISH, EPC, SWISS])
def test_the_code_says_amount_and_sale_and_stays_until_somebody_decides(options: dict[str, str]) -> None:
    shows, what = device(options), intent(options["currency"])
    showing = Showing(shows, what)
    code = showing.code()
    match options["standard"]:
        case "swish":
            read = swish.parse(code)
            assert (read.payee, read.amount, read.message) == ("1231234567", what.amount, "Torgbua 1187")
        case "epc":
            transfer = epc.parse(code)
            assert (transfer.amount, transfer.remittance) == (what.amount, "1187")
        case _:
            bill = swiss.parse(code)
            assert (bill.amount, bill.message) == (what.amount, "1187")
    assert showing.steps == [(Progress.SCAN_CODE, True, code)]
    shows.cancel(uuid4())
    assert showing.ended == []
    shows.cancel(what.attempt)
    assert showing.end().kind is OutcomeKind.UNKNOWN


def test_a_till_that_stops_leaves_the_question_to_staff() -> None:
    shows = device(SWISH)
    showing = Showing(shows, intent("SEK"))
    showing.code()
    shows.close()
    assert showing.end().kind is OutcomeKind.UNKNOWN
    assert shows.lookup(intent("SEK")).kind is OutcomeKind.UNKNOWN


def test_an_amount_that_the_code_cannot_carry_is_refused_before_anything_is_shown() -> None:
    facts: list[PaymentFact] = []
    with pytest.raises(DeviceFailure, match="the amount is in NOK"):
        device(SWISH).authorise(intent("NOK"), lambda fact: not facts.append(fact), lambda *_: None)
    assert facts == []


def test_money_goes_back_by_hand_only() -> None:
    shows = device(SWISH)
    back = intent("SEK", kind=IntentKind.REVERSE)
    assert shows.reverse(back, lambda _: True, lambda *_: None).kind is OutcomeKind.DECLINED
    assert shows.lookup(back).kind is OutcomeKind.DECLINED


def test_what_cannot_be_recorded_is_not_shown() -> None:
    outcome = device(SWISH).authorise(intent("SEK"), lambda _: False, lambda *_: None)
    assert outcome.kind is OutcomeKind.NOT_CHARGED
