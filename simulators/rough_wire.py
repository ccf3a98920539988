"""A rough way to the broker: a TCP proxy that doubles and reorders PUBLISH packets, cuts links and refuses new ones."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

PUBLISH: Final = 3
"""Packet type (MQTT 5, 2.1.2)."""
_HELD_S: Final = 0.05
"""A packet that is held back goes after the next one, or after so long."""
_STOP_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Roughness:
    """The shares of PUBLISH packets, 0 to 1, that are sent twice, and that the next one overtakes."""

    doubled: float = 0.0
    overtaken: float = 0.0


class RoughWire:
    """Listens on a free loopback port and carries everything to the broker; use as a context manager."""

    def __init__(self, broker_port: int, roughness: Roughness, *, seed: int) -> None:
        self.port = 0
        self.doubled = self.overtaken = self.cuts = 0
        self._broker_port = broker_port
        self._roughness = roughness
        self._dice = random.Random(seed)  # noqa: S311 - the same seed, the same faults
        self._refusing = False
        self._links: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._ending: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="rough-wire")

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._listening.wait(_STOP_S):
            raise TimeoutError("the rough wire does not listen")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ending is not None:
            self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join(_STOP_S)

    def cut(self) -> None:
        """Cut every link, as if a cable had been pulled; new ones may come at once."""
        self._loop.call_soon_threadsafe(self._cut)

    def part(self) -> None:
        """Cut every link and take none until `heal`."""
        self._refusing = True
        self.cut()

    def heal(self) -> None:
        """Take links again."""
        self._refusing = False

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._ending = asyncio.Event()
        carried: set[asyncio.Task[None]] = set()

        async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            carried.add(task)
            try:
                await self._carry(reader, writer)
            finally:
                carried.discard(task)

        server = await asyncio.start_server(carry, "127.0.0.1", 0)
        self.port = int(server.sockets[0].getsockname()[1])
        self._listening.set()
        await self._ending.wait()
        server.close()
        self._cut()
        await asyncio.gather(*carried, return_exceptions=True)

    def _cut(self) -> None:
        self.cuts += len(self._links) // 2
        for writer in self._links:
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        try:
            from_broker, to_broker = await asyncio.open_connection("127.0.0.1", self._broker_port)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, to_broker}
        self._links |= ends
        try:
            up = asyncio.create_task(self._pass_on(reader, to_broker))
            down = asyncio.create_task(self._pass_on(from_broker, writer))
            _, left = await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            for task in left:
                task.cancel()
            await asyncio.gather(up, down, return_exceptions=True)
        finally:
            self._links -= ends
            for end in ends:
                end.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry packets one way until the link ends. A packet that is held back when it ends is lost with it."""
        held = b""
        coming: asyncio.Task[bytes] | None = None
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                if coming is None:
                    coming = asyncio.create_task(_packet(reader))
                    coming.add_done_callback(lambda task: task.cancelled() or task.exception())
                done, _ = await asyncio.wait({coming}, timeout=_HELD_S if held else None)
                if not done:
                    writer.write(held)
                    held = b""
                    continue
                packet, coming = coming.result(), None
                if packet[0] >> 4 == PUBLISH:
                    if not held and self._dice.random() < self._roughness.overtaken:
                        held = packet
                        self.overtaken += 1
                        continue
                    if self._dice.random() < self._roughness.doubled:
                        self.doubled += 1
                        packet += packet
                writer.write(packet + held)
                held = b""
                await writer.drain()
        if coming is not None:
            coming.cancel()


async def _packet(reader: asyncio.StreamReader) -> bytes:
    """Read one packet: a byte of type, the length in 7-bit groups (MQTT 5, 1.5.5), the rest."""
    head = await reader.readexactly(2)
    length, shift = head[1] & 0x7F, 7
    while head[-1] & 0x80:
        head += await reader.readexactly(1)
        length += (head[-1] & 0x7F) << shift
        shift += 7
    return head + await reader.readexactly(length)
