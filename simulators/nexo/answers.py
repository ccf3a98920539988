"""What a simulated nexo terminal answers: trees of both dialects. It knows the wire, and not the till behind it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from appliance.core.money import Currency, Money

PAN: Final = {"swedbank": "516815******9659", "adyen": "600007 **** 7003"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that has been read."""

    category: str
    service: str
    sale: str
    poi: str
    body: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What it is remembered under."""
        return f"{self.category}/{self.sale}/{self.service}"

    @classmethod
    def read(cls, tree: Mapping[str, Any]) -> Asked:
        """Read a request; KeyError or TypeError if it is none."""
        message = tree["SaleToPOIRequest"]
        header = message["MessageHeader"]
        category = str(header["MessageCategory"])
        body = message[f"{category}Request"]
        return cls(category, header["ServiceID"], header["SaleID"], header["POIID"], body if body != "" else {})

    def header(self, version: str) -> dict[str, Any]:
        """Give the header of its answer."""
        return {
            "ProtocolVersion": version,
            "MessageClass": "Service",
            "MessageCategory": self.category,
            "MessageType": "Response",
            "ServiceID": self.service,
            "SaleID": self.sale,
            "POIID": self.poi,
        }


def response(result: str, condition: str = "", text: str = "") -> dict[str, Any]:
    """Give a Response object."""
    found = {"Result": result}
    if condition:
        found["ErrorCondition"] = condition
    if text:
        found["AdditionalResponse"] = text
    return found


def requested(asked: Asked) -> Money:
    """Give the amount of a Payment."""
    amounts = asked.body["PaymentTransaction"]["AmountsReq"]
    return Money.of_decimal(Decimal(amounts["RequestedAmount"]), Currency.parse(amounts["Currency"]))


def transaction_id(dialect: str, trace: int) -> dict[str, str]:
    """Give the terminal's name of a movement."""
    stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    name = f"877888{trace:06d}" if dialect == "swedbank" else f"v4W5001707426906003.{trace:06d}"
    return {"TransactionID": name, "TimeStamp": stamp}


def trace_of(name: str) -> int:
    """Give the trace number in such a name."""
    return int(name[-6:])


def payment(
    dialect: str,
    asked: Asked,
    answer: Mapping[str, Any],
    *,
    trace: int,
    money: Money | None = None,
    signature: bool = False,
) -> dict[str, Any]:
    """Give a PaymentResponse; with an amount where money moved."""
    body: dict[str, Any] = {
        "Response": dict(answer),
        "SaleData": {"SaleTransactionID": dict(asked.body["SaleData"]["SaleTransactionID"])},
        "POIData": {"POITransactionID": transaction_id(dialect, trace)},
    }
    if money is not None:
        body["PaymentResult"] = _result(dialect, asked, money, signature=signature)
        body["PaymentReceipt"] = [
            receipt(dialect, kind, money, signature=signature) for kind in ("CashierReceipt", "CustomerReceipt")
        ]
    return body


def _result(dialect: str, asked: Asked, money: Money, *, signature: bool) -> dict[str, Any]:
    amount = money.to_decimal()
    kind = asked.body.get("PaymentData", {}).get("PaymentType")
    card: dict[str, Any]
    if dialect == "swedbank":
        card = {"PaymentBrand": "01,Mastercard Debit", "MaskedPAN": PAN[dialect], "EntryMode": "Contactless"}
    else:
        card = {"EntryMode": ["ICC"], "MaskedPan": PAN[dialect], "PaymentBrand": "maestro"}
    result: dict[str, Any] = {"PaymentType": kind} if kind else {}
    result |= {
        "PaymentInstrumentData": {"PaymentInstrumentType": "Card", "CardData": card},
        "AmountsResp": {"Currency": money.currency.code, "AuthorizedAmount": amount},
        "PaymentAcquirerData": {"MerchantID": "10020001", "AcquirerPOIID": "877888", "ApprovalCode": "611506"},
    }
    if signature and dialect == "adyen":
        result["AuthenticationMethod"] = ["PaperSignature"]
    return result


def receipt(dialect: str, kind: str, money: Money, *, signature: bool) -> dict[str, Any]:
    """Give a PaymentReceipt."""
    if dialect == "adyen":
        lines = [
            {"Text": "name=Test%20shop&key=header1", "EndOfLineFlag": True},
            {"Text": "name=Card&value=************7003&key=pan", "EndOfLineFlag": True},
            {"Text": f"name=TOTAL&value={money.to_decimal()}&key=totalAmount", "EndOfLineFlag": True},
        ]
        content = {"OutputFormat": "Text", "OutputText": lines}
        return {"DocumentQualifier": kind, "RequiredSignatureFlag": signature, "OutputContent": content}
    side = "Merchant" if kind == "CashierReceipt" else "Cardholder"
    text = {
        side: {
            "Mandatory": {"Payment": {"SignatureBlock": signature}},
            "Optional": {"ReceiptString": ["Test shop", "516815******9659", f"KÖP: {money}"]},
        }
    }
    encoded = base64.b64encode(json.dumps(text, ensure_ascii=False).encode()).decode()
    return {"DocumentQualifier": kind, "OutputContent": {"OutputFormat": "Text", "OutputText": [encoded]}}


def reversal(answer: Mapping[str, Any], original: Mapping[str, Any], reversed_: Money | None = None) -> dict[str, Any]:
    """Give a ReversalResponse; ReversedAmount is optional."""
    body: dict[str, Any] = {"Response": dict(answer), "POIData": {"POITransactionID": dict(original)}}
    if reversed_ is not None:
        body["ReversedAmount"] = reversed_.to_decimal()
    return body


def login(serial: str) -> dict[str, Any]:
    """Give a LoginResponse."""
    return {
        "Response": response("Success"),
        "POISystemData": {
            "DateTime": datetime.now(UTC).isoformat(timespec="seconds"),
            "POISoftware": {"ProviderIdentification": "Kvitt", "ApplicationName": "Simulator", "SoftwareVersion": "1"},
            "POITerminalData": {"TerminalEnvironment": "Attended", "POISerialNumber": serial},
        },
    }


def repeated(dialect: str, header: Mapping[str, Any], category: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Give the RepeatedMessageResponse of a found answer."""
    found = {f"{category}Response": dict(body)}
    if dialect == "adyen":
        return {"MessageHeader": dict(header), "RepeatedResponseMessageBody": found}
    return {"MessageHeader": dict(header), **found}
