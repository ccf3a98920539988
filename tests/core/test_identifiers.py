"""Identifiers: `parse` and `str` are inverses, and a wrong one cannot be made."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.identifiers import CatalogueVersion, Gtin, Plu, TransactionId, check_digit, uuid7

slugs = st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True)


@pytest.mark.parametrize("code", ["96385074", "036000291452", "7038010009457", "17038010009454", "4006381333931"])
def test_a_gtin_of_every_length_is_read(code: str):
    assert str(Gtin.parse(code)) == code.zfill(14)


@given(st.text("0123456789", min_size=13, max_size=13))
def test_a_gtin_parses_back_from_its_own_text(payload: str):
    gtin = Gtin.parse(payload + check_digit(payload))
    assert Gtin.parse(str(gtin)) == gtin
    assert int(gtin) == int(payload + check_digit(payload))


@given(st.text("0123456789", min_size=12, max_size=12), st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(payload: str, place: int, change: int):
    code = payload + check_digit(payload)
    wrong = code[:place] + str((int(code[place]) + change) % 10) + code[place + 1 :]
    with pytest.raises(ValueError, match="check digit"):
        Gtin.parse(wrong)


@pytest.mark.parametrize(
    "text",
    ["", "1", "703801000945", "70380100094570", "７０３８０１０００９４５７", "703801000945X", " 96385074", "-6385074"],
)
def test_what_is_no_gtin_is_refused(text: str):
    with pytest.raises(ValueError, match=r"GTIN|check digit"):
        Gtin.parse(text)


@pytest.mark.parametrize(
    ("text", "good"), [("4011", True), ("94011", True), ("401", False), ("401x", False), ("", False)]
)
def test_a_plu_has_four_or_five_digits(text: str, good: bool):
    if good:
        assert str(Plu.parse(text)) == text
    else:
        with pytest.raises(ValueError, match="PLU"):
            Plu.parse(text)


@given(slugs, st.integers(0, 10**9))
def test_a_catalogue_version_parses_back_from_its_own_text(zone: str, number: int):
    version = CatalogueVersion(zone, number)
    assert CatalogueVersion.parse(str(version)) == version


@given(slugs, slugs, st.dates(), st.integers(1, 10**12))
def test_a_transaction_id_parses_back_from_its_own_text(store: str, workstation: str, day: date, sequence: int):
    identifier = TransactionId(store, workstation, day, sequence)
    assert TransactionId.parse(str(identifier)) == identifier


@pytest.mark.parametrize(
    "text",
    ["", "a/b/2026-01-01", "a/b/2026-01-01/0", "A/b/2026-01-01/1", "a/b/2026-13-01/1", "a//2026-01-01/1", "a/b/x/1/2"],
)
def test_what_is_no_transaction_id_is_refused(text: str):
    with pytest.raises(ValueError, match=r".+"):
        TransactionId.parse(text)


@pytest.mark.parametrize("text", ["", "oslo", "oslo/-1", "Oslo/1", "oslo/1/2", "oslo/x"])
def test_what_is_no_catalogue_version_is_refused(text: str):
    with pytest.raises(ValueError, match="catalogue version"):
        CatalogueVersion.parse(text)


def test_transactions_of_one_till_sort_by_sequence_within_a_day():
    day = date(2026, 3, 14)
    assert TransactionId("oslo", "1", day, 9) < TransactionId("oslo", "1", day, 10)


@given(st.integers(0, (1 << 48) - 1), st.integers(0, (1 << 74) - 1))
def test_a_uuid7_is_one_and_keeps_its_time(milliseconds: int, entropy: int):
    made = uuid7(milliseconds, entropy)
    assert UUID(str(made)).version == 7
    assert made.variant == "specified in RFC 4122"
    assert made.int >> 80 == milliseconds


@given(st.integers(0, (1 << 48) - 2), st.integers(0, (1 << 74) - 1), st.integers(0, (1 << 74) - 1))
def test_a_later_uuid7_sorts_after_an_earlier_one(milliseconds: int, first: int, second: int):
    assert uuid7(milliseconds, first) < uuid7(milliseconds + 1, second)
