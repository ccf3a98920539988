"""Whatever a terminal sends: no crash, no hang, no false approval.

A line without time: it gives what it was filled with, in pieces, and is gone when that is used up. So an endless wait
would be an endless loop, and a test of thousands of streams takes seconds.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from appliance.core.money import Currency, Money
from appliance.core.payment import Outcome, OutcomeKind, PaymentFact, Result
from appliance.errors import DeviceError, DeviceOffline
from appliance.io.payment.zvt.apdu import Apdu
from appliance.io.payment.zvt.attempt import Attempt
from appliance.io.payment.zvt.baseline import Baseline
from appliance.io.payment.zvt.commands import authorisation, reversal
from appliance.io.payment.zvt.messages import StatusInformation
from appliance.io.payment.zvt.recovery import judge, judge_reversal
from appliance.io.payment.zvt.serial import frame
from appliance.io.payment.zvt.session import Session, Timers
from appliance.io.payment.zvt.verdict import Payment, Reversal
from appliance.io.payment.zvt.wire import SerialWire, TcpWire, Wire
from tests.payment.conftest import shared
from tests.payment.till import intent

FRAMES = shared("zvt_frames.json")["frames"]
SEQUENCES = {entry["id"]: entry["steps"] for entry in shared("zvt_sequences.json")["sequences"]}
EUR = Currency.parse("EUR")
ASKED = Money(1880, EUR)
TID = "29001006"
OLD = StatusInformation(
    result=0, amount=1880, currency=978, terminal_id=TID, receipt="0152", trace="000152", date="0416", time="190000"
)
BASELINE = Baseline(terminal=TID, locked="yes").after(OLD)

DEFAULT, MANY = 6_000, 200_000


@dataclass
class Replay:
    """A link that gives prepared bytes and then is gone."""

    stream: bytes
    piece: int
    url: str = "replay:"
    at: int = 0
    written: bytearray = field(default_factory=bytearray)
    reads: int = 0

    def read(self, limit: int, timeout: float) -> bytes:
        assert timeout >= 0
        self.reads += 1
        if self.at >= len(self.stream):
            raise DeviceOffline("the stream is used up")
        data = self.stream[self.at : self.at + min(limit, self.piece)]
        self.at += len(data)
        return data

    def write(self, data: bytes) -> None:
        self.written += data

    def alive(self) -> bool:
        return True

    def close(self) -> None:
        self.at = len(self.stream)


def said_by_terminal(name: str) -> list[bytes]:
    return [bytes.fromhex(what) for who, what in SEQUENCES[name] if who == "PT" and not what.startswith("<")]


PAYMENTS = [said_by_terminal(name) for name in ("approved", "declined", "customer-abort", "wrong-protocol")]
PARTS = [bytes.fromhex(entry.get("apdu", entry["hex"])) for entry in FRAMES if entry["direction"] == "PT>ECR"]
REPEATS = [[b"\x80\0\0", part, b"\x06\x0f\0"] for part in PARTS if part[:2] in (b"\x04\x0f", b"\x06\x1e", b"\x84\x83")]
SOLD = StatusInformation(
    result=0, amount=1880, currency=978, terminal_id=TID, receipt="0153", trace="000153", date="0416", time="192336"
)
UNDONE = bytes.fromhex("040f25 2700 04000000001880 490978 0b000154 37000153 0c192500 0d0416 2929001006 870154 8a06")
REVERSALS = [
    [b"\x80\0\0", b"\x04\xff\x01\x04", UNDONE, b"\x06\x0f\0"],
    [b"\x80\0\0", b"\x06\x1e\x01\xb4"],
    [b"\x80\0\0", b"\x06\x1e\x01\xb5"],
]
INTERESTING = bytes.fromhex("0001026f7f808182838495ff1027")


def mutate(rng: random.Random, frames: list[bytes]) -> list[bytes]:
    """Change a dialogue in one to four places: bits, bytes, lengths, order, frames of other dialogues."""
    mutated = list(frames)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(mutated))
        block = bytearray(mutated[at])
        place = rng.randrange(len(block)) if block else 0
        match rng.randrange(9):
            case 0 if block:
                block[place] ^= 1 << rng.randrange(8)
            case 1 if block:
                block[place] = rng.choice(INTERESTING)
            case 2 if block:
                del block[place : place + rng.randint(1, 8)]
            case 3:
                block[place:place] = rng.randbytes(rng.randint(1, 8))
            case 4:
                mutated.insert(at, rng.choice(PARTS))
            case 5 if len(mutated) > 1:
                del mutated[at]
                continue
            case 6:
                other = rng.randrange(len(mutated))
                mutated[at], mutated[other] = mutated[other], mutated[at]
                continue
            case 7:
                mutated.insert(at, mutated[at])
            case 8:
                # A change inside whose lengths are right again, so that it gets past the framing.
                block = _refitted(rng, bytes(block))
            case _:
                continue
        mutated[at] = bytes(block)
    return mutated


def _refitted(rng: random.Random, block: bytes) -> bytearray:
    if len(block) < 4:
        return bytearray(block)
    data = bytearray(block[3:])
    place = rng.randrange(len(data))
    data[place : place + rng.randint(0, 3)] = rng.randbytes(rng.randint(0, 3))
    return bytearray(Apdu(int.from_bytes(block[:2], "big"), bytes(data)).encode())


def on_tcp(rng: random.Random, frames: list[bytes]) -> tuple[Wire, Replay]:
    link = Replay(b"".join(frames), rng.choice((1, 3, 64, 4096)))
    return TcpWire(link), link


def on_serial(rng: random.Random, frames: list[bytes]) -> tuple[Wire, Replay]:
    """Blocks with ACKs for what the till sends; now and then the mutation hits the block and not the APDU."""
    stream = bytearray(b"\x06")
    for block in frames:
        wire = bytearray(frame(block))
        if rng.random() < 0.1:
            wire[rng.randrange(len(wire))] ^= 1 << rng.randrange(8)
            if rng.random() < 0.5:
                wire += frame(block)
        stream += wire + b"\x06"
    link = Replay(bytes(stream), rng.choice((1, 3, 64, 4096)))
    return SerialWire(link, t1=60.0, t2=60.0), link


def session(wire: Wire) -> Session:
    return Session("replay:", wire, Timers(t3=60.0, t4=60.0), stopped=lambda: False)


def stated(frames: list[bytes]) -> bool:
    """Whether a stream holds a yes at all: read by nothing of the driver's, only the bytes of BMP 27 and of an end."""
    whole = b"".join(frames)
    return b"\x27\x00" in whole and b"\x06\x0f" in whole


