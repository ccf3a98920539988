"""Which cuts there are: every dialogue is run once without any, its points are counted, and each becomes a case."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from tests.payment.proof.dialogues import DIALOGUES, POLICIES, ZVT_LINES, Case, Cut, Dialogue

ROOT: Final = Path(__file__).parents[3]
WORKERS: Final = 12
"""Tills and terminals mostly wait for each other."""

COUNT: Final = Cut(what="count")
COUNT_RECOVERY: Final = Cut(what="count", from_start=True)

WHAT: Final = ("till", "line", "terminal")
MOMENTS: Final = ("connect", "after a write", "read")
"""Of the till's points, those that are other moments for line and terminal than the ones before."""
BOTH: Final = ("keep", "reverse, after reversal record")

FIRST: Final = ("after PaymentSent", "before PaymentApproved", "after PaymentApproved")
"""Where a till is killed whose recovery is then cut."""


@dataclass(frozen=True, slots=True)
class Found:
    """A case and what came of it."""

    case: Case
    cuts: int
    wrong: tuple[str, ...]
    points: int
    boundaries: int
    commands: int
    labels: tuple[str, ...]


def do(cases: Sequence[Case], *, workers: int = WORKERS) -> list[Found]:
    """Do cases in processes of their own; give them in their order."""
    lines = "".join(json.dumps(asdict(case)) + "\n" for case in cases)
    command = [sys.executable, "-m", "tests.payment.proof.run", str(workers)]
    done = subprocess.run(command, input=lines, stdout=subprocess.PIPE, text=True, cwd=ROOT, check=True)
    told: dict[int, dict[str, Any]] = {}
    for line in done.stdout.splitlines():
        document = json.loads(line)
        told[document.pop("case")] = document
    assert len(told) == len(cases), "a worker died"
    return [
        Found(
            case=case,
            cuts=told[number]["cuts"],
            wrong=tuple(told[number]["wrong"]),
            points=told[number]["points"],
            boundaries=told[number]["boundaries"],
            commands=told[number]["commands"],
            labels=tuple(told[number]["labels"]),
        )
        for number, case in enumerate(cases)
    ]


def uncut() -> Iterator[Case]:
    """Give every dialogue on every line, with the habits of its terminal where our answer is missing."""
    for number, dialogue in enumerate(DIALOGUES):
        for line in dialogue.lines:
            for policy in _policies(line, dialogue, number):
                yield Case(line=line, dialogue=dialogue.name, policy=policy, cuts=(COUNT,))


def _policies(line: str, dialogue: Dialogue, number: int) -> Sequence[str]:
    """All of them with a plain payment over TCP; elsewhere one, so that each dialogue meets both over the two lines."""
    if line not in ZVT_LINES:
        return ("",)
    if dialogue.name == "approved":
        return POLICIES if line == "zvt-tcp" else BOTH
    return (BOTH[(number + ZVT_LINES.index(line)) % 2],)


def cuts_of(counted: Found) -> Iterator[Case]:
    """Give a case for every point and boundary of a dialogue that was counted, with each thing that may go."""
    *before, last = counted.case.cuts
    for what in WHAT:
        for at, label in enumerate(counted.labels, 1):
            if what != "till" and label not in MOMENTS:
                continue
            cut = replace(last, what=what, by="till", at=at)
            yield replace(counted.case, cuts=(*before, cut))
        for step in range(0 if before else counted.commands):
            for at in range(1, counted.boundaries + 1):
                yield replace(counted.case, cuts=(Cut(what=what, by="terminal", at=at, step=step),))


def recoveries(counted: Sequence[Found]) -> Iterator[Case]:
    """Give dialogues in which the till has been killed once, and its recovery is counted."""
    for found in counted:
        if found.case.dialogue == "approved" and found.case.policy in ("", BOTH[1]):
            for label in FIRST:
                first = Cut(what="till", at=found.labels.index(label) + 1)
                yield replace(found.case, cuts=(first, COUNT_RECOVERY))


def everything(counted: Sequence[Found]) -> list[Case]:
    """Give all cuts of what was counted."""
    return [case for found in counted for case in cuts_of(found)]


def sample(cases: Sequence[Case], number: int, seed: int) -> list[Case]:
    """Give some cases, always the same for a seed."""
    return random.Random(seed).sample(list(cases), number)
