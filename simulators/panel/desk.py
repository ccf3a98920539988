"""The panel's side of the simulated devices: how their state looks on the page, and what a button does to them."""

from __future__ import annotations

import contextlib
import io
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from PIL.Image import Image

from appliance.core.identifiers import Language
from appliance.core.money import Currency, Money
from appliance.core.receipt_text import RECEIPT_TEXTS, amount_text
from simulators.cash_device import CashMachine
from simulators.counter import Counter, toml
from simulators.goods import Good
from simulators.panel.board import Board, Changes, Choice, DeviceRow, Paper, Phone, Sample, TerminalFace
from simulators.panel.samples import samples

_GLANCE_S: Final = 0.1
"""How often the devices are looked at for changes that they do not tell of."""
_LATE_S: Final = 12
_TEXTS: Final = RECEIPT_TEXTS[Language("nb")]
_MODES: Final[Mapping[str, tuple[str, str, str]]] = {
    "ask": ("Asks you", "ask", "Every payment waits for you."),
    "auto": ("Approves alone", "approve", "Every payment is approved at once."),
    "late": ("Answers late", f"ask, late {_LATE_S}", f"Every answer comes after {_LATE_S} s."),
    "silent": ("Never answers", "silent", "Payments get no answer at all."),
}
_CASH: Final = (1000, 5000, 10000, 20000)
"""What can be put into the machine for coins and notes; øre."""
_ANSWERS: Final = {"approve": "approve", "decline": "decline 51", "cancel": "cancel"}


