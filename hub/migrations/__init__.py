"""The steps from one release's tables to the next's, by Alembic."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

_FOLDER: Final = Path(__file__).parent


def revisions() -> tuple[str, ...]:
    """Give the steps that this hub knows, oldest first."""
    return tuple(step.revision for step in reversed(list(_scripts().walk_revisions())))


def upgrade(connection: Connection, *, held: str, to: str = "head") -> None:
    """Take every step behind `held` ("" = none was taken), in the caller's transaction."""
    scripts = _scripts()
    context = MigrationContext.configure(connection)
    with Operations.context(context):
        for step in reversed(list(scripts.iterate_revisions(to, held or "base"))):
            step.module.upgrade()
    context.stamp(scripts, to)


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(_FOLDER), version_locations=[str(_FOLDER / "versions")])
