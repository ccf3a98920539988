"""Faults of the appliance, in the words of UnifiedPOS.

A refusal (a scan during a payment, an unknown GTIN) is a value, `core.checkout.Rejection`, and never one of these.
`transient` says whether the same call may succeed later without a person; only `io.supervisor` decides on it.
"""

from __future__ import annotations


class ApplianceError(Exception):
    """Root of every fault that Kvitt raises itself."""

    transient: bool = False


class ConfigError(ApplianceError):
    """The configuration cannot be used; the text names the key and what to write instead."""


class DeviceError(ApplianceError):
    """A device did not do what it was asked. `remedy` tells staff in one sentence how to mend it."""

    transient = True

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class DeviceNotFound(DeviceError):
    """No such device on this machine (UnifiedPOS E_NOHARDWARE)."""


class DeviceOffline(DeviceError):
    """The device is there but does not answer, or its line is gone (UnifiedPOS E_OFFLINE)."""


class DeviceBusy(DeviceError):
    """Another process or another request holds the device (UnifiedPOS E_BUSY, E_CLAIMED)."""


class DeviceTimeout(DeviceError, TimeoutError):
    """The device did not answer in its time (UnifiedPOS E_TIMEOUT)."""


class DeviceFailure(DeviceError):
    """The device answered that it cannot do it (UnifiedPOS E_FAILURE)."""

    transient = False


class StoreError(ApplianceError):
    """The store cannot keep or give back what it was asked to. Always final for this process."""


class JournalCorrupt(StoreError):
    """The journal fails its own proof; `sequence` is the first bad number, if it is known."""

    def __init__(self, message: str, *, sequence: int | None = None) -> None:
        super().__init__(message)
        self.sequence = sequence


class DiskFull(StoreError):
    """No space left for a commit."""


class StoreInUse(StoreError):
    """Another process has the store open; `pid` is that process, if it is known."""

    def __init__(self, message: str, *, pid: int | None = None) -> None:
        super().__init__(message)
        self.pid = pid


class HubError(ApplianceError):
    """The hub or the broker did not do what was asked."""

    transient = True
