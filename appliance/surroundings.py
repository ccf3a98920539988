"""Everything that the register drives or asks, as one value; `assembly` makes it of real things."""

from __future__ import annotations

import queue
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from appliance.core.commands import Command
from appliance.core.events import TransactionCompleted
from appliance.core.receipt import ReceiptDocument
from appliance.ports import Catalogue, Clock, Journal, Peripherals, Presenter, StaffRegister, Uplink, Watchdog

Compose = Callable[[TransactionCompleted, datetime, int], ReceiptDocument]
"""Make the receipt of a sale: the sale, its time, and the number of the copy (0 = the original)."""


Inbox = queue.SimpleQueue[Command]
"""Where all commands arrive; its `put` is the `ports.Post` of everyone else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Everything the register drives or asks."""

    journal: Journal
    catalogue: Catalogue
    staff: StaffRegister
    peripherals: Peripherals
    presenter: Presenter
    uplink: Uplink
    clock: Clock
    watchdog: Watchdog
    compose: Compose
    entropy: Callable[[], int]
    """74 random bits."""
