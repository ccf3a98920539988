"""A PostgreSQL server of our own: in a temporary folder, on a Unix socket, gone after the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import create_engine, text


def programs() -> Path | None:
    """Give the folder of PostgreSQL's programs, the newest there is; None if there are none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


class Cluster:
    """Started once for all tests; each database is a copy of a template that has the tables."""

    def __init__(self, bin_folder: Path, *, durable: bool = False) -> None:
        self._durable = durable
        self._bin = bin_folder
        self._folder = Path(tempfile.mkdtemp(prefix="kvitt-postgres-", dir="/tmp"))
        self._user = ""
        if os.geteuid() == 0:
            # initdb refuses root.
            self._user = next(name for name in ("postgres", "nobody") if _known(name))
            account = pwd.getpwnam(self._user)
            os.chown(self._folder, account.pw_uid, account.pw_gid)
        self._made = 0

    def start(self) -> None:
        data = self._folder / "data"
        self._run([self._bin / "initdb", "-D", data, "-U", "kvitt", "-A", "trust", "-E", "UTF8", "--no-sync"])
        options = f"-c listen_addresses='' -c unix_socket_directories={self._folder}"
        if not self._durable:
            options += " -c fsync=off -c full_page_writes=off"
        self._run(
            [self._bin / "pg_ctl", "-D", data, "-w", "-t", "60", "-l", self._folder / "log", "-o", options, "start"]
        )

    def stop(self) -> None:
        self._run([self._bin / "pg_ctl", "-D", self._folder / "data", "-m", "immediate", "stop"])
        shutil.rmtree(self._folder)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://kvitt@/{name}?host={self._folder}"

    def create(self, template: str = "template0") -> str:
        """Make a database; give its name."""
        self._made += 1
        self._execute(f"CREATE DATABASE kvitt_{self._made} TEMPLATE {template}")
        return f"kvitt_{self._made}"

    def drop(self, name: str) -> None:
        self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def _run(self, command: Sequence[object]) -> None:
        words = [str(word) for word in command]
        if self._user:
            words = ["setpriv", f"--reuid={self._user}", f"--regid={self._user}", "--clear-groups", *words]
        done = subprocess.run(words, check=False, cwd="/", capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"


def _known(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
