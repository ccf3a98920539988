"""The published dialogues, played against the driver frame by frame, on a socket and on a serial line."""

from __future__ import annotations

import os
import socket
import threading
import tty
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from appliance.core.money import Currency, Money
from appliance.core.payment import Outcome, OutcomeKind, Progress, ReceiptCopy, ReceiptText, Reference, Result
from appliance.errors import DeviceFailure
from appliance.io.payment.zvt.apdu import ACKNOWLEDGE, Apdu
from appliance.io.payment.zvt.fields import bcd, write_fields
from appliance.io.payment.zvt.tlv import Tlv
from simulators.zvt.line import LineCut, Log, Peer, PtyPort, SerialPeer, SocketPort, TcpPeer
from tests.payment.conftest import shared
from tests.payment.till import Till

SEQUENCES: dict[str, list[list[str]]] = {
    entry["id"]: entry["steps"] for entry in shared("zvt_sequences.json")["sequences"]
}
EUR = Currency.parse("EUR")

REGISTER = SEQUENCES["register"]
REPEAT = "0620050000000303"
BEFORE = Apdu(
    0x040F,
    write_fields(
        {
            0x27: b"\0",
            0x04: bcd(1880, 6),
            0x49: bcd(978, 2),
            0x0B: bcd(152, 3),
            0x0C: bcd(191500, 3),
            0x0D: bcd(416, 2),
            0x29: bytes.fromhex("29001006"),
            0x87: bcd(152, 2),
        }
    ),
)
BASELINE = [
    ["ECR", REPEAT],
    ["PT", "800000"],
    ["PT", BEFORE.encode().hex()],
    ["ECR", "800000"],
    ["PT", "060f00"],
    ["ECR", "800000"],
]
KNOWN = [*REGISTER, *BASELINE]
BLOCK = Apdu(0x06D3, write_fields({}, (Tlv(0x1F07, b"\2"), Tlv(0x25, children=(Tlv(0x07, b"KVITT!"),))))).encode().hex()
PLACEHOLDERS = {"<06 D3 receipt block(s)>": BLOCK}
PASSWORD = {control: slice(0, 3) for control in (0x0600, 0x0501, 0x0620, 0x0630)}


def without_password(apdu: Apdu) -> Apdu:
    """Passwords differ between commands and mean nothing."""
    data = bytearray(apdu.data)
    if apdu.control in PASSWORD:
        data[PASSWORD[apdu.control]] = b"\0\0\0"
    return Apdu(apdu.control, bytes(data))


class Player:
    """A terminal that says what the script says, and checks every frame of the till byte by byte."""

    def __init__(self, steps: list[list[str]], kind: str) -> None:
        self.steps = steps
        self.fault: str = ""
        self.at = 0
        self._kind = kind
        self._stack = ExitStack()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.durable: list[int] = []
        """At which steps the till had made a result durable."""
        if kind == "serial":
            self._master, slave = os.openpty()
            tty.setraw(slave)
            self.url = f"serial://{os.ttyname(slave)}?baud=115200"
            self._stack.callback(os.close, self._master)
            self._stack.callback(os.close, slave)
        else:
            self._listener = self._stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            self._listener.settimeout(10.0)
            self.url = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread.start()

    def finish(self) -> None:
        """Wait for the end of the script; fail if the till did not follow it."""
        self._thread.join(10.0)
        assert not self._thread.is_alive(), f"stuck at step {self.at}: {self.steps[self.at : self.at + 1]}"
        assert not self.fault, self.fault

    def close(self) -> None:
        self._stack.close()

    def _peer(self) -> Peer:
        log: Log = Log()
        if self._kind == "serial":
            return SerialPeer(PtyPort(self._master), lambda: None, log, t1=0.1, t2=0.3)
        connection, _ = self._listener.accept()
        self._stack.enter_context(connection)
        return TcpPeer(SocketPort(connection), lambda: None, log)

    def _run(self) -> None:
        peer = self._peer()
        for at, (who, what) in enumerate(self.steps):
            self.at = at
            try:
                if who == "ECR":
                    self._expect(peer, Apdu.decode(bytes.fromhex(what)))
                elif who == "PT" and what == "150369":
                    peer.raw(bytes.fromhex(what))
                elif who == "PT":
                    peer.send(Apdu.decode(bytes.fromhex(PLACEHOLDERS.get(what, what))))
                elif who in ("CRASH", "LINE") and what != "back":
                    self._until_gone(peer)
                    peer = self._peer()
            except LineCut as cut:
                self.fault = f"step {self.at} {who} {what[:20]}: the till went ({cut})"
                return
            if self.fault:
                return

    def _until_gone(self, peer: Peer) -> None:
        """Cut the line; on a serial line silence is all that a cut is."""
        if self._kind != "serial":
            peer.port.cut()
            return
        try:
            while peer.take(0.6) is not None:
                continue
        except LineCut:
            return

    def _expect(self, peer: Peer, wanted: Apdu) -> None:
        while True:
            got = peer.receive(5.0)
            if got is None:
                self.fault = f"step {self.at}: nothing came in place of {wanted}"
                return
            if got.control == 0x0501 and wanted.control != 0x0501:
                # The published dialogues leave the status enquiry out; every terminal answers it.
                peer.send(ACKNOWLEDGE)
                peer.send(Apdu(0x060F, b"\0"))
                peer.receive(5.0)
                continue
            if without_password(got) != without_password(wanted):
                self.fault = f"step {self.at}: {got.encode().hex()} in place of {wanted.encode().hex()}"
            return


