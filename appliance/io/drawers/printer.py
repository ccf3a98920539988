"""Cash drawer at the connector of the receipt printer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from appliance.core.checkout import DeviceState
from appliance.core.commands import Condition, Health
from appliance.drivers import Device
from appliance.errors import ConfigError, DeviceOffline


@runtime_checkable
class DrawerConnector(Protocol):
    """What a printer with a drawer connector can do. Safe from any thread: it waits for a receipt to end."""

    def kick(self, pin: int, on_ms: int) -> None:
        """Give a pulse at pin 2 or 5."""
        ...

    def drawer_signal(self) -> bool | None:
        """Level of pin 3; None if it cannot be asked."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterDrawerOptions:
    """[devices.drawer] with driver = "printer"."""

    printer: str = "printer"
    """Name of the printer in the configuration: [devices.printer]."""
    pin: int = 2
    """Pin of the connector, 2 or 5."""
    pulse_ms: int = 120
    """20-500."""
    sensor: bool = False
    """The drawer has a switch that the printer can read."""
    open_level: str = "high"
    """Level of the switch while the drawer is open: high or low."""

    def __post_init__(self) -> None:
        if self.pin not in (2, 5):
            raise ConfigError(f"drawer: pin = {self.pin} is not 2 or 5")
        if self.open_level not in ("high", "low"):
            raise ConfigError(f"drawer: open_level = {self.open_level!r} is not high or low")
        if not 20 <= self.pulse_ms <= 500:
            raise ConfigError(f"drawer: pulse_ms = {self.pulse_ms} is not from 20 to 500")


class PrinterDrawer:
    """UnifiedPOS CashDrawer."""

    category = "CashDrawer"
    Options = PrinterDrawerOptions

    def __init__(self, name: str, options: PrinterDrawerOptions) -> None:
        self.name = name
        self._options = options
        self._printer: DrawerConnector | None = None

    def attach(self, devices: Mapping[str, Device]) -> None:
        """Take the printer of the configuration."""
        printer: object = devices.get(self._options.printer)
        if not isinstance(printer, DrawerConnector):
            what = "is no printer with a drawer connector" if printer is not None else "is not in the configuration"
            raise ConfigError(f"devices.{self.name}: printer = {self._options.printer!r} {what}")
        self._printer = printer

    def open(self) -> None:
        """See that the printer is there; it opens itself."""
        self._require().drawer_signal()

    def close(self) -> None:
        """Nothing to release: the line is the printer's."""

    def check(self) -> DeviceState:
        """Tell what the printer reads at the connector."""
        opened = self.is_open()
        detail = {None: "at the printer, no sensor", True: "open", False: "shut"}[opened]
        if opened is None:
            self._require().drawer_signal()
        return DeviceState(
            name=self.name,
            category=self.category,
            health=Health.ONLINE,
            conditions=frozenset({Condition.DRAWER_OPEN}) if opened else frozenset(),
            detail=detail,
        )

    def kick(self) -> None:
        """Have the printer give the pulse."""
        self._require().kick(self._options.pin, self._options.pulse_ms)

    def is_open(self) -> bool | None:
        """Whether the drawer is open."""
        if not self._options.sensor:
            return None
        level = self._require().drawer_signal()
        return None if level is None else level == (self._options.open_level == "high")

    def _require(self) -> DrawerConnector:
        if self._printer is None:
            raise DeviceOffline(f"drawer {self.name} has no printer", remedy="Attach the devices before opening them.")
        return self._printer
