"""People, staff and payment devices at a real register: what they see, and what the journal holds afterwards."""

from __future__ import annotations

from appliance.core import events as e
from appliance.core.checkout import AfterRestart
from appliance.core.commands import PaymentDecision
from appliance.core.payment import IntentKind, OutcomeKind, Progress, TenderType
from appliance.ui.entry import Shown
from appliance.ui.viewmodel import page
from tests.core.till import MILK, SODA
from tests.ui.counter import PIN, Counter, amount, kiosk, stall, words

PURSE = "6006491234567890123"


def sold(counter: Counter) -> e.TransactionCompleted:
    (done,) = counter.journal.of(e.TransactionCompleted)
    return done


def part_by_gift_card(counter: Counter) -> None:
    """Pay 20.00 of 54.80 by a gift card that holds no more."""
    counter.scan(MILK, SODA)
    counter.tap("pay", "tender:gift_card")
    counter.step(Progress.SHOW_CODE)
    assert counter.sees == "qr_payment"
    assert counter.view.sentence == "Vis koden til skanneren."
    counter.scan(PURSE)
    counter.approve(2000)


def test_a_gift_card_pays_a_part_and_a_card_the_rest() -> None:
    counter = kiosk()
    part_by_gift_card(counter)
    assert "present" in counter.trace
    assert counter.sees == "choose_payment"
    assert (words(counter.view), amount(counter.view)) == (
        "Hvordan vil du betale? | 20,00 kr er betalt. | ",
        "34,80 kr",
    )
    counter.tap("tender:card")
    assert counter.sees == "card"
    counter.approve()
    assert counter.sees == "receipt"
    assert amount(counter.view) == "54,80 kr"
    assert [(t.type, t.amount.minor) for t in sold(counter).tenders] == [
        (TenderType.GIFT_CARD, 2000),
        (TenderType.CARD, 3480),
    ]
    assert PURSE not in repr(counter.journal.rows)


def test_a_part_payment_can_be_undone_and_the_customer_goes_back_to_the_items() -> None:
    counter = kiosk()
    part_by_gift_card(counter)
    counter.tap("undo_all")
    assert counter.asked.kind is IntentKind.REVERSE
    counter.begin()
    assert counter.sees == "card"
    assert (counter.view.title, amount(counter.view)) == ("Du får pengene tilbake", "20,00 kr")
    counter.gives_back()
    assert counter.sees == "choose_payment"
    assert amount(counter.view) == "54,80 kr"
    counter.tap("items")
    assert counter.sees == "basket"
    counter.tap("cancel_all", "cancel_all")
    assert counter.sees == "attract"
    assert not counter.journal.of(e.TransactionCompleted)


def test_an_undo_that_the_device_refuses_leaves_money_for_staff_to_give_back() -> None:
    counter = kiosk()
    part_by_gift_card(counter)
    counter.tap("undo_all")
    counter.end(OutcomeKind.DECLINED, "not possible any more")
    assert counter.view.title == "Du får pengene tilbake"
    assert counter.view.sentence == "En ansatt kommer."
    assert len(counter.register.checkout.refunds) == 1


def test_a_quiet_customer_with_a_part_paid_is_never_cleared_away_but_staff_come() -> None:
    counter = kiosk()
    part_by_gift_card(counter)
    counter.wait()
    assert counter.register.checkout.help_called
    assert counter.sees == "choose_payment"


def test_cash_is_rounded_and_the_change_stands_large_until_the_next_sale() -> None:
    counter = stall()
    counter.scan(MILK, SODA)
    counter.tap("pay", "tender:cash")
    assert counter.sees == "cash"
    assert words(counter.view).startswith("Kontant 55,00 kr | Øreavrunding 0,20")
    assert [action.name for action in counter.view.choices] == ["given:20000", "given:50000", "given:100000"]
    counter.tap("key:1", "key:0", "key:0")
    assert "Tilbake 45,00 kr" in words(counter.view)
    counter.tap("ok")
    assert counter.sees == "sign_in"
    counter.tap(*PIN)
    assert counter.sees == "cash"
    counter.tap("ok")
    assert counter.sees == "change"
    assert amount(counter.view) == "45,00 kr"
    assert counter.view.large_amount
    assert "kick drawer" in counter.trace
    counter.tap("next_sale")
    assert counter.sees == "attract"
    done = sold(counter)
    assert (done.total.minor, done.rounding and done.rounding.minor) == (5480, 20)
    assert [(t.type, t.amount.minor, t.given and t.given.minor) for t in done.tenders] == [
        (TenderType.CASH, 5500, 10000)
    ]


