"""Puts a till together: the only module that builds concrete things. Read `run` from top to bottom."""

from __future__ import annotations

import contextlib
import logging
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from appliance import __version__
from appliance.clock import SystemClock
from appliance.config import Config, read_table
from appliance.control import Control, Read
from appliance.core import barcode
from appliance.core.barcode import BarcodeRules, StoreRule
from appliance.core.cash import SMALLEST_COIN
from appliance.core.checkout import AfterRestart, Checkout, Policy
from appliance.core.commands import ReceiptKind, ReportSpace, Stop
from appliance.core.decision import open_sale
from appliance.core.events import TransactionCompleted
from appliance.core.identifiers import Language
from appliance.core.money import Currency
from appliance.core.payment import TenderType
from appliance.core.receipt import ReceiptDocument
from appliance.core.receipt_text import RECEIPT_TEXTS, ShopFacts, sale_receipt
from appliance.core.tax import TaxRate, TaxTable
from appliance.drivers import Device
from appliance.errors import ConfigError, StoreError
from appliance.io import registry
from appliance.io.supervisor import Supervisor
from appliance.ports import Clock, Post, Presenter, Watchdog
from appliance.register import Register
from appliance.staff import ConfiguredStaff
from appliance.store import inspection
from appliance.store.backup import backup
from appliance.store.catalogue import CatalogueStore
from appliance.store.journal import SqliteJournal
from appliance.surroundings import Compose, Inbox, Surroundings

if TYPE_CHECKING:
    from appliance.mqtt.link import HubLink

log = logging.getLogger(__name__)

SPACE_SECONDS: Final = 10
"""How often the space left for the journal is measured."""
SPACE_STEP_MB: Final = 16
"""Smaller changes of it are no news: each report would wake the screen."""

TENDERS: Final[Mapping[str, TenderType]] = {
    "terminal": TenderType.CARD,
    "qr": TenderType.QR,
    "wallet": TenderType.WALLET,
    "gift_card": TenderType.GIFT_CARD,
    "cash": TenderType.CASH,
}
"""Category of a device in the configuration -> the tender that it takes."""
THROUGH_HUB: Final = "hub"
"""Driver of all tenders that the hub's payment gateway settles."""


