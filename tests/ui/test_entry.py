from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.core import commands as c
from appliance.core.checkout import Checkout, Reason, Rejection
from appliance.core.commands import Condition, PaymentDecision, PrintResult, ReceiptKind, VoidReason
from appliance.core.effects import Sound
from appliance.core.identifiers import Language, LineNumber, Operator, Sku
from appliance.core.payment import OutcomeKind, PaymentState, Progress, TenderType
from appliance.ui.entry import Deadline, Elapsed, Entry, Intent, Refused, Shown, Step, Touch, cashing, deadline, step
from appliance.ui.entry.overlays import (
    ChangingQuantity,
    NotSold,
    Numbering,
    Searching,
    SigningIn,
    StillThere,
)
from appliance.ui.viewmodel import page
from appliance.ui.wording import view
from tests.core.till import APPLES_BY_WEIGHT, BEER, MILK, NOK, SODA, Till
from tests.ui.person import TEXTS, Person, names
from tests.ui.samples import (
    BASKET,
    COLA,
    EN,
    EVERY_TENDER,
    MANY_CATEGORIES,
    NO_PAPER,
    POLICY,
    SCREEN,
    SHELF,
    Sample,
    completed,
    kr,
    paying,
    reached,
    refusal,
    sale,
    samples,
    till,
    touches,
)
from tests.ui.samples import (
    BEER as BEER_LINE,
)
from tests.ui.samples import (
    MILK as MILK_LINE,
)

UNKNOWN = "7038010009464"
SAMPLES = samples()
every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)


def after(sample: Sample, name: str) -> Step:
    return step(sample.entry, Touch(name), sample.page)


def tapped(state: Checkout, *acts: Intent, name: str) -> Step:
    end, entry = reached(state, *acts)
    return step(entry, Touch(name), end)


# What holds for every page -------------------------------------------------------------------------------------------


@every_sample
def test_no_button_is_dead(sample: Sample) -> None:
    for name in names(view(sample.page, sample.entry, TEXTS)):
        if name == "key:back":
            continue  # there may be nothing to delete
        result = after(sample, name)
        assert result.commands or result.entry != sample.entry, f"{name} on {sample.name} does nothing"


@every_sample
def test_a_touch_that_the_page_does_not_offer_asks_the_register_for_nothing(sample: Sample) -> None:
    offered = names(view(sample.page, sample.entry, TEXTS))
    everything = {name for other in SAMPLES for name in names(view(other.page, other.entry, TEXTS))}
    legal_anywhere = {"help"}
    for name in sorted(everything - offered - legal_anywhere):
        verb = name.partition(":")[0]
        if verb in ("item", "reason"):
            continue  # a tile of another page of the same grid is as good
        commands = after(sample, name).commands
        assert not [command for command in commands if _moves_money_or_goods(command)], (name, commands)


def _moves_money_or_goods(command: c.Command) -> bool:
    """Whether a touch that was never offered would do harm; a repeated RequestPayment is refused by the register."""
    harm = c.VoidTransaction | c.ResolvePayment | c.GrantApproval | c.OpenDrawer
    money = c.TakeCash | c.UndoPayments | c.CompleteSale | c.RefundPayment | c.PostVoid | c.CloseTerminalDay
    return isinstance(command, harm | money)


@every_sample
def test_every_page_that_waits_has_an_end_or_a_reason_to_wait_for_ever(sample: Sample) -> None:
    running = deadline(sample.page, sample.entry)
    for_ever = ("starting", "closed", "out_of_service", "attract", "card", "qr_payment", "outcome_unknown", "approval")
    for_ever += ("insert_cash", "change")
    if running is None:
        assert sample.name.startswith((*for_ever, "printing"))
    else:
        assert 4 <= running.seconds <= 600


@every_sample
def test_the_end_of_a_time_changes_something_or_asks_the_register(sample: Sample) -> None:
    running = deadline(sample.page, sample.entry)
    if running is not None:
        result = step(sample.entry, running.intent, sample.page)
        assert result.commands or result.entry != sample.entry


@every_sample
def test_a_late_timer_does_nothing(sample: Sample) -> None:
    assert step(sample.entry, Elapsed("of another picture"), sample.page) == Step(sample.entry)


