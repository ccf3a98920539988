"""Kill, cut, double and reorder: kiosks and hub have the same rows afterwards, and nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hub.proof.conftest import Record, load, whole
from tests.hub.proof.site import Site, Size

SMALL = Size(kiosks=3, sales=20, kills=3, patience_s=60)
WHOLE = Size(kiosks=4, sales=whole(2500), kills=whole(120))


@pytest.mark.parametrize("size", [SMALL, pytest.param(WHOLE, marks=pytest.mark.soak)], ids=["small", "whole"])
def test_kiosks_and_hub_agree_row_by_row_after_kills_cuts_doubles_and_reordering(
    tmp_path: Path, size: Size, record_property: Record
):
    with Site(tmp_path, size, seed=20260314) as site:
        site.storm()
        site.calm()
        assert site.faults() == []
        assert site.sold() == size.kiosks * size.sales
        assert sum(site.kills.values()) == size.kills
        assert site.wire.doubled
        assert site.wire.overtaken
        record_property("figures", f"{site.figures()}; 0 lost, 0 double; {load()}")