class Till:
    """Everything of a till but its screen. `run` on a thread of its own; `stop` from anywhere."""

    def __init__(self, config: Config, inbox: Inbox, presenter: Presenter, watchdog: Watchdog) -> None:
        self._config = config
        self._inbox = inbox
        self._presenter = presenter
        self._watchdog = watchdog
        self._register: Register | None = None

    def run(self, ready: Callable[[], None]) -> int:
        """Open everything, take commands until `stop`, close everything; give the exit code of the process."""
        config, post = self._config, self._inbox.put
        policy, staff = policy_of(config), ConfiguredStaff(config.staff)
        clock = SystemClock(config.till.timezone, config.till.day_starts_at)
        state = prepare_state(config.till.state)
        with contextlib.ExitStack() as stack:
            journal = SqliteJournal.open(state)
            stack.callback(_close_journal, journal)
            catalogue = CatalogueStore.open(
                state, zone=config.till.zone, currency=policy.currency, tax_codes=config.tax
            )
            stack.callback(catalogue.close)
            devices = devices_of(config)
            uplink = self._hub(journal, catalogue, clock)
            if uplink.gateway is not None:
                registry.connect(devices, uplink.gateway)
            peripherals = Supervisor(devices, post)
            around = Surroundings(
                journal=journal,
                catalogue=catalogue,
                staff=staff,
                peripherals=peripherals,
                presenter=self._presenter,
                uplink=uplink,
                clock=clock,
                watchdog=self._watchdog,
                compose=composer(config, clock),
                entropy=lambda: secrets.randbits(74),
            )
            self._register = Register(policy, around, self._inbox, version=__version__)
            self._register.start()
            peripherals.start()
            stack.callback(peripherals.stop)
            uplink.start()
            stack.callback(uplink.stop)
            stack.enter_context(measured_space(state, post))
            stack.enter_context(self._control(state, journal).listening())
            ready()
            barcode.prepare()
            return self._register.run()

    def stop(self) -> None:
        """End in good order after the command at hand."""
        self._inbox.put(Stop())

    @property
    def checkout(self) -> Checkout | None:
        """The present state; None before the start."""
        return self._register.checkout if self._register else None

    def _hub(self, journal: SqliteJournal, catalogue: CatalogueStore, clock: Clock) -> HubLink | NoHub:
        config = self._config
        if not config.hub.enabled:
            return NoHub()
        from appliance.mqtt.link import HubLink  # noqa: PLC0415 - takes 10 MB that a till without a hub keeps

        return HubLink(
            broker=config.hub,
            till=config.till,
            tax_codes=config.tax,
            version=__version__,
            state=config.till.state,
            journal=journal,
            catalogue=catalogue,
            intake=catalogue,
            clock=clock,
            post=self._inbox.put,
            busy=lambda: self.checkout is not None and open_sale(self.checkout) is not None,
            health=self._health,
        )

    def _control(self, state: Path, journal: SqliteJournal) -> Control:
        def copy(request: Mapping[str, Any]) -> list[str]:
            return [str(backup(journal, Path(str(request["path"])), datetime.now(UTC)))]

        reads: dict[str, Read] = {
            "status": lambda _: list(inspection.standing(journal)),
            "payments": lambda request: list(inspection.payment_lines(journal, whole=bool(request.get("all")))),
            "payment": lambda request: list(inspection.payment_story(journal, str(request["attempt"]))),
            "closed-day": lambda request: list(inspection.closed_day(journal, str(request["device"]))),
            "backup": copy,
        }
        return Control(state, self._inbox.put, lambda: self.checkout, reads)

    def _health(self) -> Mapping[str, Any]:
        checkout = self.checkout
        if checkout is None:
            return {}
        takings = checkout.takings
        return {
            "lane": checkout.lane.value,
            "devices": {name: device.health.value for name, device in checkout.devices.items()},
            "disk_free_mb": checkout.free_mb or 0,
            "day": {
                "date": checkout.business_date.isoformat() if checkout.business_date else "",
                "count": checkout.sales,
                "sum": takings.minor if takings else 0,
                "currency": checkout.policy.currency.code,
            },
        }


def _close_journal(journal: SqliteJournal) -> None:
    """Close the journal. Its rows are on the card since their commit: a card that fails now changes no exit code."""
    try:
        journal.close()
    except StoreError as error:
        log.error("the journal could not be closed in good order: %s", error)  # noqa: TRY400 - said in full


class NoHub:
    """A till that stands alone; implements `ports.Uplink`."""

    gateway: Final = None

    def start(self) -> None:
        """There is nothing to connect to."""

    def stop(self) -> None:
        """Nor from."""

    def wake(self) -> None:
        """Nobody waits for rows."""


def prepare_state(state: Path) -> Path:
    """Make the folder of the store, readable by its owner only; ConfigError says what to do if that is impossible."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"till.state: {state} cannot be made: {error.strerror}. Name another folder.") from error
    return state


def devices_of(config: Config) -> list[Device]:
    """Build every configured device; opens none. ConfigError names the key."""
    return [_device_of(config, name) for name in config.devices]


def _device_of(config: Config, name: str) -> Device:
    entry = config.devices[name]
    return registry.build(name, category=entry.category, driver=entry.driver, options=entry.options, read=read_table)


def composer(config: Config, clock: SystemClock) -> Compose:
    """Give what turns a sale into its receipt, in the shop's language and time zone."""
    language = Language(config.screen.languages[0])
    texts = RECEIPT_TEXTS.get(language, RECEIPT_TEXTS[Language("en")])
    shop = ShopFacts(
        name=config.shop.name,
        organisation_number=config.shop.organisation_number,
        address=config.shop.address,
        phone=config.shop.phone,
        footer=config.shop.footer,
    )

    def compose(sale: TransactionCompleted, at: datetime, copy: int) -> ReceiptDocument:
        return sale_receipt(sale, shop=shop, at=at.astimezone(clock.zone), copy=copy, texts=texts)

    return compose