def test_too_little_cash_is_a_part_payment_that_only_staff_undo() -> None:
    counter = stall()
    counter.be_staff()
    counter.tap("done")
    counter.scan(MILK, SODA)
    counter.tap("pay", "tender:cash", "key:2", "key:0")
    assert "Delbetaling. 34,80 kr gjenstår." in words(counter.view)
    counter.tap("ok")
    assert counter.sees == "choose_payment"
    assert amount(counter.view) == "34,80 kr"
    counter.tap("undo_all")
    assert amount(counter.view) == "54,80 kr"
    assert [event.kind for event in counter.journal.of(e.PaymentRequested)] == [IntentKind.PAY, IntentKind.REVERSE]


def test_a_note_that_is_offered_is_one_touch_and_the_exact_sum_another() -> None:
    counter = stall()
    counter.be_staff()
    counter.tap("done")
    counter.scan(MILK)
    counter.tap("pay", "tender:cash", "given:20000")
    assert amount(counter.view) == "177,00 kr"
    counter.scan(SODA)
    assert counter.sees == "basket"
    counter.tap("pay", "tender:cash", "given:3200")
    assert counter.view.title == "Betalt kontant"


def test_a_static_code_is_confirmed_by_staff_by_name() -> None:
    counter = stall()
    counter.scan(MILK)
    counter.tap("pay", "tender:qr")
    counter.begin()
    counter.step(Progress.SCAN_CODE, "C1237856901;22,90;1;0")
    assert counter.view.qr == "C1237856901;22,90;1;0"
    assert counter.view.sentence == "En ansatt sjekker betalingen. Vis mobilen."
    counter.tap("check_payment", *PIN)
    assert counter.sees == "resolve_payment"
    assert "22,90 kr" in words(counter.view)
    assert "ask_again" not in [action.name for action in counter.view.choices]
    counter.tap("was_paid", "reason:looked")
    (decided,) = counter.journal.of(e.PaymentResolved)
    assert (decided.operator, decided.decision, decided.reason) == (
        "kari",
        PaymentDecision.WAS_PAID,
        "seen by staff",
    )
    assert sold(counter).tenders[0].unconfirmed
    counter.tap("done")
    assert counter.sees == "receipt"


def owing() -> Counter:
    """Give a kiosk whose terminal took another amount and cannot undo it."""
    counter = kiosk()
    counter.scan(MILK)
    counter.tap("pay", "tender:card")
    counter.approve(2000)
    counter.end(OutcomeKind.DECLINED, "reversal not possible")
    assert counter.view.title == "Du får pengene tilbake"
    counter.be_staff()
    counter.tap(next(row.name for row in counter.view.rows if row.name.startswith("row:due:")))
    return counter


def test_money_that_is_due_is_given_back_by_a_named_person_and_stops_the_end_of_day_until_then() -> None:
    counter = owing()
    assert counter.sees == "refund_due"
    assert "20,00 kr" in words(counter.view)
    assert "Terminalens kvittering: 0001" in words(counter.view)
    counter.tap("back", "row:device:terminal", "close_day:terminal")
    assert counter.view.sentence == "En kunde har penger til gode. Gi dem tilbake først."
    assert counter.view.primary is None
    (way_out,) = counter.view.choices
    counter.tap(way_out.name, "given_back", "reason:cash")
    (decided,) = counter.journal.of(e.PaymentResolved)
    assert (decided.operator, decided.decision, decided.reason) == (
        "kari",
        PaymentDecision.GIVEN_BACK,
        "given back in cash",
    )
    assert not counter.register.checkout.refunds
    counter.tap("done")
    assert counter.sees == "declined"
    assert counter.view.sentence == "Ingenting er trukket."


def test_money_that_is_due_goes_back_through_the_terminal() -> None:
    counter = owing()
    counter.tap("refund")
    assert counter.asked.kind is IntentKind.REFUND
    assert counter.view.primary is None
    counter.approve()
    assert not counter.register.checkout.refunds


def test_a_refund_that_is_refused_stays_due_and_says_why() -> None:
    counter = owing()
    counter.tap("refund")
    counter.end(OutcomeKind.DECLINED, "refunds are not allowed")
    assert counter.sees == "refund_due"
    assert "refunds are not allowed" in words(counter.view)
    assert "refund" in [action.name for action in counter.view.choices]


