"""What a terminal may ask of its till beside payments: service, message numbers, receipt-number synchronisation."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from appliance.core.commands import Health
from appliance.core.payment import OutcomeKind
from appliance.errors import DeviceFailure
from appliance.io.payment.zvt.apdu import ACKNOWLEDGE, Apdu
from appliance.io.payment.zvt.commands import authorisation, registration
from appliance.io.payment.zvt.message_ids import MessageIds, number_of, tag
from appliance.io.payment.zvt.messages import Registration, StatusInformation
from simulators.zvt.talk import with_object
from simulators.zvt_terminal import ZvtTerminal
from tests.payment.conftest import shared
from tests.payment.till import NOK, Till, nok

MakeTill = Callable[..., Till]
BY_ID = {
    entry["id"]: Apdu.decode(bytes.fromhex(entry.get("apdu", entry["hex"])))
    for entry in shared("zvt_frames.json")["frames"]
    if entry["valid"]
}


# Service ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "command", "words"), [("51", "> 0693", "initialised"), ("C2", "> 0670", "diagnosis")]
)
def test_what_the_terminal_asks_for_is_done_before_the_next_payment_and_not_by_a_check(
    till: Till, terminal: ZvtTerminal, state: str, command: str, words: str
) -> None:
    terminal.default(f"state {state}")
    found = till.driver.check()
    assert found.health is Health.ONLINE
    assert words in found.detail
    assert command not in terminal.log
    assert till.pay().kind is OutcomeKind.APPROVED
    assert list(terminal.log).index(command) < list(terminal.log).index("> 0601")
    assert till.pay().kind is OutcomeKind.APPROVED
    assert terminal.log.count(command) == 1


def test_the_status_byte_of_a_registration_asks_for_it_too(
    line: str, terminal: ZvtTerminal, make_till: MakeTill
) -> None:
    terminal.default("state 51")
    till = make_till(line).open()
    assert "> 0693" not in terminal.log
    assert till.pay().kind is OutcomeKind.APPROVED
    assert "> 0693" in terminal.log


def test_a_terminal_whom_service_does_not_help_is_offline_and_nothing_is_sent(
    till: Till, terminal: ZvtTerminal
) -> None:
    terminal.default("state 51, hopeless")
    till.driver.check()
    with pytest.raises(DeviceFailure) as fault:
        till.pay()
    assert fault.value.remedy
    assert till.facts == []
    assert till.driver.check().health is Health.OFFLINE
    terminal.default("approve")
    assert till.driver.check().health is Health.ONLINE
    assert till.pay().kind is OutcomeKind.APPROVED


def test_while_a_payment_is_in_doubt_the_terminal_is_not_initialised(till: Till, terminal: ZvtTerminal) -> None:
    terminal.behave("silent, state 51")
    assert till.pay().kind is OutcomeKind.UNKNOWN
    assert till.recover().kind is OutcomeKind.UNKNOWN
    till.driver.check()
    assert "> 0693" not in terminal.log


def test_closing_does_not_log_off_because_that_would_give_the_terminal_its_menu_back(
    till: Till, terminal: ZvtTerminal
) -> None:
    till.driver.close()
    assert "> 0602" not in terminal.log


# Message numbers ----------------------------------------------------------------------------------------------------


def test_a_registration_asks_for_message_numbers_as_published() -> None:
    asked = registration("000000", 0x9E, NOK, ids=True).apdu()
    assert asked.data[6:] == BY_ID["registration-06"].data[6:]
    assert Registration.read(BY_ID["completion-08"].data).message_ids
    assert not Registration.read(BY_ID["completion-07"].data).message_ids


def test_a_number_is_found_wherever_a_message_has_it() -> None:
    assert number_of(BY_ID["positive-acknowledgement-03"]) == 1
    assert number_of(BY_ID["intermediate-status-04"]) == 2
    assert number_of(BY_ID["completion-09"]) == 11
    assert number_of(with_object(BY_ID["status-information-11"], tag(77))) == 77
    assert number_of(with_object(BY_ID["print-text-block-01"], tag(78))) == 78
    for name in ("positive-acknowledgement-02", "status-information-11", "print-line-05", "completion-03"):
        assert number_of(BY_ID[name]) is None


def test_numbers_count_on_from_the_last_of_either_side_and_begin_again_after_999999() -> None:
    ids = MessageIds()
    assert ids.begin() == tag(1)
    assert ids.hear(with_object(Apdu(0x04FF, b"\x0a"), tag(999_999))) is None
    assert number_of(ids.answer(ACKNOWLEDGE)) == 999_999
    assert ids.begin() == tag(1)


def test_a_repeated_message_gets_the_same_answer_again_and_another_one_with_its_words_does_not() -> None:
    ids = MessageIds()
    first, second = (with_object(Apdu(0x040F, bytes.fromhex("2700")), tag(number)) for number in (5, 6))
    assert ids.hear(first) is None
    answer = ids.answer(Apdu(0x8466))
    assert ids.hear(first) == answer
    assert ids.hear(second) is None


def test_a_message_without_a_number_is_never_a_repeat() -> None:
    ids = MessageIds()
    assert ids.hear(Apdu(0x060F)) is None
    assert ids.answer(ACKNOWLEDGE) == ACKNOWLEDGE
    assert ids.hear(Apdu(0x060F)) is None


@pytest.mark.parametrize("how", ["approve", "repeats 2", "pin retry", "decline 05", "cancel", "late 0.3"])
def test_with_message_numbers_everything_goes_on_as_without(
    line: str, terminal: ZvtTerminal, make_till: MakeTill, how: str
) -> None:
    # The simulated terminal hangs up at the first wrong number.
    terminal.default("message ids")
    till = make_till(line).open()
    till.driver.check()
    terminal.behave(how)
    wanted = {"decline 05": OutcomeKind.DECLINED, "cancel": OutcomeKind.CANCELLED}
    assert till.pay().kind is wanted.get(how, OutcomeKind.APPROVED)
    assert len(till.results) <= 1
    sale = till.pay(500).reference
    assert till.reverse(sale, 500).kind is OutcomeKind.REVERSED
    assert till.refund(100).kind is OutcomeKind.APPROVED
    assert till.driver.close_day() is not None
    assert list(terminal.log).count("> 0600") == 1


def test_a_cancellation_has_a_number_too(line: str, terminal: ZvtTerminal, make_till: MakeTill) -> None:
    terminal.default("message ids, late 20")
    till = make_till(line).open()
    till.on_show = lambda progress: till.cancel() if progress == "present_card" else None
    assert till.pay().kind is OutcomeKind.CANCELLED


def test_a_terminal_that_does_not_echo_the_question_gets_no_numbers(till: Till, terminal: ZvtTerminal) -> None:
    assert till.driver._options.message_ids
    assert till.pay().kind is OutcomeKind.APPROVED
    assert list(terminal.log).count("> 0600") == 1


# Receipt-number synchronisation -------------------------------------------------------------------------------------


def test_the_first_payment_tells_an_empty_receipt_number_as_published() -> None:
    published = BY_ID["authorisation-05"]
    assert authorisation(nok(1880), "").apdu().data[-5:] == published.data[-5:]
    assert authorisation(nok(1880), "0042").apdu().data[-7:] == bytes.fromhex("0605 1f1f02 0042")
    assert authorisation(nok(1880)).apdu().data == published.data[:-5].replace(b"\x09\x78", b"\x05\x78")


@pytest.mark.parametrize(("data", "number"), [("0042", "0042"), ("0000", ""), ("", ""), ("42", ""), ("00AA", "")])
def test_only_a_receipt_number_of_four_digits_that_is_not_0_counts(data: str, number: str) -> None:
    value = bytes.fromhex(data)
    body = bytes.fromhex("2700") + b"\x06" + bytes((3 + len(value),)) + b"\x1f\x1f" + bytes((len(value),)) + value
    assert StatusInformation.read(body).receipt_sync == number


def test_a_terminal_that_synchronises_is_told_its_own_last_number(
    line: str, terminal: ZvtTerminal, make_till: MakeTill
) -> None:
    terminal.default("receipt sync")
    till = make_till(line, receipt_sync=True).open()
    first, second = till.pay(100), till.pay(200)
    assert first.reference is not None
    assert terminal.synced() == ["", first.reference.receipt_number]
    till.reverse(second.reference, 200)
    till.pay(300)
    assert terminal.synced()[2] == f"{terminal.books.reversals()[0].receipt:04d}"
    assert terminal.books.balance() == 400


def test_a_number_that_may_be_old_is_never_told(line: str, terminal: ZvtTerminal, make_till: MakeTill) -> None:
    terminal.default("receipt sync, missing sync")
    till = make_till(line, receipt_sync=True).open()
    assert till.pay(100).kind is OutcomeKind.APPROVED
    terminal.behave("receipt sync, missing sync, no result")
    assert till.pay(200).kind is OutcomeKind.UNKNOWN
    assert till.intent is not None
    assert till.driver.lookup(till.intent).kind is OutcomeKind.APPROVED
    assert till.pay(300).kind is OutcomeKind.APPROVED
    assert terminal.synced()[-1] == ""
    assert terminal.books.balance() == 600


def test_nothing_is_told_where_the_terminal_tells_nothing_or_it_is_switched_off(
    line: str, terminal: ZvtTerminal, make_till: MakeTill
) -> None:
    terminal.default("receipt sync")
    till = make_till(line).open()
    till.pay(100)
    till.pay(100)
    assert terminal.synced() == []


def test_the_simulated_terminal_undoes_its_last_sale_for_a_till_that_is_one_behind(
    tcp: str, terminal: ZvtTerminal, make_till: MakeTill
) -> None:
    terminal.default("receipt sync, missing sync")
    till = make_till(tcp, receipt_sync=True).open()
    assert till.pay(100).kind is OutcomeKind.APPROVED
    terminal.behave("receipt sync, missing sync, no result")
    assert till.pay(200).kind is OutcomeKind.UNKNOWN
    assert terminal.books.balance() == 300
    assert till.intent is not None
    till.driver.lookup(till.intent)
    # A till that breaks the rule: it tells the number of the sale before.
    till.driver._access._sync = f"{terminal.books.charges()[0].receipt:04d}"
    assert till.pay(300).kind is OutcomeKind.APPROVED
    assert terminal.books.balance() == 400
