"""The machine's clock, as the till reads it: aware UTC, and the business day of the store."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

SYNCHRONISED: Final = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd makes this file once the network has set the clock since the machine started."""


class SystemClock:
    """The clock of a running till; implements `ports.Clock`."""

    def __init__(self, timezone: str, day_starts_at: int) -> None:
        self.zone = ZoneInfo(timezone)
        self._day_starts = timedelta(hours=day_starts_at)

    def now(self) -> datetime:
        """Give the time, aware UTC."""
        return datetime.now(UTC)

    def synchronised(self) -> bool:
        """Whether the network has set the clock since the machine started."""
        return SYNCHRONISED.exists()

    def business_date(self) -> date:
        """Give the local date, but the day before until the hour at which the store's day begins."""
        return (datetime.now(self.zone).replace(tzinfo=None) - self._day_starts).date()