@pytest.fixture(params=["tcp", "serial"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Stage:
    """Player and till."""

    def __init__(self, kind: str, steps: list[list[str]], **options: Any) -> None:
        self.player = Player(steps, kind)
        self.till = Till(self.player.url, {"currency": "EUR", "message_ids": False, **options})

    def pay(self) -> Outcome:
        return self.till.pay(money=Money(1880, EUR))


@pytest.fixture
def play(kind: str) -> Iterator[Any]:
    stages: list[Stage] = []

    def start(*steps: list[list[str]], **options: Any) -> Stage:
        stages.append(Stage(kind, [step for part in steps for step in part], **options))
        return stages[-1]

    yield start
    for stage in stages:
        stage.till.driver.close()
        stage.player.close()


def test_register(play: Any) -> None:
    stage = play(KNOWN)
    stage.till.open()
    stage.player.finish()
    baseline = stage.till.driver.baseline()
    assert baseline["terminal"] == "29001006"
    assert baseline["seen.receipt"] == "0152"


def test_approved(play: Any) -> None:
    stage = play(KNOWN, SEQUENCES["approved"])
    stage.till.open()
    said: list[int] = []
    stored: list[int] = []

    def look(fact: object) -> None:
        if isinstance(fact, Result | ReceiptText):
            (said if isinstance(fact, Result) else stored).append(stage.player.at)

    stage.till.on_fact = look
    outcome = stage.pay()
    stage.player.finish()
    assert outcome.kind is OutcomeKind.APPROVED
    assert outcome.reference.receipt_number == "0153"
    assert outcome.reference.trace_number == "000153"
    assert outcome.masked_pan == "***************4281"
    assert stage.till.texts(ReceiptCopy.CUSTOMER) == ["KVITT!"]
    assert len(stage.till.results) == 1
    # When the result was made durable the terminal had not got past waiting for the answer to its 04 0F.
    (at,) = said
    results, texts = (at for at, step in enumerate(stage.player.steps) if step[0] == "TILL")
    assert at <= results + 1
    assert stored[0] <= texts + 1


@pytest.mark.parametrize(
    ("name", "kind_of_end", "code"),
    [("declined", OutcomeKind.DECLINED, "05"), ("customer-abort", OutcomeKind.CANCELLED, "6C")],
)
def test_refused(play: Any, name: str, kind_of_end: OutcomeKind, code: str) -> None:
    stage = play(KNOWN, SEQUENCES[name])
    stage.till.open()
    outcome = stage.pay()
    stage.player.finish()
    assert (outcome.kind, outcome.code) == (kind_of_end, code)
    assert stage.till.results == []
    if name == "declined":
        assert "Karte abgelehnt" in outcome.text


def test_till_abort_too_late(play: Any) -> None:
    stage = play(KNOWN, SEQUENCES["till-abort-too-late"])
    stage.till.on_show = lambda progress: stage.till.cancel() if progress is Progress.AUTHORISING else None
    stage.till.open()
    outcome = stage.pay()
    stage.player.finish()
    assert outcome.kind is OutcomeKind.APPROVED


def test_till_dies_after_approval(play: Any) -> None:
    stage = play(KNOWN, SEQUENCES["till-dies-after-approval"])
    stage.till.open()
    if stage.player.url.startswith("serial"):
        # A line cannot be cut from the far end: the till dies before it answers.
        stage.till.durable = True
        stage.till.on_fact = lambda fact: _die(stage) if isinstance(fact, Result) else None
    outcome = stage.pay()
    assert outcome.kind is OutcomeKind.UNKNOWN
    recovered = stage.till.recover()
    stage.player.finish()
    assert recovered.kind is OutcomeKind.APPROVED
    assert recovered.reference.receipt_number == "0153"


def _die(stage: Stage) -> None:
    """Keep the till from answering: what a dead till does."""
    raise RuntimeError("the till dies here")


def test_auto_reversal(play: Any) -> None:
    stage = play(KNOWN, SEQUENCES["auto-reversal"])
    stage.till.open()
    if stage.player.url.startswith("serial"):
        stage.till.on_fact = lambda fact: _die(stage) if isinstance(fact, Result) else None
    assert stage.pay().kind is OutcomeKind.UNKNOWN
    recovered = stage.till.recover()
    stage.player.finish()
    assert recovered.kind is OutcomeKind.REVERSED


def test_ambiguous(play: Any) -> None:
    asked = [step for step in SEQUENCES["ambiguous"] if step[0] != "BOOT"]
    stage = play(KNOWN, [["ECR", "06010a04000000001880490978"], ["LINE", "cut"]], REGISTER, asked)
    stage.till.open()
    assert stage.pay().kind is OutcomeKind.UNKNOWN
    stage.till.restart()
    assert stage.till.driver.lookup(stage.till.intent).kind is OutcomeKind.UNKNOWN
    assert not stage.till.driver.capabilities.lookup
    stage.player.finish()


def test_t3_expiry(play: Any) -> None:
    stage = play(KNOWN, SEQUENCES["t3-expiry"][:1], [["ECR", "800000"]])
    stage.till.open()
    outcome = stage.pay()
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert "T3" in outcome.text


def reversed_status(original: int, amount: int) -> str:
    """The 04 0F that the published reversal leaves out."""
    values = {0x27: b"\0", 0x04: bcd(amount, 6), 0x49: bcd(978, 2), 0x0B: bcd(154, 3), 0x37: bcd(original, 3)}
    clock = {0x0C: bcd(192500, 3), 0x0D: bcd(416, 2), 0x29: bytes.fromhex("29001006"), 0x87: bcd(154, 2)}
    return Apdu(0x040F, write_fields(values | clock)).encode().hex()


SALE = Reference(
    terminal_id="29001006", receipt_number="0153", trace_number="000153", device_date="0416", device_time="192336"
)


def test_reversal(play: Any) -> None:
    steps = [[who, reversed_status(153, 1880) if "<04 0F" in what else what] for who, what in SEQUENCES["reversal"]]
    stage = play(KNOWN, steps)
    stage.till.open()
    outcome = stage.till.reverse(SALE, money=Money(1880, EUR))
    stage.player.finish()
    assert (outcome.kind, outcome.amount) == (OutcomeKind.REVERSED, Money(1880, EUR))
    assert len(stage.till.results) == 1


def test_wrong_protocol() -> None:
    stage = Stage("tcp", [*KNOWN, *SEQUENCES["wrong-protocol"]])
    stage.till.open()
    outcome = stage.pay()
    stage.player.finish()
    assert outcome.kind is OutcomeKind.NOT_CHARGED
    assert "ECR17" in outcome.text
    stage.till.driver.close()
    stage.player.close()


def test_wrong_protocol_at_registration_is_a_fault_with_a_remedy() -> None:
    stage = Stage("tcp", [["ECR", "06000e123456be0978060626040a0206d3"], ["PT", "150369"]])
    with pytest.raises(DeviceFailure, match="another protocol") as fault:
        stage.till.open()
    assert "ZVT" in fault.value.remedy
    stage.player.finish()
    stage.player.close()


def test_every_published_dialogue_is_played() -> None:
    elsewhere = {
        # One-byte writes and glued APDUs: test_zvt_payment, on both kinds of line.
        "fragmented-tcp",
    }
    here = {
        *("register", "approved", "declined", "customer-abort", "till-abort-too-late", "till-dies-after-approval"),
        *("auto-reversal", "ambiguous", "t3-expiry", "wrong-protocol", "reversal"),
    }
    assert here | elsewhere == set(SEQUENCES)
