"""Whatever is built is read back as it was; whatever is scanned does no harm."""

from __future__ import annotations

import base64
import copy
import logging
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from appliance.core import purse
from appliance.core.identifiers import check_digit
from appliance.core.money import Currency, Money
from appliance.core.purse import PresentedCode, Wallet
from appliance.io.payment.qr import emvco, epc, swish, swiss
from appliance.io.payment.qr.emvco import DataObject, MerchantCode
from appliance.io.payment.qr.epc import Charset, EpcCode
from appliance.io.payment.qr.iban import Iban, remainder_97
from appliance.io.payment.qr.payload import PayloadError
from appliance.io.payment.qr.reference import (
    check_creditor_reference,
    check_qr_reference,
    creditor_reference,
    qr_reference,
)
from appliance.io.payment.qr.swish import Editable, SwishCode
from appliance.io.payment.qr.swiss import Address, ReferenceType, SwissCode

SEK, EUR, CHF = (Currency.parse(code) for code in ("SEK", "EUR", "CHF"))


def customers_code(scan: str | bytes) -> PresentedCode:
    """Read a customer's code as the other codes are read."""
    found = purse.find(scan if isinstance(scan, str) else scan.decode("latin-1"))
    if found is None:
        raise PayloadError("no customer's code")
    return found


PARSERS = [swish.parse, epc.parse, swiss.parse, emvco.parse, customers_code]
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"
LATIN = [*map(chr, range(0x20, 0x7F)), *map(chr, range(0xA0, 0x180)), *"ȘșȚț€"]

PATIENT = settings(deadline=None)

amounts = st.integers(1, 99_999_999_999)


def texts(most: int, least: int = 0) -> st.SearchStrategy[str]:
    return st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=least, max_size=most)


def latin(most: int, least: int = 0) -> st.SearchStrategy[str]:
    return st.text(st.sampled_from(LATIN), min_size=least, max_size=most)


def ibans(country: str, accounts: st.SearchStrategy[str]) -> st.SearchStrategy[Iban]:
    return accounts.map(
        lambda account: Iban(f"{country}{98 - remainder_97(f'{account}{country}00'):02d}{account}"),
    )


def numbers(alphabet: str, least: int, most: int) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=least, max_size=most)


# What is built is read back -----------------------------------------------------------------------------------------

swish_codes = st.builds(
    SwishCode,
    payee=numbers(DIGITS, 10, 10),
    amount=st.none() | st.integers(1, 10**14 - 1).map(lambda minor: Money(minor, SEK)),
    message=texts(70),
    editable=st.integers(0, 7).map(Editable),
)
epc_codes = st.builds(
    EpcCode,
    name=texts(20, 1),
    iban=ibans("FR", numbers(UPPER + DIGITS, 11, 30)),
    amount=amounts.map(lambda minor: Money(minor, EUR)),
    bic=st.just("BHBLDEHHXXX"),
    purpose=numbers(UPPER, 0, 4),
    reference=numbers(DIGITS, 0, 0) | numbers(UPPER + DIGITS, 1, 21).map(creditor_reference),
    information=texts(10),
    version=st.sampled_from(["001", "002"]),
) | st.builds(
    EpcCode,
    name=st.sampled_from(["Kiosk", "A'B"]),
    iban=st.just(Iban("DE71110220330123456789")),
    amount=amounts.map(lambda minor: Money(minor, EUR)),
    remittance=numbers("abc 123", 0, 140),
    charset=st.sampled_from(Charset),
)
addresses = st.builds(
    Address,
    name=latin(70, 1),
    street=latin(70),
    number=latin(16),
    postcode=latin(16, 1),
    town=latin(35, 1),
    country=numbers(UPPER, 2, 2),
)


@st.composite
def swiss_codes(draw: st.DrawFn) -> SwissCode:
    kind = draw(st.sampled_from(ReferenceType))
    account, reference = ibans("CH", numbers(DIGITS, 12, 12).map(lambda digits: "00762" + digits)), st.just("")
    if kind is ReferenceType.QRR:
        account = ibans("LI", st.builds("{}{}".format, st.integers(30000, 31999), numbers(UPPER + DIGITS, 12, 12)))
        reference = numbers(DIGITS, 1, 26).filter(lambda number: number.strip("0")).map(qr_reference)
    elif kind is ReferenceType.SCOR:
        reference = numbers(UPPER + DIGITS, 1, 21).map(creditor_reference)
    currency = draw(st.sampled_from([CHF, EUR]))
    return SwissCode(
        account=draw(account),
        creditor=draw(addresses),
        currency=currency,
        amount=draw(st.none() | amounts.map(lambda minor: Money(minor, currency))),
        debtor=draw(st.none() | addresses),
        reference_type=kind,
        reference=draw(reference),
        message=draw(latin(70)),
        billing=draw(latin(70)),
        schemes=draw(st.lists(latin(20, 1), max_size=2).map(tuple)),
    )


