"""Words of paying. A payment is called declined only where that is proved. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from appliance.core.payment import Progress, TenderType
from appliance.ui.pages import (
    BasketPage,
    CardPage,
    ChoosePaymentPage,
    DeclinedPage,
    InsertCashPage,
    NoCharge,
    OutcomeUnknownPage,
    Page,
    QrPaymentPage,
)
from appliance.ui.view import Action, Layout, Pointer, Role, Strip, StripKind, View
from appliance.ui.wording.scene import Scene, action
from appliance.ui.wording.voice import Voice


def choose_payment(scene: Scene, page: Page) -> View:
    """Offer the tenders that work, and tell which do not."""
    voice = scene.voice
    view = replace(
        scene.picture("choose_payment", Layout.QUESTION),
        step=2,
        icon="pay",
        title=voice.say("choose_payment", "How do you want to pay?"),
        sentence=_missing(scene),
        choices=tuple(_tender(voice, tender) for tender in scene.frame.tenders),
    )
    back = action("items", voice.say("choose_payment", "Back to items"), "back")
    match page:
        case ChoosePaymentPage() if page.paid:
            undo = action("undo_all", voice.say("choose_payment", "Undo all"), "undo")
            missing = _missing(scene)
            return replace(
                view,
                strip=Strip(text=missing, kind=StripKind.WARN) if missing and view.strip is None else view.strip,
                sentence=_part_paid(scene, page),
                amount_label=voice.say("choose_payment", "Left to pay"),
                amount=voice.money(page.rest),
                bar=scene.bar(undo),
            )
        case BasketPage(total=due):
            view = replace(view, bar=scene.bar(back))
        case ChoosePaymentPage(rest=due):
            view = replace(view, bar=scene.bar(back))
        case DeclinedPage(amount=due, part_paid=part_paid):
            view = replace(view, bar=scene.bar(scene.back() if part_paid else back))
        case _:
            return view
    return replace(view, amount_label=voice.say("basket", "To pay"), amount=voice.money(due))


def _part_paid(scene: Scene, page: ChoosePaymentPage) -> str:
    """Say what is paid, and who gives a cash part back."""
    say, paid = scene.voice.say, scene.voice.money(page.paid)
    if page.undo_by_staff and page.frame.staff is None:
        return say("choose_payment", "{amount} is paid. Only staff can undo it.", amount=paid)
    return say("choose_payment", "{amount} is paid.", amount=paid)


def _tender(voice: Voice, tender: TenderType) -> Action:
    icons = {
        TenderType.CARD: "card",
        TenderType.QR: "phone",
        TenderType.WALLET: "qr",
        TenderType.GIFT_CARD: "gift_card",
        TenderType.CASH: "cash",
    }
    return action(f"tender:{tender}", tender_name(voice, tender), icons[tender])


def tender_name(voice: Voice, tender: TenderType) -> str:
    """Give the name of a tender, as customers and staff read it."""
    match tender:
        case TenderType.CARD:
            return voice.say("choose_payment", "Card")
        case TenderType.QR:
            return voice.say("choose_payment", "Phone")
        case TenderType.WALLET:
            return voice.say("choose_payment", "Show a code")
        case TenderType.GIFT_CARD:
            return voice.say("choose_payment", "Gift card")
        case TenderType.CASH:
            return voice.say("choose_payment", "Cash")


def _missing(scene: Scene) -> str:
    say, frame = scene.voice.say, scene.frame
    if not frame.tenders:
        return say("choose_payment", "You cannot pay here right now. Touch Help.")
    match frame.missing_tenders[:1]:
        case (TenderType.CARD,):
            return say("choose_payment", "Card does not work right now.")
        case (TenderType.QR | TenderType.WALLET,):
            return say("choose_payment", "Phone does not work right now.")
        case (TenderType.GIFT_CARD,):
            return say("choose_payment", "Gift card does not work right now.")
        case (TenderType.CASH,):
            return say("choose_payment", "Cash does not work right now.")
        case _:
            return ""


_AT_THE_TERMINAL: Final = frozenset(
    {
        Progress.PRESENT_CARD,
        Progress.ENTER_PIN,
        Progress.WRONG_PIN,
        Progress.REMOVE_CARD,
        Progress.CHOOSE_ON_TERMINAL,
        Progress.TRY_ANOTHER_WAY,
    }
)
"""Steps that the customer takes at the terminal."""


def card(scene: Scene, page: CardPage) -> View:
    """Send the customer to the terminal and say its step in our words."""
    say = scene.voice.say
    if page.undoing:
        return _going_back(scene, page)
    by_terminal = page.tender is TenderType.CARD and not page.approved
    title = say("card", "Follow the terminal") if by_terminal else say("card", "One moment")
    return replace(
        scene.picture("card", Layout.STATUS),
        icon="terminal" if page.tender is TenderType.CARD else "clock",
        pointer=scene.entry.screen.terminal if by_terminal else Pointer.NONE,
        title=title,
        sentence=say("card", "Finishing your payment.") if page.approved else _progress(scene, page.progress),
        amount=scene.voice.money(page.amount),
        amount_label="" if page.approved else say("basket", "To pay"),
        choices=(_cancel(scene),) if page.may_cancel else (),
    )


def _going_back(scene: Scene, page: CardPage) -> View:
    say = scene.voice.say
    needs_card = page.tender is TenderType.CARD and page.progress in _AT_THE_TERMINAL
    return replace(
        scene.picture("card", Layout.STATUS),
        icon="terminal" if needs_card else "undo",
        pointer=scene.entry.screen.terminal if needs_card else Pointer.NONE,
        title=say("card", "Your money goes back"),
        sentence=_progress(scene, page.progress) if needs_card else say("card", "Please wait. This takes a moment."),
        amount=scene.voice.money(page.amount),
        amount_label=say("card", "Back to you"),
    )


def insert_cash(scene: Scene, page: InsertCashPage) -> View:
    """Say what is in the machine and what is missing."""
    voice, say = scene.voice, scene.voice.say
    if page.cancelling:
        sentence = say("card", "The payment is being cancelled. Please wait.")
    elif page.inserted:
        sentence = say("insert_cash", "{amount} is in.", amount=voice.money(page.inserted))
    elif page.rounding:
        sentence = say("insert_cash", "Cash is rounded: {rounding}.", rounding=voice.amount(page.rounding))
    else:
        sentence = say("insert_cash", "Put them in one at a time.")
    return replace(
        scene.picture("insert_cash", Layout.STATUS),
        icon="cash",
        title=say("insert_cash", "Put in coins or notes"),
        sentence=sentence,
        amount=voice.money(page.missing),
        amount_label=say("choose_payment", "Left to pay"),
        choices=(_cancel(scene),) if page.may_cancel else (),
    )


def _cancel(scene: Scene) -> Action:
    return action("cancel_payment", scene.voice.say("card", "Cancel payment"), "cross", role=Role.STOP)


def _progress(scene: Scene, progress: Progress) -> str:
    say = scene.voice.say
    if scene.entry.slow and progress in (Progress.CONNECTING, Progress.AUTHORISING, Progress.WORKING):
        return say("card", "This takes a little longer. Please wait.")
    match progress:
        case Progress.CONNECTING:
            return say("card", "The terminal is getting ready.")
        case Progress.PRESENT_CARD:
            return say("card", "Hold your card or phone to it, or insert the card.")
        case Progress.ENTER_PIN:
            return say("card", "Enter your PIN on the terminal.")
        case Progress.WRONG_PIN:
            return say("card", "The PIN was wrong. Try again on the terminal.")
        case Progress.REMOVE_CARD:
            return say("card", "Take out your card.")
        case Progress.CHOOSE_ON_TERMINAL:
            return say("card", "Make your choice on the terminal.")
        case Progress.AUTHORISING:
            return say("card", "We are asking your bank.")
        case Progress.TRY_ANOTHER_WAY:
            return say("card", "Try again: insert the card, or use another one.")
        case Progress.SCAN_CODE:
            return say("card", "Scan the code with your phone.")
        case Progress.SHOW_CODE:
            return say("card", "Show your code to the scanner.")
        case Progress.INSERT_CASH:
            return say("card", "Put in coins or notes.")
        case Progress.WORKING:
            return say("card", "Follow the steps on the terminal.")
        case Progress.CANCELLING:
            return say("card", "The payment is being cancelled. Please wait.")


def qr_payment(scene: Scene, page: QrPaymentPage) -> View:
    """Show our code for the customer's phone, or ask for the code on it."""
    say = scene.voice.say
    ended = page.approved or page.progress is Progress.CANCELLING
    code = "" if ended else page.payload
    check = action("check_payment", say("qr_payment", "Staff: check"), "staff", spoken=say("qr_payment", "Staff check"))
    cancel = (_cancel(scene),) if page.may_cancel else ()
    return replace(
        scene.picture("qr_payment", Layout.STATUS),
        icon="" if code else "gift_card" if page.tender is TenderType.GIFT_CARD else "phone",
        qr=code,
        title=_phone_title(scene, page, code),
        sentence=_phone_step(scene, page, code),
        amount=scene.voice.money(page.amount),
        amount_label=say("basket", "To pay"),
        choices=(*((check,) if page.staff_check and not ended else ()), *cancel),
    )