class CounterPanel:
    """A counter for the panel (`board.Counter`); use as a context manager. `data` keeps books and receipts.

    `phone`: that of the customer, where the till takes payments by phone.
    """

    def __init__(self, data: Path, goods: Sequence[Good], *, pictures: Path, phone: Phone | None = None) -> None:
        self.changes = Changes()
        self.counter = Counter(data / "terminal", paper=data / "receipts", answer=_MODES["ask"][1])
        self.cash = CashMachine(data / "cash")
        self._phone = phone
        self._goods = samples(goods, datetime.now(UTC).date())
        self._pictures = pictures
        self._lock = threading.RLock()
        self._stack = contextlib.ExitStack()
        self._done = threading.Event()
        self._mode = "ask"
        self._last_scan = ""
        self._plugged = {"terminal": True, "printer": True, "scanner": True}
        self._condition = {"paper": True, "paper_low": False, "cover_open": False, "drawer_open": False}
        self._papers: list[tuple[Paper, bytes]] = []
        self._torn = 0
        self._seen: object = None

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.counter)
            stack.enter_context(self.cash)
            watcher = threading.Thread(target=self._watch, name="counter")
            watcher.start()
            stack.callback(watcher.join)
            stack.callback(self._done.set)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def toml(self) -> str:
        """Give what a till's configuration must say to use all of it."""
        devices = dict(self.counter.devices())
        tenders = ["card", "cash"]
        devices["cash"] = {
            "category": "cash",
            "driver": "acceptor",
            "device": "simulated",
            "address": self.cash.address,
            "currency": "NOK",
        }
        if self._phone is not None:
            tenders.append("qr")
            devices["phone"] = {"category": "qr", "driver": "hub", "method": self._phone.method}
        return f"[selling]\ntenders = {json.dumps(tenders)}\n{toml(devices)}"

    # What the page shows --------------------------------------------------------------------------------------------

    def board(self) -> Board:
        """Give the present state."""
        with self._lock:
            return Board(
                last_scan=self._last_scan,
                lamp="",
                printer_good=self._printer_good(),
                terminal=self._terminal(),
                rows=(
                    *(() if self._phone is None else (_phone_row(self._phone.asked()),)),
                    self._cash_row(),
                    self._scanner_row(),
                    self._printer_row(),
                    self._drawer_row(),
                ),
                papers=tuple(paper for paper, _ in self._papers[self._torn :]),
            )

    def goods(self) -> tuple[Sample, ...]:
        """Give what can be scanned by a click."""
        return self._goods

    def paper(self, number: int) -> bytes:
        """Give the picture of a receipt."""
        with self._lock:
            if not 1 <= number <= len(self._papers):
                raise LookupError(f"no receipt {number}")
            return self._papers[number - 1][1]

    def picture(self, name: str) -> bytes:
        """Give the picture of an item."""
        try:
            return (self._pictures / f"{name}.png").read_bytes()
        except OSError as error:
            raise LookupError(f"no picture {name!r}") from error

    def _terminal(self) -> TerminalFace:
        plugged, waiting = self._plugged["terminal"], self.counter.terminal.pending()
        taken = self.counter.terminal.books.standing()
        answers = (
            Choice(name="approve", label="Approve", tone="good", enabled=waiting is not None),
            Choice(name="decline", label="Decline", tone="bad", enabled=waiting is not None),
            Choice(name="cancel", label="Customer cancels", enabled=waiting is not None),
        )
        modes = tuple(Choice(name=name, label=label, on=name == self._mode) for name, (label, _, _) in _MODES.items())
        plug = Choice(name="plug", label="Pull the plug" if plugged else "Plug it in", tone="wide", on=not plugged)
        if waiting is not None and plugged:
            currency = Currency.of_numeric(waiting.currency)
            amount, text = f"{amount_text(Money(waiting.amount, currency), _TEXTS)} {currency}", "Present card"
        else:
            amount, text = "", "Ready" if plugged else "No power"
        return TerminalFace(
            plugged=plugged,
            amount=amount,
            text=text,
            note=_MODES[self._mode][2],
            books=_sum_of([entry.amount for entry in taken], taken[-1].currency) if taken else "",
            answers=answers if plugged else (),
            modes=modes if plugged else (),
            plug=plug,
        )

    def _cash_row(self) -> DeviceRow:
        accepting = self.cash.accepting
        return DeviceRow(
            device="cash",
            title="Coins and notes",
            text="takes money" if accepting else "shut",
            good=True,
            actions=tuple(Choice(name=str(minor), label=f"{minor // 100} kr", enabled=accepting) for minor in _CASH),
        )

    def _scanner_row(self) -> DeviceRow:
        plugged = self._plugged["scanner"]
        return DeviceRow(
            device="scanner",
            title="Scanner",
            text="plugged in" if plugged else "unplugged",
            good=plugged,
            actions=(_plug(plugged),),
        )

    def _printer_row(self) -> DeviceRow:
        now, plugged = self._condition, self._plugged["printer"]
        troubles = [
            text
            for text, trouble in (
                ("no power", not plugged),
                ("no paper", not now["paper"]),
                ("paper nearly out", now["paper_low"] and now["paper"]),
                ("cover open", now["cover_open"]),
            )
            if trouble
        ]
        actions = (
            Choice(name="paper", label="Paper out", on=not now["paper"]),
            Choice(name="paper_low", label="Paper low", on=now["paper_low"]),
            Choice(name="cover_open", label="Cover open", on=now["cover_open"]),
            _plug(plugged),
        )
        return DeviceRow(
            device="printer",
            title="Receipt printer",
            text=", ".join(troubles) or "ready",
            good=self._printer_good(),
            actions=actions,
        )

    def _printer_good(self) -> bool:
        return self._plugged["printer"] and self._condition["paper"] and not self._condition["cover_open"]

    def _drawer_row(self) -> DeviceRow:
        opened = self._condition["drawer_open"]
        actions = (Choice(name="shut", label="Shut"),) if opened else ()
        return DeviceRow(
            device="drawer", title="Cash drawer", text="open" if opened else "shut", good=True, actions=actions
        )

    # What its buttons do --------------------------------------------------------------------------------------------

    def scan(self, code: str) -> None:
        """Scan a code."""
        with self._lock:
            self._last_scan = code
            self.counter.scanner.scan(code)
        self.changes.note()

    def act(self, device: str, action: str) -> None:
        """Do what a button says."""
        acts: dict[str, Callable[[str], None]] = {
            "terminal": self._act_terminal,
            "printer": self._act_printer,
            "scanner": self._act_scanner,
            "drawer": self._act_drawer,
            "cash": self._act_cash,
        }
        if self._phone is not None:
            acts["phone"] = self._phone.answer
        if device not in acts:
            raise LookupError(f"no device {device!r}")
        with self._lock:
            acts[device](action)
        self.changes.note()

    def _act_terminal(self, action: str) -> None:
        terminal = self.counter.terminal
        if action in _ANSWERS:
            terminal.answer(_ANSWERS[action])
        elif action in _MODES:
            self._mode = action
            terminal.default(_MODES[action][1])
        else:
            self._turn_plug("terminal", action, terminal.plug, terminal.unplug)

    def _act_printer(self, action: str) -> None:
        printer = self.counter.printer
        if action == "tear":
            self._torn = len(self._papers)
        elif action in ("paper", "paper_low", "cover_open"):
            self._condition[action] = not self._condition[action]
            printer.change(**{action: self._condition[action]})
        else:
            self._turn_plug("printer", action, printer.start, printer.stop)

    def _act_scanner(self, action: str) -> None:
        self._turn_plug("scanner", action, self.counter.scanner.start, self.counter.scanner.stop)

    def _act_drawer(self, action: str) -> None:
        if action != "shut":
            raise LookupError(f"a drawer cannot {action!r}")
        self._condition["drawer_open"] = False
        self.counter.printer.change(drawer_open=False)

    def _act_cash(self, action: str) -> None:
        if action not in map(str, _CASH):
            raise LookupError(f"no coin or note of {action!r} øre")
        self.cash.insert(int(action))

    def _turn_plug(self, device: str, action: str, plug: Callable[[], None], unplug: Callable[[], None]) -> None:
        if action != "plug":
            raise LookupError(f"no action {action!r} of the {device}")
        self._plugged[device] = not self._plugged[device]
        (plug if self._plugged[device] else unplug)()

    # What the devices do by themselves ------------------------------------------------------------------------------

    def _watch(self) -> None:
        pulses = 0
        while not self._done.wait(_GLANCE_S):
            printer, terminal = self.counter.printer, self.counter.terminal
            with self._lock:
                while len(self._papers) < len(printer.receipts):
                    self._papers.append(_developed(printer.picture(len(self._papers)), len(self._papers) + 1))
                if printer.pulses > pulses:
                    pulses = printer.pulses
                    self._condition["drawer_open"] = True
                    printer.change(drawer_open=True)
            asked = None if self._phone is None else self._phone.asked()
            entries = len(terminal.books.entries())
            seen = (len(self._papers), terminal.pending(), entries, pulses, asked, self.cash.accepting)
            if seen != self._seen:
                self._seen = seen
                self.changes.note()


def _phone_row(asked: Money | None) -> DeviceRow:
    buttons = (("pay", "Pay", "good"), ("decline", "Decline", ""), ("expire", "Let it expire", ""))
    return DeviceRow(
        device="phone",
        title="Customer's phone",
        text="asks nothing" if asked is None else f"asks: pay {amount_text(asked, _TEXTS)} {asked.currency}?",
        good=True,
        actions=tuple(
            Choice(name=name, label=label, tone=tone, enabled=asked is not None) for name, label, tone in buttons
        ),
    )


def _plug(plugged: bool) -> Choice:
    return Choice(name="plug", label="Unplug" if plugged else "Plug in", on=not plugged)


def _sum_of(amounts: Sequence[int], currency: int) -> str:
    return f"{len(amounts)} paid, {amount_text(Money(sum(amounts), Currency.of_numeric(currency)), _TEXTS)}"


def _developed(image: Image, number: int) -> tuple[Paper, bytes]:
    """Give a receipt as PNG, with what the page must know of it."""
    data = io.BytesIO()
    image.save(data, "PNG")
    return Paper(id=number, caption=f"Receipt {number}", width=image.width, height=image.height), data.getvalue()
