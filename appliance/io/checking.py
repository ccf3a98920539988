"""What `kvitt check` says of the devices: each is opened and asked, and what is wrong comes with its remedy."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence

from appliance.core.checkout import DeviceState
from appliance.core.commands import Health
from appliance.drivers import Device
from appliance.errors import DeviceError
from appliance.io.registry import attach

log = logging.getLogger(__name__)


def check_devices(devices: Sequence[Device]) -> list[DeviceState]:
    """Open every device, ask it, and close it; the answers stand in the order of `devices`.

    The till must not run meanwhile: it holds the devices. Printers come first and stay open until the end, because
    drawers work through them.
    """
    attach(devices)
    states: dict[str, DeviceState] = {}
    for device in sorted(devices, key=lambda device: device.category != "POSPrinter"):
        states[device.name] = _check(device)
    for device in devices:
        device.close()
    return [states[device.name] for device in devices]


def _check(device: Device) -> DeviceState:
    unknown = DeviceState(name=device.name, category=device.category, health=Health.OFFLINE)
    try:
        device.open()
        return device.check()
    except DeviceError as error:
        return dataclasses.replace(unknown, detail=str(error), remedy=error.remedy)
    except Exception as error:
        log.exception("%s: the driver failed", device.name)
        detail = f"the driver failed: {type(error).__name__}: {error}"
        return dataclasses.replace(unknown, detail=detail, remedy="Send this text to service.")
