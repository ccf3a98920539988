"""Scanner that types like a keyboard (USB HID). The device is grabbed: nothing it types reaches a window or a shell."""

from __future__ import annotations

import errno
import select
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import evdev

from appliance.core.checkout import DeviceState
from appliance.core.commands import Health
from appliance.errors import ConfigError, DeviceBusy, DeviceError, DeviceFailure, DeviceNotFound, DeviceOffline
from appliance.io.scanners import udev
from appliance.io.scanners.framing import Frame, Framing
from appliance.io.scanners.keymap import LAYOUTS, Typing

_UNPLUGGED: Final = "Plug the scanner in again."


@dataclass(frozen=True, slots=True, kw_only=True)
class EvdevScannerOptions:
    """[devices.scanner] with driver = "evdev"."""

    device: str
    """Which one: "05e0:1200" (vendor:product), its name ("Honeywell *"), or a path below /dev/input/by-id."""
    layout: str = "us"
    """The keyboard that the scanner is set to: us, no or de."""
    prefix: str = ""
    """What the scanner is set to send before each code."""
    suffix: str = ""
    """What the scanner is set to send behind each code, before Enter or Tab."""
    gap_ms: int = 150
    """A code that stands still for so long was cut off and is dropped."""
    longest: int = 512

    def __post_init__(self) -> None:
        if self.layout not in LAYOUTS:
            raise ConfigError(f"scanner: layout = {self.layout!r} is not one of {', '.join(LAYOUTS)}")
        if not self.device:
            raise ConfigError('scanner: device is empty; write "vendor:product", see `kvitt check`')


class EvdevScanner:
    """UnifiedPOS Scanner."""

    category = "Scanner"
    Options = EvdevScannerOptions

    def __init__(self, name: str, options: EvdevScannerOptions) -> None:
        self.name = name
        self._options = options
        self._device: evdev.InputDevice[str] | None = None
        self._path = ""

    def open(self) -> None:
        """Find and grab the device."""
        self.close()
        keyboards = udev.keyboards()
        found = next((device for device in keyboards if device.answers_to(self._options.device)), None)
        if found is None:
            there = ", ".join(f"{device.name} ({device.vendor}:{device.product})" for device in keyboards)
            raise DeviceNotFound(
                f"no scanner {self._options.device!r}", remedy=f"Plug it in. Here are: {there or 'none that type'}."
            )
        try:
            device: evdev.InputDevice[str] = evdev.InputDevice(found.path)
        except OSError as error:
            raise _fault(found.path, error) from error
        try:
            device.grab()
        except OSError as error:
            device.close()
            raise _fault(found.path, error) from error
        self._device, self._path = device, found.path

    def close(self) -> None:
        """Let the device go."""
        device, self._device = self._device, None
        if device is not None:
            device.close()

    def check(self) -> DeviceState:
        """See that the device is there; a scanner cannot be asked."""
        device = self._require()
        try:
            device.active_keys()
        except OSError as error:
            raise _fault(self._path, error) from error
        return DeviceState(
            name=self.name,
            category=self.category,
            health=Health.ONLINE,
            detail=f"{device.name} at {self._path}; scan something to see that it works",
        )

    def read(self, deliver: Callable[[str], None], stopped: Callable[[], bool]) -> None:
        """Deliver codes until `stopped()`."""
        device, options = self._require(), self._options
        typing = Typing(options.layout)
        frame = Frame(prefix=options.prefix, suffix=options.suffix, terminator="\n\t", longest=options.longest)
        framing = Framing(frame)
        gap, last = options.gap_ms / 1000, 0.0
        poll = select.poll()
        poll.register(device.fd, select.POLLIN)
        while not stopped():
            ready = poll.poll(500)
            if framing.partial and time.monotonic() - last > gap:
                framing.pause()
            if not ready:
                continue
            try:
                events = list(device.read())
            except BlockingIOError:
                continue
            except OSError as error:
                raise _fault(self._path, error) from error
            last = time.monotonic()
            for event in events:
                if event.type == evdev.ecodes.EV_KEY:
                    for code in framing.feed(typing.key(event.code, event.value).encode("utf-8")):
                        deliver(code)

    def _require(self) -> evdev.InputDevice[str]:
        if self._device is None:
            raise DeviceOffline(f"scanner {self.name} is not open", remedy=_UNPLUGGED)
        return self._device


def _fault(path: str, error: OSError) -> DeviceError:
    if error.errno == errno.EACCES:
        return DeviceFailure(f"{path}: no permission", remedy="Put the till's user into the group input.")
    if error.errno == errno.EBUSY:
        return DeviceBusy(f"{path}: another program has grabbed the scanner", remedy=f"See which: fuser -v {path}")
    if error.errno in (errno.ENODEV, errno.ENOENT, errno.ENXIO):
        return DeviceOffline(f"{path}: the scanner was unplugged", remedy=_UNPLUGGED)
    return DeviceFailure(f"{path}: {error.strerror}", remedy=_UNPLUGGED)
