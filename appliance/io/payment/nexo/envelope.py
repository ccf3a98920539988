"""Adyen's envelope for messages on the local network: encrypted, authenticated, with the header outside in clear.

[ADY Protect local communications]: keys of a passphrase, AES-256-CBC, HMAC-SHA256 over the plaintext. The plaintext
repeats the header, and both must be equal. Wrong key, HMAC, padding or a message in clear is no answer.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from appliance.io.payment.nexo import adyen
from appliance.io.payment.nexo.tree import Node, Tree, Unreadable

CRYPTO_VERSION: Final = 1
NONCE_BYTES: Final = 16
_SALT: Final = b"AdyenNexoV1Salt"
_ROUNDS: Final = 4000
_REMEDY: Final = "Compare key identifier, key version and passphrase with those of the terminal (Customer Area)."


class Unauthentic(Unreadable):
    """A message that is not proved to be the terminal's: a fault of the set-up, or of somebody in the network."""

    def __init__(self, message: str) -> None:
        super().__init__(message, remedy=_REMEDY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The three values that a passphrase gives."""

    hmac_key: bytes = field(repr=False)
    cipher_key: bytes = field(repr=False)
    iv: bytes = field(repr=False)

    @classmethod
    def derive(cls, passphrase: str) -> Keys:
        """Derive them: PBKDF2-HMAC-SHA1, 4000 rounds, 80 bytes."""
        material = hashlib.pbkdf2_hmac("sha1", passphrase.encode(), _SALT, _ROUNDS, 80)
        return cls(hmac_key=material[:32], cipher_key=material[32:64], iv=material[64:])

    def cipher(self, nonce: bytes) -> Cipher[modes.CBC]:
        """Give the cipher of one message."""
        iv = bytes(one ^ other for one, other in zip(self.iv, nonce, strict=True))
        return Cipher(algorithms.AES256(self.cipher_key), modes.CBC(iv))

    def mac(self, plaintext: bytes) -> bytes:
        """Give the HMAC of a plaintext."""
        return hmac.digest(self.hmac_key, plaintext, "sha256")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Seals and opens messages with one shared key."""

    keys: Keys
    identifier: str
    version: int

    def seal(self, tree: Tree, nonce: bytes | None = None) -> bytes:
        """Seal a message. `nonce`: 16 random bytes, new for every message; given only by a test's vector."""
        return self.seal_bytes(tree, adyen.encode(tree), nonce)

    def seal_bytes(self, tree: Tree, plaintext: bytes, nonce: bytes | None = None) -> bytes:
        """Seal a plaintext under the header of `tree`."""
        nonce = secrets.token_bytes(NONCE_BYTES) if nonce is None else nonce
        padder = PKCS7(128).padder()
        encryptor = self.keys.cipher(nonce).encryptor()
        padded = padder.update(plaintext) + padder.finalize()
        blob = encryptor.update(padded) + encryptor.finalize()
        trailer = {
            "AdyenCryptoVersion": CRYPTO_VERSION,
            "Hmac": _b64(self.keys.mac(plaintext)),
            "KeyIdentifier": self.identifier,
            "KeyVersion": self.version,
            "Nonce": _b64(nonce),
        }
        ((kind, message),) = tree.items()
        sealed = {"MessageHeader": message["MessageHeader"], "NexoBlob": _b64(blob), "SecurityTrailer": trailer}
        return adyen.encode({kind: sealed})

    def open(self, data: bytes) -> Tree:
        """Open a sealed message. Unreadable: it is no envelope; Unauthentic: it is not sealed with our key."""
        outer = adyen.decode(data)
        if len(outer) != 1:
            raise Unreadable("a message has one name at its top")
        ((kind, value),) = outer.items()
        sealed = Node.of(kind, value)
        if "NexoBlob" not in sealed.entries:
            raise Unauthentic("the terminal answered in clear, or with an error of its own")
        plaintext = self._decrypt(sealed)
        tree = adyen.decode(plaintext)
        if list(tree) != [kind]:
            raise Unauthentic("the sealed message is of another kind than its envelope")
        if Node.of(kind, tree[kind]).child("MessageHeader").entries != sealed.child("MessageHeader").entries:
            raise Unauthentic("the header of the envelope is not that of the message")
        return tree

    def _decrypt(self, sealed: Node) -> bytes:
        trailer = sealed.child("SecurityTrailer")
        if trailer.entries.get("AdyenCryptoVersion") != CRYPTO_VERSION:
            raise Unauthentic("another version of the envelope")
        if trailer.word("KeyIdentifier", limit=256) != self.identifier or _version(trailer) != self.version:
            raise Unauthentic("sealed with another key than the one that is set here")
        nonce = _unb64(trailer, "Nonce")
        blob = _unb64(sealed, "NexoBlob")
        if len(nonce) != NONCE_BYTES or not blob or len(blob) % 16:
            raise Unauthentic("nonce or message of a wrong length")
        decryptor = self.keys.cipher(nonce).decryptor()
        unpadder = PKCS7(128).unpadder()
        try:
            plaintext = unpadder.update(decryptor.update(blob) + decryptor.finalize()) + unpadder.finalize()
        except ValueError as error:
            raise Unauthentic("the message cannot be decrypted") from error
        if not hmac.compare_digest(self.keys.mac(plaintext), _unb64(trailer, "Hmac")):
            raise Unauthentic("the message is not authentic")
        return plaintext


def _version(trailer: Node) -> Any:
    value = trailer.entries.get("KeyVersion")
    return value if isinstance(value, Decimal) else None


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unb64(node: Node, name: str) -> bytes:
    value = node.text(name, limit=1 << 20)
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unauthentic(f"{name} is not base64") from error
