"""The order of a dialogue: what may come when, what it sets, and what it costs to come at the wrong moment."""

from __future__ import annotations

import pytest

from appliance.core.payment import Outcome, OutcomeKind
from appliance.io.payment.zvt.apdu import ACKNOWLEDGE, Apdu, ProtocolError, negative
from appliance.io.payment.zvt.baseline import Baseline
from appliance.io.payment.zvt.commands import abort, authorisation, registration
from appliance.io.payment.zvt.dialogue import (
    AbortAnswered,
    Accepted,
    Completed,
    Dialogue,
    Late,
    Other,
    Phase,
    Refused,
    wants_answer,
)
from appliance.io.payment.zvt.messages import Abort, Interim, ReceiptText, StatusInformation
from appliance.io.payment.zvt.verdict import Payment, Reply
from tests.payment.till import NOK, nok

STATUS = Apdu(0x040F, bytes.fromhex("2700 04000000001880 490578 870151 29 29001006"))
BEFORE = StatusInformation(result=0, amount=1880, terminal_id="29001006", receipt="0150", time="090000", date="1123")
YES = StatusInformation(result=0, amount=1880, terminal_id="29001006", receipt="0151", time="091000", date="1123")
NO = StatusInformation(result=5, terminal_id="29001006")


def dialogue() -> Dialogue:
    return Dialogue(authorisation(nok(1880)), t3=5.0, t4=180.0, now=0.0)


def running() -> Dialogue:
    started = dialogue()
    assert started.receive(ACKNOWLEDGE, 1.0) == Accepted()
    return started


def test_t3_runs_to_the_answer_and_t4_from_it() -> None:
    started = dialogue()
    assert (started.phase, started.deadline) == (Phase.ANSWER, 5.0)
    started.receive(ACKNOWLEDGE, 2.0)
    assert (started.phase, started.deadline) == (Phase.RUNNING, 182.0)


def test_every_intermediate_status_and_every_result_starts_t4_again() -> None:
    started = running()
    started.receive(Apdu(0x04FF, b"\x0a"), 100.0)
    assert started.deadline == 280.0
    started.receive(STATUS, 150.0)
    assert started.deadline == 330.0
    started.receive(Apdu(0x06D1, b"\0Kvitt"), 160.0)
    assert started.deadline == 330.0


def test_an_intermediate_status_may_set_t4_in_minutes_but_not_for_ever() -> None:
    started = running()
    started.receive(Apdu(0x04FF, b"\x0a\x05"), 10.0)
    assert started.deadline == 310.0
    started.receive(Apdu(0x04FF, b"\x0a\x99"), 10.0)
    assert started.deadline == 10.0 + 30 * 60


@pytest.mark.parametrize("apdu", [STATUS, Apdu(0x04FF, b"\x0a"), Apdu(0x060F), Apdu(0x06D1, b"\0x")], ids=str)
def test_nothing_but_an_answer_may_come_before_the_answer(apdu: Apdu) -> None:
    with pytest.raises(ProtocolError, match="in place of an answer"):
        dialogue().receive(apdu, 1.0)


def test_a_registration_lets_pass_what_the_terminal_still_says_to_an_older_till() -> None:
    registering = Dialogue(registration("000000", 0xBE, NOK, None), t3=5.0, t4=180.0, now=0.0)
    for late in (Apdu(0x04FF, b"\x0a"), STATUS, Apdu(0x060F)):
        step = registering.receive(late, 1.0)
        assert (step, wants_answer(step), registering.phase) == (Late(late), False, Phase.ANSWER)
    assert registering.deadline == 5.0
    assert registering.receive(ACKNOWLEDGE, 2.0) == Accepted()


def test_a_refusal_ends_the_dialogue_before_it_began() -> None:
    started = dialogue()
    assert started.receive(Apdu(0x841E, b"\x6f"), 1.0) == Refused(0x1E, b"\x6f")
    assert started.phase is Phase.OVER


def test_84_00_is_a_yes() -> None:
    assert dialogue().receive(Apdu(0x8400), 1.0) == Accepted()


def test_an_answer_to_nothing_and_anything_after_the_end_are_refused() -> None:
    started = running()
    with pytest.raises(ProtocolError, match="answers nothing"):
        started.receive(ACKNOWLEDGE, 2.0)
    assert started.receive(Apdu(0x060F), 3.0) == Completed(b"")
    with pytest.raises(ProtocolError, match="after the end"):
        started.receive(STATUS, 4.0)


