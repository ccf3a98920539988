"""What every receipt printer promises (drivers.ReceiptPrinter)."""

from __future__ import annotations

import pytest

from appliance.core.receipt import ReceiptDocument
from appliance.errors import DeviceError, DeviceFailure
from tests.contracts.benches import PRINTERS, Bench


@pytest.mark.parametrize("bench", PRINTERS, indirect=True)
class TestReceiptPrinter:
    def test_a_receipt_is_on_paper_when_print_returns(self, bench: Bench, receipt: ReceiptDocument):
        bench.device.open()
        for count in (1, 2, 3):
            bench.device.print(receipt)
            assert len(bench.far.receipts) == count
        assert len(set(bench.far.receipts)) == 1, "the same document gives the same paper, whatever was before it"

    def test_a_refusal_leaves_no_ink_on_paper(self, bench: Bench, receipt: ReceiptDocument):
        bench.device.open()
        bench.far.change(paper=False)
        with pytest.raises(DeviceFailure) as fault:
            bench.device.print(receipt)
        assert fault.value.remedy
        bench.far.change(paper=True)
        assert (bench.far.unfinished, bench.far.receipts) == (b"", [])

    def test_a_break_in_the_middle_is_never_called_a_refusal(self, bench: Bench, receipt: ReceiptDocument):
        bench.device.open()
        bench.far.die_after(300)
        with pytest.raises(DeviceError) as fault:
            bench.device.print(receipt)
        assert not isinstance(fault.value, DeviceFailure)

    def test_a_closed_printer_refuses(self, bench: Bench, receipt: ReceiptDocument):
        with pytest.raises(DeviceFailure):
            bench.device.print(receipt)
        assert bench.far.receipts == []
