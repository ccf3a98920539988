"""The messages of nexo Retailer that a till needs: requests to build, answers to read strictly. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from urllib.parse import parse_qs

from appliance.core.money import Money
from appliance.core.payment import Reference
from appliance.io.payment.nexo import receipts
from appliance.io.payment.nexo.receipts import Receipts, masked_pan, safe
from appliance.io.payment.nexo.tree import Node, Tree, Unreadable

REQUEST: Final = "SaleToPOIRequest"
RESPONSE: Final = "SaleToPOIResponse"

_TIME_STAMP: Final = re.compile(r"\d{4}-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)[0-9.:+Z-]{0,20}")
_SIGNED: Final = frozenset({"PaperSignature", "SignatureCapture", "ManualVerification"})
"""AuthenticationMethods that a person has to look at."""
_TEXT: Final = 160


class Category(StrEnum):
    """MessageCategory."""

    LOGIN = "Login"
    LOGOUT = "Logout"
    PAYMENT = "Payment"
    REVERSAL = "Reversal"
    ABORT = "Abort"
    STATUS = "TransactionStatus"


class PaymentType(StrEnum):
    """What a Payment does to money."""

    NORMAL = "Normal"
    REFUND = "Refund"


class Result(StrEnum):
    """What an answer says; nothing else in it decides."""

    SUCCESS = "Success"
    PARTIAL = "Partial"
    FAILURE = "Failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The MessageHeader of a request and of its answer."""

    category: str
    service_id: str
    sale_id: str
    poi_id: str

    def tree(self, version: str, kind: str) -> Tree:
        """Write it for a "Request" or a "Response"."""
        return {
            "ProtocolVersion": version,
            "MessageClass": "Service",
            "MessageCategory": str(self.category),
            "MessageType": kind,
            "ServiceID": self.service_id,
            "SaleID": self.sale_id,
            "POIID": self.poi_id,
        }

    @classmethod
    def read(cls, node: Node, kind: str) -> Header:
        """Read one; Unreadable if it is not of this kind."""
        if node.word("MessageType") != kind or node.word("MessageClass") != "Service":
            raise Unreadable(f"the message is no service {kind.lower()}")
        return cls(
            category=node.word("MessageCategory"),
            service_id=node.word("ServiceID"),
            sale_id=node.word("SaleID"),
            poi_id=node.word("POIID"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A message to the terminal."""

    header: Header
    body: Mapping[str, Any] = field(default_factory=dict)

    def tree(self, version: str) -> Tree:
        """Write it in a version of the protocol."""
        return {
            REQUEST: {
                "MessageHeader": self.header.tree(version, "Request"),
                f"{self.header.category}Request": self.body,
            }
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """How till and terminal are called, and how much the dialect wants written down."""

    sale_id: str
    poi_id: str
    explicit: bool
    """Swedbank Pay: with what nexo lets one leave out, the PaymentType and the POIID of a reference."""

    def header(self, category: Category, service_id: str) -> Header:
        """Give the header of a message of ours."""
        return Header(category=category, service_id=service_id, sale_id=self.sale_id, poi_id=self.poi_id)

    def reference(self, category: Category, service_id: str) -> Tree:
        """Name a message of ours."""
        named = {"MessageCategory": str(category), "ServiceID": service_id, "SaleID": self.sale_id}
        return {**named, "POIID": self.poi_id} if self.explicit else named

    def login(self, service_id: str, *, now: datetime, language: str, version: str) -> Request:
        """Begin a session. With "PrinterReceipt" alone the terminal sends no requests of its own [SWP Login]."""
        body = {
            "OperatorLanguage": language,
            "DateTime": now.isoformat(timespec="seconds"),
            "SaleSoftware": {
                "ProviderIdentification": "Kvitt",
                "ApplicationName": "Kvitt",
                "SoftwareVersion": version,
            },
            "SaleTerminalData": {"TerminalEnvironment": "Attended", "SaleCapabilities": "PrinterReceipt"},
        }
        return Request(header=self.header(Category.LOGIN, service_id), body=body)

    def logout(self, service_id: str) -> Request:
        """End the session, and let the terminal update itself."""
        return Request(header=self.header(Category.LOGOUT, service_id), body={"MaintenanceAllowed": True})

    def payment(
        self, service_id: str, amount: Money, *, transaction: str, now: datetime, kind: PaymentType = PaymentType.NORMAL
    ) -> Request:
        """Take an amount, or pay it back. `transaction`: our name of the attempt, for the acquirer's reports."""
        body: dict[str, Any] = {
            "SaleData": self._sale(transaction, now),
            "PaymentTransaction": {
                "AmountsReq": {"Currency": amount.currency.code, "RequestedAmount": amount.to_decimal()}
            },
        }
        if self.explicit or kind is not PaymentType.NORMAL:
            body["PaymentData"] = {"PaymentType": str(kind)}
        return Request(header=self.header(Category.PAYMENT, service_id), body=body)

    def reversal(self, service_id: str, original: PoiTransaction, *, transaction: str, now: datetime) -> Request:
        """Undo a payment."""
        named = {"SaleID": self.sale_id, "POIID": self.poi_id} if self.explicit else {}
        body = {
            "ReversalReason": "MerchantCancel",
            "OriginalPOITransaction": {**named, "POITransactionID": original.tree()},
        }
        if not self.explicit:
            body["SaleData"] = self._sale(transaction, now)
        return Request(header=self.header(Category.REVERSAL, service_id), body=body)

    def _sale(self, transaction: str, now: datetime) -> dict[str, Any]:
        """Name the attempt; Adyen also wants to be told that the receipts are for us."""
        data: dict[str, Any] = {} if self.explicit else {"SaleToAcquirerData": "tenderOption=ReceiptHandler"}
        data["SaleTransactionID"] = {"TransactionID": transaction, "TimeStamp": now.isoformat(timespec="milliseconds")}
        return data

    def abort(self, service_id: str, aborted: str) -> Request:
        """Ask to stop the Payment of a ServiceID. It has no answer of its own: the Payment answers."""
        body = {
            "MessageReference": self.reference(Category.PAYMENT, aborted),
            "AbortReason": "Cancelled by the customer",
        }
        return Request(header=self.header(Category.ABORT, service_id), body=body)

    def status(self, service_id: str, category: Category, asked: str) -> Request:
        """Ask what became of the message of a ServiceID."""
        body: dict[str, Any] = {"MessageReference": self.reference(category, asked)}
        if not self.explicit:
            body = {
                "ReceiptReprintFlag": True,
                "DocumentQualifier": [receipts.MERCHANT, receipts.CUSTOMER],
                **body,
            }
        return Request(header=self.header(Category.STATUS, service_id), body=body)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoiTransaction:
    """The terminal's name of a movement of money; both parts are needed to reverse it."""

    id: str
    time_stamp: str

    def tree(self) -> Tree:
        """Write it."""
        return {"TransactionID": self.id, "TimeStamp": self.time_stamp}

    def reference(self, terminal: str) -> Reference:
        """Give it as the journal keeps it; `poi_transaction` is id and time stamp, with a space between."""
        stamp = _TIME_STAMP.fullmatch(self.time_stamp)
        month, day, *time = stamp.groups() if stamp else ("",) * 5
        return Reference(
            terminal_id=terminal,
            device_date=f"{month}{day}",
            device_time="".join(time),
            poi_transaction=f"{self.id} {self.time_stamp}",
        )

    @classmethod
    def of_reference(cls, reference: Reference) -> PoiTransaction | None:
        """Read it back; None if the reference is not one of these."""
        name, _, stamp = reference.poi_transaction.rpartition(" ")
        return cls(id=name, time_stamp=stamp) if name else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The Response object of an answer."""

    result: Result
    condition: str = ""
    text: str = ""

    @classmethod
    def read(cls, node: Node) -> Response:
        """Read it out of an answer."""
        found = node.child("Response")
        try:
            result = Result(found.word("Result"))
        except ValueError as error:
            raise Unreadable("the answer is neither Success nor Partial nor Failure") from error
        if result is Result.SUCCESS and found.word("ErrorCondition", ""):
            raise Unreadable("the answer is Success and has an error")
        return cls(result=result, condition=found.word("ErrorCondition", ""), text=_said(found))


def _said(node: Node) -> str:
    """Give the terminal's words about a refusal. Adyen's are written like the query of a URL."""
    text = node.entries.get("AdditionalResponse", "")
    if not isinstance(text, str):
        return ""
    pairs = parse_qs(text[:4096])
    said = pairs.get("refusalReason", pairs.get("message", [text if not pairs else ""]))[0]
    return safe(" ".join(said.split()))[:_TEXT]


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A PaymentResponse or ReversalResponse."""

    category: Category
    response: Response
    transaction: PoiTransaction | None = None
    amount: Decimal | None = None
    """In major units."""
    currency: str = ""
    payment_type: str = ""
    masked_pan: str = ""
    card_name: str = ""
    signature: bool = False
    receipts: Receipts = Receipts()

    @classmethod
    def read(cls, category: Category, node: Node) -> Movement:
        """Read the body of an answer."""
        found = node.child(f"{category}Response")
        response = Response.read(found)
        result = found.find("PaymentResult")
        amounts = result.find("AmountsResp")
        instrument = result.find("PaymentInstrumentData")
        card = instrument.find("CardData")
        printed = receipts.read(found.list("PaymentReceipt"))
        methods = set(map(str, result.list("AuthenticationMethod")))
        return cls(
            category=category,
            response=response,
            transaction=_transaction(found.find("POIData")),
            amount=found.decimal("ReversedAmount")
            if category is Category.REVERSAL
            else amounts.decimal("AuthorizedAmount"),
            currency=amounts.word("Currency", "", limit=3),
            payment_type=result.word("PaymentType", ""),
            masked_pan=masked_pan(card.remark("MaskedPan") or card.remark("MaskedPAN")),
            card_name=_brand(card, instrument),
            signature=printed.signature or bool(methods & _SIGNED) or "CapturedSignature" in result.entries,
            receipts=printed,
        )


def _transaction(data: Node) -> PoiTransaction | None:
    if "POITransactionID" not in data.entries:
        return None
    named = data.child("POITransactionID")
    name, stamp = named.word("TransactionID"), named.word("TimeStamp")
    if not name or not stamp or " " in stamp:
        raise Unreadable("the terminal's transaction has no name")
    return PoiTransaction(id=name, time_stamp=stamp)


def _brand(card: Node, instrument: Node) -> str:
    """Give the name of the card. Swedbank Pay puts a number and a comma before it."""
    brand = safe(card.remark("PaymentBrand")).rpartition(",")[2].strip()
    kind = instrument.remark("PaymentInstrumentType")
    return brand or ("" if kind == "Card" else safe(kind))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginAnswer:
    """A LoginResponse."""

    response: Response
    serial: str = ""
    """POISerialNumber: which piece of hardware it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """What a terminal repeats: the answer to an earlier message, and which one."""

    header: Header
    answer: Movement | None
    """None: an answer of a category that moves no money."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAnswer:
    """A TransactionStatusResponse. Success means only that the message was found."""

    response: Response
    repeated: Repeated | None = None


def answer_to(asked: Header, tree: Tree) -> Node:
    """Give the message in an answer; Unreadable if it is no answer to what was asked."""
    if list(tree) != [RESPONSE]:
        raise Unreadable("the terminal sent something else than an answer")
    node = Node.of(RESPONSE, tree[RESPONSE])
    header = Header.read(node.child("MessageHeader"), "Response")
    for name, one, other in (
        ("category", header.category, asked.category),
        ("ServiceID", header.service_id, asked.service_id),
        ("SaleID", header.sale_id, asked.sale_id),
        ("POIID", header.poi_id, asked.poi_id),
    ):
        if one != other:
            raise Unreadable(f"the terminal answers another message: its {name} is not ours")
    return node


def read_response(node: Node, category: Category) -> Response:
    """Read no more than the Response of an answer."""
    return Response.read(node.child(f"{category}Response"))


def read_login(node: Node) -> LoginAnswer:
    """Read the answer to a Login."""
    found = node.child("LoginResponse")
    serial = found.find("POISystemData", "POITerminalData").word("POISerialNumber", "")
    return LoginAnswer(response=Response.read(found), serial=serial)


def read_status(node: Node) -> StatusAnswer:
    """Read the answer to a TransactionStatus. The JSON dialect has one object more around what is repeated."""
    found = node.child("TransactionStatusResponse")
    response = Response.read(found)
    if response.result is not Result.SUCCESS:
        return StatusAnswer(response=response)
    repeated = found.child("RepeatedMessageResponse")
    header = Header.read(repeated.child("MessageHeader"), "Response")
    body = (
        repeated.find("RepeatedResponseMessageBody") if "RepeatedResponseMessageBody" in repeated.entries else repeated
    )
    if header.category not in (Category.PAYMENT, Category.REVERSAL):
        return StatusAnswer(response=response, repeated=Repeated(header=header, answer=None))
    answer = Movement.read(Category(header.category), body)
    return StatusAnswer(response=response, repeated=Repeated(header=header, answer=answer))