@every_sample
def test_a_device_that_reports_does_not_wind_the_clock(sample: Sample) -> None:
    newer = replace(sample.page, frame=replace(sample.page.frame, revision=sample.page.frame.revision + 1))
    assert deadline(newer, sample.entry) == deadline(sample.page, sample.entry)


@every_sample
def test_larger_text_gives_twice_the_time(sample: Sample) -> None:
    running = deadline(sample.page, sample.entry)
    if running is None or sample.entry.large or isinstance(sample.entry.top, StillThere) or sample.entry.hint:
        return
    slower = deadline(sample.page, replace(sample.entry, large=True))
    assert slower is not None
    staff_or_terminal = sample.page.frame.staff is not None or sample.name.startswith("card")
    assert slower.seconds == (running.seconds if staff_or_terminal else 2 * running.seconds)


@every_sample
def test_the_same_page_again_changes_nothing(sample: Sample) -> None:
    assert step(sample.entry, Shown(sample.page), sample.page).entry == sample.entry


@given(
    start=st.sampled_from(SAMPLES),
    moves=st.lists(st.tuples(st.sampled_from(SAMPLES), st.integers(0, 1000)), min_size=1, max_size=12),
)
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_whatever_comes_there_is_always_a_picture(start: Sample, moves: list[tuple[Sample, int]]) -> None:
    shown, entry = start.page, start.entry
    for other, choice in moves:
        offered = sorted(names(view(shown, entry, TEXTS)))
        if offered:
            entry = step(entry, Touch(offered[choice % len(offered)]), shown).entry
        entry = step(entry, Refused(Rejection(reason=list(Reason)[choice % len(Reason)], code="1")), shown).entry
        running = deadline(shown, entry)
        if running is not None and choice % 3 == 0:
            entry = step(entry, running.intent, shown).entry
        entry, shown = step(entry, Shown(other.page), shown).entry, other.page
        assert view(shown, entry, TEXTS).title


# A person ------------------------------------------------------------------------------------------------------------


def test_another_sale_is_another_person() -> None:
    first, entry = reached(till(transaction=sale(*BASKET)), *touches("adjust", "larger", "back"))
    spoken = step(replace(entry, language=EN), Shown(page(till(transaction=sale(MILK_LINE, number=1188)))), first).entry
    assert spoken == replace(Entry.fresh(SCREEN, 1188), seen=1, last=LineNumber(1))


def test_language_and_switches_chosen_before_the_first_item_hold_for_the_sale() -> None:
    shopper = Person()
    shopper.tap("adjust", "larger", "back", "language:en")
    shopper.scan(MILK)
    assert shopper.sees == "basket"
    assert (shopper.entry.language, shopper.entry.large) == ("en", True)


def test_language_and_switches_are_gone_when_the_sale_is() -> None:
    shopper = Person()
    shopper.tap("language:en")
    shopper.scan(MILK)
    shopper.tap("cancel_all", "cancel_all")
    assert shopper.sees == "attract"
    assert shopper.entry == Entry.fresh(shopper.entry.screen)


def test_someone_who_only_looked_leaves_nothing_behind() -> None:
    shopper = Person()
    shopper.tap("language:zh")
    assert shopper.wait() == 20
    assert (shopper.sees, shopper.entry) == ("attract", Entry.fresh(shopper.entry.screen))
    shopper.tap("adjust", "contrast", "back")
    assert shopper.wait() == 60
    assert shopper.entry == Entry.fresh(shopper.entry.screen)


def test_the_first_page_of_an_untouched_till_waits_for_ever() -> None:
    assert deadline(page(till()), Entry.fresh(SCREEN)) is None


def test_the_language_can_be_changed_midway() -> None:
    shopper = Person()
    shopper.scan(MILK)
    shopper.tap("adjust", "choose_language", "language:nn", "back")
    assert shopper.sees == "basket"
    assert shopper.view.title == "Skann varene dine"
    assert shopper.entry.language == Language("nn")