@st.composite
def merchant_codes(draw: st.DrawFn) -> MerchantCode:
    currency = draw(st.sampled_from([Currency.parse(code) for code in ("CNY", "JPY", "CHF")]))
    accounts = draw(st.lists(st.integers(2, 51), min_size=1, max_size=5, unique=True))
    template = "".join(
        DataObject(f"{found:02d}", draw(texts(20, 1))).text() for found in range(draw(st.integers(1, 3)))
    )
    objects = [
        *(DataObject(f"{found:02d}", template if found >= 26 else draw(texts(40, 1))) for found in accounts),
        DataObject("52", draw(numbers(DIGITS, 4, 4))),
        DataObject("53", f"{currency.numeric:03d}"),
        DataObject("58", draw(numbers(UPPER, 2, 2))),
        DataObject("59", draw(texts(25, 1))),
        DataObject("60", draw(texts(15, 1))),
    ]
    if draw(st.booleans()):
        objects.append(DataObject("54", str(Money(draw(amounts), currency).to_decimal())))
    if draw(st.booleans()):
        objects.append(DataObject("62", template))
    return MerchantCode((DataObject("00", "01"), *draw(st.permutations(objects))))


@PATIENT
@given(swish_codes)
def test_a_swish_code_is_read_as_it_was_built(code: SwishCode) -> None:
    assert swish.parse(code.text()) == swish.parse(code.payload()) == code


@PATIENT
@given(epc_codes)
def test_an_epc_code_is_read_as_it_was_built(code: EpcCode) -> None:
    assert epc.parse(code.text()) == epc.parse(code.payload()) == code
    assert epc.parse(code.text().replace("\n", "\r\n") + "\r\n") == code


@PATIENT
@given(swiss_codes())
def test_a_swiss_code_is_read_as_it_was_built(code: SwissCode) -> None:
    assert swiss.parse(code.text()) == swiss.parse(code.payload()) == code


@PATIENT
@given(merchant_codes())
def test_an_emv_code_is_read_as_it_was_built(code: MerchantCode) -> None:
    assert emvco.parse(code.text()) == emvco.parse(code.payload()) == code


@PATIENT
@given(merchant_codes(), amounts)
def test_an_emv_code_carries_the_amount_of_the_sale(code: MerchantCode, minor: int) -> None:
    amount = Money(minor, code.currency)
    paying = emvco.parse(code.with_amount(amount).payload())
    assert paying.amount == amount
    assert paying.dynamic
    assert [found for found in paying.objects if found.id not in ("01", "54")] == [
        found for found in code.objects if found.id not in ("01", "54")
    ]


@PATIENT
@given(numbers(DIGITS, 1, 26).filter(lambda number: number.strip("0")), st.integers(0, 26), st.integers(1, 9))
def test_one_wrong_digit_of_a_qr_reference_is_noticed(number: str, place: int, difference: int) -> None:
    reference = qr_reference(number)
    check_qr_reference(reference)
    wrong = str((int(reference[place]) + difference) % 10)
    with pytest.raises(PayloadError):
        check_qr_reference(reference[:place] + wrong + reference[place + 1 :])


@PATIENT
@given(ibans("NO", numbers(DIGITS, 11, 11)), st.integers(2, 14), st.integers(1, 9))
def test_one_wrong_digit_of_an_iban_is_noticed(iban: Iban, place: int, difference: int) -> None:
    wrong = str((int(iban.text[place]) + difference) % 10)
    with pytest.raises(PayloadError):
        Iban(iban.text[:place] + wrong + iban.text[place + 1 :])
    assert Iban.parse(f" {iban.text[:4].lower()} {iban.text[4:]}") == iban


@PATIENT
@given(numbers(UPPER + DIGITS, 1, 21))
def test_a_creditor_reference_that_is_made_holds(number: str) -> None:
    check_creditor_reference(creditor_reference(number))


