"""What an answer of the terminal amounts to: pure judgement. Result decides and nothing else; no proof is UNKNOWN."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from appliance.core.money import Currency, Money
from appliance.core.payment import IntentKind, Outcome, OutcomeKind, Reference
from appliance.io.payment.nexo.messages import Category, Header, Movement, PaymentType, Result, StatusAnswer

UNSIGNED: Final = "the terminal wants a signature, and nobody is here to check it"
MEANINGS: Final = {
    "Aborted": "stopped",
    "Busy": "the terminal is busy",
    "Cancel": "stopped by the customer",
    "DeviceOut": "a part of the terminal does not work",
    "InProgress": "the terminal is still at work",
    "InsertedCard": "a card is still in the terminal",
    "InvalidCard": "this card cannot be used here",
    "LoggedOut": "the till is not logged in at the terminal",
    "MessageFormat": "the terminal did not understand the till",
    "NotAllowed": "not allowed now: the till is not logged in, or the contract does not have it",
    "NotFound": "the terminal does not know it",
    "PaymentRestriction": "this card must not pay for these goods",
    "Refusal": "refused",
    "UnavailableDevice": "a part of the terminal is missing",
    "UnavailableService": "the terminal cannot do this",
    "UnreachableHost": "the terminal does not reach its bank",
    "WrongPIN": "wrong PIN",
}
"""ErrorCondition, in words for staff. A condition that is not here is shown as it came."""

CANCELLED: Final = frozenset({"Aborted", "Cancel"})
NOT_STARTED: Final = frozenset({"Busy", "NotAllowed", "LoggedOut"})
"""Answers to the Payment itself that say that nothing was begun."""
NO_SESSION: Final = frozenset({"NotAllowed", "LoggedOut"})
WORKING: Final = frozenset({"Busy", "InProgress"})
"""Answers to a look-up: ask again."""


def meaning(condition: str, said: str = "") -> str:
    """Give a condition in words, with those of the terminal."""
    words = MEANINGS.get(condition, condition or "refused without a reason")
    return f"{words} ({said})" if said else words


def unknown(reason: str, answer: Movement | None = None, terminal: str = "") -> Outcome:
    """Give the outcome of what cannot be proved; a look-up must follow."""
    if answer is None:
        return Outcome(kind=OutcomeKind.UNKNOWN, text=reason)
    return Outcome(kind=OutcomeKind.UNKNOWN, amount=_money(answer), reference=_reference(answer, terminal), text=reason)


def _reference(answer: Movement, terminal: str) -> Reference | None:
    return None if answer.transaction is None else answer.transaction.reference(terminal)


def _money(answer: Movement) -> Money | None:
    if answer.amount is None:
        return None
    try:
        return Money.of_decimal(answer.amount, Currency.parse(answer.currency))
    except ValueError:
        return None


def judge(asked: Money, kind: IntentKind, answer: Movement, *, terminal: str, attended: bool) -> Outcome:
    """Say what an answer means, live or repeated; its header has been found to be ours.

    A payment of another amount or currency, also Partial, is APPROVED with what was taken: it must be undone.
    """
    if answer.response.result is Result.FAILURE:
        return _refused(answer)
    taken = _money(answer)
    other = taken is not None and taken.minor > 0 and taken != asked
    if taken is not None and other and kind is IntentKind.PAY and _named(answer, kind):
        return _approved(taken, kind, answer, terminal)
    doubt = _doubt(asked, kind, answer)
    if doubt:
        return unknown(doubt, answer, terminal)
    outcome = _approved(asked, kind, answer, terminal)
    unsigned = answer.signature and not attended and kind is not IntentKind.REVERSE
    return (
        replace(outcome, unfit="the terminal wants a signature, and nobody is here to check it")
        if unsigned
        else outcome
    )


def misfit(asked: Money, outcome: Outcome) -> str:
    """Say why an approval must be undone: another amount, a signature that nobody checked; "" if it need not."""
    if outcome.unfit:
        return outcome.unfit
    if outcome.kind is not OutcomeKind.APPROVED or outcome.amount in (None, asked):
        return ""
    return f"the terminal took {outcome.amount} instead of {asked}"


def _refused(answer: Movement) -> Outcome:
    condition = answer.response.condition
    text = meaning(condition, answer.response.text)
    if condition == "InProgress":
        return unknown(text)
    if condition in NOT_STARTED:
        return Outcome(kind=OutcomeKind.NOT_CHARGED, code=condition, text=f"not started: {text}")
    return Outcome(
        kind=OutcomeKind.CANCELLED if condition in CANCELLED else OutcomeKind.DECLINED,
        masked_pan=answer.masked_pan,
        card_name=answer.card_name,
        code=condition,
        text=text,
        customer_receipt=answer.receipts.customer,
        merchant_receipt=answer.receipts.merchant,
    )


def _named(answer: Movement, kind: IntentKind) -> bool:
    """Whether an answer names its transaction, and did what it was asked to do."""
    wanted = PaymentType.REFUND if kind is IntentKind.REFUND else PaymentType.NORMAL
    return answer.transaction is not None and answer.payment_type in ("", wanted)


def _doubt(asked: Money, kind: IntentKind, answer: Movement) -> str:
    """Say why a yes is none of ours; "" if it is."""
    if answer.transaction is None:
        return "the terminal approved without naming its transaction"
    if answer.response.result is Result.PARTIAL:
        return "the terminal took only a part of the amount"
    if kind is IntentKind.REVERSE:
        if answer.amount is not None and answer.amount != asked.to_decimal():
            return f"the terminal reversed {answer.amount} instead of {asked}"
        return ""
    if answer.amount is None or not answer.currency:
        return "the terminal approved without naming amount and currency"
    if _money(answer) != asked:
        return f"the terminal approved {answer.amount} {answer.currency} instead of {asked}"
    if not _named(answer, kind):
        return "the terminal did something else than it was asked for"
    return ""


def _approved(moved: Money, kind: IntentKind, answer: Movement, terminal: str) -> Outcome:
    return Outcome(
        kind=OutcomeKind.REVERSED if kind is IntentKind.REVERSE else OutcomeKind.APPROVED,
        amount=moved,
        reference=_reference(answer, terminal),
        masked_pan=answer.masked_pan,
        card_name=answer.card_name,
        code=str(answer.response.result),
        text=answer.response.text,
        customer_receipt=answer.receipts.customer,
        merchant_receipt=answer.receipts.merchant,
    )


def judge_status(
    asked: Money,
    kind: IntentKind,
    header: Header,
    status: StatusAnswer,
    *,
    terminal: str,
    attended: bool,
    recorded: Reference | None = None,
) -> Outcome:
    """Say what a found answer proves about the message of `header`. Success of the look-up is no Success.

    `recorded`: how the terminal named the transaction when it said yes, if that was recorded.
    """
    repeated = status.repeated
    if repeated is None or repeated.header != header or repeated.answer is None:
        return unknown("the terminal repeats the answer to another message")
    outcome = judge(asked, kind, repeated.answer, terminal=terminal, attended=attended)
    if recorded is not None and outcome.reference is not None and not _same(recorded, outcome.reference):
        return unknown("the terminal names another transaction than when it said yes", repeated.answer, terminal)
    return outcome


def _same(one: Reference, other: Reference) -> bool:
    """Whether two references name one transaction; a time stamp may be written in another way when it is repeated."""
    return one.poi_transaction.rpartition(" ")[0] == other.poi_transaction.rpartition(" ")[0]


def category_of(kind: IntentKind) -> Category:
    """Give the category of the message that serves an intent."""
    return Category.REVERSAL if kind is IntentKind.REVERSE else Category.PAYMENT
