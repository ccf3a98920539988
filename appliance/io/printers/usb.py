"""A printer on USB without a kernel driver, as a link: `usb://04b8:0e15`, vendor and product in hex."""

from __future__ import annotations

import errno
import re
import time
from typing import Any, Final

import usb.control
import usb.core
import usb.util

from appliance.errors import (
    ConfigError,
    DeviceBusy,
    DeviceError,
    DeviceFailure,
    DeviceNotFound,
    DeviceOffline,
    DeviceTimeout,
)
from appliance.io.link import Link

_PRINTER_CLASS: Final = 7
_URL: Final = re.compile(r"usb://([0-9a-f]{4}):([0-9a-f]{4})", re.IGNORECASE)


def open_usb(url: str, *, timeout: float) -> Link:
    """Open a printer by vendor and product; `timeout` as of `link.open_link`."""
    match = _URL.fullmatch(url)
    if match is None:
        raise ConfigError(f"{url!r}: write usb://vendor:product in hex, as lsusb prints it: usb://04b8:0e15")
    vendor, product = (int(part, 16) for part in match.groups())
    try:
        device = usb.core.find(idVendor=vendor, idProduct=product)
    except usb.core.NoBackendError as error:
        raise DeviceNotFound(f"{url}: libusb is missing", remedy="Install it: apt install libusb-1.0-0") from error
    if device is None:
        raise DeviceNotFound(f"{url}: no such printer", remedy="Plug it in and switch it on; lsusb prints its id.")
    try:
        return _UsbLink(url, device, timeout=timeout)
    except usb.core.USBError as error:
        raise _fault(url, error) from error


def _fault(url: str, error: Any) -> DeviceError:
    if error.errno == errno.EACCES:
        return DeviceFailure(f"{url}: no permission", remedy="Put the till's user into the group lp.")
    if error.errno == errno.EBUSY:
        return DeviceBusy(f"{url}: another program holds the printer", remedy="Take the printer out of CUPS.")
    return DeviceOffline(f"{url}: {error.strerror}", remedy="Check the printer's power and its USB cable.")


class _UsbLink:
    """The bulk endpoints of a printer-class interface (USB Printer Class 1.1)."""

    def __init__(self, url: str, device: Any, *, timeout: float) -> None:
        self.url = url
        self._device = device
        self._timeout = timeout
        self._closed = False
        self._held = bytearray()
        interface = usb.util.find_descriptor(device.get_active_configuration(), bInterfaceClass=_PRINTER_CLASS)
        if interface is None:
            raise DeviceNotFound(f"{url}: this device is no printer", remedy="Look the printer's id up with lsusb.")
        self._number = interface.bInterfaceNumber
        if device.is_kernel_driver_active(self._number):
            device.detach_kernel_driver(self._number)
        usb.util.claim_interface(device, self._number)
        ends = {usb.util.endpoint_direction(end.bEndpointAddress): end for end in interface}
        self._out = ends[usb.util.ENDPOINT_OUT]
        self._in = ends.get(usb.util.ENDPOINT_IN)

    def read(self, limit: int, timeout: float) -> bytes:
        self._refuse_closed()
        if not self._held:
            self._fill(timeout)
        data = bytes(self._held[:limit])
        del self._held[:limit]
        return data

    def _fill(self, timeout: float) -> None:
        """Read a packet; a printer answers in whole packets, and fewer bytes than one cannot be asked for."""
        if self._in is None:
            time.sleep(timeout)
            return
        try:
            self._held += self._in.read(self._in.wMaxPacketSize, max(1, int(timeout * 1000)))
        except usb.core.USBTimeoutError:
            return
        except usb.core.USBError as error:
            raise _fault(self.url, error) from error

    def write(self, data: bytes) -> None:
        self._refuse_closed()
        try:
            for start in range(0, len(data), 4096):
                self._out.write(data[start : start + 4096], int(self._timeout * 1000))
        except usb.core.USBTimeoutError as error:
            raise DeviceTimeout(
                f"{self.url}: the printer takes no more bytes", remedy="Look at the printer's paper and lamps."
            ) from error
        except usb.core.USBError as error:
            raise _fault(self.url, error) from error

    def alive(self) -> bool:
        if self._closed:
            return False
        try:
            usb.control.get_status(self._device)
        except usb.core.USBError:
            return False
        return True

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            usb.util.dispose_resources(self._device)

    def _refuse_closed(self) -> None:
        if self._closed:
            raise DeviceOffline(f"{self.url}: the line is closed")
