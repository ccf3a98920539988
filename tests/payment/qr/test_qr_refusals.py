"""What no code may say is refused, and the refusal says what is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest
import qrcode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.util import MODE_8BIT_BYTE, QRData

from appliance.core.money import Currency, Money
from appliance.io.payment.qr import emvco, epc, swish, swiss
from appliance.io.payment.qr.emvco import DataObject, MerchantCode
from appliance.io.payment.qr.epc import Charset, EpcCode
from appliance.io.payment.qr.iban import Iban, remainder_97
from appliance.io.payment.qr.payload import LARGEST, PayloadError
from appliance.io.payment.qr.reference import (
    check_creditor_reference,
    check_qr_reference,
    creditor_reference,
    qr_reference,
)
from appliance.io.payment.qr.swish import Editable, SwishCode, token_text
from appliance.io.payment.qr.swiss import Address, ReferenceType, SwissCode

SEK, EUR, CHF, CNY, NOK = (Currency.parse(code) for code in ("SEK", "EUR", "CHF", "CNY", "NOK"))
IBAN = Iban("DE71110220330123456789")
SWISS_IBAN = Iban.parse("CH93 0076 2011 6238 5295 7")
QR_IBAN = Iban.parse("CH44 3199 9123 0008 8901 2")


# Swish --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("1237856901;100,00;1;0", "begins with C"),
        ("D1237856901", "begins with C"),
        ("C;100,00;1;0", "payee"),
        ("C+4670123456;100,00;1;0", "payee"),
        ("C١٢٣٤٥٦٧٨٩٠;100,00;1;0", "payee"),
        ("C1237856901;100.00;1;0", "comma"),
        ("C1237856901;100,000;1;0", "comma"),
        ("C1237856901;-1;1;0", "comma"),
        ("C1237856901;0,00;1;0", "between"),
        ("C1237856901;1;1;8", "mask"),
        ("C1237856901;1;1;00", "mask"),
        ("C1237856901;1;1;0;", "four fields"),
        ("C1237856901;1;%FF;0", "not UTF-8"),
        ("C1237856901;1;a%0Ab;0", "control"),
        ("C1237856901;1;" + "m" * 71 + ";0", "71 characters"),
        (b"C1237856901;1;\xff;0", "utf-8"),
        ("C1237856901;1;\ud800;0", "utf-8"),
        (b"C" * (LARGEST + 1), f"{LARGEST} are allowed"),
    ],
)
def test_what_is_no_swish_code_is_refused(text: str | bytes, reason: str) -> None:
    with pytest.raises(PayloadError, match=reason):
        swish.parse(text)


def test_a_swish_code_is_read_without_amount_message_or_mask() -> None:
    assert swish.parse("C1237856901") == swish.parse("C1237856901;;;") == SwishCode(payee="1237856901")
    assert SwishCode(payee="1237856901").text() == "C1237856901;;;0"


def test_a_swish_message_is_percent_encoded_but_for_unreserved_characters() -> None:
    code = SwishCode(payee="1237856901", amount=Money(5, SEK), message="Kvitto ÅÄÖ; 5-7_~.+%/")
    assert code.text() == "C1237856901;0,05;Kvitto%20%C3%85%C3%84%C3%96%3B%205-7_~.%2B%25%2F;0"
    assert swish.parse("C1237856901;0,05;Räksmörgås 2;0").message == "Räksmörgås 2"


def test_a_swish_mask_has_three_bits() -> None:
    with pytest.raises(ValueError, match="8"):
        Editable(8)


def test_swish_takes_kronor_only() -> None:
    with pytest.raises(PayloadError, match="NOK; the code carries SEK"):
        SwishCode(payee="1237856901", amount=Money(100, NOK))


def test_the_code_of_a_payment_request_is_its_token() -> None:
    assert token_text("c28a4061470f4af48973bd2a4642b4fa") == "Dc28a4061470f4af48973bd2a4642b4fa"
    with pytest.raises(PayloadError, match="token"):
        token_text("a;b")


# EPC ----------------------------------------------------------------------------------------------------------------

EPC = ["BCD", "002", "1", "SCT", "", "Kiosk", str(IBAN), "EUR12.30", "", "", "", ""]


def epc_lines(**changes: str) -> str:
    lines = list(EPC)
    for place, value in changes.items():
        lines[int(place[1:]) - 1] = value
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("BCD", "character set"),
        ("\ufeff" + epc_lines(), "BCD"),
        (epc_lines(n1="BCE"), "BCD"),
        ("BCD\x0b002\x0b1\n" + epc_lines(), "BCD"),
        (epc_lines(n2="003"), "001 or 002"),
        (epc_lines(n2="001"), "needs the BIC"),
        (epc_lines(n3="0"), "1 to 8"),
        (epc_lines(n3="9"), "1 to 8"),
        (epc_lines(n3=""), "1 to 8"),
        (epc_lines(n4="SDD"), "SCT"),
        (epc_lines(n5="BHBLDEHHXX"), "BIC"),
        (epc_lines(n6=""), "name is missing"),
        (epc_lines(n6="n" * 71), "71 characters"),
        (epc_lines(n6="a\tb"), "control"),
        (epc_lines(n6="a\rb"), "control"),
        (epc_lines(n6="a\x85b"), "control"),
        (epc_lines(n7="DE71110220330123456788"), "check digits of the IBAN"),
        (epc_lines(n7="DE71 1102 2033 0123 4567 89"), "IBAN is"),
        (epc_lines(n8=""), "at least 8 lines"),
        (epc_lines(n8="", n11="text"), "EUR and a number"),
        (epc_lines(n8="12.30"), "EUR and a number"),
        (epc_lines(n8="CHF12.30"), "EUR and a number"),
        (epc_lines(n8="EUR12,30"), "EUR and a number"),
        (epc_lines(n8="EUR12.345"), "EUR and a number"),
        (epc_lines(n8="EUR1e3"), "EUR and a number"),
        (epc_lines(n8="EUR0.00"), "between"),
        (epc_lines(n8="EUR1000000000"), "EUR and a number"),
        (epc_lines(n9="GDDSX"), "purpose"),
        (epc_lines(n10="r" * 36), "36 characters"),
        (epc_lines(n10="RF19539007547034"), "creditor reference"),
        (epc_lines(n10="1", n11="2"), "not both"),
        (epc_lines(n11="t" * 141), "141 characters"),
        (epc_lines(n12="i" * 71), "71 characters"),
        (epc_lines() + "\nmore", "at most 12 lines"),
        ("\n".join(EPC[:7]), "at least 8 lines"),
        (epc_lines(n6="é" * 70, n11="é" * 100), "331 are allowed"),
        (epc_lines(n6="é" * 70, n11="e" * 135).replace("\n", "\r\n"), "331 are allowed"),
        (epc_lines(n6="é").encode("latin-1"), "utf-8"),
        (epc_lines(n3="2", n6="Ω"), "iso-8859-1"),
        (epc_lines(n3="6", n6="?").encode().replace(b"?", b"\xff"), "iso-8859-7"),
    ],
)
def test_what_is_no_epc_code_is_refused(text: str | bytes, reason: str) -> None:
    with pytest.raises(PayloadError, match=reason):
        epc.parse(text)


@pytest.mark.parametrize(("written", "minor"), [("EUR12", 1200), ("EUR12.3", 1230), ("EUR999999999.99", 99999999999)])
def test_an_epc_amount_has_no_one_or_two_decimals(written: str, minor: int) -> None:
    assert epc.parse(epc_lines(n8=written)).amount == Money(minor, EUR)


@pytest.mark.parametrize(
    ("charset", "name", "byte"),
    [
        (Charset.UTF_8, "Å", b"\xc3\x85"),
        (Charset.ISO_8859_1, "Å", b"\xc5"),
        (Charset.ISO_8859_2, "Ł", b"\xa3"),
        (Charset.ISO_8859_4, "Ķ", b"\xd3"),
        (Charset.ISO_8859_5, "Я", b"\xcf"),
        (Charset.ISO_8859_7, "Ω", b"\xd9"),
        (Charset.ISO_8859_10, "Ŋ", b"\xaf"),
        (Charset.ISO_8859_15, "€", b"\xa4"),
    ],
)
def test_every_epc_character_set_is_the_one_that_its_number_names(charset: Charset, name: str, byte: bytes) -> None:
    code = EpcCode(name=name, iban=IBAN, amount=Money(1, EUR), charset=charset)
    assert code.payload().split(b"\n")[5] == byte
    assert epc.parse(code.payload()) == epc.parse(code.text()) == code


def test_an_epc_code_has_no_characters_that_its_set_lacks() -> None:
    with pytest.raises(PayloadError, match="none of iso-8859-1"):
        EpcCode(name="Ω", iban=IBAN, amount=Money(1, EUR), charset=Charset.ISO_8859_1)


def test_an_epc_or_swiss_code_that_would_be_too_large_is_not_built() -> None:
    assert len(EpcCode(name="é" * 70, iban=IBAN, amount=Money(1, EUR), remittance="e" * 140).payload()) <= epc.LARGEST
    with pytest.raises(PayloadError, match="331 are allowed"):
        EpcCode(name="é" * 70, iban=IBAN, amount=Money(1, EUR), remittance="é" * 140)
    large = Address(name="é" * 70, street="é" * 70, number="é" * 16, postcode="8000", town="é" * 35, country="CH")
    with pytest.raises(PayloadError, match="997 are allowed"):
        replace(PLAIN, creditor=large, debtor=large, message="é" * 140)


def test_an_epc_code_is_in_euros() -> None:
    with pytest.raises(PayloadError, match="carries EUR"):
        EpcCode(name="Kiosk", iban=IBAN, amount=Money(1, CHF))


def test_the_largest_epc_and_swiss_codes_fit_into_the_qr_versions_that_are_allowed() -> None:
    assert version_of(epc.LARGEST) == epc.LARGEST_VERSION < version_of(epc.LARGEST + 1)
    assert version_of(swiss.LARGEST) == swiss.LARGEST_VERSION < version_of(swiss.LARGEST + 1)
    assert epc.LEVEL == swiss.LEVEL == "M"


def version_of(length: int) -> int:
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M)
    code.add_data(QRData(b"\xff" * length, mode=MODE_8BIT_BYTE), optimize=0)
    return code.best_fit()


# Swiss --------------------------------------------------------------------------------------------------------------

SHOP = Address(name="Kiosk", postcode="8000", town="Zürich", country="CH")
PLAIN = SwissCode(account=SWISS_IBAN, creditor=SHOP, currency=CHF, amount=Money(50, CHF))
SWISS = PLAIN.text().split("\n")


def swiss_lines(*more: str, **changes: str) -> str:
    lines = SWISS + list(more)
    for place, value in changes.items():
        lines[int(place[1:]) - 1] = value
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (swiss_lines(n1="SPD"), "SPC"),
        (swiss_lines(n2="0100"), "0200"),
        (swiss_lines(n3="2"), "0200 and 1"),
        (swiss_lines(n4=str(IBAN)), "CH or LI"),
        (swiss_lines(n4="CH9300762011623852958"), "check digits of the IBAN"),
        (swiss_lines(n4=str(QR_IBAN)), "needs a QR reference"),
        (swiss_lines(n5="K"), "combined"),
        (swiss_lines(n5=""), "type, S"),
        (swiss_lines(n5="", n6="", n9="", n10="", n11=""), "creditor's address is missing"),
        (swiss_lines(n6=""), "name in an address is missing"),
        (swiss_lines(n6="n" * 71), "71 characters"),
        (swiss_lines(n6="東京"), "Latin letters"),
        (swiss_lines(n8="1" * 17), "17 characters"),
        (swiss_lines(n9=""), "postcode in an address is missing"),
        (swiss_lines(n10=""), "town in an address is missing"),
        (swiss_lines(n11="Ch"), "country"),
        (swiss_lines(n12="S"), "ultimate creditor"),
        (swiss_lines(n18="CH"), "ultimate creditor"),
        (swiss_lines(n19="0.00"), "between"),
        (swiss_lines(n19="1.5"), "two decimals"),
        (swiss_lines(n19="01.50"), "two decimals"),
        (swiss_lines(n19="1'000.00"), "two decimals"),
        (swiss_lines(n19="1000000000.00"), "two decimals"),
        (swiss_lines(n20="USD"), "CHF or EUR"),
        (swiss_lines(n21="K", n22="Name"), "debtor's address is combined"),
        (swiss_lines(n21="S", n22="Name"), "postcode in an address is missing"),
        (swiss_lines(n28="QRR", n29="210000000003139471430009017"), "needs a QR-IBAN"),
        (swiss_lines(n28="XXX"), "QRR, SCOR or NON"),
        (swiss_lines(n28="SCOR"), "RF, two check digits"),
        (swiss_lines(n28="SCOR", n29="RF17539007547034"), "check digits of the creditor"),
        (swiss_lines(n29="1"), "needs its type"),
        (swiss_lines(n30="m" * 141), "141 characters"),
        (swiss_lines("b" * 71, n30="m" * 70), "140 characters together"),
        (swiss_lines(n31="EPX"), "EPD"),
        (swiss_lines("", "a" * 101), "101 characters"),
        (swiss_lines("", "", "a"), "scheme is missing"),
        (swiss_lines("", "a", "b", "c"), "at most 34 lines"),
        ("\n".join(SWISS[:30]), "at least 31 lines"),
        (swiss_lines() + "x" * 1000, "997 are allowed"),
        (swiss_lines(n6="Zürich").encode("latin-1"), "utf-8"),
    ],
)
def test_what_is_no_swiss_code_is_refused(text: str | bytes, reason: str) -> None:
    with pytest.raises(PayloadError, match=reason):
        swiss.parse(text)


def test_a_qr_reference_needs_a_right_check_digit_and_a_qr_iban() -> None:
    good = replace(PLAIN, account=QR_IBAN, reference_type=ReferenceType.QRR, reference=qr_reference("42"))
    assert swiss.parse(good.text()) == good
    with pytest.raises(PayloadError, match="check digit of the QR reference"):
        replace(good, reference="210000000003139471430009018")
    with pytest.raises(PayloadError, match="27 digits"):
        replace(good, reference="")
    with pytest.raises(PayloadError, match="needs a QR-IBAN"):
        replace(good, account=SWISS_IBAN)
    with pytest.raises(PayloadError, match="needs a QR reference"):
        replace(good, reference_type=ReferenceType.SCOR, reference=creditor_reference("1"))


@pytest.mark.parametrize(("iid", "expected"), [("29999", False), ("30000", True), ("31999", True), ("32000", False)])
def test_a_qr_iban_has_the_bank_numbers_30000_to_31999(iid: str, expected: bool) -> None:
    assert iban_of("CH", iid + "000000000001").qr_iban is expected
    assert iban_of("LI", iid + "000000000001").qr_iban is expected
    assert not iban_of("DE", iid + "000000000001").qr_iban


def iban_of(country: str, account: str) -> Iban:
    for check in range(2, 99):
        try:
            return Iban(f"{country}{check:02d}{account}")
        except PayloadError:
            continue
    raise AssertionError(account)


def test_the_check_digits_of_an_iban_are_02_to_98() -> None:
    """00, 01 and 99 leave the same remainder as 97, 98 and 02, so that each IBAN would have a twin."""
    for right, twin in ((97, "00"), (98, "01"), (2, "99")):
        account = next(
            account
            for number in range(1000)
            if (account := f"{number:011d}") and 98 - remainder_97(f"{account}NO00") == right
        )
        assert Iban(f"NO{right:02d}{account}")
        with pytest.raises(PayloadError, match="check digits"):
            Iban(f"NO{twin}{account}")


def test_a_swiss_bank_number_has_digits_only() -> None:
    strange = iban_of("CH", "3000A000000000001")
    assert not strange.swiss
    assert not strange.qr_iban


@pytest.mark.parametrize(
    "text", ["", "DE", "DE00110220330123456789", "DE7111022033012345678", "ÄE71110220330123456789"]
)
def test_what_is_no_iban_is_refused(text: str) -> None:
    with pytest.raises(PayloadError, match="IBAN"):
        Iban.parse(text)


def test_references_are_refused_with_a_reason() -> None:
    with pytest.raises(PayloadError, match="27 digits"):
        check_qr_reference("0" * 27)
    with pytest.raises(PayloadError, match="1 to 26 digits"):
        qr_reference("A1")
    with pytest.raises(PayloadError, match="RF"):
        check_creditor_reference("RF18")
    with pytest.raises(PayloadError, match="1 to 21"):
        creditor_reference("1" * 22)


# EMV ----------------------------------------------------------------------------------------------------------------

COUNTER = MerchantCode(
    (
        DataObject("00", "01"),
        DataObject("01", "11"),
        DataObject("26", "0005KIOSK"),
        DataObject("52", "5411"),
        DataObject("53", "156"),
        DataObject("58", "CN"),
        DataObject("59", "最佳运输"),
        DataObject("60", "北京"),
    )
)


def emv(*more: DataObject, without: str = "", **changes: str) -> str:
    """Write objects that the type would refuse, with a right CRC."""
    objects = [DataObject(found.id, changes.get(f"n{found.id}", found.value)) for found in COUNTER.objects]
    body = "".join(found.text() for found in [*objects, *more] if found.id != without) + "6304"
    return f"{body}{emvco.crc(body.encode()):04X}"


def sealed(body: str) -> str:
    return f"{body}6304{emvco.crc(f'{body}6304'.encode()):04X}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("0002", "begins with object 00"),
        (COUNTER.text()[:-8], "ends with its CRC"),
        (COUNTER.text() + "\n", "ends with its CRC"),
        (COUNTER.text()[:-4] + COUNTER.text()[-4:].lower().replace("0", "1"), "CRC is wrong"),
        (COUNTER.text().replace("最", "Z"), "CRC is wrong"),
        (COUNTER.text().encode("gbk"), "utf-8"),
        (emv(n00="02"), "object 00, has a form"),
        (emv(n01="13"), "object 01, has a form"),
        (emv(without="26"), "names no account"),
        (emv(n26="no template"), "template 26"),
        (emv(n26="0006KIOSK"), "says 6 characters, 5 follow"),
        (emv(n26="0001000010"), "template 26 holds an object twice"),
        (emv(without="52"), "no object 52"),
        (emv(without="53"), "no object 53"),
        (emv(without="58"), "no object 58"),
        (emv(without="59"), "no object 59"),
        (emv(without="60"), "no object 60"),
        (emv(n52="54١1"), "object 52, has a form"),
        (emv(n53="764"), "currency that the till does not know"),
        (emv(n59="n" * 26), "object 59, has a form"),
        (emv(n60="n" * 16), "object 60, has a form"),
        (emv(DataObject("54", "1.234")), "more decimals"),
        (emv(DataObject("54", "1,23")), "object 54, has a form"),
        (emv(DataObject("54", "0.00")), "is zero"),
        (emv(DataObject("54", "1" * 14)), "object 54, has a form"),
        (emv(DataObject("55", "04")), "object 55, has a form"),
        (emv(DataObject("55", "01"), DataObject("56", "1")), "do not fit together"),
        (emv(DataObject("55", "02")), "do not fit together"),
        (emv(DataObject("57", "5")), "do not fit together"),
        (emv(DataObject("62", "05")), "template 62"),
        (emv(DataObject("59", "twice")), "holds an object twice"),
        (emv(DataObject("63", "ABCD")), "holds an object twice|CRC, object 63"),
        (sealed("000201" + "8003a\x00b"), "control"),
        (sealed("000201" + "5200"), "object 52 is missing"),
        (sealed("000201" + "52045"), "says 4 characters, 1 follow"),
        (sealed("000201" + "5٢04"), "four digits"),
    ],
)
def test_what_is_no_emv_code_is_refused(text: str | bytes, reason: str) -> None:
    with pytest.raises(PayloadError, match=reason):
        emvco.parse(text)


def test_an_emv_code_that_does_not_begin_with_its_format_is_not_built() -> None:
    with pytest.raises(PayloadError, match="first object"):
        MerchantCode(COUNTER.objects[1:])


def test_an_emv_code_may_ask_for_a_tip_or_one_kind_of_fee() -> None:
    for tip in ((("55", "01"),), (("55", "02"), ("56", "1.50")), (("55", "03"), ("57", "5.25"))):
        assert emvco.parse(emv(*(DataObject(*found) for found in tip))).value("55") == tip[0][1]


@pytest.mark.parametrize("account", ["02", "25", "51"])
def test_any_one_account_is_enough(account: str) -> None:
    code = emvco.parse(emv(DataObject(account, "0005KIOSK"), without="26"))
    assert [found.id for found in code.accounts] == [account]


def test_unreserved_objects_may_hold_anything() -> None:
    code = emvco.parse(emv(DataObject("80", "free text")))
    assert code.value("80") == "free text"
    with pytest.raises(PayloadError, match="template 80"):
        code.template("80")


@pytest.mark.parametrize(("written", "minor"), [("23.72", 2372), ("23.7", 2370), ("23.", 2300), ("23", 2300)])
def test_an_emv_amount_may_leave_out_decimals(written: str, minor: int) -> None:
    assert emvco.parse(emv(DataObject("54", written))).amount == Money(minor, CNY)


def test_the_code_on_the_counter_becomes_the_code_of_one_payment() -> None:
    code = COUNTER.with_amount(Money(2372, CNY))
    assert (COUNTER.dynamic, COUNTER.amount) == (False, None)
    assert (code.dynamic, code.amount) == (True, Money(2372, CNY))
    assert code.accounts == COUNTER.accounts
    assert emvco.parse(code.payload()) == code
    assert code.with_amount(Money(1, CNY)).amount == Money(1, CNY)
    without_method = MerchantCode(tuple(found for found in COUNTER.objects if found.id != "01"))
    assert without_method.with_amount(Money(2372, CNY)) == code


def test_a_code_that_would_charge_another_amount_is_not_made() -> None:
    with pytest.raises(PayloadError, match="NOK, the code in CNY"):
        COUNTER.with_amount(Money(1, NOK))
    with pytest.raises(PayloadError, match="above zero"):
        COUNTER.with_amount(Money(0, CNY))
    with pytest.raises(PayloadError, match="tip or a fee"):
        MerchantCode((*COUNTER.objects, DataObject("55", "01"))).with_amount(Money(1, CNY))
