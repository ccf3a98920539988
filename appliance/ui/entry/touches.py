"""What a touch leads to: an action by its name, on the question or page that is on the screen. Pure."""

from __future__ import annotations

from dataclasses import replace

from appliance.core.commands import (
    CallHelp,
    CancelHelp,
    CancelPayment,
    ChangeQuantity,
    ChooseReceipt,
    FinishSale,
    KeyPlu,
    PickItem,
    ReceiptKind,
    RequestPayment,
    RestoreLine,
    ReturnToItems,
    SignOn,
    UndoPayments,
    VoidLine,
    VoidReason,
    VoidTransaction,
)
from appliance.core.effects import Sound
from appliance.core.identifiers import Language, LineNumber, Sku
from appliance.core.payment import TenderType
from appliance.ui.entry.arrivals import await_approval
from appliance.ui.entry.cashing import cash_touched
from appliance.ui.entry.deadlines import thank
from appliance.ui.entry.overlays import (
    STAFF,
    Adjusting,
    Attending,
    AwaitingApproval,
    Cancelling,
    ChangingQuantity,
    ChoosingLanguage,
    ChoosingPayment,
    HelpShown,
    Naming,
    NotSold,
    Numbering,
    OnDoubt,
    OnLine,
    Overlay,
    Searching,
    SigningIn,
    Started,
    StillThere,
    TakingCash,
    Thanked,
    TurnedDown,
)
from appliance.ui.entry.person import Entry, Step
from appliance.ui.entry.staffing import staff_touched
from appliance.ui.pages import (
    AttendantPage,
    AttractPage,
    BasketPage,
    CardPage,
    ChangePage,
    ChoosePaymentPage,
    DeclinedPage,
    InsertCashPage,
    Page,
    QrPaymentPage,
    ReceiptPage,
    ReceiptQrPage,
    ThankYouPage,
)

PIN_LENGTH = 12
QUANTITY_LENGTH = 3
PLU_LENGTH = 5
NAME_LENGTH = 12


def touched(entry: Entry, name: str, page: Page) -> Step:
    """Take the touch of an action; a name that the picture does not offer changes nothing."""
    verb, _, argument = name.partition(":")
    overlay = entry.top
    common = _common(entry, verb, argument, page)
    if common is not None:
        return common
    if isinstance(overlay, STAFF) or (overlay is None and isinstance(page, AttendantPage)):
        return staff_touched(entry, verb, argument, page)
    if overlay is not None:
        return _over(entry, overlay, verb, argument, page)
    return _on(entry, page, verb, argument)


def _common(entry: Entry, verb: str, argument: str, page: Page) -> Step | None:
    """Take what means the same everywhere."""
    match verb:
        case "help":
            shown = entry.top if isinstance(entry.top, HelpShown) else None
            return Step(entry if shown else entry.push(HelpShown()), (CallHelp(),))
        case "adjust":
            return Step(entry.push(Adjusting()))
        case "back" if entry.overlays:
            return Step(entry.pop())
        case "language" if argument in entry.screen.languages:
            return _speak(entry, Language(argument), page)
        case "staff" if page.frame.staff is not None:
            return Step(entry if isinstance(page, AttendantPage) else entry.clear().push(Attending()))
        case "staff":
            return Step(entry if isinstance(entry.top, SigningIn) else entry.push(SigningIn()))
        case _:
            return None


def _speak(entry: Entry, language: Language, page: Page) -> Step:
    """Change the language for this sale. On the first page it is also the start."""
    entry = replace(entry, language=language)
    if isinstance(entry.top, ChoosingLanguage):
        return Step(entry.pop())
    return Step(entry.push(Started()) if isinstance(page, AttractPage) and not entry.overlays else entry)


def _over(entry: Entry, overlay: Overlay, verb: str, argument: str, page: Page) -> Step:
    match overlay:
        case Adjusting():
            return _adjust(entry, verb)
        case OnLine(line=line):
            return _on_line(entry, line, verb, page)
        case ChangingQuantity():
            return _quantity(entry, overlay, verb, argument, page)
        case Searching():
            return _search(entry, overlay, verb, argument)
        case Numbering() | Naming():
            return _find(entry, overlay, verb, argument)
        case SigningIn():
            return _sign_in(entry, overlay, verb, argument)
        case ChoosingPayment():
            return _choose_payment(entry, page, verb, argument)
        case TakingCash():
            return cash_touched(entry, overlay, verb, argument, page)
        case AwaitingApproval() if verb == "remove" and isinstance(page, BasketPage):
            return Step(entry, tuple(VoidLine(line.line) for line in page.waiting))
        case NotSold(rejection=rejection) if verb == "get_help":
            return Step(entry.put(HelpShown()), (CallHelp(rejection.code),))
        case HelpShown() if verb == "fine":
            return Step(entry.pop(), (CancelHelp(),))
        case Cancelling() if verb == "cancel_all":
            return Step(entry, (VoidTransaction(VoidReason.CUSTOMER),))
        case StillThere() if verb == "cancel_all":
            return Step(entry.put(Cancelling()))
        case Thanked() if verb == "done":
            return Step(entry, (FinishSale(),))
        case NotSold() | Started() if verb == "search":
            return _open_search(entry, page)
        case NotSold() | TurnedDown() | HelpShown() | StillThere() | Cancelling() | AwaitingApproval() if (
            verb == "carry_on"
        ):
            return Step(entry.pop())
        case _:
            return Step(entry)


