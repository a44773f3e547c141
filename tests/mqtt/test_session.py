"""A session and a real broker: what it publishes, what others do to that, and what it says of itself."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from neasmart_gateway.desk.command import Origin
from neasmart_gateway.domain.intentions import Intention
from neasmart_gateway.domain.structures import Structures, ZonePlan
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.mqtt import session, upkeep
from neasmart_gateway.mqtt.broker import BrokerOptions
from neasmart_gateway.mqtt.inbox import Means
from neasmart_gateway.mqtt.lease import Lease
from neasmart_gateway.mqtt.records import BrokerConnected, BrokerLost, BrokerTrouble, DevicesRemoved, MqttRecord
from neasmart_gateway.mqtt.session import Session, awake
from tests.broker import Broker, Client, broker_in
from tests.mqtt.memory import NAMES, Bench
from tests.running import DEADLINE

pytestmark = pytest.mark.needs("mosquitto")

BATH, HALL = ZoneRef(1, 1), ZoneRef(1, 2)


@dataclass
class Party:
    """A gateway as far as MQTT goes; `known` has had its topic until now, and need not listen for others."""

    folder: Path
    port: int
    labels: dict[ZoneRef, str]
    known: bool = True
    records: list[MqttRecord] = field(default_factory=list)
    taken: list[Intention] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.bench = Bench(self.folder, Structures({}, {ref: ZonePlan(label) for ref, label in self.labels.items()}))
        self.header = header = self.bench.memory.header
        header.mqtt_gateway = secrets.randbits(64) | 1
        if self.known:
            header.mqtt_since, header.mqtt_heard = awake() - 100.0, awake()
        means = Means(self.submit, self.bench.memory.limits, 50, self.records.append)
        options = BrokerOptions("127.0.0.1", self.port, self.folder.name)
        self.session = Session(options, NAMES, self.bench.publisher, means, Lease(header, awake), lambda: 0.0)

    async def submit(self, intentions: Sequence[Intention], _origin: Origin) -> dict[str, Any]:
        self.taken += intentions
        return {}

    @property
    def state(self) -> str:
        return str(self.session.status()["state"])

    @property
    def trouble(self) -> str:
        return self.session.status()["trouble"] or ""

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        work = asyncio.create_task(self.session.run())
        try:
            yield
        finally:
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work


async def seen(look: Callable[[], object], what: str) -> None:
    """Look again and again, and let the session work."""
    try:
        async with asyncio.timeout(DEADLINE):
            while not look():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"never seen: {what}") from None


@pytest.fixture
def home(broker: Broker) -> Iterator[Client]:
    with broker.client() as home:
        yield home


@pytest.fixture
def elder(tmp_path: Path, broker: Broker) -> Party:
    return Party(tmp_path / "elder", broker.port, {BATH: "Bath", HALL: "Hall"})


async def test_another_gateway_changes_nothing(
    tmp_path: Path, home: Client, elder: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says nothing, removes nothing and takes no order, though it knows other zones; the elder tells of it."""
    monkeypatch.setattr(upkeep, "EVERY_SECONDS", 1e9)
    async with elder.at_work():
        await seen(lambda: elder.state == "connected", "the elder")
        younger = Party(tmp_path / "younger", home.port, {BATH: "Cellar"}, known=False)
        async with younger.at_work():
            await seen(lambda: younger.state == "waiting", "it gives way")
            assert "NEASMART_MQTT_TOPIC of its own" in younger.session.status()["failure"]
            await seen(lambda: "another gateway" in elder.trouble, "the elder tells of it")
            home.say(NAMES.order(BATH, "setpoint"), "22", qos=0)
            await seen(lambda: elder.taken, "an order")
            await seen(lambda: len(home.messages(NAMES.config(BATH))) >= 2, "all once more: who knows what was done")
            assert home.messages(NAMES.status)[:1] == ["online"]
    assert younger.taken == []
    assert not any("Cellar" in payload for _, payload, _ in home.heard)
    assert "" not in home.messages(NAMES.config(HALL))
    assert "offline" not in home.messages(NAMES.status)[:-1]  # the last may be the elder's farewell
    assert [type(record) for record in younger.records] == [BrokerLost]
    assert [type(record) for record in elder.records] == [BrokerConnected, BrokerTrouble]


