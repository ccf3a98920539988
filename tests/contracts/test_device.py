"""What every driver promises (drivers.Device)."""

from __future__ import annotations

import time

import pytest

from appliance.core.commands import Health
from appliance.errors import DeviceError
from tests.contracts.benches import ALL, PRINTERS, SCANNERS, Bench
from tests.io.rig import until


@pytest.mark.parametrize("bench", ALL, indirect=True)
class TestDevice:
    def test_it_knows_its_name_and_its_unifiedpos_category(self, bench: Bench):
        assert bench.device.name == "it"
        assert bench.device.category in ("Scanner", "POSPrinter", "CashDrawer", "Lights", "Keylock", "CAT")

    def test_closing_never_raises_and_may_be_done_twice(self, bench: Bench):
        bench.device.close()
        bench.device.open()
        bench.device.close()
        bench.device.close()

    def test_it_can_be_opened_again(self, bench: Bench):
        for _ in range(2):
            bench.device.open()
            assert bench.device.check().health is Health.ONLINE
            bench.device.close()

    def test_opening_an_open_device_leaves_it_open(self, bench: Bench):
        bench.device.open()
        bench.device.open()
        assert bench.device.check().health is Health.ONLINE

    def test_a_check_names_the_device_and_takes_no_longer_than_two_seconds(self, bench: Bench):
        bench.device.open()
        begun = time.monotonic()
        state = bench.device.check()
        assert time.monotonic() - begun < 2
        assert (state.name, state.category) == ("it", bench.device.category)
        assert state.detail


@pytest.mark.parametrize("bench", [*SCANNERS, *PRINTERS], indirect=True)
class TestDeviceWithAPlug:
    def test_a_device_that_is_gone_is_a_fault_with_a_remedy_until_it_is_back(self, bench: Bench):
        bench.device.open()
        bench.take_away()

        def gone() -> bool:
            try:
                bench.device.check()
            except DeviceError:
                return True
            return False

        until(gone)
        bench.device.close()
        with pytest.raises(DeviceError) as fault:
            bench.device.open()
        assert fault.value.remedy
        assert fault.value.transient
        bench.bring_back()
        bench.device.open()
        assert bench.device.check().health is Health.ONLINE
