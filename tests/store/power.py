"""An ext4 filesystem of its own whose power can be cut: a loop device, and the kernel's own shutdown.

EXT4_IOC_SHUTDOWN with flag 2 stops the filesystem where it stands, without its journal: what was not flushed is gone.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

EXT4_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2
NOT_HERE = "NOT TESTED HERE: power cut (needs root and a loop device)"
# A short commit interval would flush by itself what nobody asked to be flushed; 300 s is what the product mounts with.
OPTIONS = "loop,noatime,commit=300,errors=remount-ro"


class Card:
    """A card that can lose its power."""

    def __init__(self, image: Path, mounted: Path) -> None:
        self.image = image
        self.mounted = mounted

    @property
    def state(self) -> Path:
        return self.mounted / "state"

    def mount(self) -> None:
        subprocess.run(["mount", "-o", OPTIONS, str(self.image), str(self.mounted)], check=True, capture_output=True)

    def unmount(self) -> None:
        subprocess.run(["umount", str(self.mounted)], check=True, capture_output=True)

    def cut_power(self) -> None:
        folder = os.open(self.mounted, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(folder)


@contextmanager
def card(folder: Path, megabytes: int = 96) -> Iterator[Card]:
    """Give a mounted card; skips where that cannot be."""
    if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None or not Path("/dev/loop-control").exists():
        pytest.skip(NOT_HERE)
    image = folder / "card.img"
    with image.open("wb") as file:
        file.truncate(megabytes * 1024 * 1024)
    subprocess.run(["mkfs.ext4", "-q", "-b", "4096", str(image)], check=True, capture_output=True)
    made = Card(image, Path(tempfile.mkdtemp(dir=folder)))
    try:
        made.mount()
    except subprocess.CalledProcessError:
        pytest.skip(NOT_HERE)
    try:
        yield made
    finally:
        subprocess.run(["umount", "-l", str(made.mounted)], check=False, capture_output=True)
