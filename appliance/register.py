"""The register: the only owner of the till's state, the only one that decides, and the only writer of the journal.

inbox -> decide -> journal -> evolve -> effects -> page. Journal first, act second: nothing is shown, printed, sent or
paid before the event that says so is on the card.
"""

from __future__ import annotations

import logging
import queue
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from appliance.core import effects as fx
from appliance.core import events as e
from appliance.core.availability import lamp
from appliance.core.catalogue import PriceBook
from appliance.core.checkout import Checkout, LaneState, Policy, Reason, Rejection, TransactionState
from appliance.core.commands import (
    UNASKED,
    ActivateCatalogue,
    ByStaff,
    Command,
    Heartbeat,
    RecordPayment,
    SignOn,
    Stop,
)
from appliance.core.decision import decide, observe, outstanding, recover, settle
from appliance.core.evolution import evolve
from appliance.core.lifecycle import QUIET
from appliance.core.moment import Decision, Moment
from appliance.core.selling import new_day
from appliance.errors import StoreError
from appliance.surroundings import Inbox, Surroundings

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS: Final = 1.0
EXIT_STORAGE: Final = 74
"""Exit code after a storage fault (sysexits EX_IOERR): the unit starts the till again, which reads the card anew."""
STORAGE_GRACE_SECONDS: Final = 30


