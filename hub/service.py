"""The hub: one worker or several, files, payments, control and web over one database."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from hub.access import users
from hub.control import Control
from hub.database import Database
from hub.files import Files
from hub.keys import public_hex, signing_key
from hub.payments import Payments
from hub.settings import read_settings
from hub.simulated_gateway import SimulatedGateway
from hub.web.app import application, site
from hub.web.server import WebServer
from hub.worker import Worker
from hub.workforce import Pulse, Workforce

ONE_WRITER: Final = "SQLite has one writer, and that is in `kvitt-hub serve`; with PostgreSQL there may be many workers"


class ManyWriters(Exception):
    """More workers are wanted than the database takes; the text says so."""


class Hub:
    """Builds, starts and stops everything."""

    def __init__(
        self,
        folder: Path,
        *,
        host: str,
        port: int,
        http_host: str = "127.0.0.1",
        http_port: int = 0,
        database_url: str = "",
        workers: int = 1,
    ) -> None:
        settings = read_settings(folder)
        url = database_url or settings.database
        if workers != 1 and not url:
            raise ManyWriters(ONE_WRITER)
        self._folder = folder
        key = signing_key(folder)
        self.public_key = public_hex(key)
        self._database = Database(folder, url, create=True, upgrade=True)
        self._workers: Worker | Workforce
        if workers == 1:
            self._workers = Worker(self._database, host, port)
            healthy = self._workers.healthy
        else:
            self._workers = Workforce(workers, folder=folder, broker=f"{host}:{port}", url=url)
            healthy = Pulse(self._database).healthy
        self._files = Files(self._database, host, port)
        simulated = SimulatedGateway(self._database) if settings.gateway == "simulated" else None
        self._payments = Payments(self._database, host, port, simulated, simulated)
        self._control = Control(self._database, key, host, port, healthy=healthy)
        app = application(site(folder, self._database, settings), healthy)
        self._web = WebServer(app, host=http_host, port=http_port) if http_port else None

    def page(self, host: str, port: int) -> str:
        """Say where the page is, and how to make its first user if there is none."""
        with self._database.read() as connection:
            nobody = not users.listed(connection)
        first = f"; first: kvitt-hub user add NAME --role owner --data {self._folder}" if nobody else ""
        return f"page http://{host}:{port}/hub/{first}"

    def start(self) -> None:
        """Begin: the worker first, so that what control announces is true."""
        self._workers.start()
        self._files.start()
        self._payments.start()
        self._control.start()
        if self._web is not None:
            self._web.start()

    def stop(self) -> None:
        """End in good order."""
        if self._web is not None:
            self._web.stop()
        self._control.stop()
        self._payments.stop()
        self._files.stop()
        self._workers.stop()
        self._database.close()
