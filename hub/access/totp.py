"""One-time codes of an authenticator: RFC 6238 with SHA-1, 30 seconds and 6 digits, as every one of them takes it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

STEP_S: Final = 30
_DIGITS: Final = 6
_SKEW: Final = 1
"""Steps before and after the present one whose code is taken too (RFC 6238, section 5.2)."""


def new_secret() -> str:
    """Make a secret of 160 bits (RFC 4226, section 4), in base32."""
    return base64.b32encode(secrets.token_bytes(20)).decode("ascii")


def code(secret: bytes, step: int, *, digits: int = _DIGITS, algorithm: str = "sha1") -> str:
    """Give the code of one step of time (RFC 4226, section 5.3)."""
    digest = hmac.new(secret, step.to_bytes(8, "big"), getattr(hashlib, algorithm)).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}d}"


def step_of(secret: str, given: str, now: datetime) -> int | None:
    """Give the step whose code was given, if it is one of those around now."""
    given = given.replace(" ", "")
    key = base64.b32decode(secret)
    present = int(now.timestamp()) // STEP_S
    for step in range(present - _SKEW, present + _SKEW + 1):
        if hmac.compare_digest(code(key, step).encode(), given.encode()):
            return step
    return None


def address(secret: str, *, name: str, issuer: str) -> str:
    """Give what an authenticator reads from a QR code."""
    return f"otpauth://totp/{quote(issuer)}:{quote(name)}?secret={secret}&issuer={quote(issuer)}"


class SealBroken(Exception):
    """A secret was sealed with another key; the text says what to do."""


class Seal:
    """Keeps secrets unreadable in the database and its backups: the key is a file beside the signing key."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "keys" / "seal.key"

    def close(self, secret: str, name: str) -> str:
        """Give the sealed form, which only opens for the same user."""
        nonce = os.urandom(12)
        sealed = ChaCha20Poly1305(self._key()).encrypt(nonce, secret.encode(), name.encode())
        return base64.b64encode(nonce + sealed).decode("ascii")

    def open(self, sealed: str, name: str) -> str:
        """Give the secret; SealBroken if the key is not the one that sealed it."""
        content = base64.b64decode(sealed)
        try:
            return ChaCha20Poly1305(self._key()).decrypt(content[:12], content[12:], name.encode()).decode()
        except InvalidTag:
            raise SealBroken(
                f"{self._file} did not seal the code of {name}: bring it back from a backup, "
                f"or run `kvitt-hub user password {name} --no-code`"
            ) from None

    def _key(self) -> bytes:
        try:
            return self._file.read_bytes()
        except FileNotFoundError:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                return self._file.read_bytes()
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(ChaCha20Poly1305.generate_key())
                stream.flush()
                os.fsync(stream.fileno())
            return self._file.read_bytes()
