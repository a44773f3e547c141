"""One connection to the broker; whatever goes wrong with it comes out of here as BrokerLostError."""

from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from aiomqtt import Client, Message, MqttError, ProtocolVersion, Will
from aiomqtt.exceptions import MqttCodeError, MqttConnectError
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from neasmart_gateway.errors import OperatorError

KEEPALIVE = 30
PATIENCE = 10.0
"""Seconds for any answer of the broker."""
FAREWELL = 0.5
"""Seconds for it once we are to end."""
LARGEST = 65536
"""Bytes of a message that the broker may send us: more than the largest device needs."""
MOST_QUEUED = 256
"""Messages that have come and were not looked at yet; those beyond are lost."""
_CLOSED = (7, 128)
"""Codes of a connection that has ended without a word."""
_NOT_UNDERSTOOD = ("timed out", "reset by peer", "closed the connection", "[SSL", "EOF")


class BrokerLostError(OperatorError):
    """There is no connection, or there is none any more.

    `rival` when we have given way to another gateway; `hopeless` when an early attempt would end in the same way.
    """

    code = "broker_lost"

    def __init__(self, message: str, *, rival: bool = False, hopeless: bool = False) -> None:
        super().__init__(message)
        self.rival, self.hopeless = rival, hopeless


@dataclass(frozen=True, slots=True)
class BrokerOptions:
    """Which broker, and as whom; `client_id` is the daemon's own, so that its new connection replaces its old one."""

    host: str
    port: int
    client_id: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    ca_file: Path | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Broker:
    """A broker that we are connected to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def is_flooded(self) -> bool:
        """Whether more comes than can be looked at."""
        return len(self._client.messages) >= MOST_QUEUED - 1

    async def send(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        """Send a message; waits while the broker takes nothing, and gives up after a while."""
        with _translated():
            await self._client.publish(topic, payload, retain=retain)

    async def subscribe(self, topics: Sequence[str]) -> None:
        """Ask for messages, also for those that are retained, which stay marked as such whenever they come.

        At most once each: nothing is ever sent to us a second time.
        """
        options = SubscribeOptions(qos=0, retainAsPublished=True)
        with _translated():
            answers = await self._client.subscribe([(topic, options) for topic in topics])
        refused = [topic for topic, code in zip(topics, map(_value, answers), strict=False) if code >= 0x80]
        if refused:
            raise BrokerLostError(f"the broker does not let us read {refused[0]}: check its access rules")

    async def part(self, topic: str, payload: str) -> None:
        """Leave a retained message behind, and wait for nothing long from now on."""
        self._client.timeout = FAREWELL
        with suppress(BrokerLostError):
            await self.send(topic, payload, retain=True)

    async def messages(self) -> AsyncIterator[Message]:
        """Yield what comes, until the connection breaks."""
        with _translated():
            async for message in self._client.messages:
                yield message


@asynccontextmanager
async def connected(options: BrokerOptions, will_topic: str, will: str) -> AsyncIterator[Broker]:
    """Connect with a clean session, and disconnect in the end; the broker publishes `will` if we just vanish."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho has types, but not here
    properties.MaximumPacketSize = LARGEST
    client = Client(
        options.host,
        options.port,
        username=options.username,
        password=options.password,
        identifier=options.client_id,
        protocol=ProtocolVersion.V5,
        clean_start=True,
        properties=properties,
        keepalive=KEEPALIVE,
        timeout=PATIENCE,
        max_queued_incoming_messages=MOST_QUEUED,
        logger=_silent(),
        tls_context=_tls(options),
        will=Will(will_topic, will, qos=1, retain=True),
    )
    try:
        with _translated():
            await client.__aenter__()
    except BrokerLostError as error:
        raise BrokerLostError(error.message + _hint(error.message, tls=options.tls)) from error
    try:
        yield Broker(client)
    finally:
        with suppress(MqttError):  # whatever ended the connection is what is told, and not how it was closed
            await client.__aexit__(None, None, None)


def _silent() -> logging.Logger:
    """Return a logger that says nothing: a line for each message that is lost would be a flood of its own."""
    logger = logging.getLogger("mqtt")
    logger.setLevel(logging.CRITICAL)
    return logger


def _tls(options: BrokerOptions) -> ssl.SSLContext | None:
    if not options.tls:
        return None
    try:
        return ssl.create_default_context(cafile=options.ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise BrokerLostError(f"{options.ca_file}: {error.strerror or error}") from error


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except MqttError as error:
        raise BrokerLostError(_told(error)) from error


def _told(error: MqttError) -> str:
    cause = error.__cause__ or error
    if isinstance(cause, MqttConnectError):
        return f"the broker refuses us: {cause.rc}"
    if isinstance(cause, MqttCodeError) and cause.rc is not None and _value(cause.rc) in _CLOSED:
        return "the broker has closed the connection"
    return str(cause) or type(cause).__name__


def _hint(message: str, *, tls: bool) -> str:
    """Return what may be wrong when nothing is understood from the beginning on."""
    if not any(sign in message for sign in _NOT_UNDERSTOOD) or "CERTIFICATE" in message:
        return ""
    if tls:
        return "; perhaps it speaks no TLS at this port: see NEASMART_MQTT_TLS and NEASMART_MQTT_PORT"
    return "; perhaps it speaks TLS at this port: see NEASMART_MQTT_TLS"


def _value(code: int | ReasonCode) -> int:
    return code.value if isinstance(code, ReasonCode) else int(code)
