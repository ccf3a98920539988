from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal

import pytest

from appliance.core.checkout import LineItem, Reason, Rejection
from appliance.core.commands import Condition
from appliance.core.identifiers import Language
from appliance.ui.entry import Entry
from appliance.ui.entry.overlays import NAMES, Overlay
from appliance.ui.pages import CardPage, Page
from appliance.ui.strings import load
from appliance.ui.view import ICONS, Action, Keypad, Layout, Role, StripKind, Theme, View
from appliance.ui.viewmodel import page
from appliance.ui.wording import view
from appliance.ui.wording.scene import refusal
from appliance.ui.wording.voice import Voice
from tests.ui.samples import (
    BASKET,
    BEER,
    CHEESE,
    EN,
    LANGUAGES,
    NB,
    NO_PAPER,
    PLEDGE,
    SCREEN,
    ZH,
    Sample,
    completed,
    device,
    kr,
    reached,
    sale,
    samples,
    till,
    touches,
    with_device,
)
from tests.ui.samples import (
    refusal as refused,
)

TEXTS = load(LANGUAGES)
SAMPLES = samples()
BY_NAME = {sample.name: sample for sample in SAMPLES}


def drawn(sample: Sample, language: Language = NB) -> View:
    return view(sample.page, replace(sample.entry, language=language), TEXTS)


def seen(name: str, language: Language = NB) -> View:
    return drawn(BY_NAME[name], language)


every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
every_language = pytest.mark.parametrize("language", LANGUAGES)


def texts_of(shown: object) -> list[str]:
    """Give every text of a view, however deep; names are for the program."""
    if isinstance(shown, str):
        return [shown]
    if isinstance(shown, tuple):
        return [text for part in shown for text in texts_of(part)]
    if is_dataclass(shown) and not isinstance(shown, type):
        inner = [field.name for field in fields(shown) if field.name not in ("name", "key", "page", "icon", "picture")]
        return [text for name in inner for text in texts_of(getattr(shown, name))]
    return []


# What holds for every page -------------------------------------------------------------------------------------------


def test_every_page_and_every_question_has_a_sample() -> None:
    shown = {type(sample.page) for sample in SAMPLES}
    asked = {type(sample.entry.top) for sample in SAMPLES if sample.entry.top}
    assert shown == set(Page.__args__)
    assert asked == set(Overlay.__args__)
    assert set(NAMES) == set(Overlay.__args__)


def test_samples_have_names_of_their_own_that_begin_with_their_page() -> None:
    assert len(BY_NAME) == len(SAMPLES)
    for sample in SAMPLES:
        assert drawn(sample).page == sample.name.partition("-")[0]


@every_sample
@every_language
def test_every_page_says_what_it_is_in_at_most_seven_words(sample: Sample, language: Language) -> None:
    shown = drawn(sample, language)
    assert shown.title
    if shown.page != "line":  # its title is the name of the item
        assert len(shown.title.split()) <= 7
        assert len(shown.title) <= 40
    assert shown.spoken
    assert not shown.title.endswith((".", "。"))


@every_sample
@every_language
def test_every_action_has_an_icon_a_word_and_something_to_say(sample: Sample, language: Language) -> None:
    shown = drawn(sample, language)
    names = [action.name for action in shown.actions()]
    assert len(names) == len(set(names))
    for action in shown.actions():
        assert action.text.strip(), action
        assert action.spoken.strip(), action
        assert action.icon in ICONS, action
    for tile in shown.tiles:
        assert tile.text
        assert tile.spoken
    assert shown.icon in (*ICONS, "")


@every_sample
@every_language
def test_no_text_has_an_unfilled_gap_or_a_fault(sample: Sample, language: Language) -> None:
    for text in texts_of(drawn(sample, language)):
        assert "{" not in text
        assert "Traceback" not in text
        assert "  " not in text
        assert text == text.strip()


@every_sample
def test_a_customer_never_sees_a_code_or_a_word_of_the_program(sample: Sample) -> None:
    if sample.page.frame.staff is not None:
        return
    said = " ".join(texts_of(replace(drawn(sample), qr="")))
    assert not re.search(r"\d{8,}", said)
    assert not re.search(r"[a-z]+_[a-z]+|[A-Z]{5,}_|error|exception|disk", said.replace("high_contrast", ""))


