"""Finds input devices by what udev knows of them."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass

import pyudev


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An input device of this machine."""

    path: str
    """/dev/input/event7"""
    name: str
    vendor: str
    """Four hex digits, lower case; "" if it is not on USB or Bluetooth."""
    product: str
    links: tuple[str, ...]
    """Lasting names below /dev/input/by-id and by-path."""

    def answers_to(self, wanted: str) -> bool:
        """Whether the device is the one meant: a path or link, "vendor:product", or a name with * and ?."""
        if wanted.startswith("/"):
            return wanted == self.path or wanted in self.links
        return wanted.lower() == f"{self.vendor}:{self.product}" or fnmatch.fnmatch(self.name, wanted)


def keyboards() -> list[Found]:
    """Give all devices that type, scanners among them."""
    found = []
    for device in pyudev.Context().list_devices(subsystem="input", ID_INPUT_KEYBOARD=1):
        if device.device_node is None or not device.sys_name.startswith("event"):
            continue
        parent = device.parent
        name = parent.attributes.asstring("name") if parent is not None and "name" in parent.attributes else ""
        properties = device.properties
        found.append(
            Found(
                path=device.device_node,
                name=name,
                vendor=properties.get("ID_VENDOR_ID", ""),
                product=properties.get("ID_MODEL_ID", ""),
                links=tuple(device.device_links),
            )
        )
    return found
