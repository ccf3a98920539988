"""Several workers at one broker and one database: one that dies costs time, and no sale."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from hub.database import Database, put_setting
from hub.worker import HEARTBEAT
from hub.workforce import Pulse
from tests.mqtt.parts import ROOT, Broker, HubFolder, HubProcess, Kiosk, hub_sales, journal_sales, wait_for


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path / "broker")
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def hub(broker: Broker, postgres_url: str, tmp_path: Path) -> Iterator[HubProcess]:
    hub = HubProcess(tmp_path / "hub", broker.port, postgres_url)
    hub.start("--workers", "2")
    yield hub
    hub.kill()


@pytest.fixture
def kiosks(hub: HubProcess, broker: Broker, tmp_path: Path) -> Iterator[list[Kiosk]]:
    wait_for(lambda: in_service(hub), "the hub is in service", 60)
    made = [Kiosk(state=tmp_path / f"kiosk-{number}", port=broker.port, key=hub.key) for number in range(3)]
    yield made
    for kiosk in made:
        kiosk.close()


def in_service(hub: HubFolder) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{hub.http}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        error.close()
        return False
    except OSError:
        return False


def workers(hub: HubProcess) -> set[int]:
    """Give the processes of the workers that live."""
    children = psutil.Process(hub.pid).children()
    return {child.pid for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE}


def test_workers_that_are_killed_lose_nothing_and_are_started_again(hub: HubProcess, kiosks: list[Kiosk]) -> None:
    first = workers(hub)
    assert len(first) == 2
    for kiosk in kiosks:
        kiosk.sell(40)
        kiosk.start()
    for victim in first:
        wait_for(lambda: any(kiosk.journal.acked() for kiosk in kiosks), "the first acknowledgement", 60)
        os.kill(victim, signal.SIGKILL)
        for kiosk in kiosks:
            kiosk.sell(40)
    for kiosk in kiosks:
        kiosk.wait_acknowledged(120)
    booked = hub.sales()
    for kiosk in kiosks:
        assert hub_sales(booked, kiosk.id) == journal_sales(kiosk.journal)
        assert len(journal_sales(kiosk.journal)) == 120
    wait_for(lambda: len(workers(hub)) == 2, "both workers again", 30)
    assert workers(hub).isdisjoint(first)
    assert hub.alarms() == ()


def test_workers_end_with_the_hub_also_when_it_is_killed(hub: HubProcess, kiosks: list[Kiosk]) -> None:
    children = [psutil.Process(pid) for pid in workers(hub)]
    hub.kill()
    wait_for(lambda: not any(child.is_running() for child in children), "no worker is left", 30)


def test_a_worker_may_run_where_no_hub_does(hub: HubProcess, broker: Broker, kiosks: list[Kiosk]) -> None:
    hub.stop()
    hub.start("--workers", "0")
    words = [sys.executable, "-m", "hub", "work", "--data", str(hub.folder), "--database", hub.url]
    wait_for(lambda: not in_service(hub), "a hub without workers is not in service", 30)
    with subprocess.Popen([*words, "--broker", f"127.0.0.1:{broker.port}"], cwd=ROOT) as worker:
        kiosks[0].sell(5)
        kiosks[0].start()
        kiosks[0].wait_acknowledged(60)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0
    assert len(hub.sales()) == 5


def test_a_second_worker_on_sqlite_is_refused_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub = HubFolder(tmp_path, 0)
    assert hub.command("serve", "--broker", "127.0.0.1:1", "--workers", "2") == 1
    assert "SQLite has one writer" in capsys.readouterr().err
    assert hub.command("work", "--broker", "127.0.0.1:1") == 1
    assert "SQLite has one writer" in capsys.readouterr().err
    assert not (tmp_path / "hub.db").exists()


def test_an_old_sign_of_life_is_none(database: Database) -> None:
    with database.write() as connection:
        put_setting(connection, HEARTBEAT, "1")
    pulse = Pulse(database)
    assert not pulse.healthy()
    with database.write() as connection:
        put_setting(connection, HEARTBEAT, "2")
    wait_for(pulse.healthy, "a new sign is seen")