@every_sample
def test_sentences_end_and_words_on_buttons_do_not(sample: Sample) -> None:
    shown = drawn(sample)
    for action in shown.actions():
        assert not action.text.endswith(".")
    assert shown.strip is None or "\n" not in shown.strip.text


@every_sample
def test_a_page_has_at_most_one_primary_action_and_it_looks_like_one(sample: Sample) -> None:
    shown = drawn(sample)
    if shown.primary is not None:
        assert shown.primary.role is Role.PRIMARY
    others = (*shown.choices, *shown.tabs, *shown.bar)
    assert all(action.role is not Role.PRIMARY for action in others)


@every_sample
def test_a_question_has_one_to_four_choices_to_draw(sample: Sample) -> None:
    shown = drawn(sample)
    if shown.layout is Layout.QUESTION:
        assert len(shown.choices) <= (5 if shown.page == "choose_payment" else 4)
    if shown.layout is Layout.GRID:
        assert len(shown.tiles) <= 8
    if shown.layout is Layout.STATUS:
        assert len(shown.choices) <= (2 if shown.page == "qr_payment" else 1)
    if shown.layout is Layout.KEYPAD:
        assert shown.keypad is not None
        assert len(shown.choices) <= (3 if shown.page == "cash" else 2)
        assert len(shown.keypad.letters) <= 36


@every_sample
def test_help_comes_first_and_adjust_last_in_the_bar(sample: Sample) -> None:
    bar = [action.name for action in drawn(sample).bar]
    if "help" in bar:
        assert bar[0] == "help"
    if "adjust" in bar:
        assert bar[-1] == "adjust"


@pytest.mark.parametrize(
    "name", ["attract", "basket", "line", "search", "card-working", "declined", "receipt", "thank_you"]
)
def test_help_and_adjust_are_on_every_page_of_the_journey(name: str) -> None:
    assert {"help", "adjust"} <= {action.name for action in seen(name).bar}


@every_sample
def test_the_same_page_gives_the_same_view(sample: Sample) -> None:
    assert drawn(sample) == drawn(sample)


@every_language
def test_money_is_written_the_shops_way_in_every_language(language: Language) -> None:
    shown = seen("basket", language)
    assert shown.amount == "135,60\xa0kr"
    assert shown.primary is not None
    assert "135,60\xa0kr" in shown.primary.text


def test_staff_read_the_shops_own_language_whatever_the_customer_chose() -> None:
    money = ("resolve_payment", "resolve_reason", "refund_due", "given_back", "found_paid", "post_void", "close_day")
    for name in ("sign_in", "attendant", "approve", "drawer", "void_sale", "cash", "change", *money):
        assert drawn(BY_NAME[name], ZH) == drawn(BY_NAME[name], NB)


def test_steps_are_counted_from_the_first_item_to_the_receipt() -> None:
    assert seen("attract").step == 0
    journey = ("basket", "basket-started", "choose_payment", "card-working", "receipt")
    assert [seen(name).step for name in journey] == [1, 1, 2, 2, 3]
    assert seen("basket").steps == ("Skann", "Betal", "Kvittering")


# The basket -----------------------------------------------------------------------------------------------------------


def row(name: str, key: str):
    return next(row for row in seen(name).rows if row.key == key)


def test_a_row_says_pieces_each_and_sum() -> None:
    milk = row("basket", "1")
    assert (milk.text, milk.quantity, milk.note, milk.amount) == (
        "Lettmelk 1 l",
        "2 x",
        "21,90\xa0kr per stk.",
        "43,80",
    )


def test_a_weighed_row_says_weight_and_price_of_a_kilogram() -> None:
    bananas = row("basket", "3")
    assert (bananas.quantity, bananas.note) == ("", "0,482 kg x 24,90\xa0kr per kg")


def test_a_deposit_cannot_be_chosen() -> None:
    assert row("basket", str(PLEDGE.line)).name == ""
    assert row("basket", "4").name == "line:4"


def test_a_row_that_waits_says_so_in_words() -> None:
    assert row("basket-waits", str(BEER.line)).note == "Venter på en ansatt"


def test_the_item_scanned_last_is_shown_large_and_is_the_only_fresh_row() -> None:
    shown = seen("basket-long_name")
    assert shown.last_text == CHEESE.text
    assert [row.key for row in shown.rows if row.fresh] == [str(CHEESE.line)]


