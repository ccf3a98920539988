"""Words after the payment. Pure."""

from __future__ import annotations

from dataclasses import replace

from appliance.core.commands import ReceiptKind
from appliance.core.money import Money
from appliance.core.payment import TenderType
from appliance.ui.pages import ReceiptPage, ReceiptQrPage
from appliance.ui.view import Action, Layout, Role, View
from appliance.ui.wording.scene import Scene, action


def receipt(scene: Scene, page: ReceiptPage) -> View:
    """Offer the kinds of receipt that work now; the first is taken after a while."""
    say = scene.voice.say
    offered = tuple(_kind(scene, kind) for kind in page.kinds)
    unsure = page.unsure and bool(page.kinds)
    title = say("receipt", "Did your receipt come out?") if unsure else say("receipt", "Would you like a receipt?")
    return replace(
        scene.picture("receipt", Layout.QUESTION),
        icon="receipt",
        title=title if offered else say("receipt", "Staff will give you your receipt"),
        sentence=_what_happened(scene, page),
        amount_label=say("thank_you", "Paid"),
        amount=scene.voice.money(page.total),
        choices=offered[1:],
        primary=replace(offered[0], role=Role.PRIMARY) if offered else replace(scene.help(), role=Role.PRIMARY),
        bar=scene.bar() if offered else (scene.adjust(),),
    )


def _kind(scene: Scene, kind: ReceiptKind) -> Action:
    say, name = scene.voice.say, f"receipt:{kind}"
    match kind:
        case ReceiptKind.PAPER:
            return action(name, say("receipt", "Print"), "print", spoken=say("receipt", "Print the receipt"))
        case ReceiptKind.DIGITAL:
            return action(name, say("receipt", "QR to phone"), "qr")
        case ReceiptKind.NONE:
            return action(name, say("receipt", "No receipt"), "no_receipt")


def _what_happened(scene: Scene, page: ReceiptPage) -> str:
    say = scene.voice.say
    if page.paper_out:
        return say("receipt", "The printer is out of paper.")
    if page.paper_missing:
        return say("receipt", "The printer cannot print right now.")
    if page.failed:
        return say("receipt", "The receipt did not print. Choose again.")
    if page.unsure and page.kinds:
        return say("receipt", "If not, print it again or get help.")
    return say("receipt", "Your payment is approved.")


def printing(scene: Scene) -> View:
    """Say that the receipt is on its way."""
    say = scene.voice.say
    return replace(
        scene.picture("printing", Layout.STATUS),
        icon="print",
        title=say("printing", "Printing your receipt"),
        sentence=say("printing", "Take it when it has finished."),
    )


def receipt_qr(scene: Scene, page: ReceiptQrPage) -> View:
    """Show the code of the digital receipt."""
    say = scene.voice.say
    return replace(
        scene.picture("receipt_qr", Layout.STATUS),
        qr=page.url,
        title=say("receipt_qr", "Scan for your receipt"),
        sentence=say("receipt_qr", "Point your phone's camera at the code."),
        choices=(action("more_time", say("receipt_qr", "More time"), "clock"),),
        primary=_done(scene),
    )


def thank_you(scene: Scene, total: Money, tender: TenderType | None) -> View:
    """Thank, and remind of the card."""
    say = scene.voice.say
    with_card, without = say("thank_you", "Take your card and goods."), say("thank_you", "Take your goods.")
    return replace(
        scene.picture("thank_you", Layout.STATUS),
        icon="check",
        title=say("thank_you", "Thank you!"),
        sentence=with_card if tender is TenderType.CARD else without,
        amount_label=say("thank_you", "Paid"),
        amount=scene.voice.money(total),
        primary=_done(scene),
    )


def _done(scene: Scene) -> Action:
    return action("done", scene.voice.say("receipt_qr", "Done"), "check", role=Role.PRIMARY)
