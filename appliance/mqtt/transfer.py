"""Fetching blobs: chunks pulled a few at a time, each on disk before the next is asked for, proved by SHA-256."""

from __future__ import annotations

import hashlib
import math
import shutil
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

from appliance.errors import HubError
from appliance.mqtt.messages.blob import CHUNK, Chunk, Want, WantBlob, WantDelta, WantOther
from appliance.mqtt.messages.wire import Malformed, Packet, packet
from appliance.mqtt.topics import Kind, topic

OUTSTANDING: Final = 4
ANSWER_S: Final = 15.0
_TRIES: Final = 3


class Unavailable(HubError):
    """The hub has it no more, is busy, or denies it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A chunk that came, with the request that it answers."""

    correlation: bytes
    chunk: Chunk


@dataclass(slots=True)
class _Blob:
    """A blob that is being fetched: one file per chunk in a folder of its own."""

    sha256: str
    size: int
    folder: Path
    tries: int = 0
    missing: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.missing = [i for i in range(math.ceil(self.size / CHUNK)) if not (self.folder / str(i)).exists()]

    def take(self, chunk: Chunk) -> None:
        """Keep a chunk."""
        part = self.folder / f".{chunk.index}"
        part.write_bytes(chunk.content)
        part.rename(self.folder / str(chunk.index))

    def assemble(self) -> bytes:
        """Give the whole; Malformed if it is not what its name says."""
        parts = [(self.folder / str(i)).read_bytes() for i in range(math.ceil(self.size / CHUNK))]
        content = b"".join(parts)
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise Malformed(f"blob {self.sha256[:12]} is not what its name says")
        return content


class Transfer:
    """STATE/blobs. `ask` sends a request (False: no link now); `answer` waits for a chunk, None after a time-out."""

    def __init__(
        self,
        folder: Path,
        kiosk: str,
        *,
        ask: Callable[[Packet], bool],
        answer: Callable[[float], Answer | None],
    ) -> None:
        self._folder = folder
        self._kiosk = kiosk
        self._ask = ask
        self._answer = answer
        self._numbers = count(1)
        self._run = str(time.time_ns())

    def path(self, sha256: str) -> Path:
        """Give where a fetched blob lies."""
        return self._folder / sha256

    def keep_only(self, names: Collection[str]) -> None:
        """Drop every blob, whole or begun, that is none of these."""
        if not self._folder.exists():
            return
        for entry in self._folder.iterdir():
            if entry.name.removesuffix(".part") not in names:
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def fetch(self, blobs: Sequence[tuple[str, int]]) -> None:
        """Fetch blobs (SHA-256, size) to disk, what is there already excepted.

        Unavailable if the hub says so; Malformed if one comes wrong again and again. What has come stays on disk.
        """
        waiting = {
            sha256: _Blob(sha256, size, self._folder / f"{sha256}.part")
            for sha256, size in blobs
            if not self.path(sha256).exists()
        }
        asked: dict[bytes, tuple[str, int, float]] = {}
        for blob in list(waiting.values()):
            self._finish(blob, waiting)
        while waiting:
            now = time.monotonic()
            asked = {key: entry for key, entry in asked.items() if entry[2] > now}
            linked = self._fill_up(waiting, asked, now)
            end = min((entry[2] for entry in asked.values()), default=now + 1.0)
            answer = self._answer(max(0.01, end - now) if linked else 1.0)
            if answer is None or answer.correlation not in asked:
                continue
            sha256, index, _ = asked.pop(answer.correlation)
            self._take(answer.chunk, waiting.get(sha256), index, waiting)

    def _fill_up(self, waiting: dict[str, _Blob], asked: dict[bytes, tuple[str, int, float]], now: float) -> bool:
        under_way = {(sha256, index) for sha256, index, _ in asked.values()}
        for blob in waiting.values():
            for index in blob.missing:
                if len(asked) >= OUTSTANDING:
                    return True
                if (blob.sha256, index) in under_way:
                    continue
                key = self._request(WantBlob(sha256=blob.sha256, size=blob.size, chunks=frozenset({index})))
                if key is None:
                    return False
                asked[key] = (blob.sha256, index, now + ANSWER_S)
        return True

    def _take(self, chunk: Chunk, blob: _Blob | None, index: int, waiting: dict[str, _Blob]) -> None:
        if blob is None:
            return
        if chunk.error == "busy":
            return
        if chunk.error:
            raise Unavailable(f"blob {blob.sha256[:12]}: {chunk.error}")
        if (chunk.sha256, chunk.index, chunk.size) != (blob.sha256, index, blob.size):
            raise Malformed(f"asked for chunk {index} of {blob.sha256[:12]}, got {chunk.index} of {chunk.sha256[:12]}")
        blob.take(chunk)
        if index in blob.missing:
            blob.missing.remove(index)
        self._finish(blob, waiting)

    def _finish(self, blob: _Blob, waiting: dict[str, _Blob]) -> None:
        if blob.missing:
            return
        try:
            content = blob.assemble()
        except Malformed:
            shutil.rmtree(blob.folder)
            blob.tries += 1
            if blob.tries >= _TRIES:
                raise
            blob.__post_init__()
            return
        target = self.path(blob.sha256)
        whole = target.with_name(f".{target.name}")
        whole.write_bytes(content)
        whole.rename(target)
        shutil.rmtree(blob.folder)
        del waiting[blob.sha256]

    def delta(self, want: WantDelta) -> bytes:
        """Fetch a packed delta; Unavailable if the hub has none. A delta is small: it is not kept on disk."""
        key: bytes | None = None
        parts: dict[int, Chunk] = {}
        tries = 0
        deadline = 0.0
        while True:
            now = time.monotonic()
            if key is None or now >= deadline:
                if tries >= _TRIES:
                    raise Unavailable("the hub does not answer")
                key = self._request(want)
                parts.clear()
                deadline = now + ANSWER_S
                tries += key is not None
            answer = self._answer(1.0 if key is None else max(0.01, deadline - now))
            if answer is None or answer.correlation != key:
                continue
            chunk = answer.chunk
            if chunk.error:
                raise Unavailable(f"delta from {want.base}: {chunk.error}")
            parts[chunk.index] = chunk
            if len(parts) == chunk.count:
                content = b"".join(parts[i].content for i in sorted(parts))
                if hashlib.sha256(content).hexdigest() != chunk.sha256:
                    raise Malformed(f"delta from {want.base} is not what its name says")
                return content

    def _request(self, want: Want) -> bytes | None:
        if isinstance(want, WantOther):
            raise TypeError(f"{want} cannot be asked for")
        key = f"{self._run}-{next(self._numbers)}".encode()
        request = packet(
            Kind.GET,
            self._kiosk,
            want.document(),
            correlation=key,
            response_topic=topic(Kind.BLOB, self._kiosk),
        )
        return key if self._ask(request) else None
