"""Orders at a payment gateway behind the hub: what a till asks for, and where an order stands.

An order is named by its attempt: asked for twice it is still one. Its states are the gateway's; only CAPTURED and
REFUNDED have moved money.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from appliance.core.money import Money


class GatewayAction(StrEnum):
    """What a till asks for."""

    CREATE = "create"
    """Take money. An order that is known already is only answered."""
    REFUND = "refund"
    """Pay an order back, wholly: an order of its own that names the original."""
    CANCEL = "cancel"
    """A wish; where the order then stands is the answer."""
    LOOK_UP = "look-up"
    """Say where it stands. An order that the hub does not know will never be carried out after this question."""


class GatewayState(StrEnum):
    """Where an order stands."""

    CREATED = "CREATED"
    """The hub has it; the gateway has not answered."""
    IN_PROGRESS = "IN_PROGRESS"
    """The customer's turn."""
    AUTHORISED = "AUTHORISED"
    """The customer has agreed; the money is not taken yet, and will be."""
    CAPTURED = "CAPTURED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"
    """Refused by the gateway or the customer's bank; for a refund: not possible."""
    REFUNDED = "REFUNDED"
    """Of a payment: all of it went back. Of a refund: it is carried out."""

    @property
    def rank(self) -> int:
        """How far along: a message of a lower rank than one that has come is late and says nothing."""
        return _RANKS.index(next(states for states in _RANKS if self in states))

    @property
    def final(self) -> bool:
        """Whether an order stays so, but that a payment may be refunded."""
        return self.rank >= 3


_RANKS = (
    (GatewayState.CREATED,),
    (GatewayState.IN_PROGRESS,),
    (GatewayState.AUTHORISED,),
    (GatewayState.CAPTURED, GatewayState.CANCELLED, GatewayState.EXPIRED, GatewayState.FAILED),
    (GatewayState.REFUNDED,),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a till asks of the gateway."""

    attempt: UUID
    action: GatewayAction
    method: str
    """Which way of paying, as hub and till have agreed: "vipps", "swish", "wallet", "gift-card"."""
    amount: Money
    """More than zero."""
    original: UUID | None = None
    """Of a refund: the attempt that took the money."""
    code: str = field(default="", repr=False)
    """What the customer showed. Whoever has it can charge him: sent once, never kept, never logged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where an order stands."""

    attempt: UUID
    state: GatewayState
    amount: Money
    """What was moved, once it was; before that, what was asked for."""
    reference: str = ""
    """The gateway's own name of the order."""
    code: str = ""
    """What the customer's phone shall read from our screen."""
    expires_s: int | None = None
    """Seconds until the order expires by itself, by the hub's clock; below zero: so long ago."""
    text: str = ""
    """Why, for staff."""
