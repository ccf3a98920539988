"""The hub's signing key: Ed25519, made at the first start, in DIR/keys, mode 0600."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class KeyUnusable(Exception):
    """There is a key file that holds no key of ours."""


def signing_key(folder: Path) -> Ed25519PrivateKey:
    """Read the key, or make it. KeyUnusable if there is one that cannot be read: tills trust the one they know."""
    file = folder / "keys" / "hub.pem"
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return _make(file)
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except ValueError as error:
        raise KeyUnusable(f"{file}: {error}. Bring it back from a backup.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(f"{file}: not an Ed25519 key")
    return key


def public_hex(key: Ed25519PrivateKey) -> str:
    """Give the public key as tills want it in `hub.keys`."""
    return key.public_key().public_bytes_raw().hex()


def _make(file: Path) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    content = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    new.rename(file)
    return key