def test_an_abort_is_sent_only_while_the_terminal_works_and_one_at_a_time() -> None:
    started = dialogue()
    assert started.abort() is None
    started.receive(ACKNOWLEDGE, 1.0)
    assert started.abort() == abort()
    assert started.abort() is None
    assert started.receive(negative(0x83), 2.0) == AbortAnswered(False)
    assert started.abort() == abort()
    assert started.receive(Apdu(0x04FF, b"\x0a"), 3.0) == Interim(status=0x0A)
    assert started.receive(ACKNOWLEDGE, 4.0) == AbortAnswered(True)


def test_what_the_terminal_says_wants_an_answer_and_its_answers_do_not() -> None:
    for said in (Interim(status=1), NO, ReceiptText(lines=()), Completed(b""), Abort(), Other(Apdu(0x0401))):
        assert wants_answer(said)
    for answered in (Accepted(), Refused(0x83), AbortAnswered(True)):
        assert not wants_answer(answered)


def test_a_receipt_that_cannot_be_read_and_an_unknown_command_are_left_out() -> None:
    started = running()
    assert started.receive(Apdu(0x06D3, b"\x06\x84"), 2.0) == Other(Apdu(0x06D3, b"\x06\x84"))
    assert started.receive(Apdu(0x0401), 2.0) == Other(Apdu(0x0401))


def test_a_result_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ProtocolError):
        running().receive(Apdu(0x040F, bytes.fromhex("2700 22 0f01 11")), 2.0)


# What it amounts to -------------------------------------------------------------------------------------------------


def payment(*, attended: bool = True) -> Payment:
    return Payment(nok(1880), Baseline(terminal="29001006", locked="yes").after(BEFORE), attended=attended)


def approved() -> Payment:
    judged = payment()
    assert judged.status(YES) is Reply.RECORD
    assert judged.recorded(durable=True) is Reply.ACKNOWLEDGE
    return judged


def kind(outcome: Outcome) -> OutcomeKind:
    return outcome.kind


def test_a_recorded_yes_and_a_completion_are_a_payment_and_neither_alone_is() -> None:
    assert kind(approved().completed()) is OutcomeKind.APPROVED
    assert kind(payment().completed()) is OutcomeKind.UNKNOWN
    judged = payment()
    judged.status(YES)
    assert kind(judged.completed()) is OutcomeKind.UNKNOWN
    assert kind(approved().lost("the line is gone")) is OutcomeKind.UNKNOWN


def test_a_completion_after_a_refusal_is_a_refusal() -> None:
    judged = payment()
    assert judged.status(NO) is Reply.ACKNOWLEDGE
    assert kind(judged.completed()) is OutcomeKind.DECLINED


def test_an_abort_after_the_yes_must_be_looked_up() -> None:
    assert kind(approved().aborted(Abort(result=0x6C))) is OutcomeKind.UNKNOWN


def test_a_refusal_after_the_yes_must_be_looked_up() -> None:
    judged = approved()
    judged.status(NO)
    assert kind(judged.completed()) is OutcomeKind.UNKNOWN


def test_an_auto_reversal_after_the_yes_must_be_looked_up_and_one_before_is_of_another_sale() -> None:
    judged = approved()
    judged.interim(Interim(status=0x05))
    assert kind(judged.completed()) is OutcomeKind.UNKNOWN
    judged = payment()
    judged.interim(Interim(status=0x05))
    judged.status(YES)
    judged.recorded(durable=True)
    assert kind(judged.completed()) is OutcomeKind.APPROVED


def test_a_repeated_yes_is_recorded_once_and_another_yes_is_not_answered() -> None:
    judged = approved()
    assert judged.status(YES) is Reply.ACKNOWLEDGE
    another = StatusInformation(result=0, amount=1880, terminal_id="29001006", receipt="0152")
    assert judged.status(another) is Reply.DROP


def test_a_yes_of_before_the_payment_is_not_answered() -> None:
    judged = payment()
    assert judged.status(BEFORE) is Reply.DROP
    assert kind(judged.lost("dropped")) is OutcomeKind.UNKNOWN


def test_a_yes_that_could_not_be_stored_is_refused_and_stays_refused_when_it_is_repeated() -> None:
    judged = payment()
    judged.status(YES)
    assert judged.recorded(durable=False) is Reply.REFUSE
    assert judged.status(YES) is Reply.REFUSE


def test_a_result_without_a_code_is_not_answered() -> None:
    assert payment().status(StatusInformation(amount=1880)) is Reply.DROP


def test_an_abort_without_a_reason_and_without_a_result_must_be_looked_up() -> None:
    assert kind(payment().aborted(Abort())) is OutcomeKind.UNKNOWN
    assert kind(payment().aborted(Abort(result=0))) is OutcomeKind.UNKNOWN
    assert kind(payment().aborted(Abort(result=0x64))) is OutcomeKind.DECLINED
    assert kind(payment().aborted(Abort(result=0x6C))) is OutcomeKind.CANCELLED
