"""Every sale that a till can complete is one that the hub's books take: none ends in quarantine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.core import commands as c
from appliance.core import events as e
from appliance.core.identifiers import Gtin, Language
from appliance.core.money import Money
from appliance.core.payment import Result
from appliance.io.payment.zvt.fields import read_fields
from appliance.io.payment.zvt.messages import StatusInformation
from appliance.io.payment.zvt.verdict import approved
from appliance.mqtt.messages.sale import Sale
from appliance.store.codec import encode
from tests.core.till import MILK, NOK, Book, Till, item


def sold(till: Till, status: StatusInformation) -> e.TransactionCompleted:
    till.scan(MILK)
    till.pay()
    till.send()
    assert till.sale.payment is not None
    said = replace(status, result=0, amount=till.sale.payment.intent.amount.minor)
    yes = approved(till.sale.payment.intent.amount, said)
    assert till.record(Result(yes))
    till.do(c.ReportOutcome(till.attempt, yes))
    (sale,) = till.of(e.TransactionCompleted)
    return sale


@pytest.mark.parametrize("letters", [1, 60, 61, 99])
def test_whatever_a_terminal_calls_the_card(letters: int) -> None:
    sale = sold(Till(), StatusInformation(card_name="ü" * letters))
    assert Sale.parse(encode(sale)[2]).total == sale.total.minor


@pytest.mark.parametrize("nibbles", ["67" * 10, "67" * 20, "67" * 49 + "6F", "EEEEEEEEEEEE4321D" + "E" * 30 + "F"])
def test_however_a_terminal_masks_the_card_number(nibbles: str) -> None:
    number = bytes.fromhex(nibbles)
    counter = bytes((0xF0 | len(number) // 10, 0xF0 | len(number) % 10))
    masked = read_fields(b"\x22" + counter + number).masked_pan
    sale = sold(Till(), StatusInformation(masked_pan=masked))
    assert Sale.parse(encode(sale)[2]).tenders[0].masked_pan == masked


@pytest.mark.parametrize("letters", [400, 401, 5000])
def test_however_long_the_name_of_the_goods_is(letters: int) -> None:
    book = Book(items=(item("milk", 2290, names={Language("nb"): "m" * letters}, gtins=(Gtin.parse(MILK),)),))
    sale = sold(Till(book), StatusInformation())
    assert Sale.parse(encode(sale)[2]).total == Money(2290, NOK).minor
