"""What the terminal did last, as it is frozen into an intent, and the rule by which a report is that intent's.

A terminal that can only repeat its last transaction must be asked two things: is the last one new, and is it ours?
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Final

from appliance.core.money import Money
from appliance.core.payment import Reference
from appliance.io.payment.zvt.messages import StatusInformation

LARGEST_RECEIPT: Final = 9999
FURTHEST: Final = 100
"""Receipt numbers that a terminal may have used between two looks of ours."""

_HALF_YEAR: Final = 183 * 24 * 60 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What identifies one status information; "" where the terminal did not say."""

    receipt: str = ""
    trace: str = ""
    date: str = ""
    time: str = ""
    digest: str = ""

    @classmethod
    def of(cls, status: StatusInformation) -> Seen:
        """Take the identity of a status."""
        return cls(receipt=status.receipt, trace=status.trace, date=status.date, time=status.time, digest=status.digest)

    @classmethod
    def of_reference(cls, named: Reference) -> Seen:
        """Take the identity of what the terminal named earlier."""
        return cls(
            receipt=named.receipt_number, trace=named.trace_number, date=named.device_date, time=named.device_time
        )

    def same(self, other: Seen) -> bool:
        """Whether another status is this one again. Receipt, trace and clock count where both sides have them."""
        if not self.digest:
            return False
        if self.digest == other.digest:
            return True
        if not self.receipt or self.receipt != other.receipt:
            return False
        pairs = ((self.trace, other.trace), (self.date, other.date), (self.time, other.time))
        return all(mine == theirs for mine, theirs in pairs if mine and theirs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The last status seen of a terminal, and its last approved one. Texts only, so that it can be stored as JSON."""

    terminal: str = ""
    """Terminal id."""
    locked: str = ""
    """"yes" if nobody could type in an amount at the terminal itself: registered with bits 10 and 20 [Z15 2.1]."""
    empty: str = ""
    """Answer to 06 20 of a terminal that holds no transaction: "1E", with its code."""
    seen: Seen = Seen()
    approved: Seen = Seen()

    @classmethod
    def of_mapping(cls, texts: Mapping[str, str]) -> Baseline:
        """Read what `to_mapping` gave; unknown keys are of a later version and ignored."""

        def part(name: str) -> Seen:
            return Seen(**{field.name: texts.get(f"{name}.{field.name}", "") for field in fields(Seen)})

        return cls(
            terminal=texts.get("terminal", ""),
            locked=texts.get("locked", ""),
            empty=texts.get("empty", ""),
            seen=part("seen"),
            approved=part("approved"),
        )

    def to_mapping(self) -> dict[str, str]:
        """Give the texts that are not empty, flat."""
        texts = {"terminal": self.terminal, "locked": self.locked, "empty": self.empty}
        for name, part in (("seen", self.seen), ("approved", self.approved)):
            texts |= {f"{name}.{key}": value for key, value in asdict(part).items()}
        return {key: value for key, value in texts.items() if value}

    def after(self, status: StatusInformation) -> Baseline:
        """Give the baseline after a status has been seen."""
        seen = Seen.of(status)
        return Baseline(
            terminal=self.terminal,
            locked=self.locked,
            seen=seen,
            approved=seen if status.approved else self.approved,
        )

    @property
    def known(self) -> bool:
        """Whether it says what the terminal did last."""
        return bool(self.empty or self.seen.digest)

    def is_last(self, status: StatusInformation) -> bool:
        """Whether a status is one that was seen before."""
        other = Seen.of(status)
        return self.seen.same(other) or self.approved.same(other)

    def still(self, now: Baseline) -> bool:
        """Whether the terminal has done nothing since: `now` was read later."""
        if self.terminal != now.terminal or self.empty != now.empty:
            return False
        nothing = not self.known and not now.known
        return bool(self.empty) or nothing or self.seen.same(now.seen) or self.approved.same(now.seen)

    def precedes(self, status: StatusInformation) -> bool:
        """Whether a status can be newer than everything seen: other, ahead by number, later by the terminal's clock."""
        if not self.known or self.is_last(status):
            return False
        for seen in (self.seen, self.approved):
            if seen.receipt and status.receipt and not is_ahead(seen.receipt, status.receipt):
                return False
            if not not_earlier(seen, status):
                return False
        return True


def is_ahead(before: str, after: str) -> bool:
    """Whether a receipt number follows another: 1 to 100 ahead, 0001 after 9999."""
    return 1 <= (int(after) - int(before)) % LARGEST_RECEIPT <= FURTHEST


def _seconds(date: str, time: str) -> int | None:
    """Give the seconds since the new year, in a year of months of 31 days; None if it is no date."""
    if len(date) != 4 or len(time) != 6:
        return None
    month, day = int(date[:2]), int(date[2:])
    hour, minute, second = (int(time[at : at + 2]) for at in (0, 2, 4))
    return ((((month - 1) * 31 + day - 1) * 24 + hour) * 60 + minute) * 60 + second


def not_earlier(seen: Seen, status: StatusInformation) -> bool:
    """Compare two times of the terminal's clock, which knows no year: more than half a year back is ahead."""
    before, after = _seconds(seen.date, seen.time), _seconds(status.date, status.time)
    if before is None or after is None:
        return True
    return after >= before or before - after > _HALF_YEAR


def matches(asked: Money, baseline: Baseline, status: StatusInformation) -> bool:
    """Whether a looked-up status is the payment that was asked for. All of it must fit; the amount alone never does.

    Same terminal; newer than the baseline by number and by the terminal's clock; same amount; same currency if it is
    given. A missing amount or receipt number is no match.
    """
    return (
        bool(status.receipt)
        and status.amount == asked.minor
        and status.currency in (None, asked.currency.numeric)
        and bool(baseline.terminal)
        and status.terminal_id in ("", baseline.terminal)
        and baseline.precedes(status)
    )


def contradicts(asked: Money, baseline: Baseline, status: StatusInformation) -> bool:
    """Whether anything that a status gives speaks against being the payment that was asked for."""
    return (
        status.amount not in (None, asked.minor)
        or status.currency not in (None, asked.currency.numeric)
        or status.terminal_id not in ("", baseline.terminal)
        or not baseline.precedes(status)
    )


def same_number(one: str, other: str) -> bool:
    """Compare trace numbers of 3 and of 4 bytes: the shorter holds the last digits."""
    return bool(one) and bool(other) and int(one) % 10**6 == int(other) % 10**6


def names(named: Reference, status: StatusInformation) -> bool:
    """Whether a status is the very one that the terminal named earlier: nothing differs, and enough is there.

    Receipt number, and the trace number or the clock; a receipt number alone comes again after 9999 others.
    """
    mine, told = Seen.of_reference(named), Seen.of(status)
    if not mine.receipt or mine.receipt != told.receipt or status.terminal_id not in ("", named.terminal_id):
        return False
    pairs = ((mine.trace, told.trace), (mine.date + mine.time, told.date + told.time))
    shared = [one == other for one, other in pairs if one and other]
    return bool(shared) and all(shared)
