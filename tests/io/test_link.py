"""Bytes by URL, on real sockets and pseudo-terminals."""

import os
import pty
import socket
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.errors import ConfigError, DeviceBusy, DeviceNotFound, DeviceOffline, DeviceTimeout
from appliance.io.link import open_link


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def line() -> Iterator[tuple[int, str]]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    path = os.ttyname(slave)
    os.close(slave)
    yield master, path
    try:
        os.close(master)
    except OSError:
        return


def tcp(listener: socket.socket) -> str:
    return f"tcp://127.0.0.1:{listener.getsockname()[1]}"


def test_what_is_written_to_a_socket_arrives_and_what_comes_back_is_read(listener: socket.socket):
    link = open_link(tcp(listener), timeout=2)
    peer, _ = listener.accept()
    with peer:
        link.write(b"hello")
        assert peer.recv(10) == b"hello"
        peer.sendall(b"answer")
        assert link.read(3, 2) == b"ans"
        assert link.read(10, 2) == b"wer"
        assert link.read(10, 0.01) == b""
        link.close()
        link.close()
    with pytest.raises(DeviceOffline):
        link.read(1, 0)


def test_a_peer_that_closed_an_idle_connection_is_seen_before_anything_is_sent(listener: socket.socket):
    link = open_link(tcp(listener), timeout=2)
    peer, _ = listener.accept()
    assert link.alive()
    peer.sendall(b"x")
    assert link.alive()
    assert link.alive(), "looking consumes nothing"
    assert link.read(1, 2) == b"x"
    peer.close()
    with pytest.raises(DeviceOffline):
        link.read(1, 2)
    assert not link.alive()
    link.close()
    assert not link.alive()


def test_a_large_write_goes_out_whole_though_the_reader_is_slow(listener: socket.socket):
    data = os.urandom(3_000_000)
    link = open_link(tcp(listener), timeout=5)
    peer, _ = listener.accept()
    got = bytearray()

    def drain() -> None:
        with peer:
            while len(got) < len(data):
                got.extend(peer.recv(65536))

    reader = threading.Thread(target=drain)
    reader.start()
    link.write(data)
    reader.join(10)
    link.close()
    assert bytes(got) == data


def test_a_reader_that_stands_still_is_a_time_out_and_not_a_hang(listener: socket.socket):
    link = open_link(tcp(listener), timeout=0.1)
    peer, _ = listener.accept()
    with peer, pytest.raises(DeviceTimeout) as fault:
        link.write(bytes(50_000_000))
    link.close()
    assert fault.value.remedy


def test_nobody_listens_is_offline_with_a_remedy(listener: socket.socket):
    url = tcp(listener)
    listener.close()
    with pytest.raises(DeviceOffline) as fault:
        open_link(url, timeout=1)
    assert "listens on port" in fault.value.remedy


def test_a_socket_that_connected_to_itself_is_no_device():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    real = socket.create_connection

    def from_the_same_port(address: tuple[str, int], timeout: float) -> socket.socket:
        return real(address, timeout, source_address=address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "create_connection", from_the_same_port)
        with pytest.raises(DeviceOffline, match="nobody listens"):
            open_link(f"tcp://127.0.0.1:{port}", timeout=1)


def test_a_serial_line_carries_bytes_both_ways(line: tuple[int, str]):
    master, path = line
    link = open_link(f"serial://{path}?baud=115200&parity=e&stop=2", timeout=1)
    link.write(b"\x10\x04\x01")
    assert os.read(master, 10) == b"\x10\x04\x01"
    os.write(master, b"\x16\x00\xff\r\n")
    assert link.read(10, 1) == b"\x16\x00\xff\r\n"
    assert link.read(10, 0.01) == b""
    link.close()


def test_a_serial_line_that_is_pulled_out_is_offline(line: tuple[int, str]):
    master, path = line
    link = open_link(f"serial://{path}", timeout=1)
    assert link.alive()
    os.close(master)
    assert not link.alive()
    with pytest.raises(DeviceOffline):
        link.read(1, 1)
    with pytest.raises(DeviceOffline):
        link.write(b"x")
    link.close()
    with pytest.raises(DeviceNotFound) as fault:
        open_link(f"serial://{path}", timeout=1)
    assert "Plug" in fault.value.remedy


def test_two_programs_cannot_hold_one_serial_line(line: tuple[int, str]):
    _, path = line
    link = open_link(f"serial://{path}", timeout=1)
    with pytest.raises(DeviceBusy):
        open_link(f"serial://{path}", timeout=1)
    link.close()


def test_a_file_takes_bytes_at_its_end_and_never_answers(tmp_path: Path):
    path = tmp_path / "printer"
    for part in (b"one", b"two"):
        link = open_link(f"file://{path}", timeout=1)
        link.write(part)
        assert link.read(10, 0) == b""
        assert link.alive()
        link.close()
    assert path.read_bytes() == b"onetwo"


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("/dev/ttyUSB0", "serial:///dev/"),
        ("serial:///dev/ttyUSB0?buad=9600", "did you mean baud"),
        ("serial:///dev/ttyUSB0?baud=fast", "baud is a number"),
        ("serial://ttyUSB0", "three slashes"),
        ("tcp://192.0.2.1", "tcp://host:port"),
        ("tcp://192.0.2.1:99999", "tcp://192.0.2.1:99999"),
        ("file://printer", "three slashes"),
    ],
)
def test_a_wrong_url_says_what_to_write(url: str, hint: str):
    with pytest.raises(ConfigError, match=hint):
        open_link(url, timeout=1)