# The basket ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "open_first",
    [
        ("adjust",),
        ("adjust", "choose_language"),
        ("line:1",),
        ("line:1", "quantity", "key:5"),
        ("search",),
        ("search", "number", "key:4"),
        ("search", "number", "letters"),
        ("cancel_all",),
    ],
)
def test_a_scanned_item_brings_the_basket_back(open_first: tuple[str, ...]) -> None:
    shopper = Person()
    shopper.scan(MILK)
    shopper.tap(*open_first)
    shopper.scan(SODA)
    assert shopper.sees == "basket"
    assert shopper.entry.overlays == ()


def test_a_scanned_item_is_the_answer_to_a_choice_of_payment() -> None:
    opened, entry = reached(till(policy=EVERY_TENDER, transaction=sale(MILK_LINE)), *touches("pay"))
    more = page(till(policy=EVERY_TENDER, transaction=sale(MILK_LINE, COLA)))
    assert step(entry, Shown(more), opened).entry.overlays == ()


def test_help_stays_on_the_screen_while_items_are_scanned() -> None:
    shopper = Person()
    shopper.scan(MILK)
    shopper.tap("help")
    shopper.scan(SODA)
    assert shopper.sees == "help_called"
    assert shopper.wait() == 4
    assert shopper.sees == "basket"


def test_the_quantity_that_stands_there_is_replaced_by_the_first_digit() -> None:
    end, entry = reached(till(transaction=sale(*BASKET)), *touches("line:1", "quantity", "key:1", "key:2"))
    assert entry.top == ChangingQuantity(line=LineNumber(1), digits="12", typed=True)
    assert step(entry, Touch("ok"), end).commands == (c.ChangeQuantity(LineNumber(1), 12),)


def test_fewer_and_more_count_and_tick() -> None:
    more = tapped(till(transaction=sale(*BASKET)), *touches("line:1", "quantity"), name="more")
    assert (more.entry.top.digits, more.sound) == ("3", Sound.TICK)


def test_the_same_quantity_asks_the_register_for_nothing() -> None:
    same = tapped(till(transaction=sale(*BASKET)), *touches("line:1", "quantity"), name="ok")
    assert (same.commands, same.entry.overlays) == ((), ())


def test_zero_asks_for_removal_and_removes_nothing_by_itself() -> None:
    zero = tapped(till(transaction=sale(*BASKET)), *touches("line:1", "quantity", "key:0"), name="ok")
    assert zero.commands == ()
    assert view(page(till(transaction=sale(*BASKET))), zero.entry, TEXTS).page == "line"


def test_a_new_quantity_closes_the_question_and_shows_the_line_large() -> None:
    shopper = Person()
    shopper.scan(MILK, SODA)
    shopper.tap("line:1", "quantity", "key:3", "ok")
    assert shopper.sees == "basket"
    assert shopper.view.last_text == "milk"
    assert shopper.view.rows[0].quantity == "3 x"


def test_a_quantity_over_the_limit_is_told_where_it_was_typed() -> None:
    shopper = Person()
    shopper.scan(MILK)
    shopper.tap("line:1", "quantity", "key:9", "key:9", "ok")
    assert shopper.sees == "quantity"
    assert shopper.view.keypad is not None
    assert shopper.view.keypad.hint == "Du kan ta 20 av disse. Spør en ansatt om flere."


def test_a_removed_line_can_be_brought_back() -> None:
    shopper = Person()
    shopper.scan(MILK, SODA)
    shopper.tap("line:1", "remove")
    assert shopper.sees == "basket"
    assert len(shopper.view.rows) == 2  # soda and its deposit
    shopper.tap("undo")
    assert len(shopper.view.rows) == 3


def test_an_empty_basket_goes_by_itself() -> None:
    shopper = Person()
    shopper.scan(MILK)
    shopper.tap("line:1", "remove")
    assert shopper.wait() == 20
    assert shopper.sees == "attract"


def test_one_tender_is_asked_for_at_once_and_several_are_offered() -> None:
    shopper = Person()
    shopper.scan(MILK)
    shopper.tap("pay")
    assert shopper.sees == "card"
    offered = tapped(till(policy=EVERY_TENDER, transaction=sale(*BASKET)), name="pay")
    assert offered.commands == ()
    chosen = step(offered.entry, Touch("tender:qr"), page(till(policy=EVERY_TENDER, transaction=sale(*BASKET))))
    assert chosen.commands == (c.RequestPayment(TenderType.QR),)


# What is not sold ----------------------------------------------------------------------------------------------------


