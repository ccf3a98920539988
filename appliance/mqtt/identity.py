"""Who this kiosk is: its own key, made at the first start, and the id that follows from it for life."""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.errors import StoreError

_KEY_FILE: Final = "key.pem"


@dataclass(frozen=True, slots=True)
class Identity:
    """The kiosk's id and where its private key lies (EC P-256, PKCS 8, mode 0600)."""

    kiosk: str
    key_file: Path


def kiosk_id(public_key_der: bytes) -> str:
    """Give the id of a public key (DER, SubjectPublicKeyInfo): "k" and 10 characters of lower-case base32."""
    return "k" + base64.b32encode(hashlib.sha256(public_key_der).digest()).decode("ascii")[:10].lower()


def identity(state: Path) -> Identity:
    """Read the identity in STATE/identity, or make it at the first start.

    StoreError if there is a key that cannot be read: a second one would make this a second kiosk.
    """
    folder = state / "identity"
    file = folder / _KEY_FILE
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        content = _make(folder, file)
    except OSError as error:
        raise StoreError(f"{file}: the kiosk's key cannot be read: {error.strerror}") from error
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except ValueError as error:
        raise StoreError(f"{file}: the kiosk's key is damaged: {error}. Bring it back from a backup.") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise StoreError(f"{file}: the kiosk's key is no EC key")
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return Identity(kiosk=kiosk_id(public), key_file=file)


def _make(folder: Path, file: Path) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    content = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_durably(file, content, mode=0o600)
    return content


def write_durably(file: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Replace a file so that after a power cut either the old or the new content is there: write, fsync, rename."""
    new = file.with_name(f".{file.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    new.rename(file)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
