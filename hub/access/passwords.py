"""Passwords, kept as Argon2id hashes (RFC 9106, section 4: the second recommended option, 64 MiB)."""

from __future__ import annotations

import secrets
import threading
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST: Final = 12
LONGEST: Final = 200

_HASHER: Final = PasswordHasher()
_TURNS: Final = threading.Semaphore(2)
"""Hashes that are made at a time: each takes 64 MiB, and a hub may be a small machine."""
_NOBODY: Final = _HASHER.hash(secrets.token_urlsafe())


def unfit(password: str, name: str) -> str:
    """Say why a password cannot be taken; "" if it can."""
    if not SHORTEST <= len(password) <= LONGEST:
        return "A password has 12 to 200 characters."
    if len(set(password)) < 5 or (name and name in password.lower()):
        return "That password is too easy to guess."
    return ""


def hashed(password: str) -> str:
    """Give the hash to keep."""
    with _TURNS:
        return _HASHER.hash(password)


def fits(kept: str | None, password: str) -> bool:
    """Whether a password is the one of a hash; as slow where there is no such user (None)."""
    if len(password) > LONGEST:
        return False
    with _TURNS:
        try:
            return _HASHER.verify(kept or _NOBODY, password) and kept is not None
        except (VerificationError, InvalidHashError):
            return False
