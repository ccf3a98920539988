"""Words of paying. A payment is called declined only where that is proved. Pure."""

from __future__ import annotations

from dataclasses import replace

from appliance.core.payment import Progress, TenderType
from appliance.ui.pages import (
    BasketPage,
    CardPage,
    ChoosePaymentPage,
    DeclinedPage,
    NoCharge,
    OutcomeUnknownPage,
    Page,
    QrPaymentPage,
)
from appliance.ui.view import Action, Layout, Pointer, Role, View
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
        case ChoosePaymentPage(paid=paid, rest=rest):
            return replace(
                view,
                sentence=voice.say("choose_payment", "{amount} is paid.", amount=voice.money(paid)),
                amount_label=voice.say("choose_payment", "Left to pay"),
                amount=voice.money(rest),
            )
        case BasketPage(total=due):
            view = replace(view, bar=scene.bar(back))
        case DeclinedPage(amount=due, part_paid=part_paid):
            view = replace(view, bar=scene.bar(scene.back() if part_paid else back))
        case _:
            return view
    return replace(view, amount_label=voice.say("basket", "To pay"), amount=voice.money(due))


def _tender(voice: Voice, tender: TenderType) -> Action:
    name = f"tender:{tender}"
    match tender:
        case TenderType.CARD:
            return action(name, voice.say("choose_payment", "Card"), "card")
        case TenderType.QR:
            return action(name, voice.say("choose_payment", "Phone"), "phone")
        case TenderType.WALLET:
            return action(name, voice.say("choose_payment", "Show a code"), "phone")
        case TenderType.GIFT_CARD:
            return action(name, voice.say("choose_payment", "Gift card"), "gift_card")
        case TenderType.CASH:
            return action(name, voice.say("choose_payment", "Cash"), "cash")


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


def card(scene: Scene, page: CardPage) -> View:
    """Send the customer to the terminal and say its step in our words."""
    say = scene.voice.say
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
    """Show the code of a wallet, or ask for the customer's own."""
    say = scene.voice.say
    ours = say("qr_payment", "Point your phone's camera at the code.")
    return replace(
        scene.picture("qr_payment", Layout.STATUS),
        icon="" if page.payload else "phone",
        qr=page.payload,
        title=say("qr_payment", "Scan with your phone") if page.payload else say("qr_payment", "Pay with your phone"),
        sentence=ours if page.payload else say("qr_payment", "Show your code to the scanner."),
        amount=scene.voice.money(page.amount),
        amount_label=say("basket", "To pay"),
        choices=(_cancel(scene),) if page.may_cancel else (),
    )


def declined(scene: Scene, page: DeclinedPage) -> View:
    """Say that a payment came to nothing, and offer the next way."""
    say = scene.voice.say
    by_card = page.tender is TenderType.CARD
    titles = {
        NoCharge.DECLINED: say("declined", "The card was declined") if by_card else say("declined", "Payment declined"),
        NoCharge.CANCELLED: say("declined", "Payment cancelled"),
        NoCharge.FAILED: say("declined", "The payment did not go through"),
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
    """Say that the payment is being looked up. Never "declined"."""
    say = scene.voice.say
    return replace(
        scene.picture("outcome_unknown", Layout.STATUS),
        icon="clock",
        title=say("outcome_unknown", "We are checking the payment"),
        sentence=say("outcome_unknown", "Do not pay again. Staff are coming."),
        amount=scene.voice.money(page.amount),
    )
