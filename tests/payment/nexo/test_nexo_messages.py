"""Messages of both dialects: what is built, what is read, and what is refused with a reason."""

from __future__ import annotations

import base64
import contextlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.identifiers import uuid7
from appliance.core.money import Currency, Money
from appliance.core.payment import IntentKind, OutcomeKind
from appliance.io.payment.nexo import adyen, receipts, service_id, swedbank
from appliance.io.payment.nexo.messages import (
    Category,
    Header,
    Movement,
    Names,
    PaymentType,
    PoiTransaction,
    Request,
    Result,
    answer_to,
    read_login,
    read_status,
)
from appliance.io.payment.nexo.tree import Node, Tree, Unreadable
from appliance.io.payment.nexo.verdict import judge, judge_status, misfit
from tests.payment.conftest import shared

EXAMPLES: Mapping[str, Mapping[str, Any]] = {e["id"]: e for e in shared("nexo_messages.json")["examples"]}
NOW = datetime(2023, 9, 26, 13, 57, 31, tzinfo=UTC)
NOK, SEK, EUR = (Currency.parse(code) for code in ("NOK", "SEK", "EUR"))
SWEDBANK = Names(sale_id="1", poi_id="A-POIID", explicit=True)
ADYEN = Names(sale_id="SALE_ID_42", poi_id="V400m-123456789", explicit=False)


def example(name: str) -> Tree:
    """Give a published message as it is, through the codec of its dialect."""
    entry = EXAMPLES[name]
    if entry["format"] == "xml":
        return swedbank.decode(entry["message"].encode())
    return adyen.decode(json.dumps(entry["message"]).encode())


def asked(tree: Tree) -> Header:
    """Give the header that a published answer answers: requests and responses of the samples do not pair."""
    (message,) = tree.values()
    return Header.read(Node.of("sample", message).child("MessageHeader"), "Response")


def answer(name: str) -> Node:
    tree = example(name)
    return answer_to(asked(tree), tree)


# Published answers --------------------------------------------------------------------------------------------------


def test_the_published_payment_of_swedbank_pay_is_an_approval() -> None:
    found = Movement.read(Category.PAYMENT, answer("swp-payment-response"))
    assert found.response.result is Result.SUCCESS
    assert found.transaction == PoiTransaction(id="8778880185", time_stamp="2023-08-24T15:04:00.498Z")
    assert (found.amount, found.currency, found.payment_type) == (Decimal(56), "SEK", "Normal")
    assert (found.masked_pan, found.card_name) == ("************9659", "Mastercard Debit")
    # Its receipts are cut off in the sample, so that nobody knows whether a signature is wanted.
    assert found.receipts.customer == ()
    assert found.signature
    outcome = judge(Money(5600, SEK), IntentKind.PAY, found, terminal="A-POIID", attended=True)
    assert outcome.kind is OutcomeKind.APPROVED
    assert outcome.reference is not None
    assert (outcome.reference.device_date, outcome.reference.device_time) == ("0824", "150400")
    assert PoiTransaction.of_reference(outcome.reference) == found.transaction


def test_the_published_payment_of_adyen_is_an_approval() -> None:
    found = Movement.read(Category.PAYMENT, answer("adyen-paymentResponse"))
    assert found.response.result is Result.SUCCESS
    assert found.transaction is not None
    assert found.transaction.id == "v4W5001707426906003.RM4ZVZ7LFTGLNK82"
    assert (found.amount, found.currency) == (Decimal(1), "EUR")
    assert judge(Money(100, EUR), IntentKind.PAY, found, terminal="T", attended=True).kind is OutcomeKind.APPROVED
    other = judge(Money(101, EUR), IntentKind.PAY, found, terminal="T", attended=True)
    assert misfit(Money(101, EUR), other) == "the terminal took 1.00 EUR instead of 1.01 EUR"


def test_the_published_refusal_is_a_decline_with_the_bank_s_reason() -> None:
    found = Movement.read(Category.PAYMENT, answer("adyen-124_paymentNotEnoughBalanceResponse"))
    outcome = judge(Money(124, EUR), IntentKind.PAY, found, terminal="T", attended=True)
    assert outcome.kind is OutcomeKind.DECLINED
    assert (outcome.code, outcome.text) == ("Refusal", "refused (210 Not enough balance)")
    assert (outcome.masked_pan, outcome.card_name) == ("**********7003", "maestro")