def test_an_unknown_item_is_told_and_forgotten_on_carry_on() -> None:
    shopper = Person()
    shopper.scan(MILK, UNKNOWN)
    assert shopper.sees == "unknown_item"
    shopper.tap("carry_on")
    assert shopper.sees == "basket"


def test_the_same_unknown_code_twice_brings_staff_with_the_code() -> None:
    shopper = Person()
    shopper.scan(MILK, UNKNOWN, UNKNOWN)
    assert shopper.sees == "help_called"
    assert shopper.till.checkout.help_code == UNKNOWN


def test_two_different_unknown_codes_bring_nobody() -> None:
    shopper = Person()
    shopper.scan(MILK, UNKNOWN, "7038010009471")
    assert shopper.sees == "unknown_item"
    assert not shopper.till.checkout.help_called


def test_a_known_item_between_two_unknown_ones_starts_afresh() -> None:
    shopper = Person()
    shopper.scan(MILK, UNKNOWN, SODA, UNKNOWN)
    assert shopper.sees == "unknown_item"


def test_help_for_an_unknown_item_takes_the_code_along() -> None:
    asked = tapped(till(transaction=sale(*BASKET)), refusal(Reason.UNKNOWN_ITEM, UNKNOWN), name="get_help")
    assert asked.commands == (c.CallHelp(UNKNOWN),)


def test_a_scan_during_a_payment_is_told_for_a_while() -> None:
    shopper = Person()
    shopper.scan(MILK)
    shopper.tap("pay")
    shopper.scan(SODA)
    assert shopper.sees == "card"
    assert shopper.view.strip is not None
    assert shopper.view.strip.text == "Fullfør eller avbryt betalingen først."
    assert shopper.wait() == 5
    assert shopper.view.strip is None


def test_a_scan_that_was_not_taken_is_a_yes_to_are_you_still_there() -> None:
    shopper = Person()
    shopper.scan(MILK)
    shopper.wait()
    assert shopper.sees == "still_there"
    shopper.scan(UNKNOWN)
    assert not any(isinstance(overlay, StillThere) for overlay in shopper.entry.overlays)


# Finding -------------------------------------------------------------------------------------------------------------


def test_an_item_is_found_by_picture() -> None:
    shopper = Person()
    shopper.tap("start", "search", "item:bun")
    assert shopper.sees == "basket"
    assert shopper.view.last_text == "bun"


def test_an_item_that_must_be_weighed_says_so_and_leads_back_to_the_pictures() -> None:
    shopper = Person()
    shopper.tap("start", "search", "item:apples")
    assert shopper.view.title == "Denne varen må veies"
    shopper.tap("carry_on")
    assert shopper.sees == "search"
    shopper.scan(APPLES_BY_WEIGHT)
    assert shopper.sees == "basket"


def test_an_item_is_found_by_its_number() -> None:
    shopper = Person()
    shopper.tap("start", "search", "number", "key:4", "key:3", "key:2", "key:1")
    assert shopper.view.keypad is not None
    assert shopper.view.keypad.hint == "bun"
    shopper.tap("ok")
    assert shopper.sees == "basket"


def test_a_number_that_no_item_has_is_told_where_it_was_typed() -> None:
    shopper = Person()
    shopper.tap("start", "search", "number", "key:9", "key:9", "key:9", "key:9", "ok")
    assert shopper.entry.top == Numbering(none_found=True)
    assert shopper.view.keypad is not None
    assert shopper.view.keypad.hint == "Ingen vare har dette nummeret."


def test_letters_lead_only_to_items_that_there_are() -> None:
    shopper = Person()
    shopper.tap("start", "search", "number", "letters")
    assert shopper.view.keypad is not None
    assert shopper.view.keypad.letters == ("a", "b", "e")  # apples, bun, "(en)"
    shopper.tap("key:b", "ok")
    assert isinstance(shopper.entry.top, Searching)
    assert [tile.name for tile in shopper.view.tiles] == ["item:bun"]


def test_more_goes_round() -> None:
    end, entry = reached(till(transaction=sale(*BASKET)), *touches("search", "more", "more"))
    first = view(end, entry, TEXTS)
    assert first.tiles[0].name == "item:banana"


