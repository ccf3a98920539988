"""One connection attempt to the broker: MQTT 5 through paho. The only module that knows paho.

paho's habits that this module takes care of: `publish` on a dead connection keeps the message in memory (here it is
refused instead, and each attempt has a new client that remembers nothing); a callback that raises ends paho's loop
while `is_connected()` stays true (callbacks here only hand over, and the loop is our own thread, whose end is
reported); the queue has no limit by default; the socket's small packets wait for Nagle's algorithm; writing from a
second thread may interleave packets (here only the loop writes).
"""

from __future__ import annotations

import logging
import math
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from appliance.errors import ConfigError
from appliance.mqtt.messages.wire import MAX_PACKET, Packet

KEEPALIVE_S: Final = 30
SESSION_EXPIRY_S: Final = 600
RECEIVE_MAXIMUM: Final = 16
STUCK_S: Final = 75
"""Seconds without a turn of the loop after which a connection counts as dead."""
CONNECT_TIMEOUT_S: Final = 10

_TAKEN_OVER: Final = 0x8E
_STOP_S: Final = 2
"""Seconds for the DISCONNECT packet to leave."""

_new_properties: Final[Callable[[int], Properties]] = Properties
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The broker. Without `ca_file` there is no TLS: only for a broker on this machine or a trusted wire."""

    host: str
    port: int
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The broker has granted the subscriptions: packets may be sent."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A packet came. `packet.retain`: it had been kept by the broker."""

    packet: Packet


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection is over, or never came about; the last thing that a connection reports.

    `taken_over`: another client came with our id (MQTT 5, reason code 0x8E).
    """

    reason: str
    taken_over: bool = False


Report = Subscribed | Arrived | Lost


class Connection:
    """One attempt, from TCP connect to the end. `report` is called on the connection's own thread; it never blocks."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        client_id: str,
        subscriptions: Sequence[str],
        report: Callable[[Report], None],
        will: Packet | None = None,
        will_delay_s: int = 30,
    ) -> None:
        self._endpoint = endpoint
        self._report = report
        self._subscriptions = subscriptions
        self._good = threading.Event()
        self._stopping = threading.Event()
        self._turned = time.monotonic()
        self._end = math.inf
        self._why = ""
        self._taken_over = False
        self._client = self._build(client_id, will, will_delay_s)
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    def _build(self, client_id: str, will: Packet | None, will_delay_s: int) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        client.max_queued_messages_set(RECEIVE_MAXIMUM)
        client.max_inflight_messages_set(RECEIVE_MAXIMUM)
        client.connect_timeout = CONNECT_TIMEOUT_S
        if self._endpoint.ca_file:
            client.tls_set_context(_tls(self._endpoint))
        if will is not None:
            properties = _properties(will, PacketTypes.WILLMESSAGE)
            properties.WillDelayInterval = will_delay_s
            client.will_set(will.topic, will.payload, will.qos, will.retain, properties)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        client.on_socket_open = _no_delay
        client.on_socket_register_write = _leave_writing_to_the_loop
        return client

    def start(self) -> None:
        """Begin; everything that happens is reported."""
        self._thread.start()

    def publish(self, packet: Packet) -> bool:
        """Hand a packet to the connection; False if it cannot take one now. True is no receipt."""
        if not self._good.is_set():
            return False
        info = self._client.publish(
            packet.topic, packet.payload, packet.qos, packet.retain, _properties(packet, PacketTypes.PUBLISH)
        )
        return info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def stuck(self) -> bool:
        """Whether the loop has not turned for too long though nobody has reported its end."""
        return self._thread.is_alive() and time.monotonic() - self._turned > STUCK_S

    def stop(self, timeout: float = 5.0) -> bool:
        """End in good order (the will is not sent) and wait for the thread; False if it has not ended in time."""
        self._good.clear()
        self._stopping.set()
        self._end = time.monotonic() + _STOP_S
        self._client.disconnect()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        reason = "the connection's thread failed"
        try:
            self._connect()
            code = MQTTErrorCode.MQTT_ERR_SUCCESS
            while code == MQTTErrorCode.MQTT_ERR_SUCCESS and time.monotonic() < self._end:
                self._turned = time.monotonic()
                code = self._client.loop(timeout=1.0)
            reason = self._why or paho.error_string(code)
        except (OSError, ValueError) as error:
            reason = f"{self._endpoint.host}:{self._endpoint.port}: {error}"
        finally:
            self._finish(reason)

    def _connect(self) -> None:
        connect = _new_properties(PacketTypes.CONNECT)
        connect.SessionExpiryInterval = SESSION_EXPIRY_S
        connect.ReceiveMaximum = RECEIVE_MAXIMUM
        connect.MaximumPacketSize = MAX_PACKET
        self._client.connect(
            self._endpoint.host,
            self._endpoint.port,
            keepalive=KEEPALIVE_S,
            clean_start=False,
            properties=connect,
        )

    def _finish(self, reason: str) -> None:
        self._good.clear()
        open_socket = self._client.socket()
        if open_socket is not None:
            open_socket.close()
        _part(self._client)
        self._report(Lost("stopped" if self._stopping.is_set() else reason, self._taken_over))

    # Callbacks of paho, on the connection's thread: they only hand over.

    def _on_connect(
        self, client: paho.Client, _userdata: Any, _flags: Any, code: ReasonCode, _properties: Properties | None
    ) -> None:
        if code.is_failure:
            self._why = f"the broker refused: {code}"
            return
        options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE)
        client.subscribe([(topic, options) for topic in self._subscriptions])

    def _on_subscribe(
        self,
        client: paho.Client,
        _userdata: Any,
        _mid: int,
        codes: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        refused = [str(code) for code in codes if code.is_failure]
        if refused:
            self._why = f"the broker refused a subscription: {refused[0]}"
            client.disconnect()
            return
        self._good.set()
        self._report(Subscribed())

    def _on_message(self, _client: paho.Client, _userdata: Any, message: paho.MQTTMessage) -> None:
        try:
            self._report(Arrived(_packet(message)))
        except UnicodeDecodeError:
            _log.warning("a packet with an unreadable topic was dropped")

    def _on_disconnect(
        self,
        _client: paho.Client,
        _userdata: Any,
        flags: paho.DisconnectFlags,
        code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._good.clear()
        if flags.is_disconnect_packet_from_server or code.is_failure:
            self._why = self._why or f"the broker ended it: {code}"
            self._taken_over = code.value == _TAKEN_OVER


def _tls(endpoint: Endpoint) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=endpoint.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if endpoint.cert_file:
            context.load_cert_chain(endpoint.cert_file, endpoint.key_file or None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"hub: the certificates cannot be used ({error}). Check hub.ca_file, hub.cert_file and hub.key_file."
        ) from error
    return context


def _part(client: paho.Client) -> None:
    """Undo the circle of client and callbacks, or paho's inner sockets stay open until the garbage is collected."""
    client.on_connect = client.on_subscribe = client.on_message = client.on_disconnect = None


def _no_delay(_client: paho.Client, _userdata: Any, sock: Any) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _leave_writing_to_the_loop(_client: paho.Client, _userdata: Any, _sock: Any) -> None:
    """Exist: with this callback set, paho writes from its loop only."""


def _properties(packet: Packet, kind: int) -> Properties:
    properties = _new_properties(kind)
    if packet.payload and packet.topic.rpartition("/")[2] != "blob":
        properties.ContentType = "application/json"
    if packet.expiry is not None:
        properties.MessageExpiryInterval = packet.expiry
    if packet.properties:
        properties.UserProperty = list(packet.properties.items())
    if packet.correlation:
        properties.CorrelationData = packet.correlation
    if packet.response_topic:
        properties.ResponseTopic = packet.response_topic
    return properties


def _packet(message: paho.MQTTMessage) -> Packet:
    properties = message.properties
    return Packet(
        topic=message.topic,
        payload=bytes(message.payload),
        qos=message.qos,
        retain=message.retain,
        expiry=getattr(properties, "MessageExpiryInterval", None),
        properties=dict(getattr(properties, "UserProperty", ())),
        correlation=bytes(getattr(properties, "CorrelationData", b"")),
        response_topic=str(getattr(properties, "ResponseTopic", "")),
    )