class Register:
    """One till. `start` once, then `run` on its own thread until `Stop`; all others put commands into the inbox."""

    def __init__(self, policy: Policy, around: Surroundings, inbox: Inbox, *, version: str) -> None:
        self._around = around
        self._version = version
        self._inbox = inbox
        self._checkout = Checkout(policy=policy)
        self._book: PriceBook = around.catalogue.book()
        self._lamp = ""
        self._failed_at: datetime | None = None
        self._waiting: ActivateCatalogue | None = None

    @property
    def checkout(self) -> Checkout:
        """The present state; frozen, so it may be read from any thread."""
        return self._checkout

    def start(self) -> None:
        """Fold the open day out of the journal and write down what the restart makes of it. StoreError is final."""
        for row in self._around.journal.open_day():
            self._checkout = evolve(self._checkout, row.event, row.at)
        policy = self._checkout.policy
        events: list[e.Event] = [
            e.SystemStarted(version=self._version, store=policy.store, workstation=policy.workstation),
            *recover(self._checkout, self._moment()),
        ]
        self._act(outstanding(self._checkout))
        self._commit(events)
        self._checkout = settle(self._stocked())
        if self._checkout.state is TransactionState.IDLE:
            # A sale that still owes its receipt keeps its day until the next one begins: its receipt needs it.
            self._commit(new_day(self._checkout, self._moment()))
        pending = self._around.catalogue.pending()
        if pending is not None and self._book.version.number == 0:
            # When a price list comes into force is the hub's word; but the first one is better than none.
            self._inbox.put(ActivateCatalogue(pending))
        self._show()

    def run(self) -> int:
        """Take commands until `Stop`; give the exit code of the process."""
        while True:
            try:
                command = self._inbox.get(timeout=HEARTBEAT_SECONDS)
            except queue.Empty:
                command = Heartbeat()
            if isinstance(command, Stop):
                return self._stop()
            try:
                self.handle(command)
            except StoreError as error:
                self._close_lane(error)
            self._around.watchdog.feed()
            if self._failed_at is not None:
                waited = (self._around.clock.now() - self._failed_at).total_seconds()
                if not 0 <= waited < STORAGE_GRACE_SECONDS:
                    return EXIT_STORAGE

    def handle(self, command: Command) -> None:
        """Decide on one command, and do it. StoreError: nothing was done, and nothing more can be."""
        if isinstance(command, ActivateCatalogue) and self._around.catalogue.pending() != command.version:
            log.info("catalogue %s has been replaced, or is in use already", command.version)
            return
        moment = self._moment(command)
        decision = self._decide(command, moment)
        kept = False
        try:
            if isinstance(decision, Decision):
                self._commit(decision.events, moment)
                kept = decision.accepted
        finally:
            # An adapter waits for this answer before it sends another byte: it must hear of a failure too.
            if isinstance(command, RecordPayment):
                command.reply(kept)
            if isinstance(command, ByStaff):
                command.reply(None if kept else _words(decision))
        if isinstance(decision, Rejection):
            self._refuse(command, decision)
            return
        before = self._checkout
        self._checkout = observe(self._checkout, command, moment)
        if isinstance(command, ActivateCatalogue):
            self._activate(command)
        self._act(decision.effects)
        if decision.events or self._checkout != before:
            self._show()
        self._between_transactions(command)

    def _activate(self, command: ActivateCatalogue) -> None:
        try:
            self._book = self._around.catalogue.activate(command.version)
        except ValueError as error:
            # A newer one took its place this very moment, and announces itself.
            log.warning("%s", error)
        self._checkout = self._stocked()

    def _stocked(self) -> Checkout:
        return replace(self._checkout, shelf=self._book.shelf(), has_prices=self._book.version.number > 0)

    def _decide(self, command: Command, moment: Moment) -> Decision | Rejection:
        if self._failed_at is not None:
            return Rejection(reason=Reason.OUT_OF_SERVICE, detail=self._checkout.fault)
        return decide(self._checkout, command, self._book, moment)

    def _refuse(self, command: Command, rejection: Rejection) -> None:
        if isinstance(command, ActivateCatalogue):
            self._waiting = command
            return
        log.info("refused %s: %s %s", type(command).__name__, rejection.reason, rejection.detail)
        if not isinstance(command, UNASKED):
            self._around.presenter.refuse(rejection)
            self._around.presenter.play(fx.Sound.REFUSED)

    def _moment(self, command: Command | None = None) -> Moment:
        around = self._around
        operator = around.staff.sign_on(command.pin) if isinstance(command, SignOn | ByStaff) else None
        devices = set(self._checkout.policy.tender_devices.values())
        return Moment(
            at=around.clock.now(),
            business_date=around.clock.business_date(),
            entropy=around.entropy(),
            operator=operator,
            baselines={device: around.peripherals.baseline(device) for device in devices},
        )

    def _commit(self, events: Sequence[e.Event], moment: Moment | None = None) -> None:
        """Write events of one command in one transaction, then let them change the state and the world."""
        if not events:
            return
        at = moment.at if moment else self._around.clock.now()
        self._around.journal.append(
            events, at=at, clock_synced=self._around.clock.synchronised(), catalogue=str(self._book.version)
        )
        effects: list[fx.Effect] = []
        for event in events:
            self._checkout = evolve(self._checkout, event, at)
            effects += fx.effects_of(event, self._checkout)
        self._act(effects)
        self._around.uplink.wake()

    def _act(self, effects: Sequence[fx.Effect]) -> None:
        around = self._around
        for effect in effects:
            match effect:
                case fx.Play():
                    around.presenter.play(effect.sound)
                case fx.Authorise():
                    around.peripherals.authorise(effect.intent)
                case fx.LookUp():
                    around.peripherals.look_up(effect.intent, effect.evidence)
                case fx.PresentCode():
                    around.peripherals.present(effect.attempt, effect.code)
                case fx.CloseDay():
                    around.peripherals.close_day(effect.device)
                case fx.CancelAttempt():
                    around.peripherals.cancel(effect.attempt)
                case fx.KickDrawer():
                    around.peripherals.open_drawer()
                case fx.PrintReceipt():
                    document = around.compose(effect.sale, effect.at, effect.copy)
                    around.peripherals.print_receipt(effect.job, document)

    def _show(self) -> None:
        self._checkout = replace(self._checkout, revision=self._checkout.revision + 1)
        self._around.presenter.show(self._checkout)
        shown = lamp(self._checkout)
        if shown != self._lamp:
            self._lamp = shown
            self._around.peripherals.show_lamp(shown)

    def _between_transactions(self, command: Command) -> None:
        """What may only happen while no customer is busy: a new price list, upkeep of the journal."""
        if self._failed_at is not None or self._checkout.state not in QUIET:
            return
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            self.handle(waiting)
        if isinstance(command, Heartbeat) and self._checkout.state is TransactionState.IDLE:
            self._around.journal.idle()

    def _close_lane(self, error: StoreError) -> None:
        """The journal cannot append: no other reaction is allowed. Nothing is retried, nothing is shown as done."""
        if self._failed_at is None:
            log.error("storage fault, the lane is closed: %s", error)
            self._failed_at = self._around.clock.now()
        self._checkout = replace(self._checkout, lane=LaneState.OUT_OF_SERVICE, fault=str(error))
        self._show()

    def _stop(self) -> int:
        if self._failed_at is not None:
            return EXIT_STORAGE
        try:
            self._commit([e.SystemStopped()])
        except StoreError as error:
            self._close_lane(error)
            return EXIT_STORAGE
        return 0


def _words(decision: Decision | Rejection) -> str:
    """Give what somebody away from the screen is told of a refusal."""
    if isinstance(decision, Decision):
        return "The journal cannot be written: nothing was done."
    return f"{decision.reason}: {decision.detail}" if decision.detail else decision.reason
