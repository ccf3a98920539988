"""A screen before a real register with its journal in memory: people touch and scan, payment devices answer."""

from __future__ import annotations

from appliance.core import commands as c
from appliance.core.money import Money
from appliance.core.payment import (
    Intent,
    Outcome,
    OutcomeKind,
    Progress,
    Reference,
    Result,
    Sending,
    TenderType,
    Totals,
)
from appliance.ui import strings, wording
from appliance.ui.entry import Elapsed, Entry, Refused, Shown, Touch, deadline, step
from appliance.ui.entry import Intent as Act
from appliance.ui.pages import Page, Screen
from appliance.ui.view import View
from appliance.ui.viewmodel import page
from tests.core.till import NOK
from tests.register.surroundings import World
from tests.ui.person import LANGUAGES, names

TEXTS = strings.load(LANGUAGES)
PIN = ("key:4", "key:7", "key:1", "key:1", "ok")
CATEGORIES = {"terminal": "CAT", "printer": "POSPrinter", "drawer": "CashDrawer"}


class Counter(World):
    """One till, one screen, and the hands at its devices."""

    def __init__(self, *devices: str, **rules: object) -> None:
        super().__init__(**rules)
        self.page: Page = page(self.register.checkout)
        self.entry = Entry.fresh(Screen(shop="Torget", languages=LANGUAGES))
        for name in ("terminal", "printer", "drawer", *devices):
            self.report(name)

    def report(self, name: str) -> None:
        """A device comes."""
        self.send(c.ReportDevice(name, CATEGORIES.get(name, "ElectronicValueRW"), c.Health.ONLINE))

    # The screen -----------------------------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        """What is on the screen."""
        return wording.view(self.page, self.entry, TEXTS)

    @property
    def sees(self) -> str:
        """Name of the page on the screen."""
        return self.view.page

    def act(self, intent: Act) -> None:
        """Take one intent, and bring its commands to the register."""
        taken = step(self.entry, intent, self.page)
        self.entry = taken.entry
        if isinstance(intent, Shown):
            self.page = intent.page
        for command in taken.commands:
            self.send(command)

    def send(self, command: c.Command) -> None:
        """Give the register a command, and show what came of it."""
        refused = len(self.presenter.refused)
        self.register.handle(command)
        if len(self.presenter.refused) > refused:
            self.act(Refused(self.presenter.refused[-1]))
        else:
            self.act(Shown(page(self.register.checkout)))

    def tap(self, *wanted: str) -> None:
        """Touch things by name, one after another; each must be on the screen."""
        for name in wanted:
            offered = names(self.view) | {"staff"}
            assert name in offered, f"{name} is not on {self.sees}: {sorted(offered)}"
            self.act(Touch(name))

    def scan(self, *codes: str) -> None:
        """Hold codes before the scanner."""
        for code in codes:
            self.send(c.ScanCode(code))

    def wait(self) -> None:
        """Do nothing until the time of the picture is over."""
        running = deadline(self.page, self.entry)
        assert running is not None, f"{self.sees} waits for ever"
        self.act(Elapsed(running.intent.key))

    def be_staff(self) -> None:
        """Be staff."""
        self.tap("staff", *PIN)

    # The devices ----------------------------------------------------------------------------------------------------

    @property
    def asked(self) -> Intent:
        """What a device was asked for last."""
        return self.peripherals.intents[-1]

    def step(self, progress: Progress, code: str = "") -> None:
        """A device tells its step."""
        self.send(c.ReportProgress(self.asked.attempt, progress, code=code))

    def begin(self) -> None:
        """A device has the first byte."""
        self.send(c.RecordPayment(self.asked.attempt, Sending(), lambda _: None))

    def approve(self, minor: int | None = None) -> None:
        """A device takes, or gives back, what it was asked for, or another amount."""
        amount = self.asked.amount if minor is None else Money(minor, NOK)
        reference = Reference(terminal_id="29001006", receipt_number=f"{len(self.peripherals.intents):04}")
        told = Outcome(kind=OutcomeKind.APPROVED, amount=amount, reference=reference)
        self.begin()
        self.send(c.RecordPayment(self.asked.attempt, Result(told), lambda _: None))
        self.send(c.ReportOutcome(self.asked.attempt, told))

    def gives_back(self) -> None:
        """A device undoes what it was asked to undo."""
        self.end(OutcomeKind.REVERSED)

    def end(self, kind: OutcomeKind, text: str = "") -> None:
        """A device ends an intent that it has begun."""
        self.begin()
        self.send(c.ReportOutcome(self.asked.attempt, Outcome(kind=kind, text=text)))

    def sums(self, device: str, minor: int, count: int) -> None:
        """A device has closed its day."""
        self.send(c.ReportTotals(device, Totals(amount=Money(minor, NOK), count=count)))


def stall(**rules: object) -> Counter:
    """Give a staffed till that takes cards, a static code, and cash by hand."""
    return Counter(
        "wallet",
        **{
            "unattended": False,
            "tenders": (TenderType.CARD, TenderType.QR, TenderType.CASH),
            "tender_devices": {TenderType.CARD: "terminal", TenderType.QR: "wallet"},
            "unconfirmed": frozenset({TenderType.QR}),
            "cash_step": 100,
            **rules,
        },
    )


def kiosk(**rules: object) -> Counter:
    """Give a kiosk that takes cards and gift cards."""
    return Counter(
        "gift_cards",
        **{
            "tenders": (TenderType.CARD, TenderType.GIFT_CARD),
            "tender_devices": {TenderType.CARD: "terminal", TenderType.GIFT_CARD: "gift_cards"},
            **rules,
        },
    )


def amount(view: View) -> str:
    """Give the amount of a picture with plain spaces."""
    return view.amount.replace("\N{NO-BREAK SPACE}", " ")


def words(view: View) -> str:
    """Give what a picture says, with plain spaces."""
    rows = [f"{row.text} {row.note} {row.amount}" for row in view.rows]
    facts = [f"{label}: {value}" for label, value in view.detail]
    hint = view.keypad.hint if view.keypad else ""
    return " | ".join([view.title, view.sentence, hint, *rows, *facts]).replace("\N{NO-BREAK SPACE}", " ")
