"""The glass of the screen: what people read on it and touch. Everything of the screen but its pixels."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from appliance.core.checkout import Checkout, Rejection, TransactionState
from appliance.core.commands import Command
from appliance.core.identifiers import Language, LineNumber, TransactionId
from appliance.ui import strings, wording
from appliance.ui.entry import Elapsed, Entry, Intent, Refused, Shown, Touch, deadline, step
from appliance.ui.pages import Page, Screen
from appliance.ui.view import View
from appliance.ui.viewmodel import page

LANGUAGES: Final = ("en", "nb")
TEXTS: Final = strings.load([Language(name) for name in LANGUAGES])
PATIENCE_S: Final = 15.0


def words(view: View) -> set[str]:
    """Give every text of a picture, with plain spaces where no line may break."""
    return {text.replace("\N{NO-BREAK SPACE}", " ") for text in _texts(view)}


def _texts(view: View) -> Iterator[str]:
    yield from (view.title, view.sentence, view.amount, view.last_text, view.last_amount, view.empty, view.top_right)
    if view.strip is not None:
        yield view.strip.text
    for row in view.rows:
        yield from (row.text, row.note, row.quantity, row.amount)
    for label, value in view.detail:
        yield from (label, value)
    yield from (action.text for action in view.actions())


def touchable(view: View) -> set[str]:
    """Give the name of everything that a finger can touch."""
    offered = {action.name for action in view.actions()} | {"staff"}
    offered |= {row.name for row in view.rows if row.name} | {tile.name for tile in view.tiles}
    if view.keypad is not None:
        offered |= {f"key:{key}" for key in (*view.keypad.keys, *view.keypad.letters) if key}
    return offered


class Glass:
    """One screen from the boot of the till to its end; also remembers what it has promised."""

    def __init__(self, send: Callable[[Command], None]) -> None:
        self._send = send
        self._turned = threading.Condition()
        self._entry = Entry.fresh(Screen(shop="Torgbua", languages=tuple(TEXTS)))
        self._page: Page | None = None
        self.checkout: Checkout | None = None
        self.ended = False
        self.code: int | None = None
        self.fault = ""
        self.shown_lines: set[tuple[TransactionId, LineNumber]] = set()
        """Every line that stood on the screen."""
        self.shown_sales: set[TransactionId] = set()
        """Every sale that was shown as paid."""

    # The till's side ------------------------------------------------------------------------------------------------

    def show(self, checkout: Checkout) -> None:
        """Take a new state."""
        with self._turned:
            self.checkout = checkout
            sale = checkout.transaction
            if sale is not None:
                self.shown_lines |= {(sale.id, line.line) for line in sale.lines}
                if sale.state is TransactionState.TENDERED:
                    self.shown_sales.add(sale.id)
            self._take(Shown(page(checkout)))

    def refuse(self, rejection: Rejection) -> None:
        """Take a refusal."""
        with self._turned:
            self._take(Refused(rejection))

    def end(self, code: int | None, fault: str) -> None:
        """Go dark."""
        with self._turned:
            self.code, self.fault, self.ended = code, fault, True
            self._turned.notify_all()

    def _take(self, intent: Intent) -> None:
        now = self._page if self._page is not None else (intent.page if isinstance(intent, Shown) else None)
        assert now is not None, "something was refused before anything was shown"
        result = step(self._entry, intent, now)
        self._entry = result.entry
        if isinstance(intent, Shown):
            self._page = intent.page
        self._turned.notify_all()
        for command in result.commands:
            self._send(command)

    # The person's side ----------------------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        """What is on the screen."""
        with self._turned:
            assert self._page is not None, "the screen is dark"
            return wording.view(self._page, self._entry, TEXTS)

    def touch(self, name: str) -> None:
        """Touch something by its name; it must be there, or come soon."""
        self.wait(lambda: self._page is not None and name in touchable(self.view), f"{name!r} to touch")
        with self._turned:
            self._take(Touch(name))

    def let_time_pass(self) -> None:
        """Do nothing until the time of the picture is over."""
        with self._turned:
            assert self._page is not None
            running = deadline(self._page, self._entry)
            assert running is not None, f"{self.view.page} waits for ever"
            self._take(Elapsed(running.intent.key))

    def let_a_moment_pass(self, seconds: float) -> None:
        """Do nothing for so long, as a person between two things."""
        with self._turned:
            self._turned.wait_for(lambda: self.ended, seconds)

    def wait(self, condition: Callable[[], bool], what: str, seconds: float = PATIENCE_S) -> None:
        """Wait for something on the screen; the failure says what stands there instead."""
        until = time.monotonic() + seconds
        with self._turned:
            while not condition():
                left = until - time.monotonic()
                if self.ended or left <= 0:
                    raise AssertionError(f"{what} did not come within {seconds:g} s; {self.stands()}")
                self._turned.wait(left)

    def stands(self) -> str:
        """Say what is on the screen, for whoever waits for something else."""
        if self.ended:
            return f"the till has ended: {self.fault or self.code}"
        if self._page is None or self.checkout is None:
            return "the screen is dark"
        devices = ", ".join(f"{device.name} {device.health}" for device in self.checkout.devices.values())
        seen = " / ".join([text for text in _texts(self.view) if text][:40])
        return f"the screen shows {self.view.page}: {seen} ({self.checkout.state}, {devices})"
