"""Who may sign on: names with PINs, kept as salted hashes (scrypt, RFC 7914)."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from typing import Final

from appliance.config import StaffConfig
from appliance.core.identifiers import Operator
from appliance.errors import ConfigError

_SALT_BYTES: Final = 16
_COST: Final = 2**14
_HEX: Final = re.compile(r"(?:[0-9a-f]{2})+")


def hash_pin(pin: str, salt: bytes | None = None) -> str:
    """Give what the configuration keeps of a PIN: "scrypt$<salt>$<hash>" in hex. ValueError for less than 4 digits."""
    if not (pin.isascii() and pin.isdecimal()) or not 4 <= len(pin) <= 12:
        raise ValueError("a PIN has 4 to 12 digits")
    salt = salt or secrets.token_bytes(_SALT_BYTES)
    return f"scrypt${salt.hex()}${_digest(pin, salt).hex()}"


def _digest(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=_COST, r=8, p=1)


class ConfiguredStaff:
    """The staff of the configuration; implements `ports.StaffRegister`. ConfigError names a hash that is none."""

    def __init__(self, staff: Sequence[StaffConfig]) -> None:
        self._staff: list[tuple[Operator, bytes, bytes]] = []
        for entry in staff:
            kind, _, rest = entry.pin_hash.partition("$")
            salt, _, digest = rest.partition("$")
            if kind != "scrypt" or not (_HEX.fullmatch(salt) and _HEX.fullmatch(digest)):
                raise ConfigError(f"staff {entry.name!r}: pin_hash is not a hash; make one with: kvitt pin")
            self._staff.append((Operator(entry.name), bytes.fromhex(salt), bytes.fromhex(digest)))

    def sign_on(self, pin: str) -> Operator | None:
        """Give the operator of a PIN."""
        found = None
        for operator, salt, digest in self._staff:
            # Every hash is computed, so that the time taken does not tell whose PIN it was.
            if hmac.compare_digest(_digest(pin, salt), digest):
                found = operator
        return found
