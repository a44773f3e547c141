"""Orders that are carried out, and those that never are: stored ones, late ones, and one too many."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from neasmart_gateway.desk.command import Origin
from neasmart_gateway.domain.intentions import Intention, SetpointRange, SetZoneSetpoint
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import Conflict
from neasmart_gateway.mqtt.inbox import MOST_WAITING, Circumstances, Inbox, Means
from neasmart_gateway.mqtt.meter import Meter
from neasmart_gateway.mqtt.promptness import LATE, SETTLE, Promptness
from neasmart_gateway.mqtt.records import MqttRecord, OrderRefused, StoredOrderIgnored
from neasmart_gateway.mqtt.season import Season
from neasmart_gateway.shm.limits import Windows
from neasmart_gateway.shm.memory import SharedMemory
from tests.mqtt.memory import NAMES

REF = ZoneRef(1, 1)
TOPIC = "neasmart/1/1/setpoint/set"
RESULT = "neasmart/1/1/command/result"


class Counts(Meter):
    """Remembers why orders were refused."""

    def __init__(self) -> None:
        self.refusals: list[str] = []

    def refused(self, reason: str) -> None:
        self.refusals.append(reason)


@dataclass
class Bench:
    """An inbox, a desk that notes what it takes, and everything that was told."""

    windows: Windows
    now: float = 100.0
    taken: list[Intention] = field(default_factory=list)
    records: list[MqttRecord] = field(default_factory=list)
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    busy: asyncio.Event | None = None
    refusal: Exception | None = None

    def __post_init__(self) -> None:
        self.counts = Counts()
        means = Means(self.submit, self.windows, 50, self.records.append)
        means.meter = self.counts
        self.promptness = Promptness(lambda: self.now)
        self.inbox = Inbox(NAMES, means, self.promptness, "broker:1883", lambda: self.now)
        self.hear_number()

    def hear_number(self) -> None:
        assert self.promptness.returned(self.promptness.next())

    async def submit(self, intentions: Sequence[Intention], origin: Origin) -> dict[str, Any]:
        assert (origin.via, origin.who) == ("mqtt", "broker:1883")
        if self.busy is not None:
            await self.busy.wait()
        if self.refusal is not None:
            raise self.refusal
        self.taken += intentions
        return {}

    async def tell(self, topic: str, payload: str) -> None:
        self.told.append((topic, json.loads(payload)))

    def say(self, payload: str, topic: str = TOPIC, *, retained: bool = False) -> None:
        now = Circumstances(Season.HEAT, SetpointRange(), frozenset({REF, 1}))
        self.inbox.take(topic, payload.encode(), retained=retained, now=now)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """While the connection stands; in the end everything that can be done was done."""
        work = asyncio.create_task(self.inbox.work(self.tell))
        try:
            yield
            for _ in range(20):
                await asyncio.sleep(0)
        finally:
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(SharedMemory(tmp_path / "lock").limits)


async def test_orders_are_carried_out_in_their_order(bench: Bench) -> None:
    async with bench.at_work():
        bench.say("20")
        bench.say("21")
    assert bench.taken == [SetZoneSetpoint(REF, 20.0), SetZoneSetpoint(REF, 21.0)]
    assert bench.told == []  # receipts come by the ring of events


async def test_a_stored_order_is_ignored(bench: Bench) -> None:
    """And logged, with how to remove it; its removal is no order and no fault."""
    async with bench.at_work():
        bench.say("20", retained=True)
        bench.say("", retained=True)
    assert (bench.taken, bench.counts.refusals) == ([], ["retained"])
    assert bench.records == [StoredOrderIgnored(TOPIC, f"mosquitto_pub -r -n -t {TOPIC}")]


@pytest.mark.parametrize(
    ("topic", "payload", "code"),
    [
        (TOPIC, "warm", "invalid_value"),
        ("neasmart/1/2/setpoint/set", "20", "not_found"),
        ("neasmart/1/1/state/set", "normal", "not_found"),
        ("neasmart/2/mode/set", "heating", "not_found"),
    ],
)
async def test_what_makes_no_sense_is_answered(bench: Bench, topic: str, payload: str, code: str) -> None:
    """And logged, and changes nothing."""
    async with bench.at_work():
        bench.say(payload, topic)
    ((where, answer),) = bench.told
    assert where == topic.replace(topic.split("/", 3 if topic.count("/") == 4 else 2)[-1], "command/result")
    assert (answer["state"], answer["code"], answer["topic"], answer["id"]) == ("refused", code, topic, None)
    assert bench.records == [OrderRefused(topic, code, answer["note"])]
    assert (bench.taken, bench.counts.refusals) == ([], ["invalid"])


async def test_what_is_no_topic_of_ours_is_not_answered(bench: Bench) -> None:
    """There is no place to answer at."""
    async with bench.at_work():
        bench.say("20", "neasmart/1/99/setpoint/set")
    assert (bench.taken, bench.told, bench.counts.refusals) == ([], [], ["invalid"])


async def test_what_may_have_been_held_up_is_too_late(bench: Bench) -> None:
    """Whatever held it up: no number has come back since, or one has, but what else was held up comes behind it."""
    bench.now += LATE + 0.1
    async with bench.at_work():
        bench.say("20")
        bench.hear_number()
        bench.say("21")
        for _ in range(5):
            await asyncio.sleep(0)  # what was taken in is carried out before time goes by
            bench.now += SETTLE / 5
            bench.hear_number()
        bench.say("22")
    assert bench.taken == [SetZoneSetpoint(REF, 22.0)]
    assert [answer["code"] for _, answer in bench.told] == ["too_late"] * 2
    assert bench.counts.refusals == ["late"] * 2


async def test_what_has_waited_too_long_is_too_late(bench: Bench) -> None:
    """Also when it was prompt as it came."""
    bench.say("20")
    bench.now += LATE + 0.1
    async with bench.at_work():
        pass
    assert (bench.taken, bench.counts.refusals) == ([], ["late"])


async def test_what_takes_too_long_is_not_taken(bench: Bench) -> None:
    """A disk that hangs: the order is withdrawn when its time is over, and the next one has its own."""
    bench.busy = asyncio.Event()
    bench.now += LATE - 0.01  # a hundredth of a second is left
    bench.say("20")
    work = asyncio.create_task(bench.inbox.work(bench.tell))
    async with asyncio.timeout(10):
        while not bench.told:
            await asyncio.sleep(0.001)
    work.cancel()
    assert (bench.taken, bench.counts.refusals) == ([], ["late"])


async def test_one_too_many_at_once(bench: Bench) -> None:
    for _ in range(MOST_WAITING + 1):
        bench.say("20")
    async with bench.at_work():
        pass
    assert (len(bench.taken), bench.counts.refusals) == (MOST_WAITING, ["too_many"])


async def test_one_too_many_in_a_minute(bench: Bench) -> None:
    """The limit is that of HTTP; it holds over connections."""
    async with bench.at_work():
        for _ in range(51):
            bench.say("20")
            await asyncio.sleep(0)
    assert (len(bench.taken), bench.counts.refusals) == (50, ["too_many"])
    assert "NEASMART_API_COMMAND_LIMIT_PER_MINUTE" in bench.told[0][1]["note"]


async def test_what_the_desk_refuses_is_answered(bench: Bench) -> None:
    """In the desk's own words."""
    bench.refusal = Conflict("commands are switched off")
    async with bench.at_work():
        bench.say("20")
    assert [(answer["code"], answer["note"]) for _, answer in bench.told] == [("conflict", "commands are switched off")]
    assert bench.counts.refusals == ["not_taken"]


async def test_what_waits_is_lost_with_the_connection(bench: Bench) -> None:
    """The next one begins with nothing."""
    bench.busy = asyncio.Event()
    async with bench.at_work():
        bench.say("20")
        bench.say("21")
    bench.busy.set()
    for _ in range(20):
        await asyncio.sleep(0)
    assert bench.taken == []
