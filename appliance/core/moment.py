"""What a decision may know of the world besides the state; handed in, so that deciding stays pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from appliance.core.effects import Effect
from appliance.core.events import Event
from appliance.core.identifiers import Operator, uuid7


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The moment of one command."""

    at: datetime
    """Aware UTC."""
    business_date: date
    entropy: int
    """74 random bits."""
    operator: Operator | None = None
    """Whose PIN a SignOn carried."""
    baselines: Mapping[str, Mapping[str, str] | None] = field(default_factory=dict)
    """What each tender device did last."""

    def fresh_id(self, number: int = 0) -> UUID:
        """Give a UUID version 7 of this moment; the same one for the same number each time."""
        return uuid7(int(self.at.timestamp() * 1000), self.entropy ^ number)

    def later(self, number: int) -> Moment:
        """Give a moment whose ids are others: for the next of several attempts of one command."""
        return replace(self, entropy=self.entropy ^ (number << 8))


@dataclass(frozen=True, slots=True)
class Decision:
    """What a command leads to: events for the journal, and effects that no event brings about."""

    events: tuple[Event, ...] = ()
    effects: tuple[Effect, ...] = ()
    accepted: bool = True
    """What a RecordPayment is answered: False keeps the fact, and lets its device undo what it did."""