def pay(wire: Wire, *, durable: bool) -> tuple[Outcome, list[Outcome]]:
    results: list[Outcome] = []

    def record(fact: PaymentFact) -> bool:
        if isinstance(fact, Result):
            results.append(fact.outcome)
        return durable

    asked = intent(ASKED, BASELINE.to_mapping())
    attempt = Attempt(
        session(wire),
        asked,
        authorisation(ASKED),
        Payment(ASKED, BASELINE, attended=True),
        record=record,
        notify=lambda *_: None,
        stop=None,
    )
    return attempt.run(), results


def reversals(rng: random.Random, line: Line, count: int) -> dict[OutcomeKind, int]:
    """Reversals, live and looked up: never a false "money went back"."""
    ends = dict.fromkeys(OutcomeKind, 0)
    for _ in range(count):
        frames = mutate(rng, rng.choice(REVERSALS))
        wire, link = line(rng, frames)
        results: list[Outcome] = []

        def record(fact: PaymentFact, results: list[Outcome] = results) -> bool:
            if isinstance(fact, Result):
                results.append(fact.outcome)
            return True

        attempt = Attempt(
            session(wire),
            intent(ASKED, None),
            reversal("000000", "0153", ASKED, EUR),
            Reversal(ASKED, SOLD.reference, BASELINE.after(SOLD)),
            record=record,
            notify=lambda *_: None,
            stop=None,
        )
        outcome = attempt.run()
        ends[outcome.kind] += 1
        assert link.reads <= len(link.stream) + 2
        assert outcome.kind is not OutcomeKind.APPROVED
        if outcome.kind is OutcomeKind.REVERSED:
            assert outcome.amount == ASKED
            assert (stated(frames) and len(results) == 1) or outcome.code == "B4"
        wire, _ = line(rng, frames)
        conversation = session(wire)
        conversation.registration = type(conversation.registration)(terminal_id=TID)
        try:
            found = judge_reversal(ASKED, SOLD.reference, BASELINE.after(SOLD), conversation.repeat("000000"))
        except DeviceError:
            continue
        if found.kind is OutcomeKind.REVERSED:
            whole = b"".join(frames)
            assert b"\x37\x00\x01\x53" in whole or b"\xb4" in whole
    return ends


Line = Callable[[random.Random, list[bytes]], tuple[Wire, Replay]]


