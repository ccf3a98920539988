"""Serving the application."""

from __future__ import annotations

import logging
import threading

import uvicorn
from starlette.applications import Starlette


class WebServer:
    """Serves an application on a thread of its own."""

    def __init__(self, app: Starlette, *, host: str, port: int) -> None:
        # A receipt's address is its key: it stands in no log.
        logging.getLogger("uvicorn.access").disabled = True
        config = uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, server_header=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="web", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the answers at hand."""
        self._server.should_exit = True
        self._thread.join(10)