def test_the_published_busy_answer_says_that_nothing_was_started() -> None:
    found = Movement.read(Category.PAYMENT, answer("adyen-paymentBusyResponse"))
    assert judge(Money(1, EUR), IntentKind.PAY, found, terminal="T", attended=True).kind is OutcomeKind.NOT_CHARGED


def test_the_published_look_up_repeats_an_approval_of_another_terminal() -> None:
    tree = example("adyen-paymentTransactionStatusResponse")
    found = read_status(answer_to(asked(tree), tree))
    assert found.response.result is Result.SUCCESS
    assert found.repeated is not None
    assert found.repeated.answer is not None
    assert (found.repeated.answer.amount, found.repeated.answer.currency) == (Decimal("10.99"), "EUR")
    assert found.repeated.answer.masked_pan.endswith("6789")
    assert found.repeated.header.poi_id == "V400m-123456789AB"
    ours = ADYEN.header(Category.PAYMENT, "1234567890AB")
    money = Money(1099, EUR)
    outcome = judge_status(money, IntentKind.PAY, ours, found, terminal="T", attended=True)
    assert (outcome.kind, "another message" in outcome.text) == (OutcomeKind.UNKNOWN, True)
    theirs = found.repeated.header
    assert judge_status(money, IntentKind.PAY, theirs, found, terminal="T", attended=True).kind is OutcomeKind.APPROVED


def test_a_layout_without_what_is_repeated_is_refused() -> None:
    tree = example("swp-transactionstatus-response-layout")
    with pytest.raises(Unreadable, match="MessageHeader is no object"):
        read_status(answer_to(asked(tree), tree))


@pytest.mark.parametrize("name", ["swp-transactionstatus-request-by-service-id", "swp-reversal-request"])
def test_samples_that_are_not_well_formed_are_refused(name: str) -> None:
    with pytest.raises(Unreadable, match="not XML"):
        example(name)


def test_they_are_readable_once_they_are_mended() -> None:
    plain = EXAMPLES["swp-transactionstatus-request-by-service-id"]["message"].replace("”", '"')
    body = swedbank.decode(plain.encode())["SaleToPOIRequest"]["TransactionStatusRequest"]
    assert body["MessageReference"]["ServiceID"] == "002131"
    cut = EXAMPLES["swp-reversal-request"]["message"].removesuffix(" :]")
    assert swedbank.decode(cut.encode())["SaleToPOIRequest"]["ReversalRequest"]["ReversalReason"] == "MerchantCancel"


def test_every_published_request_is_a_message() -> None:
    for name, entry in EXAMPLES.items():
        if name.lower().endswith("request"):
            if "quotes" in entry["note"] or "not well-formed" in entry["note"]:
                continue
            ((kind, message),) = example(name).items()
            assert kind == "SaleToPOIRequest"
            assert f"{message['MessageHeader']['MessageCategory']}Request" in message


# Requests -----------------------------------------------------------------------------------------------------------


def shape(value: Any) -> Any:
    """Give names and nesting of a message without its values."""
    return {name: shape(entry) for name, entry in value.items()} if isinstance(value, dict) else None


def built(request: Request, version: str) -> Tree:
    if version == swedbank.VERSION:
        return swedbank.decode(swedbank.encode(request.tree(version)))
    return adyen.decode(adyen.encode(request.tree(version)))


def test_a_payment_is_written_like_the_published_ones() -> None:
    money = Money(3800, SEK)
    tree = built(SWEDBANK.payment("1524253497", money, transaction="1524253496", now=NOW), "3.1")
    body = tree["SaleToPOIRequest"]["PaymentRequest"]
    assert body["PaymentTransaction"]["AmountsReq"] == {"Currency": "SEK", "RequestedAmount": "38.00"}
    assert body["PaymentData"] == {"PaymentType": "Normal"}
    assert list(body) == ["SaleData", "PaymentTransaction", "PaymentData"]
    sent = built(ADYEN.payment("S", Money(100, EUR), transaction="T", now=NOW), "3.0")
    assert shape(sent) == shape(example("adyen-paymentRequest"))


