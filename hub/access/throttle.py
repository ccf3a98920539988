"""Guessing made slow: after some failures an address, and a name, must wait, and longer after each further one."""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

MOST: Final = 10_000
"""Addresses and names that are remembered; those that failed longest ago are forgotten first."""
_FORGOTTEN: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    failures: int
    until: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Failures that cost nothing, and the longest wait, up to which the wait doubles from one second on."""

    free: int
    longest: timedelta

    def wait(self, failures: int) -> timedelta:
        """Give the wait after so many failures."""
        if failures <= self.free:
            return timedelta(0)
        return min(self.longest, timedelta(seconds=2 ** min(failures - self.free - 1, 20)))


ADDRESS: Final = Limit(free=10, longest=timedelta(minutes=15))
NAME: Final = Limit(free=5, longest=timedelta(minutes=1))
"""Shorter: else anybody could keep the owner out."""


class Throttle:
    """Failures by key, in memory: a restart forgives."""

    def __init__(self) -> None:
        self._records: OrderedDict[str, _Record] = OrderedDict()
        self._turn = threading.Lock()

    def wait(self, key: str, now: datetime) -> timedelta:
        """Give how long this key must still wait; zero if it may try."""
        with self._turn:
            record = self._records.get(key)
        return timedelta(0) if record is None else max(timedelta(0), record.until - now)

    def failed(self, key: str, limit: Limit, now: datetime) -> None:
        """Note a failure."""
        with self._turn:
            record = self._records.pop(key, None)
            failures = 1 if record is None or now - record.at > _FORGOTTEN else record.failures + 1
            self._records[key] = _Record(failures=failures, until=now + limit.wait(failures), at=now)
            while len(self._records) > MOST:
                self._records.popitem(last=False)

    def passed(self, key: str) -> None:
        """Take back the newest failure of a key, which was none."""
        with self._turn:
            record = self._records.get(key)
            if record is not None:
                self._records[key] = replace(record, failures=record.failures - 1, until=record.at)


def address_key(address: str) -> str:
    """Give the key of an address: of IPv6 the network of a household, which has all addresses of it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return f"address {address}"
    if isinstance(parsed, ipaddress.IPv6Address):
        return f"address {ipaddress.ip_network((parsed, 64), strict=False)}"
    return f"address {parsed}"
