"""A lasting connection of the hub to the broker. The hub's only module that knows paho.

Each attempt has a client of its own, the loop is our thread and its end is seen, callbacks only hand over.
"""

from __future__ import annotations

import logging
import random
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from appliance.mqtt.messages.wire import MAX_PACKET, Packet

KEEPALIVE_S: Final = 30
RECONNECT_CAP_S: Final = 5.0
QUEUE: Final = 5000
"""Packets that may wait for a slow broker; above it `publish` refuses."""

_new_properties: Final[Callable[[int], Properties]] = Properties
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A packet that came. `settle` sends the PUBACK, where the session acknowledges by hand."""

    packet: Packet
    settle: Callable[[], None]


class Session:
    """Connects, subscribes, and does it again after every loss, until it is stopped.

    `ready` is called after each subscription, `taken` for each packet; both on the session's thread, and neither may
    block. No session outlives its connection: the tills send again what was not acknowledged.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        client_id: str,
        subscriptions: Sequence[str],
        taken: Callable[[Delivery], None],
        ready: Callable[[], None] = lambda: None,
        will: Packet | None = None,
        receive_maximum: int = 200,
        acknowledge_by_hand: bool = False,
    ) -> None:
        self._address = (host, port)
        self._client_id = client_id
        self._subscriptions = subscriptions
        self._taken = taken
        self._ready = ready
        self._will = will
        self._receive_maximum = receive_maximum
        self._by_hand = acknowledge_by_hand
        self._client: paho.Client | None = None
        self._up = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=client_id, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """End in good order: the will is not sent."""
        self._stopping.set()
        client = self._client
        if client is not None:
            client.disconnect()
        if self._thread.is_alive():
            self._thread.join(timeout)

    @property
    def connected(self) -> bool:
        """Whether packets can be sent now."""
        return self._up.is_set()

    def publish(self, packet: Packet) -> bool:
        """Hand over a packet; False if there is no connection."""
        client = self._client
        if client is None or not self._up.is_set():
            return False
        info = client.publish(
            packet.topic, packet.payload, packet.qos, packet.retain, _properties(packet, PacketTypes.PUBLISH)
        )
        return info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            client = self._client = self._build()
            reason = self._serve(client)
            if self._stopping.is_set():
                return
            failures = 0 if self._up.is_set() else failures + 1
            self._up.clear()
            _log.warning("%s: %s:%d: %s", self._client_id, *self._address, reason)
            self._stopping.wait(min(RECONNECT_CAP_S, 0.2 * 2**failures) * random.uniform(0.5, 1.0))  # noqa: S311 - jitter

    def _serve(self, client: paho.Client) -> str:
        connect = _new_properties(PacketTypes.CONNECT)
        connect.SessionExpiryInterval = 0
        connect.ReceiveMaximum = self._receive_maximum
        connect.MaximumPacketSize = MAX_PACKET
        try:
            client.connect(*self._address, keepalive=KEEPALIVE_S, clean_start=True, properties=connect)
            code = MQTTErrorCode.MQTT_ERR_SUCCESS
            while code == MQTTErrorCode.MQTT_ERR_SUCCESS:
                code = client.loop(timeout=1.0)
            return paho.error_string(code)
        except OSError as error:
            return str(error)
        finally:
            left = client.socket()
            if left is not None:
                left.close()
            _part(client)

    def _build(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=self._by_hand,
        )
        client.max_queued_messages_set(QUEUE)
        client.max_inflight_messages_set(self._receive_maximum)
        if self._will is not None:
            properties = _properties(self._will, PacketTypes.WILLMESSAGE)
            client.will_set(self._will.topic, self._will.payload, self._will.qos, self._will.retain, properties)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_socket_open = _no_delay
        client.on_socket_register_write = _leave_writing_to_the_loop
        return client

    def _on_connect(
        self, client: paho.Client, _userdata: Any, _flags: Any, code: ReasonCode, _properties: Properties | None
    ) -> None:
        if code.is_failure:
            _log.error("%s: the broker refused: %s", self._client_id, code)
            return
        options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE)
        if self._subscriptions:
            client.subscribe([(topic, options) for topic in self._subscriptions])

    def _on_subscribe(
        self, client: paho.Client, _userdata: Any, _mid: int, codes: list[ReasonCode], _properties: Any
    ) -> None:
        if any(code.is_failure for code in codes):
            _log.error("%s: the broker refused a subscription", self._client_id)
            client.disconnect()
            return
        self._up.set()
        self._ready()

    def _on_message(self, client: paho.Client, _userdata: Any, message: paho.MQTTMessage) -> None:
        mid, qos = message.mid, message.qos
        properties = message.properties
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        packet = Packet(
            topic=topic,
            payload=bytes(message.payload),
            qos=qos,
            retain=message.retain,
            properties=dict(getattr(properties, "UserProperty", ())),
            correlation=bytes(getattr(properties, "CorrelationData", b"")),
            response_topic=str(getattr(properties, "ResponseTopic", "")),
        )
        self._taken(Delivery(packet, lambda: _settle(client, mid, qos)))


def _settle(client: paho.Client, mid: int, qos: int) -> None:
    if client.is_connected():
        client.ack(mid, qos)


def _part(client: paho.Client) -> None:
    """Undo the circle of client and callbacks, or paho's inner sockets stay open until the garbage is collected."""
    client.on_connect = client.on_subscribe = client.on_message = None


def _no_delay(_client: paho.Client, _userdata: Any, sock: Any) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _leave_writing_to_the_loop(_client: paho.Client, _userdata: Any, _sock: Any) -> None:
    """Exist: with this callback set, paho writes from its loop only."""


def _properties(packet: Packet, kind: int) -> Properties:
    properties = _new_properties(kind)
    if packet.payload and not packet.topic.endswith("/dn/blob"):
        properties.ContentType = "application/json"
    if packet.expiry is not None:
        properties.MessageExpiryInterval = packet.expiry
    if packet.properties:
        properties.UserProperty = list(packet.properties.items())
    if packet.correlation:
        properties.CorrelationData = packet.correlation
    return properties
