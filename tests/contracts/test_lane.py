"""What every cash drawer, lane light and help button promises (drivers.CashDrawer, LaneLight, HelpButton)."""

from __future__ import annotations

import pytest

from appliance.errors import DeviceError
from tests.contracts.benches import BUTTONS, DRAWERS, LIGHTS, Bench
from tests.io.rig import until


def pulses(bench: Bench) -> int:
    """Count the pulses that reached the drawer."""
    if hasattr(bench.far, "pulses"):
        return int(bench.far.pulses)
    return sum(bool(state.state) for state in bench.far.pin(17).states)


def set_open(bench: Bench, opened: bool) -> None:
    """Move the drawer by hand."""
    if hasattr(bench.far, "pulses"):
        bench.far.change(drawer_open=opened)
    elif opened:
        bench.far.pin(27).drive_high()
    else:
        bench.far.pin(27).drive_low()


@pytest.mark.parametrize("bench", DRAWERS, indirect=True)
class TestCashDrawer:
    def test_each_kick_is_one_pulse(self, bench: Bench):
        bench.device.open()
        for count in (1, 2):
            bench.device.kick()
            until(lambda count=count: pulses(bench) == count)

    def test_opening_the_device_does_not_open_the_drawer(self, bench: Bench):
        bench.device.open()
        bench.device.check()
        bench.device.close()
        bench.device.open()
        assert pulses(bench) == 0

    def test_the_sensor_follows_the_drawer(self, bench: Bench):
        bench.device.open()
        for opened in (False, True, False):
            set_open(bench, opened)
            assert bench.device.is_open() is opened


@pytest.mark.parametrize("bench", LIGHTS, indirect=True)
class TestLaneLight:
    def test_every_lamp_of_the_till_can_be_shown(self, bench: Bench):
        bench.device.open()
        for lamp in ("open", "help", "attention", "off"):
            bench.device.show(lamp)

    def test_off_is_dark_and_closing_is_dark(self, bench: Bench):
        pins = [bench.far.pin(number) for number in (5, 6, 13)]
        bench.device.open()
        bench.device.show("open")
        assert any(pin.state for pin in pins)
        bench.device.show("off")
        assert not any(pin.state for pin in pins)
        bench.device.show("open")
        bench.device.close()
        assert not any(pin.state for pin in pins)

    def test_a_closed_light_is_a_fault(self, bench: Bench):
        with pytest.raises(DeviceError):
            bench.device.show("open")


@pytest.mark.parametrize("bench", BUTTONS, indirect=True)
class TestHelpButton:
    def test_a_press_is_told_once_and_none_after_closing(self, bench: Bench):
        pressed: list[bool] = []
        bench.device.open()
        bench.device.watch(lambda: pressed.append(True))
        pin = bench.far.pin(21)
        pin.drive_low()
        until(lambda: len(pressed) == 1)
        pin.drive_high()
        bench.device.close()
        pin.drive_low()
        assert len(pressed) == 1