def payments(rng: random.Random, line: Line, count: int) -> dict[OutcomeKind, int]:
    ends = dict.fromkeys(OutcomeKind, 0)
    for _ in range(count):
        frames = mutate(rng, rng.choice(PAYMENTS))
        durable = rng.random() < 0.8
        wire, link = line(rng, frames)
        outcome, results = pay(wire, durable=durable)
        ends[outcome.kind] += 1
        # Every read gives a byte or ends it, so that nothing can wait for ever.
        assert link.reads <= len(link.stream) + 2
        if outcome.kind is OutcomeKind.APPROVED:
            assert stated(frames)
            assert durable
            assert results
            assert outcome.amount == ASKED
            assert outcome.reference != OLD.reference
            assert all(letter in "*0123456789" for letter in outcome.masked_pan)
            assert sum(letter.isdigit() for letter in outcome.masked_pan) <= 4
        if results and not durable:
            assert outcome.kind is OutcomeKind.UNKNOWN
    return ends


def look_ups(rng: random.Random, line: Line, count: int) -> dict[OutcomeKind, int]:
    ends = dict.fromkeys([*OutcomeKind, "fault"], 0)
    for _ in range(count):
        frames = mutate(rng, rng.choice(REPEATS))
        wire, link = line(rng, frames)
        conversation = session(wire)
        conversation.registration = type(conversation.registration)(terminal_id=TID)
        try:
            outcome = judge(ASKED, BASELINE, conversation.repeat("000000"))
        except DeviceError:
            ends["fault"] += 1
            continue
        ends[outcome.kind] += 1
        assert link.reads <= len(link.stream) + 2
        if outcome.kind is OutcomeKind.APPROVED:
            whole = b"".join(frames)
            assert stated(frames)
            # A looked-up payment names its amount and its receipt number.
            assert b"\x04\x00\x00\x00\x00\x18\x80" in whole
            assert b"\x87" in whole
    return ends


@pytest.mark.parametrize("line", [on_tcp, on_serial])
def test_mutated_payments_never_crash_hang_or_approve_falsely(line: Line) -> None:
    ends = payments(random.Random(f"payments {line.__name__}"), line, DEFAULT // 2)
    # The mutations reach behind the framing: every kind of end is among them.
    assert ends[OutcomeKind.APPROVED] > 20
    assert ends[OutcomeKind.DECLINED] > 20
    assert ends[OutcomeKind.CANCELLED] > 20
    assert ends[OutcomeKind.UNKNOWN] > 20


@pytest.mark.parametrize("line", [on_tcp, on_serial])
def test_mutated_look_ups_never_crash_hang_or_approve_falsely(line: Line) -> None:
    ends = look_ups(random.Random(f"look-ups {line.__name__}"), line, DEFAULT // 2)
    assert ends[OutcomeKind.APPROVED] > 5
    assert ends[OutcomeKind.UNKNOWN] > 20


@pytest.mark.parametrize("line", [on_tcp, on_serial])
def test_mutated_reversals_never_crash_hang_or_give_money_back_falsely(line: Line) -> None:
    ends = reversals(random.Random(f"reversals {line.__name__}"), line, DEFAULT // 4)
    assert ends[OutcomeKind.REVERSED] > 20
    assert ends[OutcomeKind.DECLINED] > 20
    assert ends[OutcomeKind.UNKNOWN] > 20


@pytest.mark.crash
@pytest.mark.parametrize("line", [on_tcp, on_serial])
def test_two_hundred_thousand_mutated_streams_never_crash_hang_or_approve_falsely(
    line: Line, record_property: Callable[[str, object], None]
) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    logging.getLogger(__name__).warning("seed %d", seed)
    rng = random.Random(seed)
    paid, found = payments(rng, line, MANY // 4), look_ups(rng, line, MANY // 4)
    undone = reversals(rng, line, MANY // 8)
    counts = [
        f"{sum(ends.values())} {what}"
        for ends, what in ((paid, "payments"), (found, "look-ups"), (undone, "reversals"))
    ]
    record_property("figures", f"seed {seed}; {', '.join(counts)}: no crash, no hang, none false")


def test_pure_noise_is_no_payment() -> None:
    rng = random.Random("noise")
    for _ in range(2_000):
        wire, _ = on_tcp(rng, [rng.randbytes(rng.randint(0, 60))])
        outcome, results = pay(wire, durable=True)
        assert outcome.kind in (OutcomeKind.UNKNOWN, OutcomeKind.NOT_CHARGED)
        assert results == []
