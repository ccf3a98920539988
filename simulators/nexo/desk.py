"""What a simulated nexo terminal does: its session, its books, and the payment it works on."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from appliance.core.money import Currency, Money
from simulators.books import Books, Entry, EntryKind
from simulators.nexo import answers
from simulators.nexo.answers import Asked
from simulators.nexo.behaviour import Behaviour, behaviour

VERSIONS: Final = {"swedbank": "3.1", "adyen": "3.0"}
SLICE: Final = 0.05
SERIAL: Final = "1710000520"

Boundary = Callable[[int], None]


@dataclass(slots=True)
class Open:
    """The payment that the terminal works on."""

    asked: Asked
    aborted: threading.Event = field(default_factory=threading.Event)
    decision: str = ""
    """What a person has decided, in mode `ask`."""


class Stopped(Exception):  # an event of the simulation, not a fault
    """The terminal has no answer to give any more."""


class Desk:
    """One terminal; safe for several connections at a time."""

    def __init__(self, books: Books, dialect: str, poi_id: str, serial: str = SERIAL) -> None:
        self.books = books
        self.dialect = dialect
        self.poi_id = poi_id
        self.serial = serial
        self.stopping = threading.Event()
        self.log: deque[str] = deque(maxlen=10_000)
        """Categories of the requests that came."""
        self._lock = threading.RLock()
        self._default = Behaviour()
        self._next: deque[Behaviour] = deque()
        self._how = Behaviour()
        self._open: Open | None = None
        self._logged_in = False
        self._lookups = 0
        self._known_from = 0
        """How many entries of the books were made by hardware that is not there any more."""

    # Persons and tests ----------------------------------------------------------------------------------------------

    def behave(self, how: Behaviour) -> None:
        """Behave like this in the next payment."""
        self._next.append(how)

    def default(self, how: Behaviour) -> None:
        """Behave like this from now on."""
        self._default = self._how = how

    def boot(self) -> None:
        """Come up after a loss of power: what was not in the books is gone."""
        with self._lock:
            self._open = None
            self._logged_in = False

    def swap(self, serial: str) -> None:
        """Another piece of hardware takes its place: nothing of what was is known to it."""
        self.boot()
        self.serial = serial
        self._known_from = len(self.books.entries())

    def pending(self) -> Asked | None:
        """Give the payment that the terminal works on."""
        return None if self._open is None else self._open.asked

    def answer(self, how: str) -> None:
        """Decide the waiting payment: "approve", "decline WrongPIN", "cancel"."""
        if self._open is not None:
            self._open.decision = how

    # Messages -------------------------------------------------------------------------------------------------------

    def begin(self, tree: Mapping[str, Any]) -> tuple[Asked, Behaviour]:
        """Read a request; say how the terminal behaves for it. KeyError, TypeError: it is none."""
        asked = Asked.read(tree)
        self.log.append(asked.category)
        if asked.category in ("Payment", "Reversal"):
            with self._lock:
                self._how = self._next.popleft() if self._next else self._default
                self._lookups = 0
                if self._how.not_allowed:
                    self._logged_in = False
            return asked, self._how
        if self._how.always and not self._probe(asked):
            return asked, self._how
        return asked, Behaviour()

    def _probe(self, asked: Asked) -> bool:
        """Whether this asks about a message that was never sent, to see whether the terminal is there."""
        return asked.category != "TransactionStatus" or self._found(asked) is None

    def serve(self, asked: Asked, how: Behaviour, boundary: Boundary) -> dict[str, Any] | None:
        """Do what is asked; give the answer, None where the protocol has none. Stopped: the terminal stays silent."""
        if asked.poi != self.poi_id:
            raise Stopped
        if self.dialect == "swedbank" and asked.category not in ("Login", "Abort") and not self._logged_in:
            return self._message(asked, {"Response": answers.response("Failure", "NotAllowed")})
        match asked.category:
            case "Login":
                with self._lock:
                    self._logged_in = True
                    if self._open is not None:
                        self._open.aborted.set()
                body = answers.login(self.serial)
            case "Logout":
                self._logged_in = False
                body = {"Response": answers.response("Success")}
            case "Abort":
                self._abort(asked)
                return None
            case "TransactionStatus":
                body = self._status(asked)
            case "Payment" | "Reversal":
                body = self._move(asked, how, boundary)
            case _:
                body = {"Response": answers.response("Failure", "MessageFormat")}
        return self._message(asked, body)

    def _message(self, asked: Asked, body: Mapping[str, Any]) -> dict[str, Any]:
        header = asked.header(VERSIONS[self.dialect])
        return {"SaleToPOIResponse": {"MessageHeader": header, f"{asked.category}Response": dict(body)}}

    def _abort(self, asked: Asked) -> None:
        with self._lock:
            open_ = self._open
            if open_ is not None and asked.body["MessageReference"]["ServiceID"] == open_.asked.service:
                open_.aborted.set()

    # Money ----------------------------------------------------------------------------------------------------------

    def _move(self, asked: Asked, how: Behaviour, boundary: Boundary) -> dict[str, Any]:
        with self._lock:
            if how.busy or self._open is not None:
                return self._refusal(asked, "Busy")
            self._open = Open(asked)
        boundary(2)
        if how.never:
            self._wait_for_the_end()
        decided = self._decide(self._open, how)
        with self._lock:
            if self.stopping.is_set():
                raise Stopped
            body = self._book(asked, decided)
            self._open = None
        if how.mute:
            self._wait_for_the_end()
        return body

    def _refusal(self, asked: Asked, condition: str) -> dict[str, Any]:
        answer = answers.response("Failure", condition)
        if asked.category == "Reversal":
            return {"Response": answer}
        return answers.payment(self.dialect, asked, answer, trace=0)

    def _wait_for_the_end(self) -> None:
        self.stopping.wait()
        raise Stopped

    def _decide(self, open_: Open, how: Behaviour) -> Behaviour:
        """Wait for the customer, and for an Abort while he has not decided."""
        left = how.late
        while (left > 0 or how.result == "ask") and not self.stopping.is_set():
            if open_.aborted.is_set() and not how.deaf:
                return Behaviour(result="decline", condition="Aborted")
            if open_.decision:
                return behaviour(open_.decision)
            self.stopping.wait(min(SLICE, left) if left > 0 else SLICE)
            left -= SLICE
        return how

    def _book(self, asked: Asked, how: Behaviour) -> dict[str, Any]:
        """Write books and answer in one line: the terminal has either forgotten both, or neither."""
        made: dict[str, Any] = {}

        def entry(books: Books) -> Entry:
            trace = books.next_trace
            if asked.category == "Reversal":
                kind, amount, original, body = self._reverse(asked, how, books)
            else:
                kind, amount, original, body = self._pay(asked, how, trace)
            made.update(body)
            return Entry(
                kind=kind,
                trace=trace,
                amount=amount.minor,
                currency=amount.currency.numeric,
                original=original,
                asked=asked.name,
                answer=json.dumps(body, default=str),
            )

        self.books.add(entry)
        return made

    def _pay(self, asked: Asked, how: Behaviour, trace: int) -> tuple[EntryKind, Money, int, dict[str, Any]]:
        money = answers.requested(asked)
        if how.result in ("decline", "cancel"):
            condition = "Cancel" if how.result == "cancel" else how.condition
            answer = answers.response("Failure", condition, self._words(condition))
            return EntryKind.DECLINE, money, 0, answers.payment(self.dialect, asked, answer, trace=trace)
        taken = Money(money.minor if how.amount is None else how.amount, money.currency)
        said = Money(taken.minor, Currency.parse(how.currency)) if how.currency else taken
        answer = answers.response("Partial" if how.result == "partial" else "Success")
        body = answers.payment(self.dialect, asked, answer, trace=trace, money=said, signature=how.signature)
        if how.no_amount:
            del body["PaymentResult"]["AmountsResp"]
        if how.no_transaction:
            del body["POIData"]["POITransactionID"]
        refund = asked.body.get("PaymentData", {}).get("PaymentType") == "Refund"
        return EntryKind.REVERSAL if refund else EntryKind.CHARGE, taken, 0, body

    def _words(self, condition: str) -> str:
        if self.dialect == "swedbank":
            return f"{condition} at the terminal"
        return f"message={condition.upper()}&refusalReason=210%20{condition}"

    def _reverse(self, asked: Asked, how: Behaviour, books: Books) -> tuple[EntryKind, Money, int, dict[str, Any]]:
        original = asked.body["OriginalPOITransaction"]["POITransactionID"]
        trace = answers.trace_of(original["TransactionID"])
        standing = books.standing()
        charge = next((entry for entry in standing if entry.trace == trace), None)
        refusal = "" if charge is not None else "NotFound"
        if how.settled or (how.last_only and books.last_movement() != charge):
            refusal = "UnavailableService"
        if how.result != "approve":
            refusal = how.condition
        if charge is None or refusal:
            answer = answers.response("Failure", refusal)
            return EntryKind.DECLINE, Money(0, Currency.parse("EUR")), 0, answers.reversal(answer, original)
        said = None if how.amount is None else Money(how.amount, Currency.of_numeric(charge.currency))
        if how.other_sale:
            charge = next(entry for entry in reversed(standing) if entry.trace < trace)
            said = Money(charge.amount, Currency.of_numeric(charge.currency))
        money = Money(charge.amount, Currency.of_numeric(charge.currency))
        return EntryKind.REVERSAL, money, charge.trace, answers.reversal(answers.response("Success"), original, said)

    # Look-ups -------------------------------------------------------------------------------------------------------

    def _found(self, asked: Asked) -> Entry | None:
        reference = asked.body["MessageReference"]
        name = f"{reference['MessageCategory']}/{reference['SaleID']}/{reference['ServiceID']}"
        return next(
            (entry for entry in reversed(self.books.entries()[self._known_from :]) if entry.asked == name), None
        )

    def _status(self, asked: Asked) -> dict[str, Any]:
        reference = asked.body["MessageReference"]
        working = "Busy" if self.dialect == "swedbank" else "InProgress"
        found = self._found(asked)
        with self._lock:
            if self._open is not None and self._open.asked.service == reference["ServiceID"]:
                return {"Response": answers.response("Failure", working)}
            if found is not None:
                self._lookups += 1
        how = self._how
        if found is not None and how.refuse_lookup:
            return {"Response": answers.response("Failure", how.refuse_lookup)}
        if found is not None and self._lookups <= how.in_progress:
            return {"Response": answers.response("Failure", working)}
        if found is None or self._lookups <= how.in_progress + how.not_found:
            return {"Response": answers.response("Failure", "NotFound")}
        if how.no_repeat:
            return {"Response": answers.response("Success"), "MessageReference": dict(reference)}
        category = found.asked.partition("/")[0]
        named = Asked(category, reference["ServiceID"], asked.sale, asked.poi, {})
        header = named.header(VERSIONS[self.dialect])
        if how.other_message:
            header["ServiceID"] = "ANOTHER"
        body = json.loads(found.answer, parse_float=Decimal)
        return {
            "Response": answers.response("Success"),
            "RepeatedMessageResponse": answers.repeated(self.dialect, header, category, body),
        }