def test_a_name_that_has_no_text_in_a_language_is_shown_in_the_shops_own() -> None:
    foreign = replace(CHEESE, names={NB: "Blåmuggost"})
    end, entry = reached(till(transaction=sale(foreign)))
    assert view(end, replace(entry, language=ZH), TEXTS).rows[0].text == "Blåmuggost"


def test_item_names_come_in_the_customers_language() -> None:
    assert seen("basket", ZH).rows[0].text == "低脂牛奶 1升"
    assert seen("search", EN).tiles[0].text == "Bananas"


def test_an_empty_basket_has_nothing_to_pay_and_nothing_to_cancel() -> None:
    shown = seen("basket-all_removed")
    assert shown.primary is None
    assert "cancel_all" not in [action.name for action in shown.bar]
    assert shown.empty
    assert shown.undo is not None


def test_a_basket_of_nothing_but_free_goods_cannot_be_paid() -> None:
    free = replace(CHEESE, gross=kr(0), price=kr(0))
    end, entry = reached(till(transaction=sale(free)))
    assert view(end, entry, TEXTS).primary is None


def test_what_is_sold_by_weight_has_no_quantity_to_change() -> None:
    assert "quantity" not in [action.name for action in seen("line-weighed").choices]
    assert "quantity" in [action.name for action in seen("line").choices]


def test_removing_and_cancelling_look_like_what_they_are() -> None:
    assert next(a for a in seen("line").choices if a.name == "remove").role is Role.STOP
    assert next(a for a in seen("cancel_all").choices if a.name == "cancel_all").role is Role.STOP
    kept = seen("cancel_all").primary
    assert kept is not None
    assert kept.text == "Behold varene"


# Paying ---------------------------------------------------------------------------------------------------------------


def test_only_the_tenders_that_work_are_offered_and_a_missing_one_is_told() -> None:
    assert [a.name for a in seen("choose_payment").choices] == ["tender:card", "tender:qr", "tender:cash"]
    missing = seen("choose_payment-missing")
    assert [a.name for a in missing.choices] == ["tender:qr", "tender:cash"]
    assert missing.sentence == "Kort virker ikke nå."


def test_the_arrow_points_to_the_terminal_until_the_card_is_approved() -> None:
    assert seen("card-present_card").pointer is SCREEN.terminal
    assert seen("card-approved").pointer == ""


def test_every_step_of_the_terminal_has_its_own_sentence() -> None:
    shown = [sample for sample in SAMPLES if isinstance(sample.page, CardPage)]
    steps = [sample for sample in shown if not sample.page.approved and not sample.page.undoing]
    assert len({drawn(sample).sentence for sample in steps if sample.entry.slow is False}) == 10


@pytest.mark.parametrize("name", ["outcome_unknown", "card-slow", "card-approved", "declined-cancelled"])
@every_language
def test_only_a_proved_refusal_is_called_declined(name: str, language: Language) -> None:
    said = " ".join(texts_of(seen(name, language))).lower()
    for word in ("declined", "avvist", "拒绝"):
        assert word not in said


@pytest.mark.parametrize("name", ["declined", "declined-cancelled", "declined-failed"])
def test_a_payment_that_came_to_nothing_says_that_nothing_is_charged(name: str) -> None:
    assert seen(name).sentence == "Ingenting er trukket."


def test_a_payment_in_doubt_offers_nothing_but_help() -> None:
    shown = seen("outcome_unknown")
    assert shown.sentence == "Ikke betal på nytt. En ansatt kommer."
    assert [action.name for action in shown.actions()] == ["help", "adjust"]


def test_another_way_is_offered_only_if_there_is_one() -> None:
    assert "another" in [a.name for a in seen("declined-choice").choices]
    assert "another" not in [a.name for a in seen("declined").choices]


# The receipt ----------------------------------------------------------------------------------------------------------


def test_print_is_missing_while_there_is_no_paper_and_the_reason_is_told() -> None:
    shown = seen("receipt-paper_out")
    assert "receipt:paper" not in [action.name for action in shown.actions()]
    assert shown.sentence == "Skriveren er tom for papir."
    offline = till(transaction=completed(), devices=with_device(device("printer", "POSPrinter", Condition.COVER_OPEN)))
    end, entry = reached(offline)
    assert view(end, entry, TEXTS).sentence == "Skriveren virker ikke akkurat nå."


def test_the_first_kind_of_receipt_is_the_primary_one() -> None:
    shown = seen("receipt")
    assert shown.primary is not None
    assert shown.primary.name == "receipt:paper"
    assert [action.name for action in shown.choices] == ["receipt:digital", "receipt:none"]


