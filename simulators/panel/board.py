"""What the panel shows, and what it may do: the page knows these facts and no device."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Protocol

from appliance.core.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One button. `tone` is "good", "bad", "wide" or ""; `on` shows that it is in force."""

    name: str
    label: str
    tone: str = ""
    on: bool = False
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalFace:
    """The card terminal: its display, and what may be done to it now."""

    plugged: bool
    amount: str
    text: str
    note: str
    """Small print of the display: how the next payment will end."""
    books: str
    """What the terminal has taken so far."""
    answers: tuple[Choice, ...]
    """What the customer may do at it."""
    modes: tuple[Choice, ...]
    """How it treats the payments to come."""
    plug: Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """One of the other devices."""

    device: str
    title: str
    text: str
    good: bool
    actions: tuple[Choice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A receipt that came out; its picture is at paper/<id>.png."""

    id: int
    caption: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything on the page but the goods."""

    last_scan: str
    lamp: str
    """Lane light: "open", "help", "attention", "off"; "" = there is none."""
    printer_good: bool
    terminal: TerminalFace
    rows: tuple[DeviceRow, ...]
    papers: tuple[Paper, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Something to scan. `picture` is an address, or "" for the first letter of the name."""

    code: str
    name: str
    price: str
    category: str
    picture: str = ""
    note: str = ""
    trouble: bool = False


class Changes:
    """Counts changes, and lets threads wait for the next one."""

    def __init__(self) -> None:
        self._turned = threading.Condition()
        self._count = 0
        self._ended = False

    def note(self) -> None:
        """Something changed; from any thread."""
        with self._turned:
            self._count += 1
            self._turned.notify_all()

    def end(self) -> None:
        """Let everybody go who waits."""
        with self._turned:
            self._ended = True
            self._turned.notify_all()

    def wait(self, seen: int, timeout: float) -> int | None:
        """Wait for at most `timeout` seconds until there is more than `seen`; give the count, None at the end."""
        with self._turned:
            self._turned.wait_for(lambda: self._ended or self._count != seen, timeout)
            return None if self._ended else self._count


class Phone(Protocol):
    """The customer's phone, on which an app may ask whether to pay."""

    @property
    def method(self) -> str:
        """The gateway's name for this way of paying."""
        ...

    def asked(self) -> Money | None:
        """Give what it asks for; None if it asks nothing."""
        ...

    def answer(self, word: str) -> None:
        """Do one of "pay", "decline", "expire"; LookupError if it is none."""
        ...


class Counter(Protocol):
    """The simulated devices, as the panel sees them. Every call is made from a thread of the server."""

    changes: Changes

    def board(self) -> Board:
        """Give the present state."""
        ...

    def goods(self) -> tuple[Sample, ...]:
        """Give what can be scanned by a click."""
        ...

    def scan(self, code: str) -> None:
        """Scan a code."""
        ...

    def act(self, device: str, action: str) -> None:
        """Do what a button says; LookupError if there is no such device or action."""
        ...

    def paper(self, number: int) -> bytes:
        """Give the picture of a receipt as PNG; LookupError if there is none."""
        ...

    def picture(self, name: str) -> bytes:
        """Give the picture of an item as PNG; LookupError if there is none."""
        ...
