"""The watchdog: fed only while register and screen both live."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from appliance.service import ServiceWatchdog


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "notify"))
        line.settimeout(1)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield line


def heard(manager: socket.socket) -> list[bytes]:
    manager.setblocking(False)
    messages = []
    try:
        while True:
            messages.append(manager.recv(100))
    except BlockingIOError:
        return messages


def test_the_life_of_a_service_is_told_to_its_manager(manager: socket.socket) -> None:
    watchdog = ServiceWatchdog(screen=True)
    watchdog.ready()
    watchdog.feed()
    watchdog.feed_screen()
    watchdog.stopping()
    assert heard(manager) == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1", b"STOPPING=1"]


@pytest.mark.parametrize("frozen", ["register", "screen"])
def test_a_frozen_half_starves_the_watchdog(
    manager: socket.socket, frozen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    watchdog = ServiceWatchdog(screen=True)
    monkeypatch.setattr("appliance.service.time.monotonic", lambda: 1e9)
    for _ in range(3):
        watchdog.feed_screen() if frozen == "register" else watchdog.feed()
    assert heard(manager) == []


def test_a_till_without_a_screen_is_fed_by_its_register(manager: socket.socket) -> None:
    watchdog = ServiceWatchdog(screen=False)
    watchdog.feed()
    assert heard(manager) == [b"WATCHDOG=1"]


def test_without_a_service_manager_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    ServiceWatchdog(screen=True).feed()
