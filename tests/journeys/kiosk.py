"""The words that journeys are told in: a kiosk at its counter, with power that can fail.

A journey ends with `reckon`: the journal proves itself, holds every line and sale that stood on the screen, and agrees
with the terminal's books.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from appliance.core import events as e
from appliance.core.checkout import Checkout, LaneState, Transaction, TransactionState
from appliance.core.commands import Health
from appliance.core.identifiers import Sku
from appliance.staff import hash_pin
from appliance.ui.view import View
from simulators.counter import Counter
from simulators.goods import Good
from simulators.printer import PrinterSimulator
from simulators.scanner import ScannerSimulator
from simulators.stage import PIN, Stage
from simulators.stall import ZONE, stock
from simulators.zvt_terminal import ZvtTerminal
from tests.crash.account import Account, account, faults, read_journal, shown_lines
from tests.journeys.glass import LANGUAGES, PATIENCE_S, Glass, words
from tests.journeys.till_process import TillProcess

MILK: Final = "300001"
"""22.90"""
FLOUR: Final = "400001"
"""29.90"""
COLA: Final = "420001"
"""26.90 and a deposit of 2.00"""
BEER: Final = "430001"
"""36.90 and a deposit of 2.00, from 18 years on"""
CHEESE: Final = "300020"
"""129.00 a kilogram; each piece carries its weight"""

_ALONE: Final = """\
[till]
store = "torget"
workstation = "1"
zone = "{zone}"
state = "{state}"

[shop]
name = "Torgbua"
organisation_number = "999 999 999 MVA"

[hub]
enabled = false

