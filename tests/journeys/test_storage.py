"""A card that is full, damaged or shared: the till stops selling in good time and says so, and nothing is lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.kiosk import FLOUR, MILK, Kiosk
from tests.store.power import card

OUT_OF_ORDER = "This till is out of order"


def fill(folder: Path, leave: int) -> Path:
    """Fill the card of a folder but for so many bytes; give the file that does it. 0 leaves not even root's reserve."""
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        size, step = 0, max(0, shutil.disk_usage(folder).free - leave)
        if not leave:
            step += 64 << 20
        while step >= 4096:
            try:
                os.posix_fallocate(file.fileno(), size, step)
            except OSError:
                step //= 2
            else:
                size += step
                if leave:
                    break
    return ballast


def test_a_card_that_fills_up_lets_the_open_sale_end_and_begins_no_other(
    tmp_path: Path, make_kiosk: Callable[..., Kiosk]
):
    with card(tmp_path, megabytes=400) as made:
        kiosk = make_kiosk(state=made.state)
        kiosk.boot(expect="attract")
        kiosk.scan(MILK)
        kiosk.power_cut()
        ballast = fill(made.mounted, leave=40_000_000)
        kiosk.boot(expect="basket")
        kiosk.until(lambda: kiosk.checkout.free_mb is not None, "the look at the space")
        kiosk.scan(FLOUR)
        kiosk.pay()
        kiosk.touch("receipt:paper")
        kiosk.expect("thank_you")
        kiosk.touch("done")
        kiosk.expect("out_of_service", OUT_OF_ORDER, "Please use another one.")
        kiosk.sign_on()
        kiosk.expect("attendant", "Storage almost full", "No new sale begins")
        kiosk.shut_down()
        ballast.unlink()
        kiosk.boot(expect="attract")
        kiosk.buy(MILK)
        assert [sale.total for sale in kiosk.reckon().sales] == [5280, 2290]


def test_a_card_without_any_space_closes_the_lane_and_keeps_what_stood_on_the_screen(
    tmp_path: Path, make_kiosk: Callable[..., Kiosk]
):
    with card(tmp_path, megabytes=400) as made:
        kiosk = make_kiosk(state=made.state)
        kiosk.boot(expect="attract")
        kiosk.buy(MILK)
        kiosk.scan(MILK)
        ballast = fill(made.mounted, leave=0)
        for _ in range(400):
            if kiosk.checkout.fault:
                break
            before = len(kiosk.lines)
            kiosk.scan_code("9520030000104")
            kiosk.until(lambda least=before + 1: len(kiosk.lines) >= least or kiosk.checkout.fault, "a line or a fault")
        kiosk.expect("out_of_service", OUT_OF_ORDER, "Your items are kept. Staff will help you.", "Help")
        assert kiosk.checkout.fault.startswith("Storage full. Sales up to no.")
        pieces = len(kiosk.lines)
        kiosk.power_cut()

        ballast.unlink()
        kiosk.boot(expect="basket")
        assert len(kiosk.lines) in (pieces, pieces + 1)
        total = kiosk.total
        kiosk.pay()
        kiosk.take_receipt()
        assert [sale.total for sale in kiosk.reckon().sales] == [2290, total]


def test_a_damaged_journal_sells_nothing_changes_nothing_and_names_the_command(kiosk: Kiosk):
    kiosk.buy(MILK, FLOUR)
    kiosk.shut_down()
    file = kiosk.state / "journal.db"
    sound = file.read_bytes()
    at = sound.index(b"transaction.completed")
    damaged = sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :]
    file.write_bytes(damaged)
    fault = kiosk.fail_to_boot()
    assert "Journal damaged" in fault
    assert "Run: kvitt journal recover" in fault
    assert file.read_bytes() == damaged
    file.write_bytes(sound)
    kiosk.boot(expect="attract")
    kiosk.buy(MILK)
    assert [sale.total for sale in kiosk.reckon().sales] == [5280, 2290]


def test_a_second_till_in_the_same_folder_is_refused_and_disturbs_nobody(
    kiosk: Kiosk, make_kiosk: Callable[..., Kiosk]
):
    kiosk.scan(MILK)
    second = make_kiosk(state=kiosk.state)
    assert "Kvitt already runs on this till" in second.fail_to_boot()
    kiosk.scan(FLOUR)
    kiosk.pay()
    kiosk.take_receipt()
    assert [sale.total for sale in kiosk.reckon().sales] == [5280]


@pytest.mark.parametrize("file", ["catalogue.db", "journal.mark"])
def test_what_can_be_made_again_is_made_again(kiosk: Kiosk, file: str):
    kiosk.buy(MILK)
    kiosk.shut_down()
    path = kiosk.state / file
    path.write_bytes(b"\x55" * path.stat().st_size)
    kiosk.boot(expect="attract")
    kiosk.buy(MILK)
    assert [sale.total for sale in kiosk.reckon().sales] == [2290, 2290]
