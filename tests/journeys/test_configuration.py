"""A configuration that cannot be used: the till does not start, and says which key and what to write instead."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.journeys.kiosk import MILK, Kiosk
from tests.journeys.till_process import ROOT


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        pytest.param("[till\n", ("20-journey.toml",), id="no TOML"),
        pytest.param("\x00\x01\x02", ("20-journey.toml",), id="rubbish"),
        pytest.param("[till]\nstor = 'x'", ("stor", "did you mean 'store'?"), id="unknown key"),
        pytest.param("[till]\nstore = 7", ("till: store", "text in quotes"), id="wrong type"),
        pytest.param("[till]\ntimezone = 'Mars/Olympus'", ("till.timezone", "Mars/Olympus"), id="unknown time zone"),
        pytest.param("[till]\ncurrency = 'KRONER'", ("KRONER",), id="no currency"),
        pytest.param("[devices.scanner]\ndriver = 'serail'", ("did you mean scanner.serial?",), id="unknown driver"),
        pytest.param("[devices.scanner]\nbaud = 9600", ("devices.scanner", "baud"), id="unknown option"),
        pytest.param("[selling]\nreceipts = ['papyrus']", ("selling.receipts", "papyrus"), id="unknown receipt"),
        pytest.param("[hub]\nenabled = true\nkeys = ['12']", ("hub.keys", "64"), id="no key"),
    ],
)
def test_a_till_with_a_configuration_that_cannot_be_used_says_why(
    make_kiosk: Callable[..., Kiosk], settings: str, says: tuple[str, ...]
):
    kiosk = make_kiosk(settings=settings)
    fault = kiosk.fail_to_boot()
    assert all(word in fault for word in says), fault


def test_kvitt_check_says_the_same_without_a_traceback(make_kiosk: Callable[..., Kiosk]):
    kiosk = make_kiosk(settings="[till]\nstor = 'x'")
    fault = kiosk.fail_to_boot()
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from appliance.cli import main; sys.exit(main())",
            "check",
            "--config",
            str(kiosk.folder / "kiosk.toml"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == fault


def test_a_configuration_that_breaks_while_the_till_is_off_loses_nothing(make_kiosk: Callable[..., Kiosk]):
    kiosk = make_kiosk()
    kiosk.boot(expect="attract")
    kiosk.buy(MILK)
    kiosk.shut_down()
    kiosk.settings = "[till"
    assert "20-journey.toml" in kiosk.fail_to_boot()
    kiosk.settings = ""
    kiosk.boot(expect="attract")
    kiosk.buy(MILK)
    assert [sale.total for sale in kiosk.reckon().sales] == [2290, 2290]