async def test_two_that_were_both_at_work(
    tmp_path: Path, home: Client, elder: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has had the topic for less time gives way, does not come back at once, and says so once."""
    monkeypatch.setattr(session, "PAUSES", (0.05,))
    younger = Party(tmp_path / "younger", home.port, elder.labels)
    younger.header.mqtt_since += 50.0
    ours = f"{younger.header.mqtt_gateway:016x}"

    def attempts() -> int:
        return len({number.split()[0] for number in home.messages(NAMES.pulse) if number.startswith(ours)})

    async with elder.at_work():
        await seen(lambda: elder.state == "connected", "the elder")
        async with younger.at_work():
            await seen(lambda: attempts() >= 3, "three attempts")
            assert younger.state == "waiting"
    told = [type(record) for record in younger.records]
    assert told in ([BrokerLost], [BrokerConnected, BrokerLost])
    assert [type(record) for record in elder.records] == [BrokerConnected, BrokerTrouble]


async def test_what_others_overwrite(home: Client, elder: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is told again, though nothing has changed in the house."""
    monkeypatch.setattr(upkeep, "EVERY_SECONDS", 0.05)
    topics = (NAMES.config(BATH), NAMES.config(HALL), NAMES.status, NAMES.state(BATH), NAMES.availability(BATH))
    async with elder.at_work():
        await seen(lambda: home.last(NAMES.status) == "online" and elder.state == "connected", "the gateway")
        before = {topic: home.last(topic) for topic in topics}
        for topic, payload in zip(topics, ("", "{}", "offline ", '{"temperature": 99}', "online"), strict=True):
            home.say(topic, payload, retain=True)
            await seen(lambda topic=topic, p=payload: p in home.messages(topic), "what was said")
        await seen(lambda: {topic: home.last(topic) for topic in topics} == before, "all as it was")


@pytest.mark.parametrize("payload", ["[" * 50_000, '{"cmps": {}, "o": ' + "[" * 30_000])
async def test_whatever_others_have_stored_there(home: Client, elder: Party, payload: str) -> None:
    """It is not ours, and keeps nobody out; a device of that name is made known in its place."""
    home.say(NAMES.config(BATH), payload, retain=True)
    home.say(NAMES.config(ZoneRef(5, 12)), payload, retain=True)
    async with elder.at_work():
        await seen(lambda: '"Bath"' in (home.last(NAMES.config(BATH)) or ""), "the device")
        await seen(lambda: elder.state == "connected", "the connection")
    assert home.last(NAMES.config(ZoneRef(5, 12))) == payload
    assert not any(isinstance(record, DevicesRemoved | BrokerLost) for record in elder.records)


async def test_a_broker_that_lets_no_device_be_made_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says nothing of that, but what is published does not come back: told once, for as long as it is so."""
    monkeypatch.setattr(upkeep, "ECHO_SECONDS", 0.2)
    (tmp_path / "acl").write_text("topic readwrite neasmart/#\ntopic read homeassistant/#\n")
    with broker_in(tmp_path, f"allow_anonymous true\nacl_file {tmp_path / 'acl'}\n") as broker:
        party = Party(tmp_path / "party", broker.port, {BATH: "Bath"})
        async with party.at_work():
            await seen(lambda: "access rules" in party.trouble, "the trouble")
            assert party.state == "connected"
    assert [type(record) for record in party.records] == [BrokerConnected, BrokerTrouble]


async def test_a_broker_that_lets_everything_through(elder: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    """All comes back, and there is no trouble."""
    monkeypatch.setattr(upkeep, "EVERY_SECONDS", 0.01)
    waited = upkeep.Upkeep.unheard
    monkeypatch.setattr(upkeep.Upkeep, "unheard", lambda self, now: waited(self, now + upkeep.ECHO_SECONDS))
    async with elder.at_work():
        await seen(lambda: elder.state == "connected" and not elder.trouble, "no trouble")
