"""The hub as one process: worker, files, control and web over one database."""

from __future__ import annotations

from pathlib import Path

from hub.control import Control
from hub.database import Database
from hub.files import Files
from hub.keys import public_hex, signing_key
from hub.settings import read_settings
from hub.web import WebServer, application
from hub.worker import Worker


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
    ) -> None:
        settings = read_settings(folder)
        key = signing_key(folder)
        self.public_key = public_hex(key)
        self._database = Database(folder, database_url or settings.database, create=True, upgrade=True)
        self._worker = Worker(self._database, host, port)
        self._files = Files(self._database, host, port)
        self._control = Control(self._database, key, host, port, healthy=self._worker.healthy)
        app = application(self._database, settings, self._worker.healthy)
        self._web = WebServer(app, host=http_host, port=http_port) if http_port else None

    def start(self) -> None:
        """Begin: the worker first, so that what control announces is true."""
        self._worker.start()
        self._files.start()
        self._control.start()
        if self._web is not None:
            self._web.start()

    def stop(self) -> None:
        """End in good order."""
        if self._web is not None:
            self._web.stop()
        self._control.stop()
        self._files.stop()
        self._worker.stop()
        self._database.close()
