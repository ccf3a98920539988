"""`python -m benchmarks [PART...]`: every figure with its baseline of the same run and its goal.

Nothing fails on a time: the figures are read and reported. Each part is a module with `measure(folder, quick=...)`.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.report import Measurement, print_table, write_json

PARTS = ("store", "restart", "register", "payments", "kiosk", "ui", "hub", "catalogue")


def main() -> int:
    """Run the parts that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; default: all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    parser.add_argument("--quick", action="store_true", help="fewer samples and a small catalogue")
    parser.add_argument("--folder", type=Path, help="where to write; its disk is what is measured (default: $TMPDIR)")
    told = parser.parse_args()
    unknown = [part for part in told.parts if part not in PARTS]
    if unknown:
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    found: list[Measurement] = []
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
    if told.folder is not None:
        told.folder.mkdir(parents=True, exist_ok=True)
    for part in told.parts or PARTS:
        print(f"\n{part}", flush=True)
        module = importlib.import_module(f"benchmarks.{part}")
        with tempfile.TemporaryDirectory(prefix=f"kvitt-bench-{part}-", dir=told.folder) as folder:
            measured: list[Measurement] = list(module.measure(Path(folder), quick=told.quick))
        print_table(measured)
        found += measured
    if told.json is not None:
        write_json(told.json, found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