@contextlib.contextmanager
def measured_space(state: Path, post: Post) -> Iterator[None]:
    """Report the space left for the journal: now, and when it has changed."""
    done = threading.Event()

    def measure() -> None:
        told = -1
        while True:
            steps = shutil.disk_usage(state).free // 1_000_000 // SPACE_STEP_MB
            if steps != told:
                told = steps
                post(ReportSpace(steps * SPACE_STEP_MB))
            if done.wait(SPACE_SECONDS):
                return

    thread = threading.Thread(target=measure, name="space")
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def policy_of(config: Config) -> Policy:
    """Give the store's rules; ConfigError names what cannot be used."""
    tender_devices = _tender_devices(config)
    try:
        currency = Currency.parse(config.till.currency)
        return Policy(
            store=config.till.store,
            workstation=config.till.workstation,
            currency=currency,
            languages=tuple(Language(language) for language in config.screen.languages),
            tenders=tuple(TenderType(tender) for tender in config.selling.tenders),
            receipts=tuple(ReceiptKind(kind) for kind in config.selling.receipts),
            merge_same_item=config.selling.merge_same_item,
            maximum_quantity=config.selling.maximum_quantity,
            search=config.selling.search,
            unattended=config.till.unattended,
            receipt_url=config.shop.receipt_url.rstrip("/"),
            tax=TaxTable(
                {
                    code: tuple(TaxRate(rate=rate.rate, since=rate.since) for rate in rates)
                    for code, rates in config.tax.items()
                }
            ),
            barcodes=BarcodeRules(
                region=config.barcode.rcn_region, own=tuple(StoreRule(rule) for rule in config.barcode.rules)
            ),
            tender_devices=tender_devices,
            unconfirmed=frozenset(tender for tender, name in tender_devices.items() if not _confirms(config, name)),
            cash_step=config.selling.cash_step or SMALLEST_COIN.get(currency.code, 1),
            after_restart=AfterRestart(config.selling.after_restart),
        )
    except ValueError as error:
        raise ConfigError(f"the configuration cannot be used: {error}") from error


def _tender_devices(config: Config) -> dict[TenderType, str]:
    found: dict[TenderType, str] = {}
    for name, device in config.devices.items():
        tender = TENDERS.get(device.category)
        if tender is None:
            continue
        if tender in found:
            both = f"{found[tender]} and {name} are both of category {device.category}"
            raise ConfigError(f"devices: {both}; a till has one device for a tender")
        if device.driver == THROUGH_HUB and not config.hub.enabled:
            raise ConfigError(f"devices.{name}: works through the hub; set hub.enabled = true, or leave it out")
        found[tender] = name
    return found


def _confirms(config: Config, name: str) -> bool:
    """Whether a tender device tells that money has come."""
    device: Any = _device_of(config, name)
    return bool(device.capabilities.confirms)


def tender_notes(config: Config) -> Sequence[tuple[str, str]]:
    """Say of each tender that this configuration names and does not offer: why, and what to do."""
    policy, notes = policy_of(config), []
    for tender, name in policy.tender_devices.items():
        if tender not in policy.tenders:
            notes.append((name, f'not offered: add "{tender}" to selling.tenders'))
        elif policy.unattended and tender in policy.unconfirmed:
            text = "not offered: nothing confirms its payments, so staff must look, and till.unattended is true"
            notes.append((name, text))
        elif tender in policy.unconfirmed:
            notes.append((name, "nothing confirms its payments: staff must look before the goods leave"))
    for tender in policy.tenders:
        if tender not in policy.tender_devices and not (tender is TenderType.CASH and policy.takes_cash_by_hand):
            category = next(category for category, known in TENDERS.items() if known is tender)
            notes.append((tender.value, f'not offered: no device of category "{category}" is configured'))
    return notes
