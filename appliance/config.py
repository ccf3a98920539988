"""Configuration: TOML with drop-ins, read into frozen dataclasses. An unknown key names its nearest."""

from __future__ import annotations

import dataclasses
import difflib
import os
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from appliance.errors import ConfigError

T = TypeVar("T")

TENDERS = ("card", "cash", "qr", "wallet", "gift_card")
DEFAULT_PATH = Path("/etc/kvitt/kvitt.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class TillConfig:
    """Which till this is, and where it keeps its things."""

    store: str = "store-01"
    """Store name in identifiers: a-z, 0-9, "-", at most 32."""
    workstation: str = "1"
    zone: str = "main"
    """Price zone."""
    state: Path = Path("/var/lib/kvitt")
    """Folder of journal, catalogue and documents: on the card, never on a network drive."""
    currency: str = "NOK"
    """ISO 4217 code."""
    timezone: str = "Europe/Oslo"
    day_starts_at: int = 4
    """Hour, 0-23, local time, at which a new business day begins."""
    unattended: bool = True
    """No staff at the till: tenders that need a person to check them are off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopConfig:
    """What stands on the screen and on the receipt."""

    name: str = "Kvitt"
    organisation_number: str = ""
    address: tuple[str, ...] = ()
    phone: str = ""
    footer: str = ""
    """Last line of the receipt."""
    receipt_url: str = ""
    """Digital receipts stand at this address followed by "/" and the receipt's token; "" = not offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SellingConfig:
    """The store's rules for customers."""

    merge_same_item: bool = False
    """The same item scanned again raises the quantity of its line instead of adding one."""
    maximum_quantity: int = 20
    """Pieces of one line that a customer may choose alone."""
    receipts: tuple[str, ...] = ("paper", "digital", "none")
    """Choices of the customer; the first is taken after the time-out."""
    tenders: tuple[str, ...] = ("card",)
    """card, cash, qr, wallet, gift_card, in the order of the payment page. All but cash want a device; cash without one
    is taken by staff."""
    cash_step: int = 0
    """Minor units of the smallest coin, to which cash is rounded; 0 = that of the currency (NOK: 100)."""
    after_restart: str = "complete"
    """A sale that a restart found in doubt and that is paid: "complete" (the goods are in the customer's hands),
    "reverse" (a machine that hands goods out) or "ask" (staff decide)."""
    idle_seconds: int = 60
    """After this long without a touch the customer is asked whether he is still there."""
    search: bool = True
    """Customers may look up goods without a barcode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRateConfig:
    """One rate and the day it comes into force."""

    rate: Decimal
    since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BarcodeConfig:
    """How the store's own codes are read."""

    rcn_region: str = "no"
    """Country whose rules for restricted circulation numbers hold (ISO 3166, lower case); "" = none."""
    rules: tuple[str, ...] = ()
    """The store's own rules, tried first, e.g. "20IIIIIVWWWWC": I item, W weight in grams, P price in minor units,
    V measure check digit, C check digit, digits stand for themselves, X is skipped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenConfig:
    """The customer's screen."""

    languages: tuple[str, ...] = ("nb", "nn", "en", "zh")
    """In the order of the first page; the first is the shop's own."""
    theme: str = "normal"
    """normal, high_contrast or calm."""
    width: int = 1280
    height: int = 800
    fullscreen: bool = True
    dpi: int = 149
    """Real dots per inch of the panel."""
    clock: str = "default"
    """"default", or "interrupt" where the first scan must be instant."""
    terminal_side: str = "right"
    """Where the card terminal stands, as the customer sees it: left, right or below."""
    sound: bool = True
    pictures: str = ""
    """Folder of the goods' pictures, one PNG file for each name in the catalogue; "" = "pictures" below till.state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubConfig:
    """The way to the hub."""

    enabled: bool = True
    host: str = "localhost"
    port: int = 1883
    ca_file: str = ""
    """Certificate of the broker's authority; "" = no TLS, for a broker on this machine only."""
    cert_file: str = ""
    key_file: str = ""
    keys: tuple[str, ...] = ()
    """Ed25519 public keys of the hub, 64 hex digits each; a catalogue signed by none of them is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffConfig:
    """One member of staff."""

    name: str
    pin_hash: str
    """As printed by `kvitt pin`: scrypt$<salt>$<hash>."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceConfig:
    """One device: which driver, and the driver's own options."""

    category: str
    """scanner, printer, drawer, light, button; for tenders: terminal, qr, wallet, gift_card or cash."""
    driver: str
    """Entry point of the driver, e.g. "serial"."""
    options: Mapping[str, Any] = field(default_factory=dict)


def _norwegian_rates() -> Mapping[str, tuple[TaxRateConfig, ...]]:
    return {code: (TaxRateConfig(rate=Decimal(code)),) for code in ("25", "15", "12", "0")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration of one till."""

    till: TillConfig = field(default_factory=TillConfig)
    shop: ShopConfig = field(default_factory=ShopConfig)
    selling: SellingConfig = field(default_factory=SellingConfig)
    barcode: BarcodeConfig = field(default_factory=BarcodeConfig)
    screen: ScreenConfig = field(default_factory=ScreenConfig)
    hub: HubConfig = field(default_factory=HubConfig)
    tax: Mapping[str, tuple[TaxRateConfig, ...]] = field(default_factory=_norwegian_rates)
    """Tax code of the catalogue -> its rates over time."""
    staff: tuple[StaffConfig, ...] = ()
    devices: Mapping[str, DeviceConfig] = field(default_factory=dict)


def load(path: Path | None = None) -> Config:
    """Read a configuration file and the drop-ins beside it (`<name>.d/*.toml`, in order of name, later ones win).

    Without a path: $KVITT_CONFIG, else /etc/kvitt/kvitt.toml. ConfigError names file, key and what to write.
    """
    path = path or Path(os.environ.get("KVITT_CONFIG", str(DEFAULT_PATH)))
    table: dict[str, Any] = {}
    for file in (path, *sorted(path.with_name(path.name + ".d").glob("*.toml"))):
        try:
            _merge(table, tomllib.loads(file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise ConfigError(
                f"{file}: no such file. Write one (docs/install.md) or name another with --config."
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{file}: not valid TOML: {error}. Mend that line; nothing was changed.") from error
        except OSError as error:
            raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    return parse(table, where=str(path))


def parse(table: Mapping[str, Any], *, where: str) -> Config:
    """Make a Config of a TOML table; ConfigError names the key."""
    table = dict(table)
    devices = table.pop("devices", {})
    if not isinstance(devices, Mapping):
        raise ConfigError(f"{where}: [devices] is a table of tables, one per device: [devices.scanner]")
    config = read_table(Config, table, where=where)
    config = dataclasses.replace(
        config,
        devices={name: _device(entry, where=f"{where}: devices.{name}") for name, entry in devices.items()},
    )
    _check(config, where)
    return config


def _device(table: object, *, where: str) -> DeviceConfig:
    if not isinstance(table, Mapping) or not all(isinstance(table.get(key), str) for key in ("category", "driver")):
        raise ConfigError(f'{where}: a device needs category and driver, e.g. category = "scanner", driver = "serial"')
    options = {key: value for key, value in table.items() if key not in ("category", "driver")}
    return DeviceConfig(category=table["category"], driver=table["driver"], options=options)


def _check(config: Config, where: str) -> None:
    try:
        ZoneInfo(config.till.timezone)
    except (KeyError, ValueError) as error:
        raise ConfigError(f"{where}: till.timezone: unknown time zone {config.till.timezone!r}") from error
    choices = {
        "screen.theme": (config.screen.theme, ("normal", "high_contrast", "calm")),
        "screen.clock": (config.screen.clock, ("default", "interrupt")),
        "screen.terminal_side": (config.screen.terminal_side, ("left", "right", "below")),
        "selling.after_restart": (config.selling.after_restart, ("complete", "reverse", "ask")),
    }
    for key, (value, allowed) in choices.items():
        if value not in allowed:
            raise ConfigError(f"{where}: {key}: {value!r} is not one of {', '.join(allowed)}")
    for tender in config.selling.tenders:
        if tender not in TENDERS:
            raise ConfigError(f"{where}: selling.tenders: {tender!r} is not one of {', '.join(TENDERS)}")
    if not 0 <= config.selling.cash_step <= 100_000:
        raise ConfigError(f"{where}: selling.cash_step: {config.selling.cash_step} is not between 0 and 100000")
    for kind in config.selling.receipts:
        if kind not in ("paper", "digital", "none"):
            raise ConfigError(f"{where}: selling.receipts: {kind!r} is not one of paper, digital, none")
    if not config.screen.languages:
        raise ConfigError(f"{where}: screen.languages: name at least one language")
    if not 0 <= config.till.day_starts_at <= 23:
        raise ConfigError(f"{where}: till.day_starts_at: {config.till.day_starts_at} is not an hour from 0 to 23")


def _merge(into: dict[str, Any], table: Mapping[str, Any]) -> None:
    for key, value in table.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def read_table(cls: type[T], table: Mapping[str, Any], *, where: str) -> T:
    """Make a frozen dataclass of a TOML table. ConfigError names the key, and the nearest one if it is unknown."""
    fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    hints = typing.get_type_hints(cls)
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in fields:
            near = difflib.get_close_matches(key, fields, n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(sorted(fields))}"
            raise ConfigError(f"{where}: unknown key {key!r}{hint}")
        values[key] = _value(hints[key], value, f"{where}: {key}")
    for name, spec in fields.items():
        if name not in values and spec.default is dataclasses.MISSING and spec.default_factory is dataclasses.MISSING:
            raise ConfigError(f"{where}: {name} is missing")
    return cls(**values)


def _value(kind: Any, value: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _value(next(a for a in arguments if a is not type(None)), value, where)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where}: a table is wanted here")
        return read_table(kind, value, where=where)
    if origin is tuple:
        if not isinstance(value, list):
            raise ConfigError(f'{where}: a list is wanted here, e.g. ["a", "b"]')
        return tuple(_value(arguments[0], entry, where) for entry in value)
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where}: a table is wanted here")
        return {key: _value(arguments[1], entry, f"{where}.{key}") for key, entry in value.items()}
    return _scalar(kind, value, where)


def _scalar(kind: Any, value: Any, where: str) -> Any:
    if kind is Any:
        return value
    try:
        if kind is Decimal and isinstance(value, str | int) and not isinstance(value, bool):
            return Decimal(value)
        if kind is Path and isinstance(value, str):
            return Path(value)
        if isinstance(kind, type) and issubclass(kind, Enum) and isinstance(value, str):
            return kind(value)
    except (InvalidOperation, ValueError) as error:
        raise ConfigError(f"{where}: {value!r} cannot be used: {error}") from error
    if kind in (str, int, bool, date) and type(value) is kind:
        return value
    wanted = {str: "text in quotes", int: "a whole number", bool: "true or false", date: "a date, yyyy-mm-dd"}
    raise ConfigError(f"{where}: {value!r} cannot be used; write {wanted.get(kind, kind.__name__)}")
