"""The connection: identity, reconnecting, TLS, and paho's traps."""

from __future__ import annotations

import gc
import queue
import socket
import ssl
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from appliance.core.commands import ReportHub
from appliance.errors import ConfigError, StoreError
from appliance.mqtt.client import (
    Arrived,
    Connection,
    Endpoint,
    Lost,
    Report,
    Subscribed,
)
from appliance.mqtt.identity import identity
from appliance.mqtt.memory import LinkMemory
from appliance.mqtt.messages.wire import Packet
from appliance.mqtt.patience import Patience
from appliance.mqtt.topics import KIOSK_ID, Kind, topic
from hub.broker import Session
from hub.database import Database
from hub.schema import kiosk as kiosk_table
from tests.mqtt.contract import Listener
from tests.mqtt.parts import Broker, HubInside, Kiosk, wait_for

MakeKiosk = Callable[..., Kiosk]


class Reports:
    """What a connection reported."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Report] = queue.SimpleQueue()
        self.put = self._queue.put

    def next(self, seconds: float = 10.0) -> Report:
        return self._queue.get(timeout=seconds)


@pytest.fixture
def reports() -> Reports:
    return Reports()


@pytest.fixture
def connect(broker: Broker, reports: Reports) -> Iterator[Callable[..., Connection]]:
    made: list[Connection] = []

    def make(client_id: str = "k7q2mzc4xna", **options: object) -> Connection:
        values: dict[str, object] = {"subscriptions": ("kvitt/1/test/#",), "report": reports.put, **options}
        endpoint = values.pop("endpoint", Endpoint(host="127.0.0.1", port=broker.port))
        connection = Connection(endpoint, client_id=client_id, **values)  # type: ignore[arg-type]
        made.append(connection)
        connection.start()
        return connection

    yield make
    for connection in made:
        connection.stop()


def test_the_identity_is_made_once_and_kept(tmp_path: Path) -> None:
    first = identity(tmp_path)
    assert KIOSK_ID.fullmatch(first.kiosk)
    assert identity(tmp_path) == first
    assert stat.S_IMODE(first.key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(first.key_file.parent.stat().st_mode) == 0o700
    assert identity(tmp_path / "another").kiosk != first.kiosk


def test_a_damaged_key_is_a_fault_and_never_a_second_identity(tmp_path: Path) -> None:
    kept = identity(tmp_path)
    content = kept.key_file.read_bytes()
    kept.key_file.write_bytes(content[:40])
    with pytest.raises(StoreError, match="backup"):
        identity(tmp_path)
    assert kept.key_file.read_bytes() == content[:40]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"generation":-1}', b'{"generation":1,"spread_s":1e9}'])
def test_a_damaged_memory_of_the_link_starts_empty(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "link.json").write_bytes(content)
    memory = LinkMemory(tmp_path)
    assert memory.value.generation == 0
    memory.keep(generation=7, forks=((12, 2),))
    assert LinkMemory(tmp_path).value.forks == ((12, 2),)


def test_failed_attempts_wait_longer_up_to_a_cap() -> None:
    patience = Patience()
    delays = []
    for _ in range(8):
        patience.lost(None, taken_over=False)
        delays.append(patience.delay(1, 1.0))
    assert delays == [2, 4, 8, 16, 32, 45, 45, 45]
    assert patience.delay(600, 1.0) == 256
    patience.lost(60.0, taken_over=False)
    assert patience.delay(30, 0.5) == 15


def test_a_link_that_is_lost_again_and_again_is_tried_less_and_less() -> None:
    patience = Patience()
    delays = []
    for _ in range(8):
        patience.lost(1.0, taken_over=False)
        delays.append(patience.delay(1, 1.0))
    assert delays == [1, 1, 1, 1, 1, 2, 4, 8]


def test_a_link_that_another_client_took_is_tried_less_at_once() -> None:
    patience = Patience()
    patience.lost(1.0, taken_over=True)
    patience.lost(1.0, taken_over=True)
    assert patience.delay(1, 1.0) == 4


def test_a_packet_is_refused_and_not_kept_while_there_is_no_link(
    broker: Broker, connect: Callable[..., Connection], reports: Reports
) -> None:
    connection = connect()
    assert isinstance(reports.next(), Subscribed)
    broker.kill()
    assert isinstance(reports.next(), Lost)
    assert not connection.publish(Packet(topic="kvitt/1/test/a", payload=b"1"))
    broker.start()
    again = connect()
    assert isinstance(reports.next(), Subscribed)
    assert again.publish(Packet(topic="kvitt/1/test/b", payload=b"2"))
    arrived = reports.next()
    assert isinstance(arrived, Arrived)
    assert arrived.packet.payload == b"2"


def test_a_queue_without_room_refuses(connect: Callable[..., Connection], reports: Reports) -> None:
    release = threading.Event()

    def slow(report: Report) -> None:
        reports.put(report)
        if isinstance(report, Arrived):
            release.wait(10)

    connection = connect(report=slow)
    assert isinstance(reports.next(), Subscribed)
    taken = [connection.publish(Packet(topic="kvitt/1/test/a", payload=b"x" * 1000)) for _ in range(100)]
    release.set()
    assert False in taken


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_callback_that_raises_is_seen_as_a_lost_link(connect: Callable[..., Connection], reports: Reports) -> None:
    def broken(report: Report) -> None:
        reports.put(report)
        match report:
            case Arrived():
                raise RuntimeError("a bug in a callback")

    connection = connect(report=broken)
    assert isinstance(reports.next(), Subscribed)
    connection.publish(Packet(topic="kvitt/1/test/a", payload=b"1"))
    assert isinstance(reports.next(), Arrived)
    assert isinstance(reports.next(), Lost)
    assert not connection.publish(Packet(topic="kvitt/1/test/a", payload=b"1"))


def test_small_packets_do_not_wait_for_each_other(connect: Callable[..., Connection], reports: Reports) -> None:
    connection = connect()
    assert isinstance(reports.next(), Subscribed)
    opened = connection._client.socket()
    assert opened is not None
    assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1  # type: ignore[union-attr]
    times = []
    for _ in range(20):
        began = time.monotonic()
        connection.publish(Packet(topic="kvitt/1/test/a", payload=b"1"))
        reports.next()
        times.append(time.monotonic() - began)
    assert sorted(times)[10] < 0.03


def test_a_stop_in_good_order_sends_no_will(
    broker: Broker, listener: Listener, connect: Callable[..., Connection], reports: Reports
) -> None:
    will = Packet(topic="kvitt/1/test/will", payload=b"gone")
    first = connect("k7q2mzc4xnb", will=will, will_delay_s=0, subscriptions=("kvitt/1/none",))
    assert isinstance(reports.next(), Subscribed)
    heard = Reports()
    connect("k7q2mzc4xnc", report=heard.put)
    assert isinstance(heard.next(), Subscribed)
    assert first.stop()
    with pytest.raises(queue.Empty):
        heard.next(1.0)
    listener.complaints.clear()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def no_garbage_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_garbage_collector")
def test_a_connection_that_has_ended_leaves_nothing_for_the_garbage_collector(broker: Broker, reports: Reports) -> None:
    before = open_files()
    connection = Connection(
        Endpoint(host="127.0.0.1", port=broker.port), client_id="k7q2", subscriptions=("a/b",), report=reports.put
    )
    connection.start()
    assert isinstance(reports.next(), Subscribed)
    assert open_files() > before
    assert connection.stop()
    del connection
    wait_for(lambda: open_files() <= before, "every file is closed")


@pytest.mark.usefixtures("no_garbage_collector")
def test_a_session_of_the_hub_that_has_ended_leaves_nothing_for_the_garbage_collector(broker: Broker) -> None:
    before = open_files()
    ready = threading.Event()
    session = Session(
        "127.0.0.1", broker.port, client_id="hub", subscriptions=("a/b",), taken=lambda _: None, ready=ready.set
    )
    session.start()
    assert ready.wait(10)
    assert open_files() > before
    session.stop()
    del session
    wait_for(lambda: open_files() <= before, "every file is closed")


def test_a_broker_that_says_that_another_client_has_our_id_is_understood(reports: Reports) -> None:
    """MQTT 5 answers a second client of the same id with DISCONNECT 0x8E to the first; mosquitto 2.0 does not."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = Endpoint(host="127.0.0.1", port=server.getsockname()[1])
        connection = Connection(endpoint, client_id="k7q2mzc4xna", subscriptions=("a/b",), report=reports.put)
        connection.start()
        line, _ = server.accept()
        with line:
            line.recv(4096)
            line.sendall(bytes([0x20, 3, 0, 0, 0]))  # CONNACK, success
            subscribe = line.recv(4096)
            line.sendall(bytes([0x90, 4, *subscribe[2:4], 0, 1]))  # SUBACK, QoS 1
            assert isinstance(reports.next(), Subscribed)
            line.sendall(bytes([0xE0, 2, 0x8E, 0]))  # DISCONNECT, session taken over
            lost = reports.next()
        assert isinstance(lost, Lost)
        assert lost.taken_over
        assert connection.stop()


