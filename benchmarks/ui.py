"""The screen alone, offscreen, in this process: what a page, a row and a touch cost without register and store.

The baseline of each figure is a bare label in the same window: what Kivy and its graphics take at the least.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from appliance.config import ScreenConfig
from appliance.core.catalogue import Unit
from appliance.core.checkout import Checkout, LaneState, LineItem, Policy, Transaction, TransactionState
from appliance.core.commands import EntryMethod, ReceiptKind
from appliance.core.identifiers import CatalogueVersion, Language, LineNumber, Sku, TransactionId
from appliance.core.money import Currency, Money
from appliance.core.payment import TenderType
from benchmarks.report import Measurement

LINES: Final = 100
_NOK: Final = Currency.parse("NOK")
_NAMES: Final = ("Lettmelk 1 l", "Grovbrød, steinovnsbakt", "Bananer", "Cola 1,5 l", "Kraftkar blåmuggost, 150 g")


def _line(number: int) -> LineItem:
    name, price = _NAMES[number % len(_NAMES)], Money(990 + 10 * (number % 400), _NOK)
    return LineItem(
        line=LineNumber(number),
        sku=Sku(str(number)),
        text=name,
        names={Language("nb"): name},
        entry=EntryMethod.SCANNED,
        quantity=Decimal(1),
        unit=Unit.EACH,
        price=price,
        gross=price,
        tax_code="15",
        tax_rate=Decimal(15),
    )


def _till(revision: int, lines: int) -> Checkout:
    policy = Policy(
        store="bench",
        workstation="1",
        currency=_NOK,
        languages=(Language("nb"),),
        tenders=(TenderType.CARD,),
        receipts=(ReceiptKind.PAPER,),
        tender_devices={TenderType.CARD: "terminal"},
    )
    day = date(2026, 11, 23)
    sale = Transaction(
        id=TransactionId(store="bench", workstation="1", business_date=day, sequence=1),
        state=TransactionState.OPEN,
        catalogue=CatalogueVersion("main", 1),
        currency=_NOK,
        lines=tuple(_line(number) for number in range(1, lines + 1)),
    )
    return Checkout(
        policy=policy,
        business_date=day,
        lane=LaneState.OPEN,
        transaction=sale if lines else None,
        revision=revision,
    )


class Loop:
    """Turns Kivy's main loop and tells when a frame was on the screen."""

    def __init__(self) -> None:
        from kivy.base import EventLoop  # noqa: PLC0415 - Kivy is imported when its environment stands
        from kivy.core.window import Window  # noqa: PLC0415 - the same

        self._turn = EventLoop.idle
        EventLoop.window = Window
        self.flips = 0
        self.last = 0.0
        Window.fbind("on_flip", self._flipped)

    def _flipped(self, *_: object) -> None:
        self.flips += 1
        self.last = time.perf_counter()

    def until_flip(self) -> float:
        """Turn until something is drawn; give the moment."""
        before = self.flips
        while self.flips == before:
            self._turn()
        return self.last

    def spin(self, seconds: float) -> None:
        """Turn for a time."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            self._turn()


def _timed(loop: Loop, act: Callable[[], None]) -> tuple[float, float]:
    """Give milliseconds from an act to its frame, and milliseconds of this thread's CPU."""
    cpu, began = time.thread_time(), time.perf_counter()
    act()
    drawn = loop.until_flip()
    return (drawn - began) * 1000, (time.thread_time() - cpu) * 1000


def measure(folder: Path, *, quick: bool) -> Iterator[Measurement]:
    """Page to frame at a hundred lines, CPU for a row, touch to pressed look, and quiet on a quiet page."""
    from appliance.ui import launch  # noqa: PLC0415 - sets the environment for Kivy

    home = folder / "screen"
    launch.prepare(ScreenConfig(fullscreen=False), home, offscreen=True)
    from benchmarks.ui_screen import BareLabel, OpenScreen  # noqa: PLC0415 - imports Kivy

    count = 60 if quick else 500
    loop = Loop()
    bare = BareLabel()
    loop.spin(0.3)
    label = [_timed(loop, bare.change) for _ in range(count)]
    bare.close()
    screen = OpenScreen(home, pages=[_till(n, LINES + n) for n in range(count + 1)])
    screen.show(0)
    loop.spin(1.5)
    rows = [_timed(loop, lambda n=n: screen.show(n)) for n in range(1, count + 1)]  # type: ignore[misc]
    touches = [_timed(loop, act) for _ in range(count // 5) for act in (screen.put_finger, screen.lift_finger)]
    for share in (50, 95):
        yield Measurement(
            name=f"page posted to frame, {LINES} lines and on, p{share}",
            value=_percentile([took for took, _ in rows], share),
            unit="ms",
            baseline=_percentile([took for took, _ in label], share),
            baseline_name="a bare label",
            most=40.0 if share == 95 else None,
        )
    yield Measurement(
        name="worst of them", value=max(took for took, _ in rows), unit="ms", most=80.0,
        baseline=max(took for took, _ in label), baseline_name="a bare label",
    )  # fmt: skip
    yield Measurement(
        name="main-thread CPU for an added row, p95", value=_percentile([cpu for _, cpu in rows], 95), unit="ms",
        baseline=_percentile([cpu for _, cpu in label], 95), baseline_name="a bare label", most=12.0,
    )  # fmt: skip
    yield Measurement(
        name="touch to pressed look, p95", value=_percentile([took for took, _ in touches[::2]], 95), unit="ms",
        most=50.0,
    )  # fmt: skip
    loop.spin(1.0)
    before = loop.flips
    loop.spin(2 if quick else 20)
    yield Measurement(name="frames on a quiet page", value=loop.flips - before, unit="", most=0)
    screen.close()


def _percentile(values: list[float], share: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)]
