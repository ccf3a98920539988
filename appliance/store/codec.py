"""Events as documents and back: {"type", "tv", "data"}, driven by the type hints of the event classes.

Money is its minor units, in the event's one `currency`; a Decimal is a text; what parses and prints itself (a GTIN, a
transaction id) is its text; tuples are lists. A field that holds nothing (None, "", 0, (), and that is its default) is
left out. Stored rows are never rewritten: `upcasters` lift a document of an older `tv` by one.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache, lru_cache
from typing import Any, Final, cast
from uuid import UUID

from appliance.core.events import Event
from appliance.core.money import Currency, Money
from appliance.errors import StoreError

_KNOWN: Final = 128
"""Texts of each kind whose values are remembered."""

Data = dict[str, Any]
Upcaster = Callable[[Data], Data]


class UnknownEvent(StoreError):
    """A row of a type or schema number that this release does not know: a newer release wrote it."""


@dataclass(frozen=True, slots=True)
class Form:
    """How values of one type are written and read; both get the currency of the event."""

    write: Callable[[Any, Currency | None], Any]
    read: Callable[[Any, Currency | None], Any]


def _exactly(kind: type) -> Form:
    def same(value: Any, _currency: Currency | None) -> Any:
        if type(value) is not kind:
            raise TypeError(f"{value!r} is no {kind.__name__}")
        return value

    return Form(same, same)


def _text(kind: type, write: Callable[[Any], str], read: Callable[[str], Any]) -> Form:
    # What a text stands for never changes, and the rows of a sale name the same things again and again.
    known = lru_cache(maxsize=_KNOWN)(read)

    def written(value: Any, _currency: Currency | None) -> str:
        if not isinstance(value, kind):
            raise TypeError(f"{value!r} is no {kind.__name__}")
        return write(value)

    def parsed(value: Any, _currency: Currency | None) -> Any:
        if not isinstance(value, str):
            raise TypeError(f"{value!r} is no text")
        return known(value)

    return Form(written, parsed)


def _decimal_text(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is no quantity")
    return format(value, "f")


def _write_money(value: Any, currency: Currency | None) -> int:
    if not isinstance(value, Money):
        raise TypeError(f"{value!r} is no Money")
    if value.currency != currency:
        raise ValueError(f"{value} in an event in {currency}")
    return value.minor


def _read_money(value: Any, currency: Currency | None) -> Money:
    if currency is None:
        raise ValueError("money without a currency")
    return Money(value, currency)


def _optional(inner: Form) -> Form:
    return Form(
        lambda value, currency: None if value is None else inner.write(value, currency),
        lambda value, currency: None if value is None else inner.read(value, currency),
    )


def _many(inner: Form) -> Form:
    def read(value: Any, currency: Currency | None) -> Any:
        if not isinstance(value, list):
            raise TypeError(f"{value!r} is no list")
        return tuple(inner.read(entry, currency) for entry in value)

    return Form(lambda value, currency: [inner.write(entry, currency) for entry in value], read)


def _record(inners: tuple[Form, ...]) -> Form:
    def write(value: Any, currency: Currency | None) -> list[Any]:
        return [inner.write(entry, currency) for inner, entry in zip(inners, value, strict=True)]

    def read(value: Any, currency: Currency | None) -> Any:
        return tuple(inner.read(entry, currency) for inner, entry in zip(inners, value, strict=True))

    return Form(write, read)


def _mapping(key: Form, inner: Form) -> Form:
    def write(value: Any, currency: Currency | None) -> Data:
        return {key.write(name, currency): inner.write(value[name], currency) for name in sorted(value)}

    def read(value: Any, currency: Currency | None) -> Any:
        if not isinstance(value, dict):
            raise TypeError(f"{value!r} is no object")
        return {key.read(name, currency): inner.read(entry, currency) for name, entry in value.items()}

    return Form(write, read)


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    form: Form
    default: object

    def silent(self, value: object) -> bool:
        """Whether a value is left out: it is the default, and it says nothing.

        A default that says something is written, so that a later release may change it without changing old rows.
        """
        return not value and value == self.default


def _object(kind: type) -> Form:
    hints = typing.get_type_hints(kind)
    fields: list[_Field] = []
    for field in dataclasses.fields(kind):
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        fields.append(_Field(field.name, _form(hints[field.name]), default))
    required = frozenset(field.name for field in fields if field.default is dataclasses.MISSING)
    has_currency = any(field.name == "currency" for field in fields)

    def write(value: Any, currency: Currency | None) -> Data:
        if type(value) is not kind:
            raise TypeError(f"{value!r} is no {kind.__name__}")
        own: Currency | None = getattr(value, "currency", currency)
        present = ((field, getattr(value, field.name)) for field in fields)
        return {field.name: field.form.write(entry, own) for field, entry in present if not field.silent(entry)}

    def read(value: Any, currency: Currency | None) -> Any:
        if not isinstance(value, dict):
            raise TypeError(f"{value!r} is no object")
        own = Currency.parse(value["currency"]) if has_currency else currency
        missing = required - value.keys()
        if missing:
            raise ValueError(f"{kind.__name__} without {', '.join(sorted(missing))}")
        known = {field.name: field.form.read(value[field.name], own) for field in fields if field.name in value}
        return kind(**known)

    return Form(write, read)


_PLAIN: Final[Mapping[type, Form]] = {
    str: _exactly(str),
    int: _exactly(int),
    bool: _exactly(bool),
    Money: Form(_write_money, _read_money),
    Decimal: _text(Decimal, _decimal_text, Decimal),
    date: _text(date, date.isoformat, date.fromisoformat),
    UUID: _text(UUID, str, UUID),
}


@cache
def _form(hint: Any) -> Form:
    """Give the form of a type hint; TypeError if a field has a type that has no form, found at import."""
    while hasattr(hint, "__supertype__"):
        hint = hint.__supertype__
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        (only,) = (entry for entry in inner if entry is not types.NoneType)
        return _optional(_form(only))
    if origin is tuple:
        return _many(_form(inner[0])) if inner[-1] is Ellipsis else _record(tuple(map(_form, inner)))
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(_form(inner[0]), _form(inner[1]))
    if hint in _PLAIN:
        return _PLAIN[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _text(hint, lambda value: value.value, hint)
    if hasattr(hint, "parse"):
        return _text(hint, str, hint.parse)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _object(hint)
    raise TypeError(f"a stored event cannot hold {hint!r}")


class Codec:
    """Writes and reads the events of one schema."""

    def __init__(self, events: Iterable[type], upcasters: Mapping[tuple[str, int], Upcaster] | None = None) -> None:
        self._forms: dict[str, tuple[int, Form]] = {}
        for kind in events:
            described = cast(Any, kind)
            self._forms[described.TYPE] = (described.TV, _object(kind))
        self._upcasters = dict(upcasters or {})

    def encode(self, event: Any) -> tuple[str, int, Data]:
        """Give type, schema number and data of an event; TypeError or ValueError if it holds what it must not."""
        kind, version = event.TYPE, event.TV
        return kind, version, self._forms[kind][1].write(event, None)

    def decode(self, kind: str, version: int, data: Mapping[str, Any]) -> Any:
        """Give the event; UnknownEvent if a newer release wrote it, ValueError if the data does not fit its type."""
        known, form = self._forms.get(kind, (0, None))
        if form is None or version > known:
            raise UnknownEvent(f'An event "{kind}" of schema {version} was written by a newer release of Kvitt.')
        lifted = dict(data)
        for step in range(version, known):
            lifted = self._upcasters[kind, step](lifted)
        try:
            return form.read(lifted, None)
        except (ArithmeticError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{kind}: {error}") from error


def _as_it_is(data: Data) -> Data:
    """Only fields with a default have come since."""
    return data


_UPCASTERS: Final[Mapping[tuple[str, int], Upcaster]] = {
    ("day.opened", 1): _as_it_is,
    ("payment.approved", 1): _as_it_is,
    ("payment.confirmed", 1): _as_it_is,
    ("payment.requested", 1): _as_it_is,
    ("payment.outcome_lost", 1): _as_it_is,
    ("transaction.completed", 1): _as_it_is,
}

_CODEC: Final = Codec(typing.get_args(Event), _UPCASTERS)


def encode(event: Event) -> tuple[str, int, Data]:
    """Give type, schema number and data of an event of this release."""
    return _CODEC.encode(event)


def decode(kind: str, version: int, data: Mapping[str, Any]) -> Event:
    """Give the event of any row that a release of Kvitt has written."""
    return cast(Event, _CODEC.decode(kind, version, data))