def test_many_categories_are_offered_a_few_at_a_time_and_none_is_left_out() -> None:
    busy = replace(till(transaction=sale(*BASKET)), shelf=replace(SHELF, categories=MANY_CATEGORIES))
    offered: list[str] = []
    for turns in range(3):
        end, entry = reached(busy, *touches("search", *["groups"] * turns))
        tabs = [tab.name for tab in view(end, entry, TEXTS).tabs]
        assert tabs[3:] == ["groups", "number"]
        offered += tabs[:3]
    assert offered == [f"category:{name}" for name in MANY_CATEGORIES]


def test_a_category_chosen_again_shows_everything() -> None:
    _, entry = reached(till(), *touches("start", "search", "category:Bakery", "category:Bakery"))
    assert entry.top == Searching()


# Staff must check ----------------------------------------------------------------------------------------------------


def test_an_item_with_an_age_limit_tells_at_once_and_calls_staff() -> None:
    shopper = Person()
    shopper.scan(MILK, BEER)
    assert shopper.sees == "approval"
    assert shopper.till.checkout.help_called
    assert deadline(shopper.page, shopper.entry) is None


def test_scanning_goes_on_while_staff_are_awaited_and_only_pay_waits() -> None:
    shopper = Person()
    shopper.scan(BEER)
    shopper.tap("carry_on")
    shopper.scan(MILK)
    assert shopper.sees == "basket"
    shopper.tap("pay")
    assert shopper.sees == "approval"
    assert shopper.till.sale.payments == ()


def test_an_approval_that_comes_lets_the_customer_go_on_by_itself() -> None:
    shopper = Person()
    shopper.scan(MILK, BEER)
    shopper.tap("staff")
    shopper.tap("key:1", "key:2", "key:3", "key:4", "ok")
    assert shopper.sees == "approve"
    shopper.tap("approve")
    assert shopper.sees == "attendant"
    shopper.tap("done")
    assert shopper.sees == "basket"
    shopper.tap("pay")
    assert shopper.sees == "card"


def test_the_customer_is_told_that_staff_refused_an_item() -> None:
    shopper = Person()
    shopper.scan(MILK, BEER)
    shopper.tap("staff", "key:1", "key:2", "key:3", "key:4", "ok", "refuse", "done")
    assert shopper.sees == "turned_down"
    shopper.tap("carry_on")
    assert len(shopper.view.rows) == 1


def test_an_item_that_waits_can_be_left_out() -> None:
    shopper = Person()
    shopper.scan(MILK, BEER)
    shopper.tap("remove")
    assert shopper.sees == "basket"
    assert [row.text for row in shopper.view.rows] == ["milk"]


def test_staff_go_from_one_decision_to_the_next() -> None:
    shopper = Person()
    shopper.scan(BEER, BEER)
    shopper.tap("staff", "key:1", "key:2", "key:3", "key:4", "ok", "approve")
    assert shopper.sees == "approve"
    shopper.tap("approve")
    assert shopper.sees == "attendant"


def test_a_wrong_pin_clears_the_dots() -> None:
    shopper = Person()
    shopper.tap("staff", "key:9", "key:9", "ok")
    assert shopper.entry.top == SigningIn(wrong=True)
    assert shopper.wait() == 20
    assert shopper.sees == "attract"


def test_staff_are_signed_off_after_a_minute_at_a_kiosk() -> None:
    shopper = Person()
    shopper.tap("staff", "key:1", "key:2", "key:3", "key:4", "ok")
    assert shopper.sees == "attendant"
    assert shopper.wait() == 60
    assert shopper.till.checkout.operator is None
    assert shopper.sees == "attract"


def test_at_a_staffed_till_the_list_lies_over_the_sale_and_the_operator_stays() -> None:
    shopper = Person(Till(unattended=False))
    shopper.tap("staff", "key:1", "key:2", "key:3", "key:4", "ok")
    assert shopper.sees == "attendant"
    shopper.tap("done")
    assert shopper.sees == "attract"
    shopper.scan(MILK)
    assert shopper.sees == "basket"
    shopper.tap("staff")
    assert shopper.sees == "attendant"
    shopper.tap("sign_off")
    assert shopper.sees == "basket"
    assert shopper.till.checkout.operator is None


