"""`./kvitt demo`: a whole shop on this machine. With a display kiosks to play with, without one customers who play.

Everything is real but hands, paper and money: mosquitto, the hub, the tills with their screens, and simulated devices
that speak the real protocols over TCP and pseudo-terminals. At the end the journals of the tills, the hub's books and
the books of the devices must agree.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import webbrowser
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from simulators.agreement import Takings, compare
from simulators.counter import Counter
from simulators.customers import Customer, FourCustomers, goods, say, shop_while_a_price_changes
from simulators.goods import SAMPLE_SHOP
from simulators.hands import Hands
from simulators.panel.desk import CounterPanel
from simulators.panel.server import Panel
from simulators.phone import WAITS, Phone
from simulators.stage import PIN, Stage

MOST_KIOSKS: Final = 4
OWNER: Final = "owner"
"""Who may do everything on the hub's page."""
HUB_SETTINGS: Final = 'shop_name = "Torgbua"\ngateway = "simulated"\n'


def main() -> int:
    """Play the demo; 0 if tills, hub and devices agree."""
    parser = argparse.ArgumentParser(prog="kvitt demo", description="A whole shop on this machine.")
    parser.add_argument("folder", nargs="?", type=Path, help="where pictures go (default: a new temporary folder)")
    parser.add_argument(
        "--headless",
        action="store_true",
        help="play off the screen: four customers, or with more kiosks a change of price while customers shop",
    )
    numbers = range(1, MOST_KIOSKS + 1)
    parser.add_argument("--kiosks", type=int, choices=numbers, default=1, help="how many there are (default: 1)")
    told = parser.parse_args()
    folder: Path = told.folder or Path(tempfile.mkdtemp(prefix="kvitt-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    with_display = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    with (
        tempfile.TemporaryDirectory(prefix="kvitt-") as shop,
        Stage(Path(shop) / "shop", settings=HUB_SETTINGS) as stage,
    ):
        say(f"broker on port {stage.broker.port}, hub on port {stage.hub.http_port}")
        if with_display and not told.headless:
            return play_with_people(stage, told.kiosks)
        agree = play_customers(stage, folder) if told.kiosks == 1 else play_kiosks(stage, folder, told.kiosks)
    say(f"pictures and the log of each till are in {folder}")
    return 0 if agree else 1


def play_with_people(stage: Stage, kiosks: int) -> int:
    """Open the windows of the kiosks and the panel of their devices; end when the windows are shut."""
    names = [str(number) for number in range(1, kiosks + 1)]
    stage.hub.ask("gateway", "behave", WAITS)
    password = secrets.token_urlsafe(12)
    stage.hub.ask("user", "add", OWNER, "--role", "owner", "--language", "en", told=f"{password}\n")
    known = goods()
    with contextlib.ExitStack() as stack:
        phones = [stack.enter_context(Phone(stage.hub.folder, f"phone-{name}")) for name in names]
        desks = [
            stack.enter_context(
                CounterPanel(stage.folder / f"counter-{name}", known, pictures=SAMPLE_SHOP / "pictures", phone=phone)
            )
            for name, phone in zip(names, phones, strict=True)
        ]
        panel = stack.enter_context(Panel(*desks, hub=stage.hub.page))
        tills = []
        for name, desk in zip(names, desks, strict=True):
            tills.append(stack.enter_context(start_till(stage, name, desk, alone=kiosks == 1)))
            stack.callback(tills[-1].terminate)
        say(f"scanner, terminal, phone, cash and printer: {panel.url}")
        say(f"staff sign in by touching the shop's name, PIN {PIN}; shut the window{'s' * (kiosks > 1)} to end")
        say(f"the hub's page: {stage.hub.page} - name {OWNER}, password {password}")
        webbrowser.open(panel.url)
        webbrowser.open(stage.hub.page)
        with interrupts_go_to(tills):
            codes = [till.wait() for till in tills]
        takings = [
            Takings(
                till=f"till {name}",
                state=stage.folder / f"kiosk-{name}",
                books={
                    "terminal": desk.counter.terminal.books.balance(),
                    "phone": phone.balance(),
                    "cash machine": desk.cash.books.balance(),
                },
            )
            for name, desk, phone in zip(names, desks, phones, strict=True)
        ]
    agree = compare(stage, *takings)
    return next(filter(None, codes), 0 if agree else 1)


def start_till(stage: Stage, name: str, desk: CounterPanel, *, alone: bool) -> subprocess.Popen[bytes]:
    """Open the window of a till."""
    shop = "Torgbua" if alone else f"Torgbua, kasse {name}"
    config = stage.configuration(f"kiosk-{name}", desk.toml(), workstation=name, shop=shop)
    return subprocess.Popen(  # noqa: S603  # our own program
        [sys.executable, "-m", "appliance", "run", "--config", str(config)]
    )


@contextlib.contextmanager
def interrupts_go_to(tills: Sequence[subprocess.Popen[bytes]]) -> Iterator[None]:
    """Let Ctrl-C end the tills in good order instead of ending the demo around them."""

    def pass_on(*_: object) -> None:
        for till in tills:
            till.terminate()

    before = signal.signal(signal.SIGINT, pass_on)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def play_customers(stage: Stage, folder: Path) -> bool:
    """Play four customers off the screen; say whether the books agree."""
    with Counter(stage.folder / "terminal") as counter:
        config = stage.configuration("kiosk", counter.toml(), screen="sound = false")
        with Hands(config, folder / "kiosk.log") as hands:
            FourCustomers(hands, counter, folder).play()
        books = {"terminal": counter.terminal.books.balance()}
    return compare(stage, Takings(state=stage.folder / "kiosk", books=books))


def play_kiosks(stage: Stage, folder: Path, kiosks: int) -> bool:
    """Play a change of price at several kiosks off the screen; say whether prices and books are right."""
    names = [str(number) for number in range(1, kiosks + 1)]
    with contextlib.ExitStack() as counters:
        at = {name: counters.enter_context(Counter(stage.folder / f"terminal-{name}")) for name in names}
        with contextlib.ExitStack() as tills:
            customers = []
            for name, counter in at.items():
                config = stage.configuration(f"kiosk-{name}", counter.toml(), workstation=name, screen="sound = false")
                hands = tills.enter_context(Hands(config, folder / f"kiosk-{name}.log"))
                customers.append(Customer(hands, counter, folder, prefix=f"kiosk-{name}-"))
            wanted = shop_while_a_price_changes(stage, customers)
        takings = [
            Takings(
                till=f"till {name}",
                state=stage.folder / f"kiosk-{name}",
                books={"terminal": counter.terminal.books.balance()},
            )
            for name, counter in at.items()
        ]
    agree = compare(stage, *takings)
    return sold_for(takings, wanted) and agree


def sold_for(takings: Sequence[Takings], wanted: list[list[int]]) -> bool:
    """Say whether each till sold for these totals, in this order; minor units."""
    sold = [[total for _, total in each.sales()] for each in takings]
    if sold != wanted:
        say(f"WRONG PRICES: sold for {sold}, wanted {wanted}")
    return sold == wanted


if __name__ == "__main__":
    sys.exit(main())
