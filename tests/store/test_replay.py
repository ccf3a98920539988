"""Any mix of sales, crashes, pauses and acknowledgements: the rows are always a prefix of what was sent."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from appliance.core.events import HelpCalled
from appliance.store.journal import SqliteJournal
from appliance.store.wal import FRAME, HEADER, survey
from tests.store.crashing import commits
from tests.store.sales import keep, open_day, sale


class Till(RuleBasedStateMachine):
    """A till whose power may go at any commit, also in the middle of one."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.boots = 0
        self.journal = SqliteJournal.open(self.folder / "0")
        self.sent: list[str] = []
        self.acked = 0
        self.number = 0
        self.booted_at = 0

    def _note(self) -> None:
        self.sent += [row.hash for row in self.journal.since(len(self.sent), 100)]

    @rule(commands=st.integers(1, 11))
    def sell(self, commands: int) -> None:
        self.number += 1
        for events in list(sale(self.number))[:commands]:
            keep(self.journal, events)
        self._note()

    @rule(size=st.integers(0, 20_000), count=st.integers(1, 4))
    def note(self, size: int, count: int) -> None:
        keep(self.journal, [HelpCalled(code="x" * size)] * count)
        self._note()

    @rule()
    def open_a_day(self) -> None:
        keep(self.journal, open_day())
        self._note()

    @rule()
    def pause(self) -> None:
        self.journal.idle()

    @rule(share=st.integers(0, 100))
    def acknowledge(self, share: int) -> None:
        through = len(self.sent) * share // 100
        self.journal.acknowledge(through)
        self.acked = max(self.acked, through)

    @rule()
    def restart(self) -> None:
        self.journal.close()
        self.journal = SqliteJournal.open(self.journal.state)
        self.booted_at = self.journal.last()

    @rule()
    def lose_power(self) -> None:
        self._boot_a_copy()

    # Without a commit since the start nothing is being written that a cut could tear.
    @precondition(lambda self: len(self.sent) > self.booted_at)
    @rule(missing=st.integers(1, FRAME), first=st.booleans())
    def lose_power_in_the_middle_of_a_commit(self, missing: int, first: bool) -> None:
        """Take a part of the newest commit away, and the mark, which is flushed later than any commit."""
        self._boot_a_copy(missing, first=first)
        assert len(self.sent) - self.journal.last() <= 4
        assert self.journal.acked() == 0
        del self.sent[self.journal.last() :]
        self.acked = 0

    def _boot_a_copy(self, missing: int = 0, *, first: bool = False) -> None:
        self.boots += 1
        following = self.folder / str(self.boots)
        shutil.copytree(self.journal.state, following)
        if missing:
            log = following / "journal.db-wal"
            content = bytearray(log.read_bytes())
            ends = [0, *commits(bytes(content[: HEADER + survey(log).frames * FRAME]))]
            end = HEADER + (ends[-2] + 1 if first else ends[-1]) * FRAME
            content[end - missing : end] = bytes(missing)
            log.write_bytes(content)
            (following / "journal.mark").unlink()
        self.journal.close()
        self.journal = SqliteJournal.open(following)
        self.booted_at = self.journal.last()

    @invariant()
    def the_rows_are_those_that_were_sent(self) -> None:
        assert self.journal.last() == len(self.sent)
        assert [row.hash for row in self.journal.since(0, 10_000)] == self.sent
        assert self.journal.acked() == self.acked

    def teardown(self) -> None:
        assert self.journal.verify() == len(self.sent)
        self.journal.close()
        shutil.rmtree(self.folder)


TestTill = Till.TestCase
TestTill.settings = settings(max_examples=20, stateful_step_count=15, deadline=None)