def test_staff_decide_a_payment_in_doubt_and_say_how_they_know() -> None:
    shopper = Person()
    shopper.scan(MILK)
    shopper.tap("pay")
    shopper.till.send()
    shopper.till.outcome(OutcomeKind.UNKNOWN, "the line dropped")
    shopper.show()
    assert shopper.sees == "outcome_unknown"
    attempt = shopper.till.attempt
    shopper.tap("staff", "key:1", "key:2", "key:3", "key:4", "ok")
    assert shopper.sees == "resolve_payment"
    shopper.tap("back", f"row:doubt:{attempt}", "ask_again", "was_not_paid", "reason:terminal")
    (resolved,) = [event for event, _ in shopper.till.journal if event.TYPE == "payment.resolved"]
    assert (resolved.decision, resolved.operator) == (PaymentDecision.WAS_NOT_PAID, "Kari")
    assert resolved.reason == "seen in the terminal's log"
    shopper.tap("done")
    assert shopper.sees == "declined"


@pytest.mark.parametrize(
    ("keys", "shown", "ore"),
    [
        ("200", "200", 20000),
        ("0200", "200", 20000),
        ("12,5", "12.5", 1250),
        ("12,505", "12.50", 1250),
        (",5", "0.5", 50),
        ("1234567", "123456", 12345600),
    ],
)
def test_a_sum_is_typed_as_people_write_it(keys: str, shown: str, ore: int) -> None:
    digits = ""
    for key in keys:
        digits = cashing.typed(digits, key, NOK)
    assert digits == shown
    assert cashing.given(digits, NOK) == kr(ore)


def test_the_drawer_opens_only_with_a_reason() -> None:
    opening = tapped(till(operator=Operator("Kari")), *touches("row:device:drawer"), name="drawer")
    assert opening.commands == ()
    given_reason = step(opening.entry, Touch("reason:change"), page(till(operator=Operator("Kari"))))
    assert given_reason.commands == (c.OpenDrawer("change"),)


def test_staff_void_a_sale_only_after_a_question() -> None:
    busy = till(operator=Operator("Kari"), transaction=sale(*BASKET))
    asked = tapped(busy, *touches("row:sale"), name="void_sale")
    assert asked.commands == ()
    assert step(asked.entry, Touch("void_sale"), page(busy)).commands == (
        c.VoidTransaction(VoidReason.STAFF, Operator("Kari")),
    )


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("close_lane", c.CloseLane()),
        ("reprint", c.ReprintReceipt()),
        ("acknowledge", c.AcknowledgeHelp()),
        ("done", c.SignOff()),
    ],
)
def test_a_touch_of_staff_is_a_command(name: str, command: c.Command) -> None:
    assert tapped(till(operator=Operator("Kari"), last_sale=completed()), name=name).commands == (command,)


# Help, walking away --------------------------------------------------------------------------------------------------


def test_help_can_be_called_from_the_first_page_and_sent_away_again() -> None:
    shopper = Person()
    shopper.tap("help")
    assert shopper.till.checkout.help_called
    shopper.tap("fine")
    assert not shopper.till.checkout.help_called
    assert shopper.sees == "attract"


def test_help_leads_back_to_what_was_open() -> None:
    shopper = Person()
    shopper.scan(MILK)
    shopper.tap("line:1", "help", "carry_on")
    assert shopper.sees == "line"


def test_help_in_doubt_cannot_be_sent_away() -> None:
    end, entry = reached(till(transaction=paying(PaymentState.UNKNOWN)), *touches("help"))
    assert "fine" not in names(view(end, entry, TEXTS))


def test_a_quiet_customer_is_asked_and_then_the_basket_goes() -> None:
    shopper = Person()
    shopper.scan(MILK)
    assert shopper.wait() == 60
    assert shopper.sees == "still_there"
    said = [shopper.view.sentence]
    waited = 0
    while shopper.sees == "still_there":
        waited += shopper.wait()
        said.append(shopper.view.sentence)
    assert waited == 30
    assert "25 sekunder" in said[1]
    assert shopper.sees == "attract"
    assert shopper.sounds.count(Sound.QUESTION) == 2
    (voided,) = [event for event, _ in shopper.till.journal if event.TYPE == "transaction.voided"]
    assert voided.reason is VoidReason.WALK_AWAY


