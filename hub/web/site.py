"""What every page needs: the database, the shop's settings, and the time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from hub.access.throttle import Throttle
from hub.access.totp import Seal
from hub.database import Database
from hub.settings import Settings


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The hub's page of one shop."""

    database: Database
    settings: Settings
    seal: Seal
    clock: Callable[[], datetime] = _now
    throttle: Throttle = field(default_factory=Throttle)

    @property
    def zone(self) -> ZoneInfo:
        """The shop's time zone."""
        return ZoneInfo(self.settings.timezone)

    @property
    def today(self) -> date:
        """The day on the shop's calendar."""
        return self.clock().astimezone(self.zone).date()

    @property
    def name(self) -> str:
        """What the shop is called."""
        return self.settings.shop_name or "Kvitt"
