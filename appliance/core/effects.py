"""What the world must now do because of an event. Idempotent; after a crash `outstanding` gives them again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from appliance.core.payment import Intent
from appliance.core.receipt import ReceiptDocument


class Sound(StrEnum):
    """Earcons; they differ in rhythm, not only in pitch."""

    OK = "ok"
    REFUSED = "refused"
    TICK = "tick"
    QUESTION = "question"
    ATTENTION = "attention"
    APPROVED = "approved"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Play:
    """Play a sound."""

    sound: Sound


@dataclass(frozen=True, slots=True)
class Authorise:
    """Send an intent to its device. Never an outstanding effect: after a crash a sent intent is looked up."""

    intent: Intent


@dataclass(frozen=True, slots=True)
class LookUp:
    """Ask a device what became of an intent."""

    intent: Intent


@dataclass(frozen=True, slots=True)
class PrintReceipt:
    """Print a document; `job` names the receipt and its copy."""

    job: str
    document: ReceiptDocument


@dataclass(frozen=True, slots=True)
class KickDrawer:
    """Open the cash drawer."""


@dataclass(frozen=True, slots=True)
class CancelAttempt:
    """Ask the device of an attempt to stop."""

    attempt: UUID


Effect = Play | Authorise | LookUp | PrintReceipt | KickDrawer | CancelAttempt
