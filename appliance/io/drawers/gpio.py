"""Cash drawer on a relay at a GPIO pin, with an optional sensor."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass

import gpiozero

from appliance.core.checkout import DeviceState
from appliance.core.commands import Condition, Health
from appliance.errors import ConfigError, DeviceOffline
from appliance.io.gpio import pin_faults


@dataclass(frozen=True, slots=True, kw_only=True)
class GpioDrawerOptions:
    """[devices.drawer] with driver = "gpio". Pins are BCM numbers."""

    pin: int
    """Relay of the solenoid."""
    active_high: bool = True
    """The relay draws when the pin is high."""
    pulse_ms: int = 200
    """20-1000: longer burns the solenoid."""
    sensor_pin: int | None = None
    """Switch that tells whether the drawer is open."""
    sensor_pull_up: bool = True
    """The switch connects the pin to ground; false: to 3.3 V."""
    sensor_closed_when_shut: bool = True
    """The switch is closed while the drawer is shut."""

    def __post_init__(self) -> None:
        if not 20 <= self.pulse_ms <= 1000:
            raise ConfigError(f"drawer: pulse_ms = {self.pulse_ms} is not from 20 to 1000")


class GpioDrawer:
    """UnifiedPOS CashDrawer."""

    category = "CashDrawer"
    Options = GpioDrawerOptions

    def __init__(self, name: str, options: GpioDrawerOptions) -> None:
        self.name = name
        self._options = options
        self._pins = ExitStack()
        self._relay: gpiozero.OutputDevice | None = None
        self._sensor: gpiozero.DigitalInputDevice | None = None

    def open(self) -> None:
        """Claim the pins; the relay is released before anything else."""
        self.close()
        options = self._options
        with pin_faults(f"drawer {self.name}"):
            relay = gpiozero.OutputDevice(options.pin, active_high=options.active_high, initial_value=False)
            self._relay = self._pins.enter_context(relay)
            if options.sensor_pin is not None:
                sensor = gpiozero.DigitalInputDevice(options.sensor_pin, pull_up=options.sensor_pull_up)
                self._sensor = self._pins.enter_context(sensor)

    def close(self) -> None:
        """Release the pins; the relay goes off with them."""
        self._pins.close()
        self._relay = self._sensor = None

    def check(self) -> DeviceState:
        """Tell what the sensor says."""
        self._require()
        opened = self.is_open()
        detail = {None: "no sensor", True: "open", False: "shut"}[opened]
        conditions = frozenset({Condition.DRAWER_OPEN}) if opened else frozenset()
        return DeviceState(
            name=self.name, category=self.category, health=Health.ONLINE, conditions=conditions, detail=detail
        )

    def kick(self) -> None:
        """Give the pulse; takes as long as the pulse."""
        relay = self._require()
        with pin_faults(f"drawer {self.name}"):
            relay.on()
            try:
                time.sleep(self._options.pulse_ms / 1000)
            finally:
                relay.off()

    def is_open(self) -> bool | None:
        """Whether the drawer is open, as the switch says."""
        self._require()
        if self._sensor is None:
            return None
        with pin_faults(f"drawer {self.name}"):
            closed_switch = bool(self._sensor.value)
        return closed_switch != self._options.sensor_closed_when_shut

    def _require(self) -> gpiozero.OutputDevice:
        if self._relay is None:
            raise DeviceOffline(f"drawer {self.name} is not open")
        return self._relay