# Customers' codes ---------------------------------------------------------------------------------------------------

CPM = base64.b64encode(
    b"\x85\x05CPV01\x61\x13\x4f\x07\xa0\x00\x00\x00\x55\x55\x55\x57\x08\x12\x34\x56\x78\x90\x12\x34\x58"
)

wallet_codes = (
    st.from_regex(r"\A1[0-5][0-9]{16}\Z").map(lambda code: (Wallet.WECHAT_PAY, code))
    | st.from_regex(r"\A(2[5-9]|30)[0-9]{14,22}\Z").map(lambda code: (Wallet.ALIPAY, code))
    | st.from_regex(r"\A62[0-9]{17}\Z").map(lambda code: (Wallet.UNIONPAY, code))
    | st.just((Wallet.EMVCO, CPM.decode()))
)


@PATIENT
@given(wallet_codes, st.sampled_from(["", "]Q0", "]Q1", "]C0"]), st.sampled_from(["", "\r\n"]))
def test_a_wallets_code_is_found_with_and_without_its_symbology_identifier(
    issued: tuple[Wallet, str], identifier: str, end: str
) -> None:
    wallet, code = issued
    assert purse.find(identifier + code + end) == PresentedCode(wallet=wallet, code=code)


@pytest.mark.parametrize(
    ("start", "shortest", "longest", "wallet"),
    [
        ("10", 18, 18, Wallet.WECHAT_PAY),
        ("15", 18, 18, Wallet.WECHAT_PAY),
        ("25", 16, 24, Wallet.ALIPAY),
        ("30", 16, 24, Wallet.ALIPAY),
        ("62", 19, 19, Wallet.UNIONPAY),
        *((start, 99, 0, None) for start in ("09", "16", "24", "31", "61", "63")),
    ],
)
def test_a_wallet_is_known_by_the_first_digits_and_the_length(
    start: str, shortest: int, longest: int, wallet: Wallet | None
) -> None:
    for length in range(8, 30):
        found = purse.find(start.ljust(length, "7"))
        assert (found and found.wallet) == (wallet if shortest <= length <= longest else None)


@PATIENT
@given(wallet_codes, st.text(st.characters(codec="ascii"), min_size=1, max_size=3))
def test_a_wallets_code_is_a_whole_scan_and_never_part_of_one(issued: tuple[Wallet, str], more: str) -> None:
    wallet, code = issued
    assume(more.strip(" \t\r\n"))
    assume(wallet is not Wallet.ALIPAY or not more.strip(" \t\r\n").isdigit())
    assume(wallet is not Wallet.EMVCO)
    found = purse.find(code + more)
    assert found is None
    assert purse.find("x" + code) is None


@PATIENT
@given(wallet_codes)
def test_a_wallets_code_shows_in_no_text_log_or_refusal(issued: tuple[Wallet, str]) -> None:
    wallet, code = issued
    found = customers_code(code)
    record = logging.LogRecord("x", logging.INFO, "", 0, "paying with %s, %r", (found, found), None)
    shown = [repr(found), str(found), f"{found}", f"{found!a}", repr([copy.copy(found)]), record.getMessage()]
    assert all(code[2:] not in text for text in shown)
    assert all(wallet.value in text for text in shown)
    for parse in PARSERS:
        if parse is not customers_code:
            with pytest.raises(PayloadError) as refusal:
                parse(code)
            assert code[2:] not in str(refusal.value)
    with pytest.raises(PayloadError) as refusal:
        customers_code(code + "x")
    assert code[2:] not in str(refusal.value)


@PATIENT
@given(st.sampled_from([8, 12, 13, 14]).flatmap(lambda length: numbers(DIGITS, length - 1, length - 1)))
@example("400638133393")
@example("1012345678901")
@example("2512345678901")
@example("6212345678901")
def test_no_gtin_is_taken_for_a_customers_code(payload: str) -> None:
    gtin = payload + check_digit(payload)
    for identifier in ("", "]E0", "]E4", "]I1", "]C0", "]Q1"):
        assert purse.find(identifier + gtin) is None
    for add_on in ("12", "12345"):
        assert purse.find("]E3" + gtin + add_on) is None
    for identifier in ("", "]C1", "]e0", "]d2", "]Q3"):
        assert purse.find(f"{identifier}01{gtin.zfill(14)}") is None


