"""Keeps the connection to the broker: connects, publishes, takes orders, and begins anew whenever it breaks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from neasmart_gateway.mqtt.broker import Broker, BrokerLostError, BrokerOptions, connected
from neasmart_gateway.mqtt.inbox import Circumstances, Inbox, Means
from neasmart_gateway.mqtt.lease import Lease
from neasmart_gateway.mqtt.promptness import EVERY, Promptness
from neasmart_gateway.mqtt.publisher import OFFLINE, ONLINE, Publisher
from neasmart_gateway.mqtt.records import BrokerConnected, BrokerLost, BrokerTrouble, DevicesRemoved
from neasmart_gateway.mqtt.rivals import Heard, Rivals
from neasmart_gateway.mqtt.season import Season
from neasmart_gateway.mqtt.topics import PLANT, Names, Place
from neasmart_gateway.mqtt.upkeep import Upkeep

PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds before the next attempt; the last one stays. From the beginning again once everything was published."""
LOOK_SECONDS = 0.25
FIRST_NUMBER = 5.0
"""Seconds in which the broker must hand on what we send to ourselves."""
_FLOOD, _FLOOD_SECONDS = 2000, 10.0
"""Messages in so many seconds that no house makes: the bus comes first."""


def awake() -> float:
    """Return seconds of a clock that also runs while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(slots=True)
class _Talk:
    """One connection and what belongs to it alone."""

    broker: Broker
    inbox: Inbox
    promptness: Promptness
    rivals: Rivals
    upkeep: Upkeep
    held: dict[Place, str] = field(default_factory=dict)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once a number has come back, and with it everything that the broker held."""
    online: bool = False
    counted_since: float = 0.0
    count: int = 0


