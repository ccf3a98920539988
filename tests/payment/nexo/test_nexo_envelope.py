"""Adyen's envelope: the published vector, and everything that must not be opened."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.io.payment.nexo import adyen
from appliance.io.payment.nexo.envelope import Envelope, Keys, Unauthentic
from appliance.io.payment.nexo.tree import Unreadable
from tests.payment.conftest import shared

VECTOR = shared("nexo_crypto_vectors.json")["vectors"][0]
KEYS = Keys.derive(VECTOR["passphrase"])
ENVELOPE = Envelope(keys=KEYS, identifier=VECTOR["key_identifier"], version=VECTOR["key_version"])
PLAIN = adyen.decode(VECTOR["plaintext"].encode())
SEALED = json.dumps({"SaleToPOIRequest": VECTOR["secured"]}).encode()


def test_the_keys_are_those_of_the_vector() -> None:
    assert KEYS.hmac_key.hex() == VECTOR["derived"]["hmac_key"]
    assert KEYS.cipher_key.hex() == VECTOR["derived"]["cipher_key"]
    assert KEYS.iv.hex() == VECTOR["derived"]["iv"]


def test_sealing_with_the_vector_s_nonce_gives_the_vector() -> None:
    sealed = ENVELOPE.seal(PLAIN, bytes.fromhex(VECTOR["nonce_hex"]))
    assert json.loads(sealed)["SaleToPOIRequest"] == VECTOR["secured"]


def test_the_vector_can_be_opened() -> None:
    assert ENVELOPE.open(SEALED) == PLAIN


def test_every_message_has_a_nonce_of_its_own() -> None:
    nonces = {json.loads(ENVELOPE.seal(PLAIN))["SaleToPOIRequest"]["SecurityTrailer"]["Nonce"] for _ in range(50)}
    assert len(nonces) == 50


def test_keys_do_not_show() -> None:
    shown = f"{KEYS!r} {ENVELOPE!r}"
    assert VECTOR["derived"]["hmac_key"][:8] not in shown
    assert "key=b" not in shown


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    tree: dict[str, Any] = json.loads(SEALED)
    change(tree["SaleToPOIRequest"])
    return json.dumps(tree).encode()


def trailer(name: str, value: Any) -> Callable[[dict[str, Any]], object]:
    return lambda sealed: sealed["SecurityTrailer"].update({name: value})


REFUSED: dict[str, tuple[Callable[[dict[str, Any]], object], type[Unreadable]]] = {
    "no blob": (lambda sealed: sealed.pop("NexoBlob"), Unauthentic),
    "no trailer": (lambda sealed: sealed.pop("SecurityTrailer"), Unreadable),
    "no header": (lambda sealed: sealed.pop("MessageHeader"), Unreadable),
    "another crypto version": (trailer("AdyenCryptoVersion", 2), Unauthentic),
    "another key": (trailer("KeyIdentifier", "other"), Unauthentic),
    "another key version": (trailer("KeyVersion", 2), Unauthentic),
    "a key version as text": (trailer("KeyVersion", "1"), Unauthentic),
    "another nonce": (trailer("Nonce", base64.b64encode(bytes(16)).decode()), Unauthentic),
    "a short nonce": (trailer("Nonce", base64.b64encode(bytes(15)).decode()), Unauthentic),
    "no base64": (trailer("Nonce", "???"), Unauthentic),
    "another hmac": (trailer("Hmac", base64.b64encode(bytes(32)).decode()), Unauthentic),
    "a short hmac": (trailer("Hmac", VECTOR["secured"]["SecurityTrailer"]["Hmac"][:8]), Unauthentic),
    "an empty hmac": (trailer("Hmac", ""), Unauthentic),
    "an hmac that is no text": (trailer("Hmac", 5), Unreadable),
    "an empty blob": (lambda sealed: sealed.update(NexoBlob=""), Unauthentic),
    "half a block": (lambda sealed: sealed.update(NexoBlob=base64.b64encode(bytes(24)).decode()), Unauthentic),
    "noise": (lambda sealed: sealed.update(NexoBlob=base64.b64encode(bytes(64)).decode()), Unauthentic),
    "another header": (lambda sealed: sealed["MessageHeader"].update(ServiceID="0000000002"), Unauthentic),
    "one more in the header": (lambda sealed: sealed["MessageHeader"].update(DeviceID="1"), Unauthentic),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_sealed_with_our_key_is_not_opened(name: str) -> None:
    change, fault = REFUSED[name]
    with pytest.raises(fault) as error:
        ENVELOPE.open(changed(change))
    assert str(error.value)


def test_a_message_in_clear_is_not_opened() -> None:
    with pytest.raises(Unauthentic, match="in clear"):
        ENVELOPE.open(VECTOR["plaintext"].encode())


def test_a_message_sealed_with_another_passphrase_is_not_opened() -> None:
    other = Envelope(keys=Keys.derive("wrong"), identifier=ENVELOPE.identifier, version=ENVELOPE.version)
    with pytest.raises(Unauthentic):
        ENVELOPE.open(other.seal(PLAIN))


def test_a_request_in_the_envelope_of_a_response_is_not_opened() -> None:
    data = SEALED.replace(b"SaleToPOIRequest", b"SaleToPOIResponse")
    with pytest.raises(Unauthentic, match="another kind"):
        ENVELOPE.open(data)


def test_an_authentic_text_that_is_no_message_is_refused() -> None:
    for plaintext in (b"", b"[]", b'{"SaleToPOIRequest": 5}', b"\xff"):
        with pytest.raises(Unreadable):
            ENVELOPE.open(ENVELOPE.seal_bytes(PLAIN, plaintext))


@given(place=st.integers(0, len(SEALED) - 1), flip=st.integers(1, 255))
def test_no_changed_byte_gives_another_message(place: int, flip: int) -> None:
    data = bytearray(SEALED)
    data[place] ^= flip
    try:
        found = ENVELOPE.open(bytes(data))
    except Unreadable:
        return
    assert found == PLAIN
