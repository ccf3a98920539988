"""Help button on a GPIO pin."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import gpiozero

from appliance.core.checkout import DeviceState
from appliance.core.commands import Health
from appliance.errors import DeviceOffline
from appliance.io.gpio import pin_faults

_BOUNCE: Final = 0.1
"""Seconds; contacts bounce for a few milliseconds, and nobody presses ten times a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GpioButtonOptions:
    """[devices.help] with category = "button", driver = "gpio". The pin is a BCM number."""

    pin: int
    pull_up: bool = True
    """The button connects the pin to ground; false: to 3.3 V."""


class GpioButton:
    """A push button; UnifiedPOS has no category for it, Keylock is its nearest."""

    category = "Keylock"
    Options = GpioButtonOptions

    def __init__(self, name: str, options: GpioButtonOptions) -> None:
        self.name = name
        self._options = options
        self._button: gpiozero.Button | None = None

    def open(self) -> None:
        """Claim the pin."""
        self.close()
        with pin_faults(f"button {self.name}"):
            self._button = gpiozero.Button(self._options.pin, pull_up=self._options.pull_up)

    def close(self) -> None:
        """Release the pin."""
        button, self._button = self._button, None
        if button is not None:
            button.close()

    def check(self) -> DeviceState:
        """Tell whether the button is pressed now."""
        pressed = self._require().is_pressed
        return DeviceState(
            name=self.name,
            category=self.category,
            health=Health.ONLINE,
            detail="pressed" if pressed else "not pressed",
        )

    def watch(self, pressed: Callable[[], None]) -> None:
        """Call `pressed` once per press, from the pin library's thread, until `close`."""
        last = -_BOUNCE

        def press() -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= _BOUNCE:
                pressed()
            last = now

        self._require().when_pressed = press

    def _require(self) -> gpiozero.Button:
        if self._button is None:
            raise DeviceOffline(f"button {self.name} is not open")
        return self._button
