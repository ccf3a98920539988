"""Events as documents: the form on the wire, and a round trip for every event there is."""

from __future__ import annotations

import dataclasses
import json
import typing
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.core.catalogue import Unit
from appliance.core.commands import EntryMethod
from appliance.core.events import (
    DayOpened,
    Event,
    HelpEnded,
    PaymentConfirmed,
    SaleLine,
    SaleTender,
    TransactionCompleted,
)
from appliance.core.identifiers import (
    CatalogueVersion,
    Gtin,
    LineNumber,
    Operator,
    Plu,
    Sku,
    TransactionId,
    check_digit,
)
from appliance.core.money import Currency, Money
from appliance.core.payment import Outcome, OutcomeKind, Reference, TenderType
from appliance.core.product import canonical
from appliance.core.tax import TaxedAmount
from appliance.store.codec import Codec, UnknownEvent, decode, encode

NOK = Currency.parse("NOK")
EVENTS = typing.get_args(Event)

EXAMPLE = {
    "transaction": "oslo-01/3/2026-03-14/1187",
    "currency": "NOK",
    "total": 4880,
    "lines": [
        {
            "line": 1,
            "type": "sale",
            "sku": "milk-1l",
            "gtin": "09521234543213",
            "text": "Milk 1 l",
            "entry": "scanned",
            "quantity": "2",
            "unit": "ea",
            "price": 2290,
            "gross": 4580,
            "vat": "15",
        },
        {
            "line": 2,
            "type": "sale",
            "sku": "bag",
            "gtin": "09520000000011",
            "text": "Carrier bag",
            "entry": "keyed",
            "quantity": "1",
            "unit": "ea",
            "price": 300,
            "gross": 300,
            "vat": "25",
        },
    ],
    "taxes": [
        {"rate": "15", "net": 3983, "tax": 597, "gross": 4580},
        {"rate": "25", "net": 240, "tax": 60, "gross": 300},
    ],
    "tenders": [
        {
            "type": "card",
            "amount": 4880,
            "attempt": "019cebab-587c-714c-98ea-c43b58be13fe",
            "masked_pan": "************4321",
        }
    ],
    "stock": [["milk-1l", "-2"], ["bag", "-1"]],
    "receipt_token": "b2Jzb2xldGU",
}


def nok(minor: int) -> Money:
    return Money(minor, NOK)


def example_event() -> TransactionCompleted:
    return TransactionCompleted(
        transaction=TransactionId.parse("oslo-01/3/2026-03-14/1187"),
        currency=NOK,
        total=nok(4880),
        lines=(
            SaleLine(
                line=LineNumber(1),
                type="sale",
                sku=Sku("milk-1l"),
                text="Milk 1 l",
                entry=EntryMethod.SCANNED,
                quantity=Decimal(2),
                unit=Unit.EACH,
                price=nok(2290),
                gross=nok(4580),
                vat=Decimal(15),
                gtin=Gtin.parse("9521234543213"),
            ),
            SaleLine(
                line=LineNumber(2),
                type="sale",
                sku=Sku("bag"),
                text="Carrier bag",
                entry=EntryMethod.KEYED,
                quantity=Decimal(1),
                unit=Unit.EACH,
                price=nok(300),
                gross=nok(300),
                vat=Decimal(25),
                gtin=Gtin.parse("9520000000011"),
            ),
        ),
        taxes=(
            TaxedAmount(rate=Decimal(15), net=nok(3983), tax=nok(597), gross=nok(4580)),
            TaxedAmount(rate=Decimal(25), net=nok(240), tax=nok(60), gross=nok(300)),
        ),
        tenders=(
            SaleTender(
                type=TenderType.CARD,
                amount=nok(4880),
                attempt=UUID("019cebab-587c-714c-98ea-c43b58be13fe"),
                masked_pan="************4321",
            ),
        ),
        stock=((Sku("milk-1l"), Decimal(-2)), (Sku("bag"), Decimal(-1))),
        receipt_token="b2Jzb2xldGU",
    )


