"""Faults of the Raspberry Pi's pins in the words of the appliance. The drivers themselves use gpiozero."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import gpiozero

from appliance.errors import DeviceBusy, DeviceError, DeviceFailure, DeviceNotFound

# gpiozero warns of every pin library that it tried in vain; what staff need is the fault at the end.
warnings.filterwarnings("ignore", category=gpiozero.PinFactoryFallback)


@contextmanager
def pin_faults(what: str) -> Iterator[None]:
    """Turn what gpiozero and the pin libraries below it raise into a DeviceError that names `what`."""
    try:
        yield
    except DeviceError:
        raise
    except gpiozero.BadPinFactory as error:
        raise DeviceNotFound(
            f"{what}: this machine has no GPIO pins that can be used",
            remedy="Run on a Raspberry Pi with python3-lgpio installed, and the till's user in the group gpio.",
        ) from error
    except gpiozero.GPIOPinInUse as error:
        raise DeviceBusy(f"{what}: {error}", remedy="Two devices are set to one pin; give one another.") from error
    except Exception as error:
        # The pin libraries raise their own types (lgpio.error), which cannot be imported where they are not installed.
        raise DeviceFailure(f"{what}: {error}", remedy="Check the pin numbers (BCM) and who else uses them.") from error