@PATIENT
@given(st.sampled_from(["]C1", "]e0", "]d2", "]Q3", "]J1"]), wallet_codes)
def test_a_gs1_symbol_is_never_a_customers_code(identifier: str, issued: tuple[Wallet, str]) -> None:
    assert purse.find(identifier + issued[1]) is None


def test_what_only_begins_like_an_emv_code_is_none() -> None:
    assert purse.find("hQVDUFYwMW") is None
    assert purse.find(CPM.decode()[:-1] + "!") is None
    assert purse.find(CPM.decode().rstrip("=") + "A") is None


# Whatever is scanned ------------------------------------------------------------------------------------------------


def attempt(parse: Callable[[str | bytes], Any], scan: str | bytes) -> Any:
    """Give what was read, or the refusal; everything else that is raised fails the test."""
    try:
        return parse(scan)
    except PayloadError as refusal:
        return refusal


@PATIENT
@given(st.text() | st.binary())
def test_no_scan_does_harm(scan: str | bytes) -> None:
    assert all(str(attempt(parse, scan)) for parse in PARSERS)


SAMPLES = [
    SwishCode(payee="1237856901", amount=Money(10000, SEK), message="Räksmörgås").payload(),
    EpcCode(
        name="François",
        iban=Iban("FR1420041010050500013M02606"),
        amount=Money(1230, EUR),
        reference="RF18539007547034",
        information="information",
        charset=Charset.ISO_8859_1,
    ).payload(),
    SwissCode(
        account=Iban("CH4431999123000889012"),
        creditor=Address(name="Söhne", street="Weg", number="1", postcode="8000", town="Seldwyla", country="CH"),
        currency=CHF,
        amount=Money(194975, CHF),
        reference_type=ReferenceType.QRR,
        reference="210000000003139471430009017",
        message="Auftrag",
        billing="//S1/10/1",
        schemes=("Name AV1: UV;UltraPay005;12345",),
    ).payload(),
    MerchantCode(
        tuple(
            DataObject(name, value)
            for name, value in (
                *(("00", "01"), ("01", "12"), ("29", "0012D15600000000"), ("52", "4111"), ("53", "156")),
                *(("54", "23.72"), ("58", "CN"), ("59", "BEST"), ("60", "BEIJING"), ("64", "0002ZH0104最佳运输")),
            )
        )
    ).payload(),
    b"289431869362714645",
    CPM,
]
WORDS = [
    *(b"", b"\n", b"\r\n", b";", b"0", b"00", b"99", b"-1", b"1e9", b"NaN", b"%", b"%FF", b"\xff", b"\x00", b"\xc3"),
    *("٢".encode(), "²".encode(), "最".encode("gbk"), b"\xed\xa0\x80", b"S", b"K", b"EPD", b"QRR", b"EUR", b"CHF"),
]
MUTATIONS = 30_000


def mutate(rng: random.Random, payload: bytes) -> bytes:
    changed = bytearray(payload)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(changed) + 1)
        match rng.randrange(5):
            case 0 if at < len(changed):
                changed[at] ^= 1 << rng.randrange(8)
            case 1:
                del changed[at : at + rng.randint(1, 8)]
            case 2:
                changed[at : at + rng.randint(0, 3)] = rng.choice(WORDS)
            case 3:
                changed[at:at] = rng.choice(SAMPLES)[: rng.randint(1, 40)]
            case _:
                lines = bytes(changed).split(b"\n")
                rng.shuffle(lines)
                changed = bytearray(b"\n".join(lines))
    return bytes(changed)


def test_a_changed_code_is_read_or_refused_and_nothing_else() -> None:
    """What is still read can be written, but for Swish numbers that only circulate, and says the same again."""
    rng = random.Random(20261123)
    read = refused = 0
    for count in range(MUTATIONS):
        parse = PARSERS[count % len(PARSERS)]
        sample = mutate(
            rng, SAMPLES[min(count % len(PARSERS), 4) if rng.random() < 0.9 else rng.randrange(len(SAMPLES))]
        )
        if parse is emvco.parse and rng.random() < 0.8:
            body = sample[:-4]
            sample = body + f"{emvco.crc(body):04X}".encode()
        code = attempt(parse, sample)
        if isinstance(code, PayloadError):
            refused += 1
            continue
        read += 1
        if not isinstance(code, PresentedCode) and (not isinstance(code, SwishCode) or len(code.payee) == 10):
            assert parse(code.payload()) == code
    assert read > MUTATIONS // 50
    assert refused > MUTATIONS // 2
