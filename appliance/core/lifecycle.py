"""The life of a transaction and of a lane, as tables.

A transaction is IDLE (there is none), OPEN while items are taken, TENDERING while it is being paid, IN_DOUBT while
nobody can say whether a payment moved money, and TENDERED once the goods are the customer's. VOIDED ends one without a
sale; POST_VOIDING undoes a sale that is complete. An event that the table does not hold for a state is illegal: it
changes nothing, and `next_state` gives None.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from appliance.core import events as e
from appliance.core.checkout import LaneState, TransactionState

_IDLE, _OPEN, _TENDERING = TransactionState.IDLE, TransactionState.OPEN, TransactionState.TENDERING
_IN_DOUBT, _TENDERED, _VOIDED = TransactionState.IN_DOUBT, TransactionState.TENDERED, TransactionState.VOIDED
_POST_VOIDING = TransactionState.POST_VOIDING

_BASKET: Final = (e.LineAdded, e.QuantityChanged, e.LineVoided, e.LineRestored, e.ApprovalGranted)
_NOT_PAID: Final = (e.PaymentDeclined, e.PaymentCancelled, e.PaymentNotCharged, e.PaymentReversed)
_PAYING: Final = (
    e.PaymentRequested,
    e.PaymentSent,
    e.PaymentApproved,
    e.PaymentConfirmed,
    e.ReceiptTextReceived,
    e.CashCredited,
    e.RoundingApplied,
    e.RefundDue,
    *_NOT_PAID,
)

TRANSACTION: Final[Mapping[tuple[TransactionState, type[e.Event]], TransactionState]] = {
    (_IDLE, e.TransactionStarted): _OPEN,
    # A finished sale stays on the screen until the next one begins.
    (_TENDERED, e.TransactionStarted): _OPEN,
    **{(_OPEN, event): _OPEN for event in _BASKET},
    (_OPEN, e.TransactionVoided): _VOIDED,
    # A charge shows up that a person had decided not to be one.
    (_OPEN, e.PaymentOutcomeLost): _IN_DOUBT,
    **{(_OPEN, event): _TENDERING for event in (e.RoundingApplied, e.PaymentRequested)},
    **{(_TENDERING, event): _TENDERING for event in _PAYING},
    # Staff's word on a tender whose device tells nothing.
    (_TENDERING, e.PaymentResolved): _TENDERING,
    (_TENDERING, e.PaymentOutcomeLost): _IN_DOUBT,
    (_TENDERING, e.TenderingEnded): _OPEN,
    (_TENDERING, e.TransactionCompleted): _TENDERED,
    (_TENDERING, e.TransactionVoided): _VOIDED,
    (_IN_DOUBT, e.PaymentResolved): _IN_DOUBT,
    (_IN_DOUBT, e.PaymentConfirmed): _TENDERING,
    **{(_IN_DOUBT, event): _TENDERING for event in _NOT_PAID},
    (_TENDERED, e.ReceiptChosen): _TENDERED,
    **{(state, e.PostVoidBegun): _POST_VOIDING for state in (_IDLE, _TENDERED)},
    **{(_POST_VOIDING, event): _POST_VOIDING for event in (*_PAYING, e.PaymentOutcomeLost, e.PaymentResolved)},
    (_POST_VOIDING, e.PostVoidEnded): _TENDERED,
    (_POST_VOIDING, e.TransactionPostVoided): _VOIDED,
}

LANE: Final[Mapping[tuple[LaneState, type[e.Event]], LaneState]] = {
    (LaneState.STARTING, e.LaneOpened): LaneState.OPEN,
    (LaneState.CLOSED, e.LaneOpened): LaneState.OPEN,
    (LaneState.OPEN, e.LaneClosed): LaneState.CLOSED,
    (LaneState.OUT_OF_SERVICE, e.LaneClosed): LaneState.CLOSED,
}

QUIET: Final = frozenset({TransactionState.IDLE, TransactionState.TENDERED})
"""States in which a business day may change and a catalogue version may be taken into use."""


def next_state(state: TransactionState, event: type[e.Event]) -> TransactionState | None:
    """Give the state of a transaction after an event; None if the event is illegal in this state."""
    return TRANSACTION.get((state, event))


def next_lane(state: LaneState, event: type[e.Event]) -> LaneState | None:
    """Give the state of the lane after an event; None if the event is illegal in this state."""
    return LANE.get((state, event))