def test_a_completed_sale_has_the_form_of_the_hub_protocol():
    assert encode(example_event()) == ("transaction.completed", 2, EXAMPLE)


def test_a_completed_sale_is_read_back_from_that_form():
    assert decode("transaction.completed", 1, EXAMPLE) == example_event()


def test_fields_that_a_newer_release_added_are_ignored():
    data = {**EXAMPLE, "carbon_grams": 12}
    assert decode("transaction.completed", 1, data) == example_event()


# Every event ---------------------------------------------------------------------------------------------------------

slugs = st.from_regex(r"[a-z0-9][a-z0-9-]{0,10}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
plain = {
    str: texts,
    int: st.integers(-(2**53), 2**53),
    bool: st.booleans(),
    date: st.dates(),
    UUID: st.uuids(),
    Decimal: st.decimals(-9999, 9999, places=3, allow_nan=False, allow_infinity=False),
    CatalogueVersion: st.builds(CatalogueVersion, slugs, st.integers(0, 10**6)),
    Gtin: st.from_regex(r"[0-9]{13}", fullmatch=True).filter(str.isascii).map(lambda d: Gtin(d + check_digit(d))),
    Plu: st.from_regex(r"[0-9]{4,5}", fullmatch=True).filter(str.isascii).map(Plu),
    TransactionId: st.builds(TransactionId, slugs, slugs, st.dates(), st.integers(1, 10**9)),
}


def values(hint: Any, currency: Currency) -> st.SearchStrategy[Any]:
    """Give anything that a field of a type may hold."""
    while hasattr(hint, "__supertype__"):
        hint = hint.__supertype__
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is Money:
        return st.integers(-(10**9), 10**9).map(lambda minor: Money(minor, currency))
    if hint is Currency:
        return st.just(currency)
    if hint is TaxedAmount:
        money = st.integers(-(10**6), 10**6)
        return st.builds(
            lambda rate, net, tax: TaxedAmount(
                rate=rate, net=Money(net, currency), tax=Money(tax, currency), gross=Money(net + tax, currency)
            ),
            plain[Decimal],
            money,
            money,
        )
    if hint in plain:
        return plain[hint]
    if type(None) in inner:
        return st.none() | values(next(entry for entry in inner if entry is not type(None)), currency)
    if origin is tuple:
        if inner[-1] is Ellipsis:
            return st.lists(values(inner[0], currency), max_size=3).map(tuple)
        return st.tuples(*(values(entry, currency) for entry in inner))
    if origin is not None:
        keys = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
        return st.dictionaries(keys, values(inner[1], currency), max_size=3)
    if dataclasses.is_dataclass(hint):
        return objects(hint, currency)
    return st.sampled_from(list(hint))


def objects(kind: Any, currency: Currency) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{field.name: values(hints[field.name], currency) for field in dataclasses.fields(kind)})


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.TYPE)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_event_survives_the_round_trip_through_its_stored_bytes(kind: Any, data: st.DataObject):
    currency = data.draw(st.sampled_from([NOK, Currency.parse("JPY")]))
    event = data.draw(objects(kind, currency))
    name, version, document = encode(event)
    assert decode(name, version, json.loads(canonical(document))) == event


def test_no_two_events_share_a_type():
    assert len({kind.TYPE for kind in EVENTS}) == len(EVENTS)


def test_what_says_nothing_is_left_out():
    assert encode(HelpEnded()) == ("help.ended", 1, {})
    assert encode(HelpEnded(operator=Operator("kari")))[2] == {"operator": "kari"}


def test_a_default_that_says_something_is_written_so_that_a_later_release_may_change_it():
    event = DayOpened(business_date=date(2026, 11, 23), next_transaction=1)
    assert encode(event)[2] == {"business_date": "2026-11-23", "next_transaction": 1, "lane_open": True}