def test_the_till_says_goodbye_and_the_hub_believes_it(hub: HubInside, make_kiosk: MakeKiosk) -> None:
    from hub.kiosks import listed

    def online() -> bool:
        return any(kiosk["online"] for kiosk in hub._read(listed))

    kiosk = make_kiosk().start()
    kiosk.wait_online()
    wait_for(online, "the birth")
    kiosk.stop()
    wait_for(lambda: not online(), "the goodbye")


def test_the_hub_going_and_coming_is_reported_once_each(hub: HubInside, make_kiosk: MakeKiosk) -> None:
    kiosk = make_kiosk().start()
    kiosk.wait_online()
    hub.stop()
    wait_for(lambda: not kiosk.reports()[-1].online, "the hub's goodbye")
    hub.start()
    kiosk.wait_online()
    wait_for(lambda: kiosk.reports()[-1].online, "the hub's return is posted")
    states = [report.online for report in kiosk.reports() if isinstance(report, ReportHub)]
    changes = [state for i, state in enumerate(states) if i == 0 or state != states[i - 1]]
    assert changes in ([False, True, False, True], [True, False, True])


def test_messages_for_another_till_are_refused(hub: HubInside, listener: Listener, make_kiosk: MakeKiosk) -> None:
    kiosk = make_kiosk().start()
    kiosk.wait_online()
    link = kiosk.link
    assert link is not None
    for payload in (b"", b"\xff\xfe", b"{}", b'{"v":1,"contiguous":99}'):
        listener.send(topic(Kind.ACK, kiosk.id), payload)
    wait_for(lambda: link.refused >= 4, "bad acknowledgements are counted")
    kiosk.sell()
    kiosk.wait_acknowledged()


