"""Driver name -> class, through entry points, so that a driver of somebody else's needs no change here.

A driver is a class with a frozen dataclass `Options` and a constructor `(name, options)`; its entry point in the group
`kvitt.devices` is called `<category>.<driver>`, e.g. `printer.escpos`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, Protocol, runtime_checkable

from appliance.drivers import Device, Gateway
from appliance.errors import ConfigError

GROUP: Final = "kvitt.devices"


class ReadOptions(Protocol):
    """How a TOML table becomes a dataclass: `config.read_table`."""

    def __call__(self, cls: type[Any], table: Mapping[str, Any], *, where: str) -> Any:
        """Give an instance of `cls`; ConfigError names the key."""
        ...


@runtime_checkable
class Attached(Protocol):
    """A device that works through another one, as a drawer at a printer's connector does."""

    def attach(self, devices: Mapping[str, Device]) -> None:
        """Take the other device, by name; ConfigError if it is not there or cannot do it."""
        ...


@runtime_checkable
class ThroughGateway(Protocol):
    """A tender device that the payment gateway behind the hub settles."""

    def connect(self, gateway: Gateway) -> None:
        """Take the way to it, before the device is opened."""
        ...


def find(category: str, driver: str, entries: Iterable[EntryPoint] | None = None) -> Callable[[str, Any], Device]:
    """Give the class of a driver; ConfigError names the nearest one if there is none of that name."""
    known = {entry.name: entry for entry in (entry_points(group=GROUP) if entries is None else entries)}
    name = f"{category}.{driver}"
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known)) or 'none'}"
        raise ConfigError(f"unknown driver {name!r} (category.driver); {hint}")
    try:
        found: Callable[[str, Any], Device] = known[name].load()
    except ImportError as error:
        raise ConfigError(f"driver {name} cannot be loaded: {error}. Install it: pip install kvitt") from error
    return found


def build(
    name: str,
    *,
    category: str,
    driver: str,
    options: Mapping[str, Any],
    read: ReadOptions,
    entries: Iterable[EntryPoint] | None = None,
) -> Device:
    """Make a device from its part of the configuration; opens nothing. ConfigError says what is wrong."""
    found = find(category, driver, entries)
    table: type[Any] = found.Options  # type: ignore[attr-defined] # what makes a class a driver, checked by its tests
    return found(name, read(table, options, where=f"devices.{name}"))


def attach(devices: Sequence[Device]) -> None:
    """Let devices find the ones that they work through."""
    by_name = {device.name: device for device in devices}
    for device in devices:
        if isinstance(device, Attached):
            device.attach(by_name)


def connect(devices: Sequence[Device], gateway: Gateway) -> None:
    """Give the way to the payment gateway to the devices that work through it."""
    for device in devices:
        if isinstance(device, ThroughGateway):
            device.connect(gateway)