class Session:
    """Runs for as long as the daemon; nothing that the broker does ever ends it, or keeps the bus waiting.

    `unix` gives the time for people.
    """

    def __init__(
        self,
        options: BrokerOptions,
        names: Names,
        publisher: Publisher,
        means: Means,
        lease: Lease,
        unix: Callable[[], float],
    ) -> None:
        self._options, self._names, self._publisher = options, names, publisher
        self._means, self._lease, self._unix = means, lease, unix
        self._configs = dict(names.configs())
        self._failed = 0
        self._state, self._since, self._failure = "connecting", unix(), ""
        self._trouble: str | None = None

    def status(self) -> dict[str, Any]:
        """Return how the connection is: "connecting", "connected" or "waiting"; `trouble` is told while it stands."""
        return {
            "state": self._state,
            "since": self._since,
            "failure": self._failure or None,
            "trouble": self._trouble,
            "broker": str(self._options),
        }

    async def run(self) -> None:
        """Connect again and again; the pauses grow while it is in vain."""
        while True:
            try:
                await self._connection()
            except BrokerLostError as error:
                if not (error.rival and error.message == self._failure):  # said once: the other one stays
                    self._lost(error.message)
                if error.hopeless:
                    self._failed = len(PAUSES)
            except Exception as error:
                # Whatever it was: the bus must not suffer for what came from a broker, and it is tried again.
                self._lost(f"a fault of the gateway: {error!r}")
            await asyncio.sleep(PAUSES[min(self._failed, len(PAUSES) - 1)])
            self._failed += 1

    async def _connection(self) -> None:
        promptness = Promptness(awake, self._lease.gateway)
        async with connected(self._options, self._names.status, OFFLINE) as broker:
            inbox = Inbox(self._names, self._means, promptness, str(self._options), awake)
            rivals, upkeep = Rivals(self._lease, awake), Upkeep(self._names, self._publisher, awake())
            talk = _Talk(broker, inbox, promptness, rivals, upkeep)
            try:
                await _together(self._receive(talk), self._speak(talk), self._keep_pulse(talk), inbox.work(broker.send))
            except BaseException as error:
                # Whatever it was, also that we are to end: who goes by himself leaves no last will. But where there
                # is another gateway, it is for that one to say how it is.
                gives_way = isinstance(error, BrokerLostError) and error.rival
                if not gives_way and (talk.online or not talk.rivals.elder_heard):
                    await broker.part(self._names.status, OFFLINE)
                raise

    async def _speak(self, talk: _Talk) -> None:
        """Ask for what the broker holds, publish everything, say that we are there, take orders, follow the events."""
        names, broker, publisher = self._names, talk.broker, self._publisher
        await broker.subscribe([names.pulse, names.status, names.birth, *self._configs])
        is_ours = self._lease.begin()
        await self._wait_for_first_number(talk)
        while not is_ours and talk.rivals.listens:
            await asyncio.sleep(LOOK_SECONDS)
        self._lease.confirm()
        if removed := publisher.begin(talk.held):
            for topic in publisher.removals():
                await self._send(talk, topic, "")
            self._means.report(DevicesRemoved(removed))
        talk.online = True
        await self._publish(talk)
        await self._send(talk, names.status, ONLINE)
        await broker.subscribe(names.orders)
        self._connected()
        while True:
            await self._publish(talk)
            for topic, payload in talk.upkeep.turn(awake()):
                await self._send(talk, topic, payload)
            self._look_for_trouble(talk)
            await asyncio.sleep(LOOK_SECONDS)

    async def _publish(self, talk: _Talk) -> None:
        for topic, payload in self._publisher.steps():
            self._means.meter.published()
            await talk.broker.send(topic, payload)
        await self._publisher.turn(partial(self._send, talk))

    async def _send(self, talk: _Talk, topic: str, payload: str) -> None:
        if payload and topic in self._configs:
            talk.upkeep.sent(topic, awake())
        self._means.meter.published()
        await talk.broker.send(topic, payload, retain=True)

    def _look_for_trouble(self, talk: _Talk) -> None:
        trouble = None
        if talk.rivals.younger_heard:
            trouble = f"another gateway has come under {self._names.node}/: give each a NEASMART_MQTT_TOPIC of its own"
        elif (topic := talk.upkeep.unheard(awake())) is not None:
            trouble = f"what is published at {topic} does not come back: check the broker's access rules"
        if trouble is not None and trouble != self._trouble:
            self._means.report(BrokerTrouble(str(self._options), trouble))
        self._trouble = trouble

    async def _wait_for_first_number(self, talk: _Talk) -> None:
        await talk.broker.send(self._names.pulse, talk.promptness.next(self._lease.seniority))
        try:
            async with asyncio.timeout(FIRST_NUMBER):
                await talk.begun.wait()
        except TimeoutError:
            raise BrokerLostError(
                f"the broker does not hand on what we send to {self._names.pulse}: check its access rules"
            ) from None

    async def _keep_pulse(self, talk: _Talk) -> None:
        await talk.begun.wait()
        while True:
            await talk.broker.send(self._names.pulse, talk.promptness.next(self._lease.seniority))
            await asyncio.sleep(EVERY)
            if talk.promptness.is_dead:
                raise BrokerLostError("the broker hands nothing on any more")

    async def _receive(self, talk: _Talk) -> None:
        async for message in talk.broker.messages():
            self._means.meter.received()
            self._check_flood(talk)
            payload = message.payload if isinstance(message.payload, bytes) else b""
            self._take(talk, message.topic.value, payload, retained=message.retain)

    def _take(self, talk: _Talk, topic: str, payload: bytes, *, retained: bool) -> None:
        names = self._names
        if topic == names.pulse:
            self._hear_number(talk, payload)
        elif topic == names.status or topic in self._configs:
            self._hear_of_us(talk, topic, payload.decode("utf-8", "replace"))
        elif topic == names.birth:
            if payload == ONLINE.encode():
                self._publisher.repeat()
        else:
            talk.inbox.take(topic, payload, retained=retained, now=self._circumstances())

    def _hear_number(self, talk: _Talk, payload: bytes) -> None:
        if talk.promptness.returned(payload):
            talk.begun.set()
            if talk.online:
                self._lease.confirm()
            return
        had_younger = talk.rivals.younger_heard
        match talk.rivals.hear(payload):
            case Heard.ELDER:
                self._lease.give_up()
                raise BrokerLostError(
                    f"another gateway is there under {self._names.node}/: give each a NEASMART_MQTT_TOPIC of its own",
                    rival=True,
                )
            case Heard.YOUNGER if not had_younger:
                self._publisher.repeat()  # who knows what it has published before it gave way

    def _hear_of_us(self, talk: _Talk, topic: str, payload: str) -> None:
        """Note what the broker holds: devices of before at first, later what others have put in the place of ours.

        That may also be the last will of a connection of before, which a broker may find dead only long afterwards.
        """
        if talk.online:
            talk.upkeep.heard(topic, payload)
        elif topic in self._configs:
            talk.held[self._configs[topic]] = payload

    def _circumstances(self) -> Circumstances:
        publisher = self._publisher
        return Circumstances(publisher.season or Season.HEAT, publisher.allowed, publisher.refs | {PLANT})

    def _check_flood(self, talk: _Talk) -> None:
        if awake() - talk.counted_since > _FLOOD_SECONDS:
            talk.counted_since, talk.count = awake(), 0
        talk.count += 1
        if talk.count > _FLOOD or talk.broker.is_flooded:
            raise BrokerLostError(
                f"more messages than can be looked at come under {self._names.node}/: find out who sends them",
                hopeless=True,
            )

    def _connected(self) -> None:
        self._failed = 0
        self._means.meter.connected()
        self._turn("connected")
        self._means.report(BrokerConnected(str(self._options)))

    def _lost(self, reason: str) -> None:
        self._trouble = None
        self._turn("waiting", reason)
        self._means.report(BrokerLost(str(self._options), reason))

    def _turn(self, state: str, failure: str = "") -> None:
        if state != self._state:
            self._since = self._unix()
        self._state, self._failure = state, failure


async def _together(*work: Coroutine[Any, Any, None]) -> None:
    """Run until one of them ends, which none does but by an error; then end the others and raise that error."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
