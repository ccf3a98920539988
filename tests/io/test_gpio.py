"""Drawer, lane light and button on pins; the pins are gpiozero's own mock driver."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from appliance.core.commands import Condition
from appliance.errors import ConfigError, DeviceBusy, DeviceNotFound, DeviceOffline
from appliance.io.drawers.gpio import GpioDrawer, GpioDrawerOptions
from appliance.io.lights.button import GpioButton, GpioButtonOptions
from appliance.io.lights.gpio import GpioLight, GpioLightOptions


@pytest.mark.parametrize("active_high", [True, False])
def test_the_relay_rests_before_and_after_its_pulse(pins: MockFactory, active_high: bool):
    drawer = GpioDrawer("drawer", GpioDrawerOptions(pin=17, active_high=active_high, pulse_ms=20))
    drawer.open()
    pin = pins.pin(17)
    assert bool(pin.state) is not active_high
    pin.clear_states()
    drawer.kick()
    assert [bool(state.state) is active_high for state in pin.states] == [False, True, False]
    drawer.close()


@pytest.mark.parametrize("closed_when_shut", [True, False])
def test_the_switch_tells_whether_the_drawer_is_open(pins: MockFactory, closed_when_shut: bool):
    options = GpioDrawerOptions(pin=17, sensor_pin=27, sensor_closed_when_shut=closed_when_shut)
    drawer = GpioDrawer("drawer", options)
    drawer.open()
    pins.pin(27).drive_low()  # the switch connects to ground: closed
    assert drawer.is_open() is not closed_when_shut
    pins.pin(27).drive_high()
    assert drawer.is_open() is closed_when_shut
    assert (Condition.DRAWER_OPEN in drawer.check().conditions) is closed_when_shut
    drawer.close()


def test_a_drawer_without_a_switch_does_not_guess(pins: MockFactory):
    drawer = GpioDrawer("drawer", GpioDrawerOptions(pin=17))
    drawer.open()
    assert drawer.is_open() is None
    drawer.close()
    with pytest.raises(DeviceOffline):
        drawer.kick()


def test_one_lamp_alone_shows_every_state(pins: MockFactory, until: Callable[..., None]):
    light = GpioLight("light", GpioLightOptions(green=13))
    light.open()
    lamp = pins.pin(13)
    light.show("open")
    assert lamp.state
    for state in ("help", "attention"):
        light.show(state)
        until(lambda: not lamp.state)
        until(lambda: bool(lamp.state))
    light.show("off")
    assert not lamp.state
    with pytest.raises(ValueError, match="disco"):
        light.show("disco")
    light.close()


def test_two_devices_on_one_pin_are_named(pins: MockFactory):
    first, second = GpioLight("light", GpioLightOptions(red=5)), GpioDrawer("drawer", GpioDrawerOptions(pin=5))
    first.open()
    with pytest.raises(DeviceBusy) as fault:
        second.open()
    assert "one pin" in fault.value.remedy
    second.close()
    first.close()


def test_a_machine_without_pins_is_told_what_it_needs(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "nosuch")
    monkeypatch.setattr(Device, "pin_factory", None)
    for device in (
        GpioButton("help", GpioButtonOptions(pin=21)),
        GpioLight("light", GpioLightOptions(red=5)),
        GpioDrawer("drawer", GpioDrawerOptions(pin=17)),
    ):
        with pytest.raises(DeviceNotFound) as fault:
            device.open()
        assert "Raspberry Pi" in fault.value.remedy
        device.close()


def test_a_button_says_whether_it_is_pressed(pins: MockFactory):
    button = GpioButton("help", GpioButtonOptions(pin=21, pull_up=False))
    button.open()
    assert button.check().detail == "not pressed"
    pins.pin(21).drive_high()
    assert button.check().detail == "pressed"
    button.close()


def test_options_that_would_burn_a_solenoid_or_light_nothing_are_refused():
    with pytest.raises(ConfigError, match="pulse_ms"):
        GpioDrawerOptions(pin=17, pulse_ms=5000)
    with pytest.raises(ConfigError, match="at least one pin"):
        GpioLightOptions()
