"""The contract as tests hold it: JSON Schemas of docs/protocol, and a listener that checks everything on the wire."""

from __future__ import annotations

import json
import threading
from functools import cache
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import zstandard
from jsonschema import Draft202012Validator
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from referencing import Registry, Resource

from appliance.mqtt.topics import RULES, Kind, parse
from tests.mqtt.parts import ROOT

FOLDER = ROOT / "docs" / "protocol"
SCHEMA_OF = {
    Kind.HUB_STATE: "hub-state",
    Kind.HEAD: "catalogue-head",
    Kind.DELTA: "catalogue-delta",
    Kind.ACK: "ack",
    Kind.BLOB: "blob",
    Kind.STATE: "kiosk-state",
    Kind.HEALTH: "health",
    Kind.JOURNAL: "journal",
    Kind.GET: "get",
    Kind.PAYMENT_REQUEST: "pay",
    Kind.PAYMENT: "pay-state",
}


@cache
def schemas() -> dict[str, Any]:
    """Read every schema by name."""
    return {file.stem: json.loads(file.read_text()) for file in sorted((FOLDER / "schemas").glob("*.json"))}


@cache
def validator(name: str) -> Draft202012Validator:
    """Give the validator of a schema."""
    registry: Registry[Any] = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in schemas().values()
    )
    return Draft202012Validator(schemas()[name], registry=registry)


def examples() -> dict[str, Path]:
    """Give the example files by name."""
    return {file.stem: file for file in sorted((FOLDER / "examples").glob("*.json"))}


def complaint(topic: str, payload: bytes, properties: dict[str, str]) -> str:
    """Say what is wrong with a message; "" if nothing is."""
    address = parse(topic)
    if address is None or address.kind not in SCHEMA_OF:
        return f"{topic}: not a topic of the contract"
    if address.kind is Kind.BLOB:
        document: Any = properties
    else:
        if properties.get("enc") == "zstd":
            payload = zstandard.ZstdDecompressor().decompress(payload, max_output_size=8 << 20)
        document = json.loads(payload)
    errors = list(validator(SCHEMA_OF[address.kind]).iter_errors(document))
    return f"{topic}: {errors[0].json_path}: {errors[0].message}" if errors else ""


class Listener:
    """Hears everything on a broker. `complaints` names each message that breaks the contract."""

    def __init__(self, port: int) -> None:
        self.complaints: list[str] = []
        self.heard: dict[Kind, int] = {}
        self.every = 1
        """Judge every n-th batch of rows: where a test sends thousands."""
        self._kept: list[tuple[str, bytes, dict[str, str]]] = []
        self.planted: set[bytes] = set()
        """Payloads that a test sends on purpose against the contract."""
        self._ready = threading.Event()
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id="listener", protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.on_connect = lambda client, *_: client.subscribe("kvitt/#", qos=1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._hear
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._ready.wait(10)

    def _hear(self, _client: Any, _userdata: Any, message: paho.MQTTMessage) -> None:
        if bytes(message.payload) in self.planted or not message.payload:
            return
        address = parse(message.topic)
        if address is not None:
            self.heard[address.kind] = self.heard.get(address.kind, 0) + 1
            rule = RULES[address.kind]
            if message.qos > rule.qos:
                self.complaints.append(f"{message.topic}: QoS {message.qos}")
        if address is None or address.kind is not Kind.JOURNAL or self.heard[Kind.JOURNAL] % self.every == 0:
            properties = dict(getattr(message.properties, "UserProperty", ()))
            self._kept.append((message.topic, bytes(message.payload), properties))

    def kept(self) -> list[tuple[str, bytes, dict[str, str]]]:
        """Give topic, payload and user properties of what was heard."""
        return list(self._kept)

    def send(self, topic: str, payload: bytes, *, retain: bool = False, **properties: str) -> None:
        """Send something, as an attacker or a broken till would; it is not held against the product."""
        self.planted.add(payload)
        made = paho.Properties(paho.PacketTypes.PUBLISH)
        if properties:
            made.UserProperty = list(properties.items())
        self._client.publish(topic, payload, qos=1, retain=retain, properties=made).wait_for_publish(10)

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        # Without this circle paho closes its inner sockets when the listener goes.
        self._client.on_subscribe = self._client.on_message = None
        for topic, payload, properties in self._kept:
            try:
                why = complaint(topic, payload, properties)
            except (ValueError, zstandard.ZstdError) as error:
                why = f"{topic}: {error}"
            if why:
                self.complaints.append(why)
