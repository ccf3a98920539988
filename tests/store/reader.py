"""Opens a state folder as a restart would and prints it: python -m tests.store.reader STATE [--sell].

One JSON object: {"rows": {sequence: hash}, "epoch": n} or {"refused": text}. `--sell` sells once more in the same
folder and verifies.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from appliance.errors import StoreError
from appliance.store.journal import SqliteJournal
from tests.store.sales import sell


def main(state: Path, *, more: bool) -> None:
    try:
        journal = SqliteJournal.open(state)
        rows = {}
        while found := journal.since(max(rows, default=0), 500):
            rows |= {row.sequence: row.hash for row in found}
        if more:
            sell(journal, 1, first=100_000 + journal.last())
            assert journal.verify() == journal.last()
        journal.close()
    except StoreError as fault:
        sys.stdout.write(json.dumps({"refused": str(fault)}))
        # As the process of a till ends: nothing is tidied up.
        sys.stdout.flush()
        os._exit(0)
    sys.stdout.write(json.dumps({"rows": rows}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), more="--sell" in sys.argv)