def _phone_title(scene: Scene, page: QrPaymentPage, code: str) -> str:
    say = scene.voice.say
    if code:
        return say("qr_payment", "Scan with your phone")
    if page.approved or page.progress is Progress.CANCELLING:
        return say("card", "One moment")
    return say("choose_payment", "Gift card") if page.tender is TenderType.GIFT_CARD else _pay_by_phone(scene)


def _pay_by_phone(scene: Scene) -> str:
    return scene.voice.say("qr_payment", "Pay with your phone")


def _phone_step(scene: Scene, page: QrPaymentPage, code: str) -> str:
    say = scene.voice.say
    if page.approved:
        return say("card", "Finishing your payment.")
    if code and page.staff_check:
        return say("qr_payment", "Staff check the payment. Show them your phone.")
    if code and page.until is not None:
        return say("qr_payment", "Pay before {time}.", time=scene.voice.time(page.until))
    if code:
        return say("qr_payment", "Point your phone's camera at the code.")
    match page.progress:
        case Progress.SHOW_CODE:
            return say("card", "Show your code to the scanner.")
        case Progress.AUTHORISING | Progress.CANCELLING:
            return _progress(scene, page.progress)
        case Progress.CONNECTING:
            return say("qr_payment", "The code is on its way.")
        case _:
            return say("qr_payment", "Follow the steps on your phone.")