def test_a_refund_says_so_in_both_dialects() -> None:
    for names, version in ((SWEDBANK, "3.1"), (ADYEN, "3.0")):
        request = names.payment("S", Money(100, EUR), transaction="T", now=NOW, kind=PaymentType.REFUND)
        body = built(request, version)["SaleToPOIRequest"]["PaymentRequest"]
        assert body["PaymentData"] == {"PaymentType": "Refund"}


def test_abort_look_up_reversal_and_logout_are_written_like_the_published_ones() -> None:
    original = PoiTransaction(id="8778880381", time_stamp="2023-10-04T14:25:08.647Z")
    plain = EXAMPLES["swp-transactionstatus-request-by-service-id"]["message"].replace("”", '"')
    reversal = EXAMPLES["swp-reversal-request"]["message"].removesuffix(" :]")
    assert shape(built(SWEDBANK.status("002141", Category.PAYMENT, "002131"), "3.1")) == shape(
        swedbank.decode(plain.encode())
    )
    ours = built(SWEDBANK.reversal("7", original, transaction="T", now=NOW), "3.1")
    assert ours == swedbank.decode(reversal.encode())
    theirs = built(ADYEN.reversal("7", original, transaction="T", now=NOW), "3.0")
    assert shape(theirs) == shape(example("adyen-reversalRequest"))
    assert built(SWEDBANK.logout("21"), "3.1") == example("swp-logout-request")
    ours = built(SWEDBANK.abort("1524253498", "1524253497"), "3.1")["SaleToPOIRequest"]["AbortRequest"]
    assert shape(ours) == shape(example("swp-abort-request")["SaleToPOIRequest"]["AbortRequest"])
    assert shape(built(ADYEN.abort("A", "B"), "3.0")) == shape(example("adyen-abortPaymentRequest"))
    assert shape(built(ADYEN.status("A", Category.PAYMENT, "B"), "3.0")) == shape(
        example("adyen-paymentTransactionStatusRequest")
    )


def test_a_login_asks_for_no_requests_of_the_terminal() -> None:
    tree = built(SWEDBANK.login("5", now=NOW, language="no", version="1.0"), "3.1")
    sent = tree["SaleToPOIRequest"]["LoginRequest"]
    assert sent["SaleTerminalData"]["SaleCapabilities"] == "PrinterReceipt"
    published = example("swp-login-request")["SaleToPOIRequest"]["LoginRequest"]
    assert list(sent) == list(published)
    assert sent["DateTime"] == "2023-09-26T13:57:31+00:00"


# Reading strictly ---------------------------------------------------------------------------------------------------


def response(**changes: str) -> dict[str, Any]:
    header = SWEDBANK.header(Category.LOGIN, "5").tree("3.1", "Response")
    body = {"Response": {"Result": "Success"}}
    return {"SaleToPOIResponse": {"MessageHeader": {**header, **changes}, "LoginResponse": body}}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ServiceID": "6"}, "ServiceID is not ours"),
        ({"SaleID": "2"}, "SaleID is not ours"),
        ({"POIID": "B"}, "POIID is not ours"),
        ({"MessageCategory": "Payment"}, "category is not ours"),
        ({"MessageType": "Request"}, "no service response"),
        ({"MessageClass": "Event"}, "no service response"),
    ],
)
def test_an_answer_to_something_else_is_no_answer(changes: dict[str, str], reason: str) -> None:
    header = SWEDBANK.header(Category.LOGIN, "5")
    assert read_login(answer_to(header, response())).response.result is Result.SUCCESS
    with pytest.raises(Unreadable, match=reason):
        answer_to(header, response(**changes))