def test_yes_can_be_said_without_limit() -> None:
    shopper = Person()
    shopper.scan(MILK)
    for _ in range(20):
        shopper.wait()
        shopper.tap("carry_on")
    assert shopper.sees == "basket"


def test_a_customer_who_has_paid_a_part_is_never_asked_to_leave() -> None:
    end, entry = reached(till(transaction=paying(PaymentState.CONFIRMED, amount=kr(5000))))
    running = deadline(end, entry)
    assert running is not None
    assert step(entry, running.intent, end) == Step(entry, (c.CallHelp(),))


def test_a_scan_stops_the_clock_of_a_quiet_customer() -> None:
    first, entry = reached(till(transaction=sale(MILK_LINE)))
    second = page(till(transaction=sale(MILK_LINE, COLA)))
    assert deadline(first, entry) != deadline(second, step(entry, Shown(second), first).entry)


# Paying and the receipt ----------------------------------------------------------------------------------------------


def test_a_slow_terminal_is_told_after_twenty_seconds_and_forgotten_at_its_next_step() -> None:
    asking = till(transaction=paying(PaymentState.SENT), progress=Progress.AUTHORISING)
    shown, entry = reached(asking)
    running = deadline(shown, entry)
    assert running == Deadline(seconds=20, intent=running.intent)
    slow = step(entry, running.intent, shown).entry
    assert slow.slow
    assert deadline(shown, slow) is None
    next_step = page(till(transaction=paying(PaymentState.SENT), progress=Progress.ENTER_PIN))
    assert not step(slow, Shown(next_step), shown).entry.slow


def test_cancel_asks_the_terminal_and_nothing_else() -> None:
    running = till(transaction=paying(PaymentState.SENT), may_cancel=True, progress=Progress.PRESENT_CARD)
    result = tapped(running, name="cancel_payment")
    assert result.commands == (c.CancelPayment(),)


def test_a_declined_card_may_try_again_go_back_or_pay_another_way() -> None:
    declined = till(policy=EVERY_TENDER, transaction=paying(PaymentState.DECLINED))
    assert tapped(declined, name="again").commands == (c.RequestPayment(TenderType.CARD),)
    assert tapped(declined, name="items").commands == (c.ReturnToItems(),)
    other = tapped(declined, *touches("another"), name="tender:cash")
    assert other.commands == (c.RequestPayment(TenderType.CASH),)


def test_who_chooses_no_receipt_gets_the_first_kind_that_works() -> None:
    end, entry = reached(till(transaction=completed()))
    running = deadline(end, entry)
    assert running is not None
    assert running.seconds == 20
    assert step(entry, running.intent, end).commands == (c.ChooseReceipt(ReceiptKind.PAPER),)
    no_paper, entry = reached(till(transaction=completed(), devices=NO_PAPER))
    running = deadline(no_paper, entry)
    assert running is not None
    assert step(entry, running.intent, no_paper).commands == (c.ChooseReceipt(ReceiptKind.DIGITAL),)


def test_staff_are_called_if_no_kind_of_receipt_works() -> None:
    only_paper = replace(POLICY, receipts=(ReceiptKind.PAPER,))
    end, entry = reached(till(transaction=completed(), devices=NO_PAPER, policy=only_paper))
    running = deadline(end, entry)
    assert running is not None
    assert step(entry, running.intent, end).commands == (c.CallHelp(),)


def test_the_code_of_the_receipt_stays_longer_if_asked() -> None:
    shown, entry = reached(till(transaction=completed(chosen=ReceiptKind.DIGITAL)))
    longer = step(entry, Touch("more_time"), shown).entry
    assert deadline(shown, longer) != deadline(shown, entry)
    assert step(longer, deadline(shown, entry).intent, shown) == Step(longer)


# Whole journeys ------------------------------------------------------------------------------------------------------


