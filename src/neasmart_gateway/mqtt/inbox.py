"""What comes in as an order: judged at once, carried out one after the other, never late and never twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from neasmart_gateway.desk.command import Origin
from neasmart_gateway.domain.intentions import Intention, SetpointRange
from neasmart_gateway.errors import CallerError, Conflict, GatewayError, NotFound, TooMany
from neasmart_gateway.mqtt import meter
from neasmart_gateway.mqtt.meter import Meter
from neasmart_gateway.mqtt.orders import intention_of, shown
from neasmart_gateway.mqtt.promptness import LATE, Promptness
from neasmart_gateway.mqtt.records import MqttRecord, OrderRefused, StoredOrderIgnored
from neasmart_gateway.mqtt.season import Season
from neasmart_gateway.mqtt.topics import EVERY_PLACE, Names, Order, Place
from neasmart_gateway.shm.limits import Windows

MOST_WAITING = 32
"""Orders that wait for the one before them; a person makes fewer, and what waits long would be late."""
_BUCKET, _MINUTE = "mqtt orders", 60.0
_LONGEST_TOPIC = 120

Submit = Callable[[Sequence[Intention], Origin], Awaitable[dict[str, Any]]]
Tell = Callable[[str, str], Awaitable[None]]
"""Sends a message that is not retained: topic and payload."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What an order is judged by: the season, the setpoints that the settings allow, and the zones that are shown."""

    season: Season
    allowed: SetpointRange
    shown: frozenset[Place]


@dataclass(frozen=True, slots=True)
class _Waiting:
    topic: str
    order: Order
    intention: Intention
    age: float
    """Seconds it may have been under way when it came."""
    came_at: float


class Means:
    """What the daemon gives us to have orders taken: the way to the desk, who is told, and what is counted.

    `per_minute` orders are taken in any minute, counted where HTTP counts.
    """

    def __init__(self, submit: Submit, windows: Windows, per_minute: int, report: Callable[[MqttRecord], None]) -> None:
        self.submit, self.windows, self.per_minute, self.report = submit, windows, per_minute, report
        self.meter = Meter()


class Inbox:
    """The orders of one connection; what waits in it is lost with the connection, and is never taken up again.

    `who` is the name under which its commands go, `clock` the one of `promptness`.
    """

    def __init__(
        self, names: Names, means: Means, promptness: Promptness, who: str, clock: Callable[[], float]
    ) -> None:
        self._names, self._means, self._promptness = names, means, promptness
        self._origin, self._clock = Origin("mqtt", who), clock
        self._waiting: asyncio.Queue[_Waiting] = asyncio.Queue(MOST_WAITING)
        self._refusals: asyncio.Queue[tuple[str, str]] = asyncio.Queue(MOST_WAITING)

    def take(self, topic: str, payload: bytes, *, retained: bool, now: Circumstances) -> None:
        """Take a message in, or refuse it. Waits for nothing."""
        if retained:
            self._ignore_stored(topic, payload)
            return
        try:
            self._admit(topic, payload, now)
        except GatewayError as error:
            self._refuse(topic, error, _reason_of(error))

    async def work(self, tell: Tell) -> None:
        """Carry orders out, and tell of those that were refused, for as long as the connection stands."""
        await asyncio.gather(self._carry_out(), self._tell_refusals(tell))

    def _admit(self, topic: str, payload: bytes, now: Circumstances) -> None:
        age, order = self._promptness.age, self._names.order_at(topic)
        if order is None or order.place not in now.shown:
            raise NotFound("there is no such zone or thing to be set here")
        if self._promptness.may_be_late:
            raise _TooLate()
        if self._means.windows.hit(_BUCKET, _MINUTE).hits > self._means.per_minute:
            _, left = self._means.windows.look(_BUCKET)
            raise TooMany(
                f"more than {self._means.per_minute} orders a minute are not taken "
                f"(NEASMART_API_COMMAND_LIMIT_PER_MINUTE); the next one is in {left:.0f} s"
            )
        intention = intention_of(order, payload, now.season, now.allowed)
        try:
            self._waiting.put_nowait(_Waiting(topic, order, intention, age, self._clock()))
        except asyncio.QueueFull:
            raise TooMany(f"{MOST_WAITING} orders wait already") from None

    async def _carry_out(self) -> None:
        while True:
            one = await self._waiting.get()
            try:
                await self._submit(one)
            except GatewayError as error:
                self._refuse(one.topic, error, _reason_of(error))

    async def _submit(self, one: _Waiting) -> None:
        """Have one order taken; its receipt, and every further step, comes by the ring of events."""
        left = LATE - one.age - (self._clock() - one.came_at)
        if left <= 0.0:
            raise _TooLate()
        try:
            async with asyncio.timeout(left):
                await self._means.submit([one.intention], self._origin)
        except TimeoutError:
            raise _TooLate() from None

    async def _tell_refusals(self, tell: Tell) -> None:
        while True:
            await tell(*await self._refusals.get())

    def _refuse(self, topic: str, error: GatewayError, reason: str) -> None:
        self._means.meter.refused(reason)
        self._means.report(OrderRefused(shown(topic.encode())[:_LONGEST_TOPIC], error.code, error.message))
        order = self._names.order_at(topic)
        if order is None or order.place not in EVERY_PLACE or self._refusals.full():
            return  # there is no place to tell it at, or there are too many to be told
        words = {"id": None, "state": "refused", "code": error.code, "note": error.message, "topic": topic}
        self._refusals.put_nowait((self._names.result(order.place), json.dumps(words, ensure_ascii=False)))

    def _ignore_stored(self, topic: str, payload: bytes) -> None:
        if not payload:
            return  # somebody has just removed it
        self._means.meter.refused(meter.RETAINED)
        told = shown(topic.encode())[:_LONGEST_TOPIC]
        self._means.report(StoredOrderIgnored(told, f"mosquitto_pub -r -n -t {told}"))


class _TooLate(Conflict):
    """An order that was held up."""

    code = "too_late"

    def __init__(self) -> None:
        super().__init__(
            f"the order may have been under way for more than {LATE:g} s: it is not carried out; repeat it"
        )


def _reason_of(error: GatewayError) -> str:
    match error:
        case _TooLate():
            return meter.LATE
        case TooMany():
            return meter.TOO_MANY
        case Conflict():
            return meter.NOT_TAKEN
        case CallerError():
            return meter.INVALID
    return meter.NOT_TAKEN
