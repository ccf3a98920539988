"""Everything in the repository is our own or names where it is from: data shared with others is read, never copied."""

import hashlib
from pathlib import Path

from tests.architecture.source import ROOT

GENERATED = {".git", ".venv", ".cache", "__pycache__", "dist", "build"}


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_no_file_of_the_shared_data_is_copied_into_the_repository(shared_data: Path) -> None:
    shared = {
        digest(file): file.name
        for file in shared_data.rglob("*")
        if file.is_file() and file.stat().st_size and "LICENSE" not in file.name
    }
    assert shared
    copied = [
        file.relative_to(ROOT).as_posix()
        for file in ROOT.rglob("*")
        if not GENERATED & set(file.parts) and file.is_file() and digest(file) in shared
    ]
    assert copied == []