def test_a_sale_from_the_first_item_to_the_next_customer() -> None:
    shopper = Person()
    shopper.scan(MILK, SODA)
    assert shopper.view.amount == "54,80\xa0kr"
    assert shopper.view.last_text == "soda"
    shopper.tap("pay")
    assert shopper.view.title == "Følg terminalen"
    shopper.till.send()
    shopper.send(c.ReportProgress(shopper.till.attempt, Progress.ENTER_PIN, may_cancel=True))
    assert shopper.view.sentence == "Tast PIN-koden på terminalen."
    shopper.till.outcome(OutcomeKind.APPROVED)
    shopper.show()
    assert shopper.sees == "receipt"
    shopper.tap("receipt:paper")
    assert shopper.sees == "printing"
    shopper.send(c.ReportPrint(next(iter(shopper.till.checkout.printing)), PrintResult.PRINTED))
    assert shopper.view.title == "Takk for handelen!"
    assert shopper.view.amount == "54,80\xa0kr"
    assert shopper.wait() == 5
    assert shopper.sees == "attract"
    assert shopper.entry == Entry.fresh(shopper.entry.screen)


def test_declined_and_then_approved_with_a_digital_receipt() -> None:
    shopper = Person()
    shopper.tap("language:en")
    shopper.scan(MILK)
    shopper.tap("pay")
    shopper.till.send()
    shopper.till.outcome(OutcomeKind.DECLINED, "05")
    shopper.show()
    assert (shopper.view.title, shopper.view.sentence) == ("The card was declined", "Nothing is charged.")
    shopper.tap("again")
    shopper.till.send()
    shopper.till.outcome(OutcomeKind.APPROVED)
    shopper.show()
    shopper.tap("receipt:digital")
    assert shopper.view.qr.startswith("https://kvittering.example/")
    assert shopper.wait() == 30
    assert shopper.view.title == "Thank you!"
    assert shopper.wait() == 5
    assert shopper.sees == "attract"


def test_an_unanswered_payment_is_looked_up_and_never_asked_for_again() -> None:
    shopper = Person()
    shopper.scan(MILK)
    shopper.tap("pay")
    shopper.till.send()
    shopper.till.restart()
    shopper.show()
    assert shopper.view.sentence == "Ikke betal på nytt. En ansatt kommer."
    shopper.till.outcome(OutcomeKind.APPROVED)
    shopper.show()
    assert shopper.sees == "receipt"
    assert len(shopper.till.sale.payments) == 1


def test_paper_that_runs_out_before_the_receipt_leaves_the_other_ways() -> None:
    shopper = Person()
    shopper.scan(MILK)
    shopper.till.pay_by_card()
    shopper.till.device("printer", "POSPrinter", c.Health.ONLINE, Condition.PAPER_OUT)
    shopper.show()
    assert shopper.view.sentence == "Skriveren er tom for papir."
    shopper.till.device("printer", "POSPrinter")
    shopper.show()
    shopper.tap("receipt:paper")
    assert shopper.sees == "printing"


def test_the_next_customer_may_scan_while_the_thanks_are_still_there() -> None:
    shopper = Person()
    shopper.tap("language:en")
    shopper.scan(MILK)
    shopper.till.pay_by_card()
    shopper.till.take_receipt()
    shopper.show()
    assert shopper.sees == "thank_you"
    shopper.scan(SODA)
    assert shopper.sees == "basket"
    assert shopper.entry.language == "nb"
    assert [row.text for row in shopper.view.rows] == ["soda", "deposit-2"]


def test_what_was_not_sold_is_remembered_by_its_code_only_until_the_next_item() -> None:
    _, entry = reached(till(transaction=sale(*BASKET)), refusal(Reason.UNKNOWN_ITEM, UNKNOWN))
    assert entry.top == NotSold(Rejection(reason=Reason.UNKNOWN_ITEM, code=UNKNOWN))
    assert entry.unknown_code == UNKNOWN


def test_a_tile_asks_for_its_item() -> None:
    picked = tapped(till(transaction=sale(*BASKET)), *touches("search"), name="item:lemon")
    assert picked.commands == (c.PickItem(Sku("lemon")),)


def test_an_approval_is_shown_for_the_line_that_was_just_added_only() -> None:
    before, entry = reached(till(transaction=sale(MILK_LINE, BEER_LINE)), *touches("carry_on"))
    more = page(till(transaction=sale(MILK_LINE, BEER_LINE, replace(COLA, line=LineNumber(9)))))
    assert step(entry, Shown(more), before).entry.overlays == ()