def test_quantities_are_written_without_an_exponent():
    line = dataclasses.replace(example_event().lines[0], quantity=Decimal("1E+2"))
    event = dataclasses.replace(example_event(), lines=(line,))
    assert encode(event)[2]["lines"][0]["quantity"] == "100"


def test_money_of_another_currency_does_not_get_in():
    with pytest.raises(ValueError, match="in an event in NOK"):
        encode(dataclasses.replace(example_event(), total=Money(1, Currency.parse("EUR"))))


@pytest.mark.parametrize(
    "change",
    [
        {"total": nok(1).minor},
        {"receipt_token": 12},
        {"receipt_token": None},
        {"stock": ((Sku("a"), 1.5),)},
        {"stock": ((Sku("a"), Decimal("NaN")),)},
        {"lines": ({"line": 1},)},
    ],
)
def test_a_value_of_the_wrong_type_does_not_get_in(change: dict[str, Any]):
    with pytest.raises((TypeError, ValueError)):
        encode(dataclasses.replace(example_event(), **change))


def test_an_unknown_event_is_named_and_not_taken_for_damage():
    with pytest.raises(UnknownEvent, match=r'"loyalty.redeemed" of schema 1 was written by a newer release'):
        decode("loyalty.redeemed", 1, {})
    with pytest.raises(UnknownEvent, match="schema 3"):
        decode("transaction.completed", 3, EXAMPLE)


@pytest.mark.parametrize(
    "change",
    [
        {"total": "48.80"},
        {"total": 48.8},
        {"currency": "XXX"},
        {"transaction": "1187"},
        {"stock": [["a"]]},
        {"lines": {}},
    ],
)
def test_data_that_does_not_fit_its_type_is_refused_with_the_type_named(change: dict[str, Any]):
    with pytest.raises(ValueError, match=r"^transaction.completed: "):
        decode("transaction.completed", 1, {**EXAMPLE, **change})


def test_a_missing_field_is_named():
    data = {key: value for key, value in EXAMPLE.items() if key != "total"}
    with pytest.raises(ValueError, match="without total"):
        decode("transaction.completed", 1, data)


def test_nested_money_takes_the_currency_of_its_event():
    outcome = Outcome(kind=OutcomeKind.APPROVED, amount=nok(500), reference=Reference(trace_number="7"))
    event = PaymentConfirmed(
        transaction=TransactionId.parse("a/1/2026-01-01/1"), attempt=UUID(int=1), outcome=outcome, currency=NOK
    )
    data = encode(event)[2]
    assert data["outcome"] == {"kind": "APPROVED", "amount": 500, "reference": {"trace_number": "7"}}
    assert decode("payment.confirmed", 1, data) == event


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """An event whose field `clerk` of schema 1 became `operator` in 2, and whose amount moved to øre in 3."""

    TYPE: ClassVar[str] = "drawer.counted"
    TV: ClassVar[int] = 3
    operator: Operator
    minor: int


def test_an_event_of_every_released_schema_is_read():
    codec = Codec(
        [Renamed],
        {
            ("drawer.counted", 1): lambda data: {"operator": data["clerk"], "kroner": data["kroner"]},
            ("drawer.counted", 2): lambda data: {"operator": data["operator"], "minor": data["kroner"] * 100},
        },
    )
    event = Renamed(operator=Operator("kari"), minor=1200)
    assert codec.decode("drawer.counted", 1, {"clerk": "kari", "kroner": 12}) == event
    assert codec.decode("drawer.counted", 2, {"operator": "kari", "kroner": 12}) == event
    assert codec.decode(*codec.encode(event)) == event


def test_a_type_that_cannot_be_stored_is_found_when_the_codec_is_made():
    @dataclass(frozen=True)
    class Floating:
        TYPE: ClassVar[str] = "x"
        TV: ClassVar[int] = 1
        amount: float

    with pytest.raises(TypeError, match="float"):
        Codec([Floating])