def test_a_payment_in_doubt_is_asked_again_and_decided_by_a_named_person() -> None:
    counter = kiosk()
    counter.scan(MILK)
    counter.tap("pay", "tender:card")
    counter.end(OutcomeKind.UNKNOWN, "no answer from the terminal")
    assert counter.view.sentence == "Ikke betal på nytt. En ansatt kommer."
    counter.be_staff()
    assert counter.sees == "resolve_payment"
    assert "no answer from the terminal" in words(counter.view)
    lookups = len(counter.peripherals.lookups)
    counter.tap("ask_again")
    assert len(counter.peripherals.lookups) == lookups + 1
    counter.tap("was_not_paid", "reason:bank")
    (decided,) = counter.journal.of(e.PaymentResolved)
    assert (decided.operator, decided.reason) == ("kari", "seen in the customer's bank")
    assert counter.sees == "attendant"
    counter.tap("done")
    assert counter.sees == "declined"


def test_the_device_is_asked_again_while_staff_look_at_a_doubt_until_they_are_signed_off() -> None:
    counter = kiosk()
    counter.scan(MILK)
    counter.tap("pay", "tender:card")
    counter.end(OutcomeKind.UNKNOWN, "no answer from the terminal")
    counter.be_staff()
    before = len(counter.peripherals.lookups)
    for _ in range(11):
        counter.wait()
    assert len(counter.peripherals.lookups) == before + 11
    counter.wait()
    assert counter.register.checkout.operator is None
    assert counter.sees == "outcome_unknown"


def test_a_reversal_in_doubt_is_asked_about_as_money_given_back() -> None:
    counter = kiosk()
    part_by_gift_card(counter)
    counter.tap("undo_all")
    counter.end(OutcomeKind.UNKNOWN, "line lost")
    assert counter.view.title == "Vi sjekker tilbakebetalingen"
    counter.be_staff()
    assert counter.view.primary is not None
    assert counter.view.primary.text == "Ble gitt tilbake"
    counter.tap("was_paid")
    assert counter.view.title == "Gitt tilbake: Hvordan vet du det?"
    counter.tap("reason:terminal", "done")
    assert amount(counter.view) == "54,80 kr"


def found_paid() -> Counter:
    counter = kiosk(after_restart=AfterRestart.ASK)
    counter.scan(MILK)
    counter.tap("pay", "tender:card")
    counter.begin()
    asked = counter.asked
    counter.restart()
    counter.act(Shown(page(counter.register.checkout)))
    counter.peripherals.intents.append(asked)
    for name in ("terminal", "printer", "gift_cards"):
        counter.report(name)
    counter.approve()
    counter.be_staff()
    return counter


def test_staff_hand_over_goods_that_a_restart_found_paid() -> None:
    counter = found_paid()
    assert counter.sees == "found_paid"
    counter.tap("hand_over")
    assert sold(counter).total.minor == 2290


def test_staff_give_money_back_that_a_restart_found_paid() -> None:
    counter = found_paid()
    counter.tap("undo_all")
    counter.gives_back()
    assert not counter.journal.of(e.TransactionCompleted)
    counter.tap("done")
    assert counter.sees == "choose_payment"


def sale_by_card() -> Counter:
    counter = kiosk()
    counter.scan(MILK)
    counter.tap("pay", "tender:card")
    counter.approve()
    counter.tap("receipt:none")
    counter.be_staff()
    return counter


def test_the_last_sale_is_undone_with_a_reason_and_a_second_question() -> None:
    counter = sale_by_card()
    counter.tap("row:receipt", "post_void", "reason:goods")
    assert counter.view.title == "Gjøre om salg 1?"
    counter.tap("post_void")
    counter.begin()
    assert counter.sees == "attendant"
    assert "22,90 kr går tilbake nå" in words(counter.view)
    counter.gives_back()
    (voided,) = counter.journal.of(e.TransactionPostVoided)
    assert (voided.operator, voided.reason) == ("kari", "wrong goods")


def test_the_terminals_day_is_closed_and_both_sums_stand_side_by_side() -> None:
    counter = sale_by_card()
    counter.tap("row:device:terminal", "close_day:terminal")
    assert "Kassens sum: 22,90 kr" in words(counter.view)
    counter.tap("close_day")
    assert counter.view.primary is None
    counter.sums("terminal", 2290, 1)
    assert "Terminalens sum: 22,90 kr" in words(counter.view)
    assert "Dagen er gjort opp." in words(counter.view)


def test_sums_that_differ_are_said_to_differ() -> None:
    counter = sale_by_card()
    counter.tap("row:device:terminal", "close_day:terminal", "close_day")
    counter.sums("terminal", 2000, 1)
    assert "Avvik: -2,90 kr" in words(counter.view).replace("\N{MINUS SIGN}", "-")
    assert "Summene er ulike." in words(counter.view)