def test_a_health_report_that_is_no_document_stops_nothing(
    hub: HubInside, make_kiosk: MakeKiosk, caplog: pytest.LogCaptureFixture
) -> None:
    kiosk = make_kiosk(health={"cpu_c": 61.2}).start()
    wait_for(lambda: "no document" in caplog.text, "it is said", 15)
    kiosk.sell()
    kiosk.wait_acknowledged()
    assert kiosk.link is not None
    assert kiosk.link.alive


def openssl(*arguments: str, folder: Path) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    folder = tmp_path / "pki"
    folder.mkdir()
    name = ("-subj", "/CN=test authority")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    # Python 3.13 believes only an authority that says that it may sign (RFC 5280, 4.2.1.3).
    usage = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", *name, *usage, "-days", "2", folder=folder)
    for who, extension in (
        ("broker", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
        ("till", "extendedKeyUsage=clientAuth"),
    ):
        openssl("req", *key, "-keyout", f"{who}.key", "-out", f"{who}.csr", "-subj", f"/CN={who}", folder=folder)
        (folder / f"{who}.ext").write_text(extension)
        openssl(
            *("x509", "-req", "-in", f"{who}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"),
            *("-out", f"{who}.pem", "-days", "2", "-extfile", f"{who}.ext"),
            folder=folder,
        )
    return folder


def tls_broker(folder: Path, authority: Path) -> Broker:
    return Broker(
        folder,
        f"cafile {authority}/ca.pem\ncertfile {authority}/broker.pem\nkeyfile {authority}/broker.key\n"
        "require_certificate true\n",
    )


def test_tls_with_certificates_on_both_sides(tmp_path: Path, authority: Path, reports: Reports) -> None:
    broker = tls_broker(tmp_path / "tls", authority)
    broker.start()
    try:
        endpoint = Endpoint(
            host="localhost",
            port=broker.port,
            ca_file=str(authority / "ca.pem"),
            cert_file=str(authority / "till.pem"),
            key_file=str(authority / "till.key"),
        )
        connection = Connection(endpoint, client_id="k7q2mzc4xna", subscriptions=("a/b",), report=reports.put)
        connection.start()
        assert isinstance(reports.next(), Subscribed)
        assert isinstance(connection._client.socket(), ssl.SSLSocket)
        assert connection.stop()
    finally:
        broker.kill()


# paho leaves the socket of a failed TLS handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_broker_of_another_authority_is_not_believed(tmp_path: Path, authority: Path, reports: Reports) -> None:
    broker = tls_broker(tmp_path / "tls", authority)
    broker.start()
    try:
        other = tmp_path / "other"
        other.mkdir()
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        openssl(
            "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=x", "-days", "2", folder=other
        )
        endpoint = Endpoint(host="localhost", port=broker.port, ca_file=str(other / "ca.pem"))
        connection = Connection(endpoint, client_id="k7q2mzc4xna", subscriptions=("a/b",), report=reports.put)
        connection.start()
        lost = reports.next()
        assert isinstance(lost, Lost)
        assert "certificate" in lost.reason.lower()
        assert connection.stop()
    finally:
        broker.kill()


def test_a_missing_certificate_is_named(tmp_path: Path) -> None:
    endpoint = Endpoint(host="localhost", port=8883, ca_file=str(tmp_path / "none.pem"))
    with pytest.raises(ConfigError, match=r"hub\.ca_file"):
        Connection(endpoint, client_id="k7q2mzc4xna", subscriptions=(), report=lambda _: None)


def test_a_wrong_hub_key_in_the_configuration_is_named(make_kiosk: MakeKiosk) -> None:
    kiosk = make_kiosk(key="abc")
    with pytest.raises(ConfigError, match=r"hub\.keys"):
        kiosk.start()
    kiosk.link = None


def test_a_fleet_that_has_grown_is_told_at_once_over_which_time_it_shall_come_back(
    hub: HubInside, make_kiosk: MakeKiosk
) -> None:
    kiosk = make_kiosk().start()
    kiosk.wait_online()
    assert LinkMemory(kiosk.state).value.spread_s == 1
    database = Database(hub.folder)
    with database.write() as connection:
        connection.execute(insert(kiosk_table), [{"kiosk": f"kaaaaaaa{100 + number}"} for number in range(300)])
    database.close()
    wait_for(lambda: LinkMemory(kiosk.state).value.spread_s == 3, "the new spread", 10)
