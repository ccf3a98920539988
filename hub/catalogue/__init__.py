"""The catalogue of a price zone: versions, deltas, pages, and the head that tills are shown. Nothing by half."""

from __future__ import annotations

from hub.catalogue.publishing import HeldBack, Publication, Refused, publish, undo
from hub.catalogue.versions import head, in_force, newest, products, products_at, raise_wave, zones

__all__ = [
    "HeldBack",
    "Publication",
    "Refused",
    "head",
    "in_force",
    "newest",
    "products",
    "products_at",
    "publish",
    "raise_wave",
    "undo",
    "zones",
]
