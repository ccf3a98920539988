"""Codes that a customer's wallet shows and the till scans. Whoever has one can charge its owner for a minute."""

from __future__ import annotations

import re
from typing import Final

_IDENTIFIER: Final = re.compile(r"\](?:C0|Q[012])")
_PURSE: Final = re.compile(
    r"1[0-5][0-9]{16}|(?:2[5-9]|30)[0-9]{14,22}|62[0-9]{17}|hQVDUFYwMW[0-9A-Za-z+/]{2,502}={0,2}"
)


def is_purse(scan: str) -> bool:
    """Whether a whole scan has the form of a wallet's code. Goods that can be sold come first: a GS1 code may too."""
    return _PURSE.fullmatch(_IDENTIFIER.sub("", scan.strip(), count=1)) is not None
