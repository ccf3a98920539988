"""What `kvitt journal` prints: the journal opened as a restart would open it, as lines of text.

Every function opens the folder, recovers and proves it first, and raises the same StoreError as a start.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from appliance.core.events import TerminalDayClosed
from appliance.core.money import Currency, Money
from appliance.core.payment_book import PaymentBook, line, story
from appliance.core.product import canonical
from appliance.errors import JournalCorrupt, StoreError, StoreInUse
from appliance.store.backup import prove_file
from appliance.store.journal import SqliteJournal
from appliance.store.overlay import PAGE_ROWS

SOUND: Final = 0
DAMAGED: Final = 1
IN_USE: Final = 2


def opened(state: Path) -> SqliteJournal:
    """Open as a restart would; but a folder that is not there is a mistake, not an empty till."""
    if not state.is_dir():
        raise StoreError(f"There is no store in {state}.")
    return SqliteJournal.open(state)


def documents(state: Path, *, newest: int = 0) -> Iterator[Mapping[str, Any]]:
    """Give all rows as stored, or only the newest ones."""
    with closing(opened(state)) as journal:
        after = max(journal.first() - 1, journal.last() - newest if newest else 0)
        while rows := journal.rows(after, PAGE_ROWS):
            yield from rows
            after = rows[-1].doc_id


def listing(state: Path, *, newest: int = 0) -> Iterator[str]:
    """Give a line a row: sequence, time, type, and what it is about."""
    for row in documents(state, newest=newest):
        yield f"{row['seq']:>9}  {row['at']}  {row['type']:<24} {_short(row['data'])}".rstrip()


def _short(data: Mapping[str, Any]) -> str:
    words = [
        str(data[key]) for key in ("transaction", "business_date", "text", "quantity", "kind", "result") if key in data
    ]
    for key in ("total", "gross", "amount"):
        if key in data and "currency" in data:
            words.append(str(Money(data[key], Currency.parse(data["currency"]))))
            break
    words.extend(str(data[key]) for key in ("reason", "operator", "code", "version") if data.get(key))
    return "  ".join(words)


def show(state: Path, sequence: int) -> str:
    """Give one row whole, as JSON for people; StoreError if there is none."""
    with closing(opened(state)) as journal:
        rows = journal.rows(sequence - 1, 1) if 0 < sequence <= journal.last() else []
        if not rows or rows[0].doc_id != sequence:
            raise StoreError(f"The journal has no row {sequence}; its last one is {journal.last()}.")
        return json.dumps(rows[0], ensure_ascii=False, indent=2, sort_keys=True)


def export(state: Path) -> Iterator[str]:
    """Give every row as a line of JSON, hash and previous hash included."""
    for row in documents(state):
        yield canonical(dict(row)).decode()


def receipts(state: Path) -> Iterator[str]:
    """Give the receipt numbers of completed sales, in order."""
    for row in documents(state):
        if row["type"] == "transaction.completed":
            yield row["data"]["transaction"]


def payment_lines(journal: SqliteJournal, *, whole: bool = False) -> Iterator[str]:
    """Give a line a payment: of the open business day and what is owed from before, or of the whole journal."""
    for entry in _book(journal, whole=whole).entries():
        yield line(entry)


def payment_story(journal: SqliteJournal, attempt: str) -> Iterator[str]:
    """Give all that is known of one payment, wherever it is in the journal; StoreError if there is none."""
    for whole in (False, True):
        book = _book(journal, whole=whole)
        found = [entry for entry in book.entries() if str(entry.payment.intent.attempt).startswith(attempt.lower())]
        if len(found) > 1:
            raise StoreError(f"{len(found)} attempts begin with {attempt}: write more of it.")
        if found:
            yield from story(found[0])
            return
    raise StoreError(f"No attempt begins with {attempt}.")


def closed_day(journal: SqliteJournal, device: str) -> Iterator[str]:
    """Give how the newest end of day of a device came out."""
    found = [row.event for row in journal.open_day() if isinstance(row.event, TerminalDayClosed)]
    closed = next((event for event in reversed(found) if event.device == device), None)
    if closed is None:
        raise StoreError(f"{device} has not closed its day today.")
    yield f"journal   {closed.journal_amount} in {closed.journal_count} movements"
    if closed.device_amount is None:
        yield "device    gave no sums"
    else:
        yield f"device    {closed.device_amount} in {closed.device_count} movements"
        yield "equal" if closed.device_amount == closed.journal_amount else "NOT equal: compare kvitt payments list"
    yield from closed.receipt


def _book(journal: SqliteJournal, *, whole: bool) -> PaymentBook:
    book = PaymentBook()
    if not whole:
        for row in journal.open_day():
            book.take(row.event, row.at)
        return book
    after = journal.first() - 1
    while rows := journal.since(after, PAGE_ROWS):
        for row in rows:
            book.take(row.event, row.at)
        after = rows[-1].sequence
    return book


def verify(state: Path, *, file: Path | None = None) -> tuple[int, str]:
    """Prove the journal of a folder, or one file that is not in use; give the exit code and what to say."""
    try:
        if file is not None:
            return SOUND, f"{file}: sound up to no. {prove_file(file)}."
        with closing(opened(state)) as journal:
            rows = journal.verify()
            return SOUND, f"{rows} rows, no. {journal.first()} to {journal.last()}, epoch {journal.epoch()}: sound."
    except StoreInUse as fault:
        return IN_USE, str(fault)
    except JournalCorrupt as fault:
        return DAMAGED, str(fault)
    except StoreError as fault:
        return DAMAGED, f"Not verified: {fault}"


def standing(journal: SqliteJournal) -> Iterator[str]:
    """Give what `kvitt status` says about the store."""
    last, acked = journal.last(), journal.acked()
    yield f"journal: no. {journal.first()} to {last}, epoch {journal.epoch()}"
    yield f"hub: has everything up to no. {acked}; {last - acked} rows wait"
    sales, day = 0, ""
    totals: dict[str, Decimal] = {}
    at: datetime | None = None
    for row in journal.open_day():
        at = row.at
        data = row.document["data"]
        assert isinstance(data, Mapping)
        if row.document["type"] == "day.opened":
            day, sales, totals = data["business_date"], 0, {}
        elif row.document["type"] == "transaction.completed":
            sales += 1
            money = Money(data["total"], Currency.parse(data["currency"]))
            totals[money.currency.code] = totals.get(money.currency.code, Decimal(0)) + money.to_decimal()
    taken = ", ".join(f"{amount} {code}" for code, amount in totals.items()) or "nothing"
    yield f"business day: {day or 'none yet'}; {sales} sales, {taken}"
    if at is not None:
        yield f"last row: {at.isoformat(timespec='seconds')}"