def test_a_receipt_that_nothing_can_give_is_left_to_staff() -> None:
    shown = seen("receipt-nothing_works")
    assert shown.primary is not None
    assert shown.primary.name == "help"


def test_the_digital_receipt_is_a_code_to_scan() -> None:
    assert seen("receipt_qr").qr.startswith("https://kvittering.example/r/")


# Strips, switches, staff ----------------------------------------------------------------------------------------------


def test_a_refusal_comes_before_help_and_help_before_closing() -> None:
    called = till(transaction=sale(*BASKET), help_called=True, lane="CLOSED")
    end, entry = reached(called, refused(Reason.NOT_NOW))
    told = view(end, entry, TEXTS).strip
    assert told is not None
    assert told.kind is StripKind.WARN
    later = view(end, replace(entry, hint=None), TEXTS).strip
    assert later is not None
    assert later.text == "Hjelp er på vei"


def test_switches_say_their_state_in_words() -> None:
    assert [action.note for action in seen("adjust").choices] == ["Av"] * 4
    assert [(action.note, action.selected) for action in seen("adjust-on").choices] == [("På", True)] * 4
    shown = seen("adjust-on")
    assert (shown.large, shown.low_reach, shown.theme) == (True, True, Theme.HIGH_CONTRAST)


def test_low_reach_shows_one_row_of_tiles() -> None:
    sample = BY_NAME["search"]
    assert len(view(sample.page, replace(sample.entry, low_reach=True), TEXTS).tiles) == 4


def test_the_language_in_use_is_marked() -> None:
    assert [action.name for action in seen("language", EN).choices if action.selected] == ["language:en"]


def test_training_is_told_on_every_page() -> None:
    assert seen("basket-training").training == "TRENING - ikke et ekte salg"
    assert seen("basket").training == ""


def test_one_language_is_not_offered_as_a_choice() -> None:
    alone = replace(SCREEN, languages=(NB,))
    shown = view(page(till()), Entry.fresh(alone), TEXTS)
    assert shown.choices == ()


def test_what_a_pin_is_made_of_is_not_shown() -> None:
    shown = seen("sign_in")
    assert shown.keypad == Keypad(entry="••••")
    assert "1234" not in repr(BY_NAME["sign_in"].entry)


def test_paper_comes_before_the_hub_on_the_staff_strip() -> None:
    assert seen("attendant-busy").strip is not None
    assert seen("attendant-busy").strip.text == "Bytt papirrull."
    assert seen("attendant-offline").strip.text == "Ingen kontakt med sentralen siden 12:00. 17 poster venter."


def test_the_birthday_of_someone_just_old_enough_is_worked_out() -> None:
    assert seen("approve").sentence == "Pils 0,5 l, 4,7 %: Født 23.11.2008 eller før?"


def test_staff_see_what_a_device_is_and_how_to_mend_it() -> None:
    assert ("Hva du gjør", "Put in a new paper roll.") in seen("attendant-printer").detail
    end, entry = reached(till(operator="Kari", devices=NO_PAPER), *touches("row:device:printer"))
    chosen = [row for row in view(end, entry, TEXTS).rows if row.selected]
    assert [row.key for row in chosen] == ["device:printer"]


@pytest.mark.parametrize("reason", Reason)
@every_language
def test_every_refusal_has_a_sentence_in_every_language(reason: Reason, language: Language) -> None:
    voice = Voice(texts=TEXTS[language], locale="nb_NO", timezone="Europe/Oslo", fallback=NB)
    said = refusal(voice, Rejection(reason=reason, code="7038010009457", detail="stack trace", limit=20))
    assert said.endswith((".", "。"))
    assert "7038010009457" not in said
    assert "stack trace" not in said


def test_a_hundred_lines_are_put_into_words_quickly_enough_to_be_drawn() -> None:
    lines: list[LineItem] = [
        replace(CHEESE, line=number, quantity=Decimal(number), gross=kr(12990 * number)) for number in range(1, 101)
    ]
    end, entry = reached(till(transaction=sale(*lines)))
    shown = view(end, entry, TEXTS)
    assert len(shown.rows) == 100
    assert shown.rows[99].amount == "12\xa0990,00"


def test_actions_are_read_out_with_the_primary_one_first() -> None:
    shown = seen("basket")
    assert isinstance(shown.actions()[0], Action)
    assert shown.actions()[0] == shown.primary