def declined(scene: Scene, page: DeclinedPage) -> View:
    """Say that a payment came to nothing, and offer the next way."""
    say = scene.voice.say
    by_card = page.tender is TenderType.CARD
    titles = {
        NoCharge.DECLINED: say("declined", "The card was declined") if by_card else say("declined", "Payment declined"),
        NoCharge.CANCELLED: say("declined", "Payment cancelled"),
        NoCharge.FAILED: say("declined", "The payment did not go through"),
        NoCharge.EXPIRED: say("declined", "The code has expired"),
    }
    again = action("again", say("declined", "Try again"), "refresh", role=Role.PRIMARY)
    another = action("another", say("declined", "Pay another way"), "pay")
    items = action("items", say("choose_payment", "Back to items"), "back")
    others = [tender for tender in page.frame.tenders if tender is not page.tender]
    return replace(
        scene.picture("declined", Layout.QUESTION),
        icon="cross",
        title=titles[page.why],
        sentence=say("declined", "Nothing is charged."),
        amount=scene.voice.money(page.amount),
        amount_label=say("basket", "To pay"),
        choices=(*((another,) if others else ()), *(() if page.part_paid else (items,))),
        primary=again if page.tender in page.frame.tenders else None,
    )


def outcome_unknown(scene: Scene, page: OutcomeUnknownPage) -> View:
    """Say that the payment is being looked up, or that money goes back. Never "declined"."""
    say = scene.voice.say
    title, sentence = (
        say("outcome_unknown", "We are checking the payment"),
        say("outcome_unknown", "Do not pay again. Staff are coming."),
    )
    if page.refund_due:
        title, sentence = (
            say("outcome_unknown", "You will get your money back"),
            say("outcome_unknown", "Staff are coming."),
        )
    elif page.giving_back:
        title, sentence = (
            say("outcome_unknown", "We are checking your refund"),
            say("outcome_unknown", "Staff are coming."),
        )
    return replace(
        scene.picture("outcome_unknown", Layout.STATUS),
        icon="staff" if page.refund_due else "clock",
        title=title,
        sentence=sentence,
        amount=scene.voice.money(page.amount),
    )
