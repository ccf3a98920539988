"""A payment whose answer was lost: what the terminal is asked, and what its answers prove."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from appliance.core.commands import Health
from appliance.core.payment import Evidence, OutcomeKind, Progress, Reference
from appliance.errors import DeviceError, DeviceFailure
from simulators.nexo_poi import NexoPoi
from tests.payment.nexo.till import Till, driver
from tests.payment.till import nok, until

MakeTill = Callable[..., Till]

# Every way to lose an answer ----------------------------------------------------------------------------------------

LOST = [
    *(f"cut {boundary}" for boundary in range(3, 8)),
    "mute",
    "status 204",
    "status 302",
    "status 404",
    "status 500",
    "truncated",
    "malformed",
    "twice",
    "huge",
    "drip 0.2",
    "wrong service",
    "wrong sale",
    "wrong poi",
    "wrong category",
    "wrong kind",
]
LOST_XML = ["dtd"]
LOST_SEALED = [
    f"wrong {what}" for what in ("key", "identifier", "version", "hmac", "nonce", "padding", "header", "clear")
]


def lose(terminal: NexoPoi, till: Till, how: str) -> None:
    terminal.behave(how)
    outcome = till.pay(1880)
    assert outcome.kind is OutcomeKind.UNKNOWN, how
    assert outcome.text
    assert till.results == []
    assert terminal.log.count("Payment") == 1


@pytest.mark.parametrize("how", LOST)
def test_a_lost_answer_is_unknown_at_once_and_found_by_its_service_id(
    make_till: MakeTill, terminal: NexoPoi, how: str
) -> None:
    silent = how.startswith(("mute", "drip"))
    till = make_till(payment=Decimal("0.6" if silent else "8")).open()
    began = time.monotonic()
    lose(terminal, till, how)
    assert silent or time.monotonic() - began < 5
    assert till.recover().kind is OutcomeKind.APPROVED
    assert terminal.log.count("Payment") == 1
    assert terminal.books.balance() == 1880


@pytest.mark.parametrize("dialect", ["swedbank"])
@pytest.mark.parametrize("how", LOST_XML)
def test_xml_that_is_refused_is_a_lost_answer(till: Till, terminal: NexoPoi, how: str) -> None:
    lose(terminal, till, how)
    assert till.recover().kind is OutcomeKind.APPROVED


@pytest.mark.parametrize("dialect", ["adyen"])
@pytest.mark.parametrize("how", LOST_SEALED)
def test_an_answer_that_is_not_authentic_is_a_lost_answer(till: Till, terminal: NexoPoi, how: str) -> None:
    lose(terminal, till, how)
    assert till.recover().kind is OutcomeKind.APPROVED


@pytest.mark.parametrize("how", ["cut 3", "wrong service"])
def test_a_lost_answer_is_found_without_a_restart_too(till: Till, terminal: NexoPoi, how: str) -> None:
    lose(terminal, till, how)
    outcome = till.look_up()
    assert outcome.kind is OutcomeKind.APPROVED
    assert outcome.reference is not None
    assert outcome.masked_pan


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        ("decline Refusal", OutcomeKind.DECLINED),
        ("cancel", OutcomeKind.CANCELLED),
        ("decline Aborted", OutcomeKind.CANCELLED),
        ("decline Busy", OutcomeKind.NOT_CHARGED),
    ],
)
def test_a_repeated_failure_is_a_refusal(till: Till, terminal: NexoPoi, how: str, kind: OutcomeKind) -> None:
    """Success of the look-up only means that the message was found."""
    lose(terminal, till, f"{how}, cut 3")
    assert till.recover().kind is kind
    assert terminal.books.balance() == 0


@pytest.mark.parametrize("how", ["no amount", "no transaction", "other message", "no repeat"])
def test_what_is_repeated_and_not_ours_stays_unknown(till: Till, terminal: NexoPoi, how: str) -> None:
    lose(terminal, till, f"{how}, cut 3")
    outcome = till.recover()
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert outcome.text


@pytest.mark.parametrize(("how", "taken"), [("partial 500", 500), ("amount 1881", 1881)])
def test_another_amount_under_our_own_name_is_found_so_that_it_can_be_reversed(
    till: Till, terminal: NexoPoi, how: str, taken: int
) -> None:
    lose(terminal, till, f"{how}, cut 3")
    outcome = till.recover()
    assert (outcome.kind, outcome.amount) == (OutcomeKind.APPROVED, nok(taken))


def test_a_found_transaction_with_another_name_than_was_recorded_is_not_ours(till: Till, terminal: NexoPoi) -> None:
    lose(terminal, till, "cut 3")
    till.evidence = Evidence(reference=Reference(poi_transaction="another 2026-11-23T12:00:00Z"))
    outcome = till.look_up(1)
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert "another transaction" in outcome.text


@pytest.mark.parametrize("condition", ["Refusal", "MessageFormat", "UnavailableService"])
def test_a_terminal_that_refuses_look_ups_leaves_it_unknown(till: Till, terminal: NexoPoi, condition: str) -> None:
    lose(terminal, till, f"cut 3, refuse lookup {condition}")
    assert till.look_up(2).kind is OutcomeKind.UNKNOWN


@pytest.mark.parametrize("how", ["status 500", "malformed", "wrong service", "truncated", "wrong kind"])
def test_a_look_up_whose_answer_is_lost_too_is_asked_again(till: Till, terminal: NexoPoi, how: str) -> None:
    lose(terminal, till, f"{how}, always")
    assert till.look_up(2).kind is OutcomeKind.UNKNOWN
    terminal.default("approve")
    assert till.look_up().kind is OutcomeKind.APPROVED


def test_the_last_sale_of_another_service_id_is_not_taken_for_this_one(till: Till, terminal: NexoPoi) -> None:
    """The same amount just before: only the ServiceID tells them apart."""
    assert till.pay(1880).kind is OutcomeKind.APPROVED
    till.facts.clear()
    terminal.behave("cut 1")
    assert till.pay(1880).kind is OutcomeKind.UNKNOWN
    assert till.recover().kind is OutcomeKind.NOT_CHARGED
    assert terminal.books.balance() == 1880


# Not finished, not found --------------------------------------------------------------------------------------------


def test_a_payment_that_is_still_under_way_is_asked_about_until_it_ends(make_till: MakeTill, terminal: NexoPoi) -> None:
    till = make_till(payment=Decimal("0.4")).open()
    lose(terminal, till, "late 1.2")
    assert terminal.pending() is not None
    assert till.driver.lookup(till.intent).kind in (OutcomeKind.UNKNOWN, OutcomeKind.APPROVED)  # type: ignore[arg-type]
    assert till.look_up().kind is OutcomeKind.APPROVED


@pytest.mark.parametrize("how", ["in progress 3", "not found 1", "not found 1, in progress 2"])
def test_a_terminal_that_needs_time_to_remember_is_asked_again(till: Till, terminal: NexoPoi, how: str) -> None:
    lose(terminal, till, f"cut 3, {how}")
    assert till.recover().kind is OutcomeKind.APPROVED


def test_not_found_twice_is_proof_only_when_the_terminal_must_have_decided(
    make_till: MakeTill, terminal: NexoPoi
) -> None:
    times = {"host_timeout": "1.0", "payment": "2", "not_found_pause": "0.4", "patience": "0.1"}
    till = make_till(**{name: Decimal(seconds) for name, seconds in times.items()}).open()
    terminal.behave("cut 1")
    began = time.monotonic()
    assert till.pay().kind is OutcomeKind.UNKNOWN
    answers: list[tuple[float, OutcomeKind]] = []
    while not answers or answers[-1][1] is OutcomeKind.UNKNOWN:
        assert time.monotonic() - began < 5
        kind = till.look_up(1).kind
        answers.append((time.monotonic() - began, kind))
    assert answers[-1][1] is OutcomeKind.NOT_CHARGED
    assert answers[-1][0] >= 1.4
    # Several answers before that were not believed.
    assert len(answers) > 3


def test_after_a_restart_the_time_counts_from_the_restart(make_till: MakeTill, terminal: NexoPoi) -> None:
    till = make_till(host_timeout=Decimal("0.6"), not_found_pause=Decimal("0.1"), patience=Decimal("0.1")).open()
    terminal.behave("cut 1")
    till.pay()
    time.sleep(0.7)  # the time that is tested
    till.restart()
    restarted = time.monotonic()
    while till.look_up(1).kind is OutcomeKind.UNKNOWN:
        assert time.monotonic() - restarted < 5
    assert time.monotonic() - restarted >= 0.6


def test_not_found_is_forgotten_when_the_terminal_says_something_else(make_till: MakeTill, terminal: NexoPoi) -> None:
    till = make_till(host_timeout=Decimal("0.01"), not_found_pause=Decimal("0.2"), patience=Decimal("0.1")).open()
    lose(terminal, till, "cut 3")
    for how in ("not found 99", "in progress 99", "not found 99"):
        time.sleep(0.25)  # longer than the pause, so that only the answer in between counts
        terminal.default(how)
        assert till.look_up(1).kind is OutcomeKind.UNKNOWN
    terminal.default("approve")
    assert till.look_up(1).kind is OutcomeKind.APPROVED


@pytest.mark.parametrize("dialect", ["swedbank"])
def test_not_found_by_other_hardware_proves_nothing(till: Till, terminal: NexoPoi) -> None:
    lose(terminal, till, "cut 3")
    terminal.swap("1710009999")
    outcome = till.recover()
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert "1710000520" in outcome.text


def test_a_terminal_that_was_switched_off_and_on_still_tells(till: Till, terminal: NexoPoi, dialect: str) -> None:
    """At Swedbank Pay it answers NotAllowed: the till logs in once and asks again."""
    lose(terminal, till, "cut 3")
    terminal.restart()
    assert till.look_up().kind is OutcomeKind.APPROVED
    assert terminal.log.count("Login") == (2 if dialect == "swedbank" else 0)


def test_a_look_up_goes_on_when_the_terminal_is_away(till: Till, terminal: NexoPoi) -> None:
    lose(terminal, till, "cut 3")
    terminal.unplug()
    assert till.look_up(1).kind is OutcomeKind.UNKNOWN
    terminal.plug()
    assert till.look_up().kind is OutcomeKind.APPROVED


def test_a_payment_of_another_till_or_terminal_is_not_asked_about(make_till: MakeTill, terminal: NexoPoi) -> None:
    till = make_till().open()
    lose(terminal, till, "cut 3")
    other = make_till(sale_id="KIOSK02").open()
    assert till.intent is not None
    before = terminal.log.count("TransactionStatus")
    outcome = other.driver.lookup(till.intent)
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert "KIOSK01" in outcome.text
    assert terminal.log.count("TransactionStatus") == before


def test_a_look_up_moves_no_money_however_often_it_is_made(till: Till, terminal: NexoPoi) -> None:
    lose(terminal, till, "cut 3")
    assert till.intent is not None
    for _ in range(5):
        assert till.driver.lookup(till.intent).kind is OutcomeKind.APPROVED
    assert terminal.books.balance() == 1880
    assert terminal.log.count("Payment") == 1


# The session of Swedbank Pay ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["swedbank"])
class TestSession:
    def test_opening_logs_in_where_there_is_no_session(self, till: Till, terminal: NexoPoi) -> None:
        assert terminal.log.count("Login") == 1
        assert baseline_of(till)["serial"] == "1710000520"

    def test_opening_never_logs_in_over_a_session(self, till: Till, terminal: NexoPoi) -> None:
        """A login would stop the payment that the terminal still works on."""
        terminal.behave("late 3")
        paying = threading.Thread(target=till.pay)
        paying.start()
        until(lambda: terminal.pending() is not None)
        again = Till(till.make).open()
        assert terminal.log.count("Login") == 1
        assert terminal.pending() is not None
        assert again.driver.check().health is Health.ONLINE
        till.driver.close()
        paying.join()
        again.driver.close()

    def test_a_check_does_not_log_in_while_a_payment_is_in_doubt(self, till: Till, terminal: NexoPoi) -> None:
        lose(terminal, till, "cut 3")
        terminal.restart()
        assert till.driver.check().health is Health.ONLINE
        assert terminal.log.count("Login") == 1

    def test_closing_logs_out_but_not_with_a_payment_in_doubt(self, make_till: MakeTill, terminal: NexoPoi) -> None:
        till = make_till().open()
        till.driver.close()
        assert terminal.log.count("Logout") == 1
        till.driver.open()
        lose(terminal, till, "cut 3")
        till.driver.close()
        assert terminal.log.count("Logout") == 1

    def test_a_terminal_that_was_restarted_is_logged_in_again_by_the_next_check(
        self, till: Till, terminal: NexoPoi
    ) -> None:
        terminal.restart()
        assert till.driver.check().health is Health.ONLINE
        assert terminal.log.count("Login") == 2
        assert till.pay().kind is OutcomeKind.APPROVED

    def test_a_payment_that_is_not_allowed_is_not_charged_and_the_next_one_logs_in(
        self, till: Till, terminal: NexoPoi
    ) -> None:
        terminal.behave("not allowed")
        outcome = till.pay()
        assert outcome.kind is OutcomeKind.NOT_CHARGED
        assert outcome.code == "NotAllowed"
        assert terminal.log.count("Payment") == 1
        assert till.pay().kind is OutcomeKind.APPROVED
        assert terminal.log.count("Login") == 2

    def test_in_the_hour_of_maintenance_the_till_logs_out_once_and_serves_all_the_same(
        self, make_till: MakeTill, terminal: NexoPoi
    ) -> None:
        now = datetime.now().astimezone()
        window = f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=1):%H:%M}"
        till = make_till(maintenance=window).open()
        for _ in range(2):
            assert "maintenance" in till.driver.check().detail
        assert terminal.log.count("Logout") == 1
        assert till.pay().kind is OutcomeKind.APPROVED
        till.driver.check()
        assert terminal.log.count("Logout") == 2

    def test_outside_of_it_the_till_stays(self, make_till: MakeTill, terminal: NexoPoi) -> None:
        now = datetime.now().astimezone()
        window = f"{now + timedelta(hours=2):%H:%M}-{now + timedelta(hours=3):%H:%M}"
        till = make_till(maintenance=window).open()
        till.driver.check()
        assert terminal.log.count("Logout") == 0


def baseline_of(till: Till) -> Mapping[str, str]:
    found = till.driver.baseline()
    assert found is not None
    return found


# Health -------------------------------------------------------------------------------------------------------------


def test_a_check_says_which_terminal_it_is(till: Till, terminal: NexoPoi) -> None:
    state = till.driver.check()
    assert state.health is Health.ONLINE
    assert terminal.poi_id in state.detail


def test_a_check_of_a_terminal_that_is_gone_says_so_with_a_remedy(till: Till, terminal: NexoPoi) -> None:
    terminal.unplug()
    state = till.driver.check()
    assert state.health is Health.OFFLINE
    assert state.remedy


@pytest.mark.parametrize("dialect", ["adyen"])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"key_identifier": "other"}, "HTTP status 400"),
        ({"key_version": 2}, "HTTP status 400"),
        ({"test": False}, "the certificate is for"),
        ({"certificate_name": "someone.else"}, "someone.else"),
    ],
)
def test_a_wrong_set_up_is_named_when_the_terminal_is_opened(
    make_till: MakeTill, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(DeviceFailure) as error:
        make_till(**options).open()
    assert words in f"{error.value} {error.value.remedy}"
    assert error.value.remedy


@pytest.mark.parametrize("dialect", ["adyen"])
def test_a_terminal_with_another_key_is_named(make_till: MakeTill, terminal: NexoPoi) -> None:
    till = make_till().open()
    lose(terminal, till, "wrong key, always")
    outcome = till.look_up(1)
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert "decrypted" in outcome.text or "authentic" in outcome.text


def test_the_wrong_dialect_is_noticed_when_the_terminal_is_opened(
    terminal: NexoPoi, dialect: str, tmp_path: Path
) -> None:
    wrong, scheme = {"swedbank": ("adyen", "https"), "adyen": ("swedbank", "http")}[dialect]
    with NexoPoi(tmp_path / "other", dialect=wrong) as other:
        url = f"{scheme}:{terminal.url.partition(':')[2]}"
        with pytest.raises(DeviceError) as error:
            driver(wrong, url, other.poi_id, other.ca_file.parent).open()
    assert error.value.remedy


def test_a_wrong_name_of_the_terminal_is_noticed_when_it_is_opened(terminal: NexoPoi, dialect: str) -> None:
    name = f"{terminal.poi_id}.test.terminal.adyen.com".lower()
    options = {"certificate_name": name} if dialect == "adyen" else {}
    with pytest.raises(DeviceError):
        driver(dialect, terminal.url, "SOMEONE", terminal.ca_file.parent, **options).open()


def test_progress_is_shown_from_the_sending_on(till: Till) -> None:
    till.pay()
    assert till.shown == [(Progress.CONNECTING, False), (Progress.WORKING, True), (Progress.WORKING, False)]
