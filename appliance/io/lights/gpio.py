"""Lane light on GPIO pins: red, yellow and green, or fewer. The state is told by rhythm as well as by colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import gpiozero

from appliance.core.checkout import DeviceState
from appliance.core.commands import Health
from appliance.errors import ConfigError, DeviceOffline
from appliance.io.gpio import pin_faults

_COLOURS: Final = {
    "open": ("green", "yellow", "red"),
    "help": ("yellow", "red", "green"),
    "attention": ("red", "yellow", "green"),
}
_HALF_PERIOD: Final = {"help": 0.8, "attention": 0.25}
"""Seconds on and off; never three flashes a second (WCAG 2.2, 2.3.1). "open" shines steadily."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GpioLightOptions:
    """[devices.light] with driver = "gpio". Pins are BCM numbers; leave out the lamps that are not there."""

    red: int | None = None
    yellow: int | None = None
    green: int | None = None
    active_high: bool = True
    """A lamp shines when its pin is high."""

    def __post_init__(self) -> None:
        if self.red is None and self.yellow is None and self.green is None:
            raise ConfigError("light: name at least one pin: red, yellow or green")


class GpioLight:
    """UnifiedPOS Lights."""

    category = "Lights"
    Options = GpioLightOptions

    def __init__(self, name: str, options: GpioLightOptions) -> None:
        self.name = name
        self._options = options
        self._lamps: dict[str, gpiozero.LED] = {}

    def open(self) -> None:
        """Claim the pins; all lamps are off."""
        self.close()
        options = self._options
        with pin_faults(f"light {self.name}"):
            for colour, pin in (("red", options.red), ("yellow", options.yellow), ("green", options.green)):
                if pin is not None:
                    self._lamps[colour] = gpiozero.LED(pin, active_high=options.active_high)

    def close(self) -> None:
        """Release the pins; the lamps go off."""
        while self._lamps:
            _, led = self._lamps.popitem()
            # A released pin floats, and a relay board may take that for "on".
            led.off()
            led.close()

    def check(self) -> DeviceState:
        """Tell which lamps there are; whether they shine only a person can see."""
        self._require()
        lamps = ", ".join(f"{colour} at GPIO {lamp.pin.info.name}" for colour, lamp in self._lamps.items())
        return DeviceState(name=self.name, category=self.category, health=Health.ONLINE, detail=lamps)

    def show(self, lamp: str) -> None:
        """Show "open", "help", "attention" or "off"."""
        lamps = self._require()
        if lamp not in (*_COLOURS, "off"):
            raise ValueError(f"no lamp {lamp!r}; one of {', '.join(_COLOURS)}, off")
        wanted = next((colour for colour in _COLOURS.get(lamp, ()) if colour in lamps), None)
        with pin_faults(f"light {self.name}"):
            for colour, led in lamps.items():
                if colour != wanted:
                    led.off()
                elif lamp in _HALF_PERIOD:
                    led.blink(_HALF_PERIOD[lamp], _HALF_PERIOD[lamp])
                else:
                    led.on()

    def _require(self) -> dict[str, gpiozero.LED]:
        if not self._lamps:
            raise DeviceOffline(f"light {self.name} is not open")
        return self._lamps
