"""What the crash tests share: running the seller, reading its acknowledgements, judging what is left."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from appliance.store.wal import FRAME, HEADER

ROOT = Path(__file__).resolve().parents[2]
SELLER = [sys.executable, "-m", "tests.store.seller"]
EXIT_FAULT = 74
READER = [sys.executable, "-m", "tests.store.reader"]

needs_strace = pytest.mark.skipif(
    shutil.which("strace") is None, reason="NOT TESTED HERE: order of flushes and disk faults (needs strace)"
)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT)}


def spawn(command: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def run(command: Sequence[str], timeout: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=timeout, check=False
    )


@dataclass(frozen=True, kw_only=True)
class Acknowledged:
    """What a seller has said to be kept."""

    rows: dict[int, str] = field(default_factory=dict)
    fault: str = ""
    accepted_after_a_fault: bool = False

    @property
    def last(self) -> int:
        return max(self.rows, default=0)


def acknowledged(acks: Path, size: int | None = None) -> Acknowledged:
    """Read the acknowledgements, or those of the first `size` bytes only."""
    content = acks.read_bytes() if acks.exists() else b""
    rows: dict[int, str] = {}
    fault = ""
    accepted = False
    for line in content[:size].decode().splitlines(keepends=True):
        if not line.endswith("\n"):
            break
        if line.startswith("fault "):
            fault = line.strip()
        elif line.startswith("accepted"):
            accepted = True
        else:
            sequence, digest = line.split()
            rows[int(sequence)] = digest
    return Acknowledged(rows=rows, fault=fault, accepted_after_a_fault=accepted)


def restarted(state: Path, *, sell: bool = False) -> dict[str, Any]:
    """Give what a restart finds in a folder."""
    result = run([*READER, str(state), *(["--sell"] if sell else [])])
    assert result.returncode == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def complaint(found: dict[str, Any], kept: Acknowledged) -> str:
    """Say what is wrong with a folder after a crash; "" if everything that was acknowledged is there, as it was."""
    if "refused" in found:
        return f"cannot be opened: {found['refused']}"
    rows = {int(sequence): digest for sequence, digest in found["rows"].items()}
    if sorted(rows) != list(range(1, len(rows) + 1)):
        return "numbers are missing"
    for sequence, digest in kept.rows.items():
        if sequence not in rows:
            return f"no. {sequence} was acknowledged and is lost; the journal ends at {len(rows)}"
        if digest not in ("?", rows[sequence]):
            return f"no. {sequence} is another row"
    return ""


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)


def commits(log: bytes) -> list[int]:
    """Give how many frames stand in a log after each of its commits."""
    salts = log[16:24]
    ends = []
    for index, start in enumerate(range(HEADER, len(log) - FRAME + 1, FRAME)):
        if log[start + 8 : start + 16] != salts:
            break
        if any(log[start + 4 : start + 8]):
            ends.append(index + 1)
    return ends


# What strace saw -----------------------------------------------------------------------------------------------------

_CALL = re.compile(r"^(?:\d+\s+)?(?P<name>\w+)\((?P<rest>.*)$")
_FILE = re.compile(r"<(?P<path>[^>]*)>")


@dataclass(frozen=True)
class Call:
    """One call of the kernel: its name, the path of its first descriptor, and everything else."""

    name: str
    path: str
    rest: str


def traced(command: Sequence[str], log: Path) -> list[Call]:
    """Run a command under strace and give its calls that write, flush or rename, in order."""
    names = "pwrite64,write,fdatasync,fsync,rename,renameat,renameat2,ftruncate,unlink"
    result = run(["strace", "-f", "-y", "-o", str(log), "-e", f"trace={names}", *command], timeout=120)
    assert result.returncode == 0, result.stderr
    calls = []
    for line in log.read_text(errors="replace").splitlines():
        match = _CALL.match(line)
        if match is None:
            continue
        file = _FILE.search(match["rest"])
        calls.append(Call(match["name"], file["path"] if file else "", match["rest"]))
    return calls
