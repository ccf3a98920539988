"""Signed documents in TUF's form: {"signed", "signatures"}, canonical JSON, Ed25519 (RFC 8032)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from appliance.core.product import canonical
from appliance.mqtt.messages.wire import Fields, Malformed

_SIGNATURES: Final = 8


class Forged(Malformed):
    """A document that none of the known keys has signed."""


def key_id(public: bytes) -> str:
    """Give the name of an Ed25519 public key: SHA-256 of its canonical form in TUF (specification 1.0, section 4.2)."""
    key = {"keytype": "ed25519", "keyval": {"public": public.hex()}, "scheme": "ed25519"}
    return hashlib.sha256(canonical(key)).hexdigest()


def sign(document: Mapping[str, Any], key: Ed25519PrivateKey) -> dict[str, Any]:
    """Give the signed form of a document."""
    signature = key.sign(canonical(document)).hex()
    return {
        "signed": document,
        "signatures": [{"keyid": key_id(key.public_key().public_bytes_raw()), "sig": signature}],
    }


class KeyRing:
    """The public keys that are believed; as 64 hexadecimal digits each."""

    def __init__(self, keys: Iterable[str]) -> None:
        raw = [bytes.fromhex(key) for key in keys]
        self._keys = {key_id(key): Ed25519PublicKey.from_public_bytes(key) for key in raw}

    def verify(self, document: Fields, wanted: str) -> Fields:
        """Give the signed part of a document of the wanted type; Forged if no known key has signed it."""
        signed = document.fields("signed")
        for entry in document.objects("signatures", limit=_SIGNATURES):
            key = self._keys.get(entry.text("keyid", limit=64))
            if key is not None and _holds(key, entry.text("sig", limit=128), signed.table):
                if signed.text("type", limit=40) != wanted:
                    raise Malformed(f"signed.type: {signed.table['type']!r} is not {wanted!r}")
                return signed
        raise Forged("signed by no key that this till knows")


def _holds(key: Ed25519PublicKey, signature: str, document: Mapping[str, Any]) -> bool:
    try:
        key.verify(bytes.fromhex(signature), canonical(document))
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True