def test_a_login_answer_names_the_hardware() -> None:
    tree = response()
    data = {"POITerminalData": {"TerminalEnvironment": "Attended", "POISerialNumber": "1710000520"}}
    tree["SaleToPOIResponse"]["LoginResponse"]["POISystemData"] = data
    assert read_login(answer_to(SWEDBANK.header(Category.LOGIN, "5"), tree)).serial == "1710000520"


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"Result": "success"},
        {"Result": True},
        {"Result": ["Success"]},
        {"Result": "Success", "ErrorCondition": "Busy"},
    ],
)
def test_a_result_that_is_none_is_refused(result: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        Movement.read(Category.PAYMENT, Node("m", {"PaymentResponse": {"Response": result}}))


@pytest.mark.parametrize(
    "amount",
    ["", "-1", "1e3", "1,5", "١", "1.2.3", ".", "9" * 19, True, [1], Decimal(-1), Decimal("1E+13"), Decimal("1E-7"),
     Decimal("NaN"), Decimal("0E+999999"), Decimal("1E+999999")],
)  # fmt: skip
def test_an_amount_that_is_none_is_refused(amount: Any) -> None:
    with pytest.raises(Unreadable, match="no amount"):
        Node("AmountsResp", {"AuthorizedAmount": amount}).decimal("AuthorizedAmount")


def test_a_tenth_of_a_cent_is_never_rounded_to_ours() -> None:
    found = Movement.read(Category.PAYMENT, answer("adyen-paymentResponse"))
    odd = Movement(
        category=found.category,
        response=found.response,
        transaction=found.transaction,
        amount=Decimal("1.001"),
        currency="EUR",
    )
    assert judge(Money(100, EUR), IntentKind.PAY, odd, terminal="T", attended=True).kind is OutcomeKind.UNKNOWN


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not XML"),
        (b"<a>", "not XML"),
        (b"<a><b></a></b>", "not XML"),
        (b'<!DOCTYPE a SYSTEM "http://192.0.2.1/x.dtd"><a/>', "document type"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "document type"),
        (b"<a>&x;</a>", "not XML"),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', "not XML"),
        (b'<?xml version="1.0"?><a b="1" b="2"/>', "not XML"),
        (b"<a><b/><b/></a>", "b stands twice"),
        (b'<a b="1"><b/></a>', "b stands twice"),
        (b'<a Text="1">2</a>', "two texts"),
        (b"<a>" * 40 + b"</a>" * 40, "inside each other"),
        (b"<a>" + b" " * (1 << 20) + b"</a>", "longer than"),
        (b"\xff\xfe\x00", "not XML"),
    ],
)
def test_xml_that_is_dangerous_or_broken_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        swedbank.decode(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b'{"a": NaN}', "not JSON"),
        (b'{"a": Infinity}', "not JSON"),
        (b'{"a": 1, "a": 2}', "stands twice"),
        (b'{"a": 1e99999999999999999999}', "not JSON"),
        (b"\xff", "not JSON"),
        (b'{"a":' * 100_000, "not JSON"),
        (b'{"a": "' + b" " * (1 << 20) + b'"}', "longer than"),
    ],
)
def test_json_that_is_dangerous_or_broken_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        adyen.decode(data)


def test_json_numbers_are_exact() -> None:
    assert adyen.decode(b'{"a": 0.1, "b": 1, "c": 10.90}') == {
        "a": Decimal("0.1"),
        "b": Decimal(1),
        "c": Decimal("10.90"),
    }
    assert adyen.encode({"a": Decimal("10.90"), "b": Decimal("1E+2")}) == b'{"a":10.90,"b":100}'


# Round trips --------------------------------------------------------------------------------------------------------

texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Z"), exclude_characters="￾￿"), min_size=1)
words = st.from_regex(re.compile(r"[A-Za-z][A-Za-z0-9]{0,8}"), fullmatch=True).filter(
    lambda name: not name.lower().startswith("xml") and name not in ("Text", "OutputText", "PaymentReceipt")
)
moneys = st.builds(Money, st.integers(1, 10**11 - 1), st.sampled_from([NOK, EUR, Currency.parse("ISK")]))
trees = st.recursive(
    st.dictionaries(words, texts, min_size=1, max_size=4),
    lambda inner: st.dictionaries(words, texts | inner, min_size=1, max_size=4),
    max_leaves=12,
)


@given(tree=trees)
def test_a_tree_survives_xml_and_json(tree: dict[str, Any]) -> None:
    assert swedbank.decode(swedbank.encode({"SaleToPOIRequest": tree})) == {"SaleToPOIRequest": tree}
    assert adyen.decode(adyen.encode(tree)) == tree


@given(money=moneys)
def test_an_amount_survives_both_dialects_exactly(money: Money) -> None:
    for names, version in ((SWEDBANK, "3.1"), (ADYEN, "3.0")):
        tree = built(names.payment("S", money, transaction="T", now=NOW), version)
        amounts = Node.of("m", tree["SaleToPOIRequest"]).find("PaymentRequest", "PaymentTransaction", "AmountsReq")
        found = amounts.decimal("RequestedAmount")
        assert found is not None
        assert Money.of_decimal(found, money.currency) == money