[[staff]]
name = "Kari"
pin_hash = "{pin}"
"""


@cache
def _pin_hash() -> str:
    return hash_pin(PIN)


class Kiosk:
    """A till with everything around it; use as a context manager. Without a `stage` it has no hub.

    `settings` is TOML that is put over the configuration. `state` is another folder for the till's store.
    """

    def __init__(
        self,
        folder: Path,
        goods: Sequence[Good],
        *,
        name: str = "kiosk",
        stage: Stage | None = None,
        settings: str = "",
        state: Path | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.name = name
        self.state = state or (stage.folder if stage is not None else folder) / name
        self.counter = Counter(folder / "terminal")
        self._goods = {str(good.item.sku): good for good in goods}
        self._stage = stage
        self.settings = settings
        self._till: TillProcess | None = None
        self.glass: Glass = Glass(lambda _: None)
        self._promised_lines: set[object] = set()
        self._promised_sales: set[object] = set()

    def __enter__(self) -> Self:
        self.counter.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._till is not None:
            self._till.kill()
        self.counter.__exit__(kind, error, trace)

    # Power ----------------------------------------------------------------------------------------------------------

    def boot(self, *, expect: str = "", missing: Sequence[str] = ()) -> View:
        """Switch on; wait until all devices but the `missing` ones are there, and for a page if one is named."""
        assert self._till is None, "it is on already"
        configuration = self._configuration()
        if self._stage is None:
            stock(self.state, tuple(self._goods.values()))
        self.glass = Glass(self._send)
        self._till = TillProcess(configuration, self.glass)
        wanted = set(self.counter.devices()) - set(missing)

        def up() -> bool:
            checkout = self.glass.checkout
            return checkout is not None and checkout.lane is not LaneState.STARTING and wanted <= _online(checkout)

        self.glass.wait(up, "the opening of the till")
        return self.expect(expect) if expect else self.glass.view

    def fail_to_boot(self) -> str:
        """Switch on a till that cannot start; give what it says."""
        assert self._till is None, "it is on already"
        self.glass = Glass(self._send)
        self._till = TillProcess(self._configuration(), self.glass)
        self._till.stop()
        self._till = None
        assert self.glass.fault, "the till started"
        return self.glass.fault

    def power_cut(self) -> None:
        """Take the till's power. Devices, broker and hub have their own."""
        assert self._till is not None, "it is off"
        till, self._till = self._till, None
        till.kill()
        self._remember()

    def shut_down(self) -> int | None:
        """End in good order; give the exit code."""
        assert self._till is not None, "it is off"
        till, self._till = self._till, None
        till.stop()
        self._remember()
        assert not self.glass.fault, self.glass.fault
        return self.glass.code

    def ended_by_itself(self, seconds: float) -> int | None:
        """Wait until the till gives up; give its exit code."""
        assert self._till is not None, "it is off"
        with contextlib.suppress(AssertionError):
            self.glass.wait(lambda: False, "the end of the till", seconds)
        assert self.glass.ended, "the till goes on"
        till, self._till = self._till, None
        till.stop()
        self._remember()
        return self.glass.code

    def _remember(self) -> None:
        self._promised_lines |= self.glass.shown_lines
        self._promised_sales |= self.glass.shown_sales

    def _send(self, command: object) -> None:
        if self._till is not None:
            self._till.send(command)  # type: ignore[arg-type]

    def _configuration(self) -> Path:
        devices = self.counter.toml()
        if self._stage is not None:
            path = self._stage.configuration(self.name, devices)
        else:
            path = self.folder / f"{self.name}.toml"
            path.write_text(_ALONE.format(state=self.state, pin=_pin_hash(), zone=ZONE) + devices, encoding="utf-8")
        over = path.with_name(path.name + ".d")
        over.mkdir(exist_ok=True)
        languages = ", ".join(f'"{language}"' for language in LANGUAGES)
        (over / "10-languages.toml").write_text(f"[screen]\nlanguages = [{languages}]\n", encoding="utf-8")
        (over / "20-journey.toml").write_text(self.settings, encoding="utf-8")
        return path

    # What stands on the counter -------------------------------------------------------------------------------------

    @property
    def terminal(self) -> ZvtTerminal:
        """The card terminal; `behave("decline 51")` says how the next payment goes."""
        return self.counter.terminal

    @property
    def printer(self) -> PrinterSimulator:
        """The receipt printer."""
        return self.counter.printer

    @property
    def scanner(self) -> ScannerSimulator:
        """The scanner."""
        return self.counter.scanner

    def receipts(self) -> list[str]:
        """Give every receipt that came out whole, as text."""
        return [self.printer.paper(number).text() for number in range(len(self.printer.receipts))]

    # The customer ---------------------------------------------------------------------------------------------------

    def scan(self, *skus: str, grams: int = 500) -> None:
        """Scan packs of goods, and wait until each is in the basket."""
        for sku in skus:
            before = len(self.lines)
            self.scan_code(self._goods[sku].code(grams))
            self.glass.wait(lambda least=before + 1: len(self.lines) >= least, f"the line of {sku}")

    def scan_code(self, code: str) -> None:
        """Hold any code in front of the scanner."""
        self.scanner.scan(code)

    def touch(self, *names: str) -> None:
        """Touch things by name, one after another."""
        for name in names:
            self.glass.touch(name)

    def pay(self) -> None:
        """Touch Pay."""
        self.touch("pay")

    def decide_at_the_terminal(self, how: str) -> None:
        """Be the customer at a terminal that asks: "approve", "decline 51", "cancel"."""
        self.until(self.terminal.pending, "the question of the terminal")
        self.terminal.answer(how)

    def take_receipt(self, kind: str = "paper") -> View:
        """Choose a receipt, wait for the thanks, and go."""
        self.touch(f"receipt:{kind}")
        thanks = self.expect("thank_you")
        self.leave()
        return thanks

    def leave(self) -> None:
        """Touch Done, and wait until the next customer may come."""
        self.touch("done")
        self.expect("attract")

    def buy(self, *skus: str) -> None:
        """Be a customer with whom nothing goes wrong."""
        self.scan(*skus)
        self.pay()
        self.take_receipt()

    def sign_on(self, pin: str = PIN) -> None:
        """Be staff: touch the shop's name and type the PIN."""
        self.touch("staff", *(f"key:{digit}" for digit in pin), "ok")
        self.glass.wait(lambda: self.checkout.operator is not None, "the sign-on of staff")

    def sign_off(self) -> None:
        """Leave the till to the customer."""
        self.touch("done")
        self.glass.wait(lambda: self.checkout.operator is None, "the sign-off of staff")

    # What they see --------------------------------------------------------------------------------------------------

    def expect(self, page: str, *texts: str, seconds: float = PATIENCE_S) -> View:
        """Wait for a page with all these texts; give it."""

        def there() -> bool:
            view = self.glass.view
            return view.page == page and words(view) >= set(texts)

        self.glass.wait(there, f"{page} with {texts}" if texts else page, seconds)
        return self.glass.view

    def expect_device(self, name: str, health: Health, *conditions: str) -> None:
        """Wait until the till knows how a device is."""

        def known() -> bool:
            device = self.checkout.devices.get(name)
            return device is not None and device.health is health and set(conditions) <= set(device.conditions)

        self.glass.wait(known, f"{name} {health} {conditions}")

    def until(self, condition: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> None:
        """Wait for anything that may happen at the counter."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not come within {seconds:g} s; {self.glass.stands()}"
            self.glass.let_a_moment_pass(0.002)

    @property
    def sale(self) -> Transaction:
        """The transaction at the till."""
        assert self.checkout.transaction is not None, "nobody is buying anything"
        return self.checkout.transaction

    @property
    def checkout(self) -> Checkout:
        """The state that was shown last."""
        assert self.glass.checkout is not None, "the screen is dark"
        return self.glass.checkout

    @property
    def lines(self) -> list[tuple[Sku, str]]:
        """SKU and amount of every line of the basket, void ones and deposits too."""
        sale = self.glass.checkout.transaction if self.glass.checkout else None
        if sale is None or sale.state is TransactionState.TENDERED:
            return []
        return [(line.sku, str(line.gross.minor)) for line in sale.lines]

    @property
    def total(self) -> int:
        """Minor units to be paid."""
        return self.sale.total.minor

    # The end --------------------------------------------------------------------------------------------------------

    def events(self) -> list[e.Event]:
        """Give everything that the journal holds, of a till that is off."""
        assert self._till is None, "switch it off first"
        return read_journal(self.state)

    def log(self) -> str:
        """Give what the till has logged."""
        folder = self._stage.folder if self._stage is not None else self.folder
        return (folder / f"{self.name}.log").read_text(encoding="utf-8")

    def reckon(self) -> Account:
        """Compare what was promised with what is there; a till that still runs loses its power first."""
        if self._till is not None:
            self.power_cut()
        events = self.events()
        kept = {event.transaction for event in events if isinstance(event, e.TransactionCompleted)}
        assert self._promised_lines <= shown_lines(events), "a line was shown that is not in the journal"
        assert self._promised_sales <= kept, "a sale was shown as paid that is not in the journal"
        found = account(events, taken=self.terminal.books.balance())
        assert list(faults(found)) == []
        return found


def _online(checkout: Checkout) -> set[str]:
    return {name for name, device in checkout.devices.items() if device.health is Health.ONLINE}
