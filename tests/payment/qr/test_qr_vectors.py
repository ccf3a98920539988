"""Published payloads: each says what it says, each damaged one is refused, and we write them as they stand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from appliance.core import purse
from appliance.core.money import Currency, Money
from appliance.core.purse import Wallet
from appliance.io.payment.qr import emvco, epc, swish, swiss
from appliance.io.payment.qr.epc import Charset, EpcCode
from appliance.io.payment.qr.iban import Iban
from appliance.io.payment.qr.payload import PayloadError
from appliance.io.payment.qr.swish import Editable, SwishCode
from appliance.io.payment.qr.swiss import Address, ReferenceType, SwissCode
from tests.payment.conftest import shared

VECTORS = shared("qr_vectors.json")
MPM = [entry for entry in VECTORS["emvco_mpm"] if "payload" in entry]
SEK, EUR, CHF = (Currency.parse(code) for code in ("SEK", "EUR", "CHF"))


@pytest.mark.parametrize("vector", [entry for entry in MPM if entry["valid"]])
@pytest.mark.parametrize("as_bytes", [False, True])
def test_an_emv_code_is_read_in_any_order_and_written_byte_for_byte(vector: dict[str, Any], as_bytes: bool) -> None:
    payload = vector["payload"]
    code = emvco.parse(payload.encode() if as_bytes else payload)
    assert code.text() == payload
    assert code.payload() == payload.encode()
    assert emvco.crc(payload[:-4].encode()) == int(vector["crc"], 16)


def test_an_emv_code_says_what_its_source_says() -> None:
    official, other, yen = (emvco.parse(entry["payload"]) for entry in MPM if entry["valid"])
    for code in (official, other):
        assert code.amount == Money(2372, Currency.parse("CNY"))
        assert (code.name, code.city, code.value("58"), code.value("52")) == ("BEST TRANSPORT", "BEIJING", "CN", "4111")
        assert [account.id for account in code.accounts] == ["29", "31"]
        assert {found.id: found.value for found in code.template("29")} == {"00": "D15600000000", "05": "A93FO3230Q"}
        assert [found.value for found in code.template("64")] == ["ZH", "最佳运输", "北京"]
        assert (code.dynamic, code.value("55")) == (True, "01")
    assert [found.value for found in official.template("91")] == ["A011223344998877", "12345678"]
    assert [found.value for found in other.template("80")] == ["39401ff0c21a4543a8ed5fbaa30ab02e"]
    assert yen.amount == Money(999, Currency.parse("JPY"))
    assert [account.value for account in yen.accounts] == ["ABCDEF1234567890"]


@pytest.mark.parametrize("vector", [entry for entry in MPM if not entry["valid"]])
def test_a_damaged_emv_code_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(PayloadError, match="CRC is wrong"):
        emvco.parse(vector["payload"])


def test_the_crc_is_the_one_of_the_catalogue() -> None:
    (check,) = (entry for entry in VECTORS["emvco_mpm"] if "input" in entry)
    assert f"{emvco.crc(check['input'].encode()):04X}" == check["crc"]


def test_swish_codes_say_what_their_source_says() -> None:
    full, without_mask, wild = (swish.parse(entry["payload"]) for entry in VECTORS["swish_prefilled"])
    expected = SwishCode(payee="1237856901", amount=Money(10000, SEK), message="12229445")
    assert full == without_mask == expected
    assert expected.text() == VECTORS["swish_prefilled"][0]["payload"]
    assert wild == SwishCode(
        payee="123456789",
        amount=Money(10000, SEK),
        message="meddelande",
        editable=Editable.AMOUNT | Editable.MESSAGE,
    )
    with pytest.raises(PayloadError, match="10 digits"):
        wild.text()


MUSTERMANN = EpcCode(
    name="Franz Mustermänn",
    iban=Iban("DE71110220330123456789"),
    amount=Money(1230, EUR),
    bic="BHBLDEHHXXX",
    purpose="GDDS",
    reference="RF18539007547034",
)
FRANCOIS = EpcCode(
    name="François D'Alsace S.A.",
    iban=Iban("FR1420041010050500013M02606"),
    amount=Money(1230, EUR),
    remittance="Client:Marie Louise La Lune",
    charset=Charset.ISO_8859_1,
)
EPC = (MUSTERMANN, replace(MUSTERMANN, version="001"), FRANCOIS)


def test_epc_codes_say_what_their_source_says_and_are_written_with_two_decimals() -> None:
    for entry, expected in zip(VECTORS["epc069_12"], EPC, strict=True):
        code = epc.parse(entry["payload"])
        assert code == expected
        assert epc.parse(entry["payload"].encode(code.charset.encoding)) == expected
        assert code.text() == entry["payload"].replace("EUR12.3\n", "EUR12.30\n").rstrip("\n")
        assert code.payload() == code.text().encode("latin-1" if expected is FRANCOIS else "utf-8")


def test_the_swiss_code_says_what_its_source_says_and_is_written_byte_for_byte() -> None:
    (vector,) = VECTORS["swiss_qr"]["vectors"]
    expected = SwissCode(
        account=Iban("CH4431999123000889012"),
        creditor=Address(
            name="Max Muster & Söhne",
            street="Musterstrasse",
            number="123",
            postcode="8000",
            town="Seldwyla",
            country="CH",
        ),
        currency=CHF,
        amount=Money(194975, CHF),
        debtor=Address(
            name="Simon Muster",
            street="Musterstrasse",
            number="1",
            postcode="8000",
            town="Seldwyla",
            country="CH",
        ),
        reference_type=ReferenceType.QRR,
        reference="210000000003139471430009017",
        message="Auftrag vom 15.06.2020",
        billing="//S1/10/10201409/11/200701/20/140.000-53/30/102673831/31/200615/32/7.7/33/7.7:139.40/40/0:30",
    )
    assert swiss.parse(vector["payload"]) == expected
    assert swiss.parse(vector["payload"].replace("\n", "\r\n").encode()) == expected
    assert expected.text() == vector["payload"]
    assert expected.payload() == vector["payload"].encode()


WALLETS = {"Alipay": Wallet.ALIPAY, "WeChat Pay": Wallet.WECHAT_PAY}


@pytest.mark.parametrize("vector", VECTORS["customer_presented"]["examples"])
def test_a_presented_code_is_known_by_its_wallet(vector: dict[str, Any]) -> None:
    if vector["wallet"] is None:
        assert purse.find(vector["code"]) is None
    else:
        found = purse.find(vector["code"])
        assert found is not None
        assert found.wallet is WALLETS[vector["wallet"]]
        assert found.code == vector["code"]
