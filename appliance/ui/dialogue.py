"""The conversation on the main thread: page and touches in, commands, sounds and a finished View out. No Kivy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from appliance.core.effects import Sound
from appliance.core.identifiers import Language
from appliance.ports import Post
from appliance.ui.entry import Deadline, Elapsed, Entry, Refused, Shown, Touch, deadline, step
from appliance.ui.entry import Intent as Act
from appliance.ui.pages import Frame, Page, Screen, StartingPage
from appliance.ui.strings import Texts
from appliance.ui.view import View
from appliance.ui.wording import view


class Stage(Protocol):
    """Where the finished picture goes."""

    def show(self, view: View, deadline: Deadline | None, *, touched: bool) -> None:
        """Draw a View and start the timer of what runs out on it. `touched`: a person has done something."""
        ...


class Dialogue:
    """Holds the page and the entry. Used on the main thread only."""

    def __init__(
        self,
        settings: Screen,
        texts: Mapping[Language, Texts],
        post: Post,
        play: Callable[[Sound], None],
        stage: Stage,
    ) -> None:
        self._texts = texts
        self._post = post
        self._play = play
        self._stage = stage
        self.page: Page = StartingPage(frame=Frame(revision=-1))
        self.entry = Entry.fresh(settings)

    def begin(self) -> None:
        """Show the first picture."""
        self._show(touched=False)

    def take(self, news: tuple[Shown | Refused, ...]) -> None:
        """Take what the register has to say; one picture is drawn at the end."""
        touched = False
        for intent in news:
            touched = touched or self._by_a_person(intent)
            self._step(intent)
            if isinstance(intent, Shown):
                self.page = intent.page
        self._show(touched=touched)

    def touch(self, name: str) -> None:
        """Take a touch."""
        self._step(Touch(name))
        self._show(touched=True)

    def elapse(self, intent: Elapsed) -> None:
        """Take the end of a deadline."""
        self._step(intent)
        self._show(touched=False)

    def _by_a_person(self, intent: Shown | Refused) -> bool:
        """Whether a scan is behind it: the basket changes, or a code was not taken."""
        if isinstance(intent, Refused):
            return bool(intent.rejection.code)
        return intent.page.frame.sale != self.page.frame.sale

    def _step(self, intent: Act) -> None:
        taken = step(self.entry, intent, self.page)
        self.entry = taken.entry
        if taken.sound is not None:
            self._play(taken.sound)
        for command in taken.commands:
            self._post(command)

    def _show(self, *, touched: bool) -> None:
        self._stage.show(view(self.page, self.entry, self._texts), deadline(self.page, self.entry), touched=touched)