def _on(entry: Entry, page: Page, verb: str, argument: str) -> Step:
    match page:
        case AttractPage() if verb == "start":
            return Step(entry.push(Started()))
        case BasketPage():
            return _basket(entry, page, verb, argument)
        case ChoosePaymentPage():
            return _choose_payment(entry, page, verb, argument)
        case CardPage() | InsertCashPage() | QrPaymentPage() if verb == "cancel_payment":
            return Step(entry, (CancelPayment(),))
        case QrPaymentPage(staff_check=True) if verb == "check_payment":
            return Step(entry.push(SigningIn() if page.frame.staff is None else OnDoubt(page.attempt)))
        case ChangePage():
            return _change(entry, page, verb)
        case DeclinedPage():
            return _declined(entry, page, verb)
        case ReceiptPage() if verb == "receipt":
            kind = next((kind for kind in page.kinds if kind.value == argument), None)
            return Step(entry, (ChooseReceipt(ReceiptKind(kind)),) if kind else ())
        case ReceiptQrPage() if verb == "done":
            return thank(entry)
        case ReceiptQrPage() if verb == "more_time":
            return Step(replace(entry, more_time=entry.more_time + 1))
        case ThankYouPage() if verb == "done":
            return Step(entry, (FinishSale(),))
        case _:
            return Step(entry)


def _basket(entry: Entry, page: BasketPage, verb: str, argument: str) -> Step:
    match verb:
        case "pay":
            return _pay(entry, page)
        case "search":
            return _open_search(entry, page)
        case "cancel_all" if page.lines:
            return Step(entry.push(Cancelling()))
        case "undo" if page.removed is not None:
            return Step(entry, (RestoreLine(page.removed.line),))
        case "line" if argument.isdecimal() and page.line(LineNumber(int(argument))) is not None:
            return Step(entry.push(OnLine(LineNumber(int(argument)))))
        case _:
            return Step(entry)


def _pay(entry: Entry, page: BasketPage) -> Step:
    if page.waiting:
        return await_approval(entry, page)
    if len(page.frame.tenders) == 1 and not page.frame.missing_tenders:
        return _pay_by(entry, page, page.frame.tenders[0])
    return Step(entry.push(ChoosingPayment()))


def _pay_by(entry: Entry, page: Page, tender: TenderType) -> Step:
    """Begin to pay: a device does it, or staff take the cash."""
    if tender is TenderType.CASH and page.frame.cash is not None:
        return Step(entry.push(TakingCash()))
    return Step(entry, (RequestPayment(tender),))


def _open_search(entry: Entry, page: Page) -> Step:
    return Step(entry.push(Searching()) if page.frame.shelf.items else entry)


def _choose_payment(entry: Entry, page: Page, verb: str, argument: str) -> Step:
    match verb:
        case "tender" if argument in page.frame.tenders:
            return _pay_by(entry, page, TenderType(argument))
        case "undo_all" if isinstance(page, ChoosePaymentPage) and page.paid:
            return Step(entry, (UndoPayments(),))
        case "items":
            return Step(entry.pop(), () if isinstance(page, BasketPage) else (ReturnToItems(),))
        case _:
            return Step(entry)


def _change(entry: Entry, page: ChangePage, verb: str) -> Step:
    """Give the receipt, or leave the sale: whoever wants none gets what the rules give him."""
    match verb:
        case "receipt" if page.kinds:
            return Step(entry, (ChooseReceipt(page.kinds[0]),))
        case "next_sale" if page.kinds:
            kind = ReceiptKind.NONE if ReceiptKind.NONE in page.kinds else page.kinds[0]
            return Step(entry, (ChooseReceipt(kind), FinishSale()))
        case "next_sale":
            return Step(entry, (FinishSale(),))
        case _:
            return Step(entry)


