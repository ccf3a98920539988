"""A person at a screen without pixels: sees views, touches what they offer, and reaches a till of the core's rules."""

from __future__ import annotations

from dataclasses import replace

from appliance.core import commands as c
from appliance.core.checkout import Rejection
from appliance.core.effects import Sound
from appliance.core.identifiers import Language, Operator
from appliance.ui import strings, wording
from appliance.ui.entry import Elapsed, Entry, Intent, Refused, Shown, Touch, deadline, step
from appliance.ui.pages import Page, Screen
from appliance.ui.view import View
from appliance.ui.viewmodel import page
from tests.core.till import Till

LANGUAGES = tuple(Language(name) for name in ("nb", "nn", "en", "zh"))
TEXTS = strings.load(LANGUAGES)


def names(view: View) -> set[str]:
    """Give everything of a view that can be touched, by name."""
    offered = {action.name for action in view.actions()}
    offered |= {row.name for row in view.rows if row.name}
    offered |= {tile.name for tile in view.tiles}
    if view.keypad is not None:
        offered |= {f"key:{key}" for key in (*view.keypad.keys, *view.keypad.letters) if key}
    return offered


class Person:
    """One person, one screen, one till."""

    def __init__(self, till: Till | None = None, screen: Screen | None = None) -> None:
        self.till = till or Till()
        self.refresh_shelf()
        self.page: Page = page(self.till.checkout)
        self.entry = Entry.fresh(screen or Screen(shop="Torget", languages=LANGUAGES))
        self.sounds: list[Sound] = []

    def refresh_shelf(self) -> None:
        """Give the screen the goods without a barcode, as the register does."""
        self.till.checkout = replace(self.till.checkout, shelf=self.till.book.shelf())

    @property
    def view(self) -> View:
        """What is on the screen."""
        return wording.view(self.page, self.entry, TEXTS)

    @property
    def sees(self) -> str:
        """Name of the page on the screen."""
        return self.view.page

    def act(self, intent: Intent) -> None:
        """Take one intent, and bring its commands to the till."""
        result = step(self.entry, intent, self.page)
        self.entry = result.entry
        if isinstance(intent, Shown):
            self.page = intent.page
        if result.sound is not None:
            self.sounds.append(result.sound)
        for command in result.commands:
            self.send(command)

    def send(self, command: c.Command) -> None:
        """Let something happen at the till, and show what came of it."""
        operator = Operator("Kari") if isinstance(command, c.SignOn) and command.pin == "1234" else None
        result = self.till.do(command, operator)
        self.act(Refused(result) if isinstance(result, Rejection) else Shown(page(self.till.checkout)))

    def tap(self, *wanted: str) -> None:
        """Touch things by name, one after another; each must be on the screen."""
        for name in wanted:
            assert name in names(self.view) or name == "staff", f"{name} is not on {self.sees}: {names(self.view)}"
            self.act(Touch(name))

    def scan(self, *codes: str) -> None:
        """Hold codes before the scanner."""
        for code in codes:
            self.send(c.ScanCode(code))

    def wait(self) -> int:
        """Do nothing until the time of the picture is over; give how many seconds that took."""
        running = deadline(self.page, self.entry)
        assert running is not None, f"{self.sees} waits for ever"
        self.act(Elapsed(running.intent.key))
        return running.seconds

    def show(self) -> None:
        """Look at the till as it is now, after something happened to it."""
        self.refresh_shelf()
        self.act(Shown(page(self.till.checkout)))
