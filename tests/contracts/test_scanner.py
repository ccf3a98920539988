"""What every scanner promises (drivers.Scanner)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from appliance.errors import DeviceError
from tests.contracts.benches import SCANNERS, Bench
from tests.io.rig import until


@contextmanager
def reading(bench: Bench) -> Iterator[tuple[list[str], list[DeviceError], threading.Event]]:
    codes: list[str] = []
    faults: list[DeviceError] = []
    stop = threading.Event()

    def read() -> None:
        try:
            bench.device.read(codes.append, stop.is_set)
        except DeviceError as fault:
            faults.append(fault)

    bench.device.open()
    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield codes, faults, stop
    finally:
        stop.set()
        thread.join(5)


@pytest.mark.parametrize("bench", SCANNERS, indirect=True)
class TestScanner:
    def test_codes_arrive_whole_and_in_order(self, bench: Bench):
        sent = [f"703801000{number:04d}" for number in range(50)]
        with reading(bench) as (codes, _, _):
            bench.far.scan("7038010009457")
            until(lambda: len(codes) == 1)
            for code in sent:
                bench.far.scan(code)
            until(lambda: codes == ["7038010009457", *sent])

    def test_reading_ends_within_a_second_of_being_stopped(self, bench: Bench):
        with reading(bench) as (_, faults, stop):
            begun = time.monotonic()
            stop.set()
        assert time.monotonic() - begun < 1
        assert faults == []

    def test_garbage_is_survived(self, bench: Bench):
        with reading(bench) as (codes, faults, _):
            bench.far.scan("1")
            until(lambda: codes == ["1"])
            bench.far.noise(bytes(range(256)) * 20 + b"\r")
            bench.far.scan("7038010009457")
            until(lambda: codes[-1] == "7038010009457")
        assert faults == []

    def test_a_scanner_that_goes_ends_the_reading_with_a_fault(self, bench: Bench):
        with reading(bench) as (codes, faults, _):
            bench.far.scan("1")
            until(lambda: codes == ["1"])
            bench.take_away()
            until(lambda: len(faults) == 1)
        assert faults[0].remedy
