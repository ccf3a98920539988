"""`kvitt payments` and its kin, from a shell beside a till that runs."""

from __future__ import annotations

import stat
import subprocess
import sys

import pytest

from appliance import control
from appliance.core import events as e
from simulators.stage import PIN
from tests.journeys.kiosk import MILK, Kiosk
from tests.journeys.till_process import ROOT

IN_DOUBT = "drop before 040F, no repeat, keep"
WRONG_PIN = "0000"


def kvitt(kiosk: Kiosk, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Type a command at a shell that has no screen of its own."""
    return subprocess.run(
        [sys.executable, "-m", "appliance", *words, "--data", str(kiosk.state)],
        input=typed,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        start_new_session=True,
        check=False,
    )


def doubtful(kiosk: Kiosk) -> str:
    kiosk.terminal.behave(IN_DOUBT)
    kiosk.scan(MILK)
    kiosk.pay()
    kiosk.expect("outcome_unknown")
    running = kiosk.sale.running
    assert running is not None
    return str(running.intent.attempt)


@pytest.mark.parametrize("running", [True, False])
def test_the_payments_of_the_day_are_listed_from_a_till_that_runs_and_from_one_that_does_not(
    kiosk: Kiosk, running: bool
) -> None:
    kiosk.buy(MILK)
    if not running:
        kiosk.shut_down()
    told = kvitt(kiosk, "payments", "list")
    (line,) = told.stdout.splitlines()
    assert (told.returncode, "RELEASED" in line, "22.90 NOK" in line, "terminal" in line) == (0, True, True, True)
    attempt = line.split()[0]
    shown = kvitt(kiosk, "payments", "show", attempt[:13]).stdout
    assert f"attempt      {attempt}" in shown
    assert "state        RELEASED" in shown
    assert "************" in shown or "receipt" in shown


def test_a_named_person_decides_a_payment_in_doubt_with_a_pin_and_a_reason(kiosk: Kiosk) -> None:
    attempt = doubtful(kiosk)
    words = ("payments", "resolve", attempt[:13], "--was", "paid", "--reason", "seen in the terminal's journal")
    refused = kvitt(kiosk, *words, typed=f"{WRONG_PIN}\n")
    assert refused.returncode == 1
    assert "Nobody of the staff has this PIN" in refused.stderr
    kiosk.expect("outcome_unknown")
    done = kvitt(kiosk, *words, typed=f"{PIN}\n")
    assert (done.returncode, "It is in the journal" in done.stdout) == (0, True), done.stderr
    kiosk.expect("receipt")
    kiosk.take_receipt()
    assert [sale.total for sale in kiosk.reckon().sales] == [2290]
    (decided,) = [event for event in kiosk.events() if isinstance(event, e.PaymentResolved)]
    assert (decided.operator, decided.reason) == ("Kari", "seen in the terminal's journal")
    assert WRONG_PIN not in done.stdout + done.stderr


def test_what_is_not_in_doubt_cannot_be_decided(kiosk: Kiosk) -> None:
    kiosk.buy(MILK)
    attempt = kvitt(kiosk, "payments", "list").stdout.split()[0]
    told = kvitt(kiosk, "payments", "resolve", attempt, "--was", "not-paid", "--reason", "no idea", typed=f"{PIN}\n")
    assert (told.returncode, "nothing to decide" in told.stderr) == (1, True)
    assert [sale.total for sale in kiosk.reckon().sales] == [2290]


def test_nothing_is_decided_at_a_till_that_does_not_run(kiosk: Kiosk) -> None:
    attempt = doubtful(kiosk)
    kiosk.power_cut()
    told = kvitt(kiosk, "payments", "resolve", attempt, "--was", "paid", "--reason", "seen", typed=f"{PIN}\n")
    assert (told.returncode, "not running" in told.stderr) == (1, True)


def test_a_backup_is_made_while_the_till_sells(kiosk: Kiosk) -> None:
    kiosk.scan(MILK)
    told = kvitt(kiosk, "backup", str(kiosk.folder / "copies"))
    assert told.returncode == 0, told.stderr
    assert len(list((kiosk.folder / "copies").glob("kvitt-journal-*.db"))) == 1
    assert "the till is running" in kvitt(kiosk, "status").stdout
    kiosk.pay()
    kiosk.take_receipt()


def test_only_the_tills_own_user_reaches_it(kiosk: Kiosk) -> None:
    assert stat.S_IMODE((kiosk.state / control.SOCKET).stat().st_mode) == 0o600
    assert stat.S_IMODE(kiosk.state.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "request_", [{"ask": "sell"}, {"ask": "resolve"}, {"ask": "resolve", "attempt": "x", "decision": "was_paid"}, {}]
)
def test_a_request_that_cannot_be_read_is_refused_and_changes_nothing(kiosk: Kiosk, request_: dict[str, str]) -> None:
    with pytest.raises(control.ControlError):
        control.ask(kiosk.state, request_)
    kiosk.buy(MILK)
