"""A kiosk as one would write it first: `python -m tests.hub.proof.naive DESIGN --broker ... --state ...`.

Its own books are honest, a real journal on a real disk. How it sends them is not: `memory` hands each sale to the MQTT
library with QoS 1 and thinks no more of it; `puback` drops a row when the broker has taken it.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from appliance.mqtt.identity import identity
from appliance.mqtt.messages.journal import batch_packet, wire_row
from appliance.store.journal import SqliteJournal
from simulators.fleet.ledger import ROWS_OF_A_SALE, sale

PATIENCE_S = 60.0


def main(design: str, broker: str, state: Path, rate: float, sales: int) -> int:
    """Sell, send, and end when the broker has taken everything."""
    host, _, port = broker.rpartition(":")
    state.mkdir(parents=True, exist_ok=True)
    journal, kiosk = SqliteJournal.open(state), identity(state).kiosk
    under_way: dict[int, int] = {}
    taken: list[int] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=kiosk, protocol=MQTTProtocolVersion.MQTTv5)
    client.on_publish = lambda _client, _userdata, mid, *_: taken.append(mid)
    client.reconnect_delay_set(1, 2)
    client.connect_async(host, int(port), clean_start=False)
    client.loop_start()
    handed = journal.last() if design == "memory" else journal.acked()
    sell_at, last_news = time.monotonic(), time.monotonic()
    while journal.last() < sales * ROWS_OF_A_SALE or under_way or handed < journal.last():
        now = time.monotonic()
        if now >= sell_at and journal.last() < sales * ROWS_OF_A_SALE:
            sell_at = now + 60 / rate
            at, number = datetime.now(UTC), journal.last() // ROWS_OF_A_SALE + 1
            events = sale(number, at, store="fleet", workstation=state.parent.name)
            journal.append(events, at=at, clock_synced=True, catalogue=None)
        if handed < journal.last() and (design == "memory" or client.is_connected()):
            rows: list[dict[str, Any]] = [wire_row(row.document) for row in journal.since(handed, 50)]
            packet, count = batch_packet(kiosk, journal.epoch(), rows)
            properties = paho.Properties(paho.PacketTypes.PUBLISH)
            properties.UserProperty = list(packet.properties.items())
            handed += count
            under_way[client.publish(packet.topic, packet.payload, qos=1, properties=properties).mid] = handed
        while taken:
            through = under_way.pop(taken.pop(0), 0)
            last_news = now
            if design == "puback":
                journal.acknowledge(through)
        if under_way and now - last_news > PATIENCE_S:
            break
        time.sleep(0.01)
    client.disconnect()
    client.loop_stop()
    journal.close()
    return 0


if __name__ == "__main__":
    told = dict(zip(sys.argv[2::2], sys.argv[3::2], strict=True))
    folder = Path(told["--state"]) / "kiosk-1"
    sys.exit(main(sys.argv[1], told["--broker"], folder, float(told["--rate"]), int(told["--sales"])))
