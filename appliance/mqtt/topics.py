"""The topic tree below `kvitt/1`, and how each topic is sent. One half of the contract between kiosk and hub."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

ROOT: Final = "kvitt/1"
"""1 is the major number of the protocol; a new one is served beside the old."""

KIOSK_ID: Final = re.compile(r"k[a-z2-7]{10}")
SLUG: Final = re.compile(r"[a-z0-9-]{1,32}")


class Kind(StrEnum):
    """Every topic; the braces stand for a kiosk id, or for a zone, store or channel."""

    HUB_STATE = "all/hub/state"
    HEAD = "all/cat/{}/head"
    DELTA = "all/cat/{}/delta"
    STOCK = "all/stock/{}"
    RELEASE = "all/rel/{}"
    ACK = "k/{}/dn/ack"
    CONFIG = "k/{}/dn/config"
    JOB = "k/{}/dn/job"
    COMMAND = "k/{}/dn/cmd"
    BLOB = "k/{}/dn/blob"
    CERTIFICATE = "k/{}/dn/cert"
    PAYMENT = "k/{}/dn/pay"
    STATE = "k/{}/up/state"
    HEALTH = "k/{}/up/health"
    JOURNAL = "k/{}/up/journal"
    GET = "k/{}/up/get"
    JOB_PROGRESS = "k/{}/up/job"
    RESULT = "k/{}/up/res"
    SIGNING_REQUEST = "k/{}/up/csr"
    PAYMENT_REQUEST = "k/{}/up/pay"

    @property
    def of_kiosk(self) -> bool:
        """Whether the topic names one kiosk."""
        return self.value.startswith("k/")


@dataclass(frozen=True, slots=True)
class Rule:
    """How a topic is sent: quality of service, whether the broker keeps the last one, seconds until it is stale."""

    qos: int = 1
    retain: bool = False
    expiry: int | None = None


RULES: Final[Mapping[Kind, Rule]] = MappingProxyType(
    {
        Kind.HUB_STATE: Rule(retain=True, expiry=180),
        Kind.HEAD: Rule(retain=True),
        Kind.DELTA: Rule(expiry=600),
        Kind.STOCK: Rule(qos=0, expiry=60),
        Kind.RELEASE: Rule(retain=True),
        Kind.ACK: Rule(expiry=600),
        Kind.CONFIG: Rule(retain=True),
        Kind.JOB: Rule(retain=True),
        Kind.COMMAND: Rule(expiry=60),
        Kind.BLOB: Rule(expiry=120),
        Kind.CERTIFICATE: Rule(expiry=3600),
        Kind.PAYMENT: Rule(expiry=120),
        Kind.STATE: Rule(retain=True),
        Kind.HEALTH: Rule(qos=0, expiry=180),
        Kind.JOURNAL: Rule(),
        Kind.GET: Rule(expiry=120),
        Kind.JOB_PROGRESS: Rule(),
        Kind.RESULT: Rule(expiry=120),
        Kind.SIGNING_REQUEST: Rule(expiry=3600),
        Kind.PAYMENT_REQUEST: Rule(expiry=120),
    }
)


@dataclass(frozen=True, slots=True)
class Address:
    """A topic taken apart: what it carries, and the kiosk id, zone, store or channel it names ("" if none)."""

    kind: Kind
    name: str = ""


def topic(kind: Kind, name: str = "") -> str:
    """Build a topic; ValueError if the name is none."""
    if "{}" not in kind.value:
        return f"{ROOT}/{kind.value}"
    if not (KIOSK_ID if kind.of_kiosk else SLUG).fullmatch(name):
        raise ValueError(f"{name!r} cannot stand in {kind.value}")
    return f"{ROOT}/{kind.value.format(name)}"


def every(kind: Kind) -> str:
    """Build the filter for this topic of all kiosks (or zones, stores, channels)."""
    return f"{ROOT}/{kind.value.format('+')}"


def downward(kiosk: str) -> str:
    """Build the filter for everything that the hub sends to one kiosk."""
    return f"{topic(Kind.ACK, kiosk).rpartition('/')[0]}/#"


def parse(text: str) -> Address | None:
    """Take a topic apart; None if it is no topic of this protocol."""
    if not text.startswith(f"{ROOT}/"):
        return None
    below = text[len(ROOT) + 1 :]
    for kind in Kind:
        before, placeholder, after = kind.value.partition("{}")
        if not placeholder:
            if below == before:
                return Address(kind)
            continue
        if len(below) > len(before) + len(after) and below.startswith(before) and below.endswith(after):
            name = below[len(before) : len(below) - len(after)]
            if (KIOSK_ID if kind.of_kiosk else SLUG).fullmatch(name):
                return Address(kind, name)
    return None
