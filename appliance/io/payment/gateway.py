"""Tenders that the hub's payment gateway settles: our code for the customer's phone, his code, his gift card.

An order is sent once. From then on it is only asked about, or asked to stop; what the gateway says is the outcome, and
a wish to stop that came too late is a payment. UnifiedPOS ElectronicValueRW.
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from queue import Empty, SimpleQueue
from typing import Final
from uuid import UUID

from appliance.core import purse
from appliance.core.checkout import DeviceState
from appliance.core.commands import Health
from appliance.core.gateway import GatewayAction, GatewayState, Order, Standing
from appliance.core.payment import (
    NO_EVIDENCE,
    Capabilities,
    Evidence,
    Intent,
    IntentKind,
    Notify,
    Outcome,
    OutcomeKind,
    Progress,
    Reference,
    Sending,
    Totals,
)
from appliance.drivers import Gateway, Record
from appliance.errors import ConfigError, DeviceFailure, DeviceOffline

GRACE_S: Final = 60
"""Seconds after a code's end until its order is stopped: a payment may be on its way."""
_GLANCE_S: Final = 0.2
"""Between two looks at a wish to stop."""
_GIFT_CARD: Final = re.compile(r"[!-~]{6,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayOptions:
    """Options of `[devices.<name>]`. Seconds."""

    method: str
    """Which of the hub's ways of paying: a-z, 0-9, "-", at most 32."""
    ask_after: Decimal = Decimal(3)
    """Without news an order is asked about again."""
    patience: Decimal = Decimal(30)
    """Without any answer of the hub the outcome is unknown, and staff are called."""
    customer: Decimal = Decimal(120)
    """For the customer to show a code, and then to confirm in his app."""

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not re.fullmatch(r"[a-z0-9-]{1,32}", self.method):
            raise ConfigError(f'method: {self.method!r} is no way of paying; write a-z, 0-9 and "-", e.g. "vipps"')
        for name in ("ask_after", "patience", "customer"):
            if not 0 < getattr(self, name) <= 3600:
                raise ConfigError(f"{name}: {getattr(self, name)} is not between 0 and 3600 seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class QrHubOptions(GatewayOptions):
    """Options of `driver = "hub"` in category qr."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletHubOptions(GatewayOptions):
    """Options of `driver = "hub"` in category wallet."""

    method: str = "wallet"


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftCardHubOptions(GatewayOptions):
    """Options of `driver = "hub"` in category gift_card."""

    method: str = "gift-card"


@dataclass(slots=True)
class _Turn:
    """The intent that is under way."""

    attempt: UUID
    stop: threading.Event = field(default_factory=threading.Event)
    codes: SimpleQueue[str] = field(default_factory=SimpleQueue)


class GatewayTender:
    """What the three have in common. One thread calls; `cancel`, `present` and `close` may come from others."""

    category: str = "ElectronicValueRW"

    def __init__(self, name: str, options: GatewayOptions) -> None:
        self.name = name
        self.capabilities = Capabilities(refund=True, unattended=True)
        self._options = options
        self._gateway: Gateway | None = None
        self._turn: _Turn | None = None
        self._wished: set[UUID] = set()
        self._closing = threading.Event()

    def connect(self, gateway: Gateway) -> None:
        """Take the way to the gateway; before `open`."""
        self._gateway = gateway

    # Device ---------------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """See that there is a way to the hub; DeviceOffline."""
        self._closing.clear()
        if self._gateway is not None:
            self._reachable()

    def close(self) -> None:
        """Let go; a payment that is under way ends as UNKNOWN."""
        self._closing.set()

    def check(self) -> DeviceState:
        """Say whether the hub can be reached. Whether the gateway behind it answers shows with the first order."""
        state = DeviceState(name=self.name, category=self.category)
        if self._gateway is None:
            return replace(state, detail="works through the hub, which is asked only while the till runs")
        try:
            self._reachable()
        except DeviceOffline as error:
            return replace(state, health=Health.OFFLINE, detail=str(error), remedy=error.remedy)
        return replace(state, health=Health.ONLINE, detail=f"{self._options.method} through the hub")

    def _reachable(self) -> Gateway:
        if self._gateway is None:
            raise DeviceOffline(f"{self.name}: has no way to the hub")
        if not self._gateway.online():
            raise DeviceOffline(f"{self.name}: there is no link to the hub", remedy="See that the hub runs.")
        return self._gateway

    # TenderDevice ---------------------------------------------------------------------------------------------------

    def baseline(self) -> None:
        """Nothing: an order is named by its attempt."""
        return

    def authorise(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        """Take money: with the customer's code first, where the customer shows one."""
        turn = self._begin(intent)
        self._reachable()
        code = self._code(turn, notify)
        if code is None:
            return Outcome(kind=OutcomeKind.NOT_CHARGED, text="no code was shown, so nothing was sent")
        order = _order(intent, GatewayAction.CREATE, self._options.method, code)
        return self._carry_out(intent, turn, order, record, notify)

    def reverse(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        """Give a payment back, wholly: a refund at the gateway."""
        return self.refund(intent, record, notify)

    def refund(self, intent: Intent, record: Record, notify: Notify) -> Outcome:
        """Give a payment back, wholly; the customer need not be there."""
        if intent.original_attempt is None:
            raise DeviceFailure(f"{self.name}: it is not known which payment is to be given back")
        turn = self._begin(intent)
        order = _order(intent, GatewayAction.REFUND, self._options.method)
        return self._carry_out(intent, turn, order, record, notify)

    def lookup(self, intent: Intent, evidence: Evidence = NO_EVIDENCE) -> Outcome:
        """Ask where the order stands. One that nobody wants, or that outlived its code, is stopped."""
        gateway = self._reachable()
        unwanted = intent.kind is IntentKind.PAY and intent.attempt in self._wished
        action = GatewayAction.CANCEL if unwanted else GatewayAction.LOOK_UP
        standing = self._ask(gateway, _order(intent, action, self._options.method))
        if standing is not None and _outlived(standing):
            standing = self._ask(gateway, _order(intent, GatewayAction.CANCEL, self._options.method))
        if standing is None:
            return Outcome(kind=OutcomeKind.UNKNOWN, text="the hub gives no answer about this order")
        return outcome_of(intent, standing)

    def cancel(self, attempt: UUID) -> None:
        """Ask to stop; what the gateway then says is the outcome."""
        turn = self._turn
        self._wished.add(attempt)
        if turn is not None and turn.attempt == attempt:
            turn.stop.set()

    def present(self, attempt: UUID, code: str) -> None:
        """Take a scanned code for the payment that waits for one."""
        turn = self._turn
        if turn is not None and turn.attempt == attempt:
            turn.codes.put(code)

    def close_day(self) -> Totals | None:
        """Nothing: the gateway settles by itself."""
        return None

    # The order ------------------------------------------------------------------------------------------------------

    def _code(self, turn: _Turn, notify: Notify) -> str | None:
        """Give the code that the order needs of the customer; None if none came. "" where it needs none."""
        return ""

    def _begin(self, intent: Intent) -> _Turn:
        self._turn = turn = _Turn(intent.attempt)
        if intent.attempt in self._wished:
            turn.stop.set()
        return turn

    def _carry_out(self, intent: Intent, turn: _Turn, order: Order, record: Record, notify: Notify) -> Outcome:
        gateway = self._reachable()
        if turn.stop.is_set():
            return Outcome(kind=OutcomeKind.NOT_CHARGED, text="stopped before anything was sent")
        if not record(Sending()):
            return Outcome(kind=OutcomeKind.NOT_CHARGED, text="the till could not store that it was about to send")
        # Whatever was in doubt before has been asked about for the last time.
        self._wished.intersection_update({intent.attempt})
        pay = intent.kind is IntentKind.PAY
        notify(Progress.AUTHORISING if order.code or not pay else Progress.CONNECTING, pay)
        gateway.ask(order)
        return self._follow(intent, turn, gateway, notify, shown=bool(order.code))

    def _follow(self, intent: Intent, turn: _Turn, gateway: Gateway, notify: Notify, *, shown: bool) -> Outcome:
        """Wait for the end of an order that was sent: ask, stop where that is wished or due, never send it again."""
        begun = spoken = heard_at = time.monotonic()
        ask_after, patience = float(self._options.ask_after), float(self._options.patience)
        ends = begun + float(self._options.customer) if shown else None
        answers, stopping = 0, False
        while not self._closing.is_set():
            heard = gateway.hear(intent.attempt, answers, _GLANCE_S)
            now = time.monotonic()
            if heard.answers > answers and heard.standing is not None:
                answers, heard_at, standing = heard.answers, now, heard.standing
                if standing.state.final:
                    return outcome_of(intent, standing)
                if standing.expires_s is not None and not shown:
                    ends = now + standing.expires_s + GRACE_S
                if not stopping:
                    _show(standing, notify, shown=shown)
            due = turn.stop.is_set() or (ends is not None and now >= ends)
            if intent.kind is IntentKind.PAY and due and not stopping:
                stopping, spoken = True, 0.0
                notify(Progress.CANCELLING, False)
                ends = min(now, ends) if ends is not None else now
            if now - spoken >= ask_after:
                spoken = now
                action = GatewayAction.CANCEL if stopping else GatewayAction.LOOK_UP
                gateway.ask(_order(intent, action, self._options.method))
            if now - heard_at >= patience or (stopping and ends is not None and now - ends >= GRACE_S):
                return Outcome(kind=OutcomeKind.UNKNOWN, text="the hub does not say how the payment ended")
        return Outcome(kind=OutcomeKind.UNKNOWN, text="the till was stopped while the payment was under way")

    def _ask(self, gateway: Gateway, order: Order) -> Standing | None:
        """Ask a question, and give the answer to it; None if none comes in time."""
        before = gateway.hear(order.attempt, -1, 0).answers
        if not gateway.ask(order):
            raise DeviceOffline(f"{self.name}: the link to the hub was lost")
        heard = gateway.hear(order.attempt, before, float(self._options.ask_after))
        return heard.standing if heard.answers > before else None


class QrHub(GatewayTender):
    """A code of the gateway on our screen, which the customer's phone reads: Vipps MobilePay, Swish."""

    Options = QrHubOptions


class _ByCode(GatewayTender):
    """The customer shows a code to the scanner, before anything is sent."""

    def _code(self, turn: _Turn, notify: Notify) -> str | None:
        deadline = time.monotonic() + float(self._options.customer)
        notify(Progress.SHOW_CODE, True)
        while not (turn.stop.is_set() or self._closing.is_set()) and time.monotonic() < deadline:
            try:
                scan = turn.codes.get(timeout=_GLANCE_S)
            except Empty:
                continue
            code = self._read(scan)
            if code:
                return code
            notify(Progress.TRY_ANOTHER_WAY, True)
        return None

    def _read(self, scan: str) -> str:
        """Give the code that a scan is; "" if it is none of this tender."""
        raise NotImplementedError


class WalletHub(_ByCode):
    """A code on the customer's phone: Alipay, WeChat Pay, UnionPay, wallets of the EMV standard."""

    Options = WalletHubOptions

    def _read(self, scan: str) -> str:
        found = purse.find(scan)
        return "" if found is None else found.code


class GiftCardHub(_ByCode):
    """The number of a gift card or voucher, which pays what it holds. A seam: its issuer stands behind the hub."""

    Options = GiftCardHubOptions

    def _read(self, scan: str) -> str:
        code = purse.bare(scan)
        return code if _GIFT_CARD.fullmatch(code) and purse.find(scan) is None else ""


def _order(intent: Intent, action: GatewayAction, method: str, code: str = "") -> Order:
    original = intent.original_attempt if action is GatewayAction.REFUND else None
    return Order(
        attempt=intent.attempt, action=action, method=method, amount=intent.amount, original=original, code=code
    )


def _show(standing: Standing, notify: Notify, *, shown: bool) -> None:
    waits = standing.state is GatewayState.IN_PROGRESS
    if not waits or shown or not standing.code:
        notify(Progress.AUTHORISING, waits)
        return
    until = None
    if standing.expires_s is not None:
        until = datetime.now(UTC) + timedelta(seconds=max(0, standing.expires_s))
    notify(Progress.SCAN_CODE, True, standing.code, until)


def _outlived(standing: Standing) -> bool:
    return not standing.state.final and standing.expires_s is not None and standing.expires_s <= -GRACE_S


def outcome_of(intent: Intent, standing: Standing) -> Outcome:
    """Give what an order's state says about its intent."""
    reference = Reference(poi_transaction=standing.reference) if standing.reference else None
    text, code = standing.text, standing.state.value
    pays = intent.kind is IntentKind.PAY
    match standing.state:
        case GatewayState.CAPTURED if pays and not standing.amount:
            return Outcome(kind=OutcomeKind.DECLINED, code=code, text=text or "there was nothing to take")
        case GatewayState.CAPTURED if pays:
            return Outcome(kind=OutcomeKind.APPROVED, amount=standing.amount, reference=reference)
        case GatewayState.REFUNDED if not pays and standing.amount != intent.amount:
            said = f"{standing.amount} of {intent.amount} went back"
            return Outcome(kind=OutcomeKind.UNKNOWN, code=code, text=said)
        case GatewayState.REFUNDED if intent.kind is IntentKind.REFUND:
            return Outcome(kind=OutcomeKind.APPROVED, amount=standing.amount, reference=reference)
        case GatewayState.REFUNDED:
            return Outcome(kind=OutcomeKind.REVERSED, amount=standing.amount, reference=reference)
        case GatewayState.FAILED:
            return Outcome(kind=OutcomeKind.DECLINED, code=code, text=text)
        case GatewayState.CANCELLED | GatewayState.EXPIRED:
            kind = OutcomeKind.CANCELLED if pays else OutcomeKind.NOT_CHARGED
            return Outcome(kind=kind, code=code, text=text)
        case _:
            return Outcome(kind=OutcomeKind.UNKNOWN, code=code, text="the gateway has not brought it to an end")
