"""The end of a terminal's day, and what its sums prove about a payment that it does not tell again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from appliance.core.money import Currency, Money
from appliance.core.payment import Evidence, OutcomeKind
from appliance.errors import DeviceBusy, DeviceError, DeviceFailure, DeviceOffline
from appliance.io.payment.zvt.apdu import ProtocolError
from appliance.io.payment.zvt.baseline import Baseline
from appliance.io.payment.zvt.fields import bcd
from appliance.io.payment.zvt.messages import StatusInformation
from appliance.io.payment.zvt.totals import DaySums, day_totals, judge_totals
from simulators.zvt_terminal import ZvtTerminal
from tests.payment.till import Till, nok

MakeTill = Callable[..., Till]
TID = "29001006"


# End of day ---------------------------------------------------------------------------------------------------------


def test_an_end_of_day_tells_the_sums_and_begins_anew(till: Till, terminal: ZvtTerminal) -> None:
    till.pay(1880)
    sale = till.pay(500).reference
    till.reverse(sale, 500)
    totals = till.driver.close_day()
    assert totals is not None
    assert (totals.amount, totals.count) == (nok(1880), 3)
    assert totals.by_card == {"Mastercard": nok(1880)}
    assert totals.receipt[0] == "KASSENSCHNITT"
    again = till.driver.close_day()
    assert again is not None
    assert again.amount == nok(0)
    assert terminal.books.balance() == 1880


def test_payments_go_on_after_an_end_of_day(till: Till, terminal: ZvtTerminal) -> None:
    till.pay(1880)
    till.driver.close_day()
    assert till.pay(700).kind is OutcomeKind.APPROVED
    assert terminal.books.balance() == 2580


@pytest.mark.parametrize(
    ("how", "fault"),
    [
        ("decline 77", DeviceFailure),
        ("refuse 83", DeviceFailure),
        ("refuse 9C", DeviceBusy),
        ("silent", DeviceOffline),
        ("no result", DeviceOffline),
        ("no completion", DeviceOffline),
        ("drop before 060F", DeviceOffline),
    ],
)
def test_an_end_of_day_that_is_not_certain_is_a_fault_with_a_remedy_and_can_be_run_again(
    till: Till, terminal: ZvtTerminal, how: str, fault: type[DeviceError]
) -> None:
    till.pay(1880)
    terminal.behave(how)
    with pytest.raises(fault) as raised:
        till.driver.close_day()
    assert raised.value.remedy
    assert till.driver.close_day() is not None
    assert till.pay(100).kind is OutcomeKind.APPROVED


def test_no_payment_is_found_in_the_end_of_day(till: Till, terminal: ZvtTerminal) -> None:
    terminal.behave("silent")
    assert till.pay(1880).kind is OutcomeKind.UNKNOWN
    terminal.close_day()
    assert till.recover().kind is OutcomeKind.NOT_CHARGED


# BMP 60 -------------------------------------------------------------------------------------------------------------


def sums(*parts: tuple[int, int], first: int = 0, last: int = 0) -> bytes:
    padded = [*parts, *[(0, 0)] * (7 - len(parts))]
    return bcd(first, 2) + bcd(last, 2) + b"".join(bytes((count,)) + bcd(amount, 6) for count, amount in padded)


def test_the_seven_sums_are_read_by_scheme() -> None:
    status = StatusInformation(result=0, totals=sums((2, 500), (0, 0), (200, 1880), first=12, last=40))
    assert DaySums.of(status) == DaySums(
        amount=2380, count=202, by_card={"girocard": 500, "Mastercard": 1880}, first="0012", last="0040"
    )


@pytest.mark.parametrize("data", [sums()[:-1], sums() + b"\0", b"\xaa" + sums()[1:], sums()[:-1] + b"\xaa"])
def test_sums_of_another_length_or_without_digits_are_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        DaySums.of(StatusInformation(totals=data))


def test_an_end_of_day_may_come_without_sums_or_with_the_total_alone() -> None:
    assert day_totals(None, nok(0), ()) is None
    assert day_totals(StatusInformation(result=0), nok(0), ()) is None
    alone = day_totals(StatusInformation(result=0, amount=1880), nok(0), ("line",))
    assert alone is not None
    assert (alone.amount, alone.count, alone.receipt) == (nok(1880), 0, ("line",))
    euro = day_totals(StatusInformation(result=0, amount=1880, currency=978), nok(0), ())
    assert euro is not None
    assert euro.amount == Money(1880, Currency.parse("EUR"))


# What the sums prove ------------------------------------------------------------------------------------------------

ASKED = nok(1880)
BEFORE = Baseline(terminal=TID, locked="yes").after(
    StatusInformation(result=0, amount=500, terminal_id=TID, receipt="0150", time="090000", date="1123")
)


def verdict(told: DaySums | None, unsettled: int = 500, before: Baseline | None = BEFORE) -> OutcomeKind:
    return judge_totals(ASKED, nok(unsettled), before, told).kind


def held(amount: int, **more: Any) -> DaySums:
    return replace(DaySums(amount=amount, count=1), **more)


def test_the_sums_of_the_journal_mean_not_charged_and_one_payment_more_means_charged() -> None:
    assert verdict(held(500, first="0150", last="0150")) is OutcomeKind.NOT_CHARGED
    assert verdict(held(2380, first="0150", last="0151")) is OutcomeKind.APPROVED
    assert verdict(held(0), unsettled=0) is OutcomeKind.NOT_CHARGED
    assert verdict(held(1880, first="0151", last="0151"), unsettled=0) is OutcomeKind.APPROVED
    assert judge_totals(ASKED, nok(500), None, held(2380)).amount == ASKED


def test_a_payment_that_came_and_was_undone_leaves_the_sums_of_the_journal() -> None:
    assert verdict(held(500, first="0150", last="0152")) is OutcomeKind.NOT_CHARGED


@pytest.mark.parametrize(
    ("told", "unsettled"),
    [
        (None, 500),
        (held(501), 500),
        (held(1880), 500),
        (held(2381), 500),
        (held(500, by_card={"Visa": 400}), 500),
        # Its own end of day came between: what is equal is equal by accident.
        (held(1880, first="0151", last="0151"), 1880),
        (held(2380, first="0151", last="0152"), 500),
        # Nothing is newer than before, so that no payment can have come.
        (held(2380, first="0149", last="0150"), 500),
    ],
)
def test_any_other_sums_prove_nothing(told: DaySums | None, unsettled: int) -> None:
    assert verdict(told, unsettled) is OutcomeKind.UNKNOWN


@pytest.mark.parametrize(("how", "charged"), [("silent", False), ("mute, keep", True), ("mute, reverse", False)])
@pytest.mark.parametrize("silence", ["no repeat", "nothing stored"])
def test_a_terminal_that_does_not_repeat_is_asked_for_its_sums(
    tcp: str, terminal: ZvtTerminal, make_till: MakeTill, how: str, charged: bool, silence: str
) -> None:
    terminal.default(silence)
    till = make_till(tcp).open()
    assert till.pay(500).kind is OutcomeKind.APPROVED
    terminal.behave(f"{how}, {silence}")
    assert till.pay(1880).kind is OutcomeKind.UNKNOWN
    till.restart()
    assert till.intent is not None
    found = till.driver.lookup(till.intent, Evidence(unsettled=nok(500)))
    assert found.kind is (OutcomeKind.APPROVED if charged else OutcomeKind.NOT_CHARGED)
    assert terminal.books.balance() == (2380 if charged else 500)


@pytest.mark.parametrize(
    ("options", "evidence", "how"),
    [
        ({"config_byte": "8E"}, Evidence(unsettled=nok(500)), ""),
        ({"totals_resolve": False}, Evidence(unsettled=nok(500)), ""),
        ({}, Evidence(), ""),
        ({}, Evidence(unsettled=Money(500, Currency.parse("EUR"))), ""),
        ({}, Evidence(unsettled=nok(500)), ", no totals"),
        ({}, Evidence(unsettled=nok(499)), ""),
    ],
    ids=["unlocked", "switched off", "journal not complete", "another currency", "no sums told", "sums that differ"],
)
def test_sums_prove_nothing_where_others_can_sell_or_the_journal_is_not_complete(
    tcp: str, terminal: ZvtTerminal, make_till: MakeTill, options: dict[str, Any], evidence: Evidence, how: str
) -> None:
    terminal.default("no repeat")
    till = make_till(tcp, **options).open()
    assert till.pay(500).kind is OutcomeKind.APPROVED
    terminal.behave(f"mute, keep, no repeat{how}")
    assert till.pay(1880).kind is OutcomeKind.UNKNOWN
    till.restart()
    assert till.intent is not None
    assert till.driver.lookup(till.intent, evidence).kind is OutcomeKind.UNKNOWN


def test_the_sums_are_not_asked_for_while_the_terminal_tells_its_last_transaction(
    till: Till, terminal: ZvtTerminal
) -> None:
    terminal.behave("silent")
    assert till.pay(1880).kind is OutcomeKind.UNKNOWN
    terminal.sell(700)
    assert till.recover(Evidence(unsettled=nok(700))).kind is OutcomeKind.UNKNOWN
    assert "> 0610" not in terminal.log
