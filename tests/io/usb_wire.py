"""A USB bus with one printer on it, as a backend of PyUSB: its own way of being given another bus."""

from __future__ import annotations

import errno
import threading
from types import SimpleNamespace
from typing import Any

import usb.backend
import usb.core

from simulators.wire import Receive

OUT, IN = 0x01, 0x82


class UsbWire(usb.backend.IBackend):
    """The device's end of a printer-class interface (USB Printer Class 1.1)."""

    def __init__(self, *, interface_class: int = 7) -> None:
        super().__init__()
        self.url = "usb://04b8:0e15"
        self.kernel_driver = True
        self.claimed_by_other = False
        self._class = interface_class
        self._receive: Receive | None = None
        self._answers = bytearray()
        self._news = threading.Condition()

    # The printer's side.

    def plug(self, receive: Receive) -> None:
        with self._news:
            self._receive = receive
            self._answers.clear()

    def send(self, data: bytes) -> None:
        with self._news:
            self._answers += data
            self._news.notify_all()

    def unplug(self) -> None:
        with self._news:
            self._receive = None
            self._news.notify_all()

    def _there(self) -> Receive:
        if self._receive is None:
            raise usb.core.USBError("No such device (it may have been disconnected)", -4, errno.ENODEV)
        return self._receive

    # The bus.

    def enumerate_devices(self) -> list[object]:
        return [] if self._receive is None else ["printer"]

    def get_device_descriptor(self, dev: object) -> Any:
        fields = {"bLength": 18, "bDescriptorType": 1, "bcdUSB": 0x200, "bDeviceClass": 0, "bDeviceSubClass": 0}
        fields |= {"bDeviceProtocol": 0, "bMaxPacketSize0": 64, "idVendor": 0x04B8, "idProduct": 0x0E15}
        fields |= {"bcdDevice": 0x100, "iManufacturer": 1, "iProduct": 2, "iSerialNumber": 3, "bNumConfigurations": 1}
        fields |= {"bus": 1, "address": 7, "port_number": 1, "port_numbers": (1,), "speed": 3}
        return SimpleNamespace(**fields)

    def get_configuration_descriptor(self, dev: object, config: int) -> Any:
        if config:
            raise IndexError
        fields = {"bLength": 9, "bDescriptorType": 2, "wTotalLength": 32, "bNumInterfaces": 1}
        fields |= {"bConfigurationValue": 1, "iConfiguration": 0, "bmAttributes": 0xC0, "bMaxPower": 1}
        return SimpleNamespace(**fields, extra_descriptors=[])

    def get_interface_descriptor(self, dev: object, intf: int, alt: int, config: int) -> Any:
        if intf or alt:
            raise IndexError
        fields = {"bLength": 9, "bDescriptorType": 4, "bInterfaceNumber": 0, "bAlternateSetting": 0}
        fields |= {"bNumEndpoints": 2, "bInterfaceClass": self._class, "bInterfaceSubClass": 1}
        return SimpleNamespace(**fields, bInterfaceProtocol=2, iInterface=0, extra_descriptors=[])

    def get_endpoint_descriptor(self, dev: object, ep: int, intf: int, alt: int, config: int) -> Any:
        if ep > 1:
            raise IndexError
        fields = {"bLength": 7, "bDescriptorType": 5, "bEndpointAddress": (OUT, IN)[ep], "bmAttributes": 2}
        fields |= {"wMaxPacketSize": 64, "bInterval": 0, "bRefresh": 0, "bSynchAddress": 0}
        return SimpleNamespace(**fields, extra_descriptors=[])

    def open_device(self, dev: object) -> object:
        self._there()
        return dev

    def close_device(self, dev_handle: object) -> None:
        self.claimed_by_other = False

    def get_configuration(self, dev_handle: object) -> int:
        return 1

    def claim_interface(self, dev_handle: object, intf: int) -> None:
        if self.kernel_driver or self.claimed_by_other:
            raise usb.core.USBError("Resource busy", -6, errno.EBUSY)

    def release_interface(self, dev_handle: object, intf: int) -> None:
        self._there()

    def is_kernel_driver_active(self, dev_handle: object, intf: int) -> bool:
        return self.kernel_driver

    def detach_kernel_driver(self, dev_handle: object, intf: int) -> None:
        self.kernel_driver = False

    def bulk_write(self, dev_handle: object, ep: int, intf: int, data: Any, timeout: int) -> int:
        receive = self._there()
        receive(data.tobytes())
        return len(data)

    def bulk_read(self, dev_handle: object, ep: int, intf: int, buff: Any, timeout: int) -> int:
        with self._news:
            self._news.wait_for(lambda: self._answers or self._receive is None, timeout / 1000)
            self._there()
            if not self._answers:
                raise usb.core.USBTimeoutError("Operation timed out", -7, errno.ETIMEDOUT)
            size = min(len(self._answers), len(buff))
            buff[:size] = type(buff)("B", bytes(self._answers[:size]))
            del self._answers[:size]
            return size

    def ctrl_transfer(self, *asked: Any) -> int:
        """Answer GET_STATUS: nothing to report."""
        self._there()
        asked[5][:2] = type(asked[5])("B", [0, 0])
        return 2