@given(data=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    for decode in (swedbank.decode, adyen.decode):
        with contextlib.suppress(Unreadable):
            decode(data)


# ServiceIDs ---------------------------------------------------------------------------------------------------------


@given(attempt=st.uuids())
def test_a_service_id_is_ten_letters_and_follows_from_the_attempt(attempt: UUID) -> None:
    name = service_id.of_attempt(attempt)
    assert re.fullmatch(r"[0-9A-Z]{10}", name)
    assert service_id.of_attempt(UUID(str(attempt))) == name


@given(
    first=st.integers(0, 2**47),
    apart=st.integers(1, 48 * 3600 * 1000),
    bits=st.integers(0, 2**74 - 1),
    others=st.integers(0, 2**74 - 1),
)
def test_no_two_payments_within_48_hours_share_a_service_id(first: int, apart: int, bits: int, others: int) -> None:
    """Whatever their random bits are, as long as they began in different milliseconds."""
    one, other = uuid7(first, bits), uuid7(first + apart, others)
    assert service_id.of_attempt(one) != service_id.of_attempt(other)


def test_other_messages_have_names_of_their_own() -> None:
    assert len({service_id.fresh() for _ in range(2000)}) == 2000


# Receipts -----------------------------------------------------------------------------------------------------------


def swedbank_receipt(text: Mapping[str, Any]) -> dict[str, Any]:
    encoded = base64.b64encode(json.dumps(text).encode()).decode()
    return {"DocumentQualifier": "CustomerReceipt", "OutputContent": {"OutputText": [encoded]}}


def test_the_receipt_in_base64_is_read_and_masked() -> None:
    text = {"Cardholder": {"Optional": {"ReceiptString": ["Test shop", "516815******9659", "4111 1111 1111 1111"]}}}
    found = receipts.read([swedbank_receipt(text)])
    assert found.customer == ("Test shop", "************9659", "************1111")
    assert not found.signature


@pytest.mark.parametrize("side", ["Merchant", "Cardholder"])
def test_a_signature_block_wants_a_signature(side: str) -> None:
    text = {side: {"Mandatory": {"Payment": {"SignatureBlock": True}}}}
    assert receipts.read([swedbank_receipt(text)]).signature


@pytest.mark.parametrize(
    "content",
    [
        "eyJNZXJjaGFudCI6eyJNYW5kYXRvcnkiOnsiQWNxdWlyZXIiOnsi...",
        base64.b64encode(b"no json, but long enough to look like a receipt").decode(),
        base64.b64encode(b'{"Merchant": "no object, but long enough to be one"}').decode(),
    ],
)
def test_a_receipt_that_cannot_be_read_may_want_a_signature(content: str) -> None:
    found = receipts.read([{"DocumentQualifier": "CashierReceipt", "OutputContent": {"OutputText": content}}])
    assert found.signature
    assert found.merchant == ()


def test_adyen_s_lines_are_names_and_values() -> None:
    lines = [{"Text": "name=TOTAL&value=NOK%2018.80&key=total"}, {"Text": "key=filler"}, {"Text": "name=Thank%20you"}]
    found = receipts.read([{"DocumentQualifier": "CustomerReceipt", "OutputContent": {"OutputText": lines}}])
    assert found.customer == ("TOTAL" + " " * 18 + "NOK 18.80", "", "Thank you")


def test_a_receipt_without_end_is_cut() -> None:
    text = {"Cardholder": {"Optional": {"ReceiptString": ["x" * 300] * 200}}}
    found = receipts.read([swedbank_receipt(text)])
    assert 20 <= len(found.customer) <= 25
    assert max(map(len, found.customer)) == 200


@given(digits=st.from_regex(re.compile(r"\d{12,19}"), fullmatch=True), shown=st.integers(0, 6))
def test_no_more_than_four_digits_of_a_half_masked_number_are_left(digits: str, shown: int) -> None:
    text = f"Kort {digits[: shown + 4]}******{digits[-4:]} ok"
    assert sum(map(str.isdigit, receipts.safe(text))) <= 4
    assert sum(map(str.isdigit, receipts.masked_pan(digits))) == 4