def _declined(entry: Entry, page: DeclinedPage, verb: str) -> Step:
    match verb:
        case "again" if page.tender in page.frame.tenders:
            return Step(entry, (RequestPayment(page.tender),))
        case "another":
            return Step(entry.push(ChoosingPayment()))
        case "items" if not page.part_paid:
            return Step(entry, (ReturnToItems(),))
        case _:
            return Step(entry)


def _adjust(entry: Entry, verb: str) -> Step:
    match verb:
        case "larger":
            return Step(replace(entry, large=not entry.large))
        case "contrast":
            return Step(replace(entry, contrast=not entry.contrast))
        case "lower":
            return Step(replace(entry, low_reach=not entry.low_reach))
        case "calmer":
            return Step(replace(entry, calm=not entry.calm))
        case "choose_language":
            return Step(entry.push(ChoosingLanguage()))
        case _:
            return Step(entry)


def _on_line(entry: Entry, number: LineNumber, verb: str, page: Page) -> Step:
    line = page.line(number) if isinstance(page, BasketPage) else None
    if line is None:
        return Step(entry.clear())
    match verb:
        case "quantity" if not line.quantity_fixed:
            return Step(entry.push(ChangingQuantity(line=number, digits=str(int(line.quantity)))))
        case "remove":
            return Step(entry, (VoidLine(number),))
        case _:
            return Step(entry)


def _typed(digits: str, key: str, length: int) -> str:
    if key == "back":
        return digits[:-1]
    return digits + key if key.isdecimal() and len(digits) < length else digits


def _quantity(entry: Entry, asked: ChangingQuantity, verb: str, key: str, page: Page) -> Step:
    wanted = int(asked.digits or 0)
    match verb:
        case "key":
            # The number that stands there is replaced by the first digit, not lengthened.
            before = asked.digits if asked.typed or key == "back" else ""
            digits = _typed(before, key, QUANTITY_LENGTH)
            return Step(entry.put(replace(asked, digits=digits, typed=True)), sound=Sound.TICK)
        case "less" if wanted > 0:
            return Step(entry.put(replace(asked, digits=str(wanted - 1), typed=False)), sound=Sound.TICK)
        case "more" if wanted < 10**QUANTITY_LENGTH - 1:
            return Step(entry.put(replace(asked, digits=str(wanted + 1), typed=False)), sound=Sound.TICK)
        case "ok" if asked.digits:
            return _set_quantity(entry, asked, wanted, page)
        case _:
            return Step(entry)


def _set_quantity(entry: Entry, asked: ChangingQuantity, wanted: int, page: Page) -> Step:
    line = page.line(asked.line) if isinstance(page, BasketPage) else None
    if line is None or wanted == line.quantity:
        return Step(entry.clear())
    if wanted == 0:
        return Step(entry.clear().push(OnLine(asked.line)))
    return Step(entry, (ChangeQuantity(asked.line, wanted),))


def _search(entry: Entry, searching: Searching, verb: str, argument: str) -> Step:
    match verb:
        case "item":
            return Step(entry, (PickItem(Sku(argument)),))
        case "category":
            chosen = "" if argument == searching.category else argument
            return Step(entry.put(Searching(category=chosen, group=searching.group)))
        case "groups":
            return Step(entry.put(replace(searching, group=searching.group + 1)))
        case "more":
            return Step(entry.put(replace(searching, page=searching.page + 1)))
        case "number":
            return Step(entry.push(Numbering()))
        case _:
            return Step(entry)


def _find(entry: Entry, typing: Numbering | Naming, verb: str, argument: str) -> Step:
    match typing, verb:
        case Numbering(), "key":
            return Step(entry.put(Numbering(digits=_typed(typing.digits, argument, PLU_LENGTH))), sound=Sound.TICK)
        case Numbering(), "ok" if len(typing.digits) >= 4:
            return Step(entry, (KeyPlu(typing.digits),))
        case Numbering(), "letters":
            return Step(entry.put(Naming()))
        case Naming(), "key":
            text = typing.text[:-1] if argument == "back" else (typing.text + argument)[:NAME_LENGTH]
            return Step(entry.put(Naming(text)), sound=Sound.TICK)
        case Naming(), "ok" if typing.text:
            return Step(entry.pop().put(Searching(text=typing.text)))
        case Naming(), "digits":
            return Step(entry.put(Numbering()))
        case _:
            return Step(entry)


def _sign_in(entry: Entry, typing: SigningIn, verb: str, key: str) -> Step:
    match verb:
        case "key":
            digits = _typed(typing.digits, key, PIN_LENGTH)
            return Step(entry.put(SigningIn(digits=digits)), sound=Sound.TICK)
        case "ok" if typing.digits:
            return Step(entry.put(SigningIn()), (SignOn(typing.digits),))
        case _:
            return Step(entry)
