"""What is cut: dialogues of a customer, the till and a terminal on four lines; and the cuts in each of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

ZVT_LINES: Final = ("zvt-tcp", "zvt-serial")
NEXO_LINES: Final = ("nexo-swedbank", "nexo-adyen")
LINES: Final = (*ZVT_LINES, *NEXO_LINES)

AMOUNT: Final = 1500
"""Minor units of every sale, also of the one before: amount alone tells nothing."""
PART: Final = 500
OTHER: Final = 2600

MISSING: Final = ("keep", "keep, stored at status", "reverse", "reverse, stored at status")
TOLD: Final = ("record", "b4", "previous")
POLICIES: Final = (
    *MISSING[:2],
    *(f"{missing}, after reversal {told}" for missing in MISSING[2:] for told in TOLD),
)
"""What a ZVT terminal does if our answer is missing, and what it tells of a sale that it undid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """One sale from pay to its end. `steps` say how the terminal takes each command for money; then it approves."""

    name: str
    steps: tuple[str, ...] = ("approve",)
    aim: str = "pay"
    """pay: until it is paid. leave: gives up after a refusal. cancel: presses cancel once. part: pays a part first,
    has it undone, and pays whole. void: staff undo the whole sale when it is done."""
    always: str = ""
    """How the terminal behaves besides, always."""
    unable: bool = False
    """The terminal is told to be unable to say what became of a payment: staff may have to decide."""
    misfit: bool = False
    """The terminal takes another amount. Where it knows no names of ours, and the till did not hear of it, it cannot
    say whose it was: staff see it in the terminal's list, and undo it there."""
    lines: tuple[str, ...] = LINES


DIALOGUES: Final = (
    Dialogue(name="approved"),
    Dialogue(name="declined", steps=("decline",), aim="leave"),
    Dialogue(name="cancelled at the terminal", steps=("cancel",), aim="leave"),
    Dialogue(name="cancelled at the till", steps=("late 0.4",), aim="cancel"),
    Dialogue(name="unable to say", always="no repeat", unable=True, lines=ZVT_LINES),
    Dialogue(name="unable to say", always="refuse lookup Refusal", unable=True, lines=NEXO_LINES),
    Dialogue(name="another amount", steps=(f"amount {OTHER}",), misfit=True),
    Dialogue(name="another amount that stands", steps=(f"amount {OTHER}, stubborn",), misfit=True, lines=ZVT_LINES),
    Dialogue(name="part undone", aim="part"),
    Dialogue(name="refund due", steps=(f"amount {OTHER}, stubborn", "decline B5"), misfit=True, lines=ZVT_LINES),
    Dialogue(name="refund due", steps=(f"amount {OTHER}", "settled"), lines=NEXO_LINES),
    Dialogue(name="post-void", aim="void"),
)


def dialogue(line: str, name: str) -> Dialogue:
    """Give a dialogue of a line by its name."""
    return next(found for found in DIALOGUES if found.name == name and line in found.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What happens in one run of the till. `at` 0: nothing.

    `by` "till": at the till's own points (before, amid and after what it writes, after what it reads, before and after
    each commit). `by` "terminal": at the boundaries of the terminal's command number `step`.
    """

    what: str = "till"
    """till: kill -9. terminal: kill -9 and start it again. line: the line is cut, and whole again afterwards."""
    by: str = "till"
    at: int = 0
    step: int = 0
    from_start: bool = False
    """Count from the till's start on, not from the first request for money."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One line, one dialogue, and the cuts of its runs, first to last; further runs have none."""

    line: str
    dialogue: str
    policy: str = ""
    cuts: tuple[Cut, ...] = field(default=())
    defect: str = ""

    def __str__(self) -> str:
        cuts = ", ".join(f"{cut.what} at point {cut.at} of the {cut.by}/{cut.step}" for cut in self.cuts)
        return f"{self.line}, {self.dialogue}, {self.policy or 'no policy'}: {cuts or 'no cut'} {self.defect}".strip()
