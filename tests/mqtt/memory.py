"""A shared memory with a house in it, and a publisher that looks at it; what was sent is kept."""

from dataclasses import dataclass, field
from pathlib import Path

from neasmart_gateway.domain import dpt9
from neasmart_gateway.domain.intentions import SetpointRange
from neasmart_gateway.domain.structures import Structures
from neasmart_gateway.domain.topics import BUS, topic_at
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.mqtt.discovery import Discovery
from neasmart_gateway.mqtt.house import Onlooker, Outcomes
from neasmart_gateway.mqtt.publisher import Publisher
from neasmart_gateway.mqtt.topics import Names
from neasmart_gateway.shm.memory import SharedMemory

NAMES = Names("neasmart", "homeassistant")
STALE = 180.0


@dataclass
class Bench:
    """Time stands at `now`; the base writes with `tell`."""

    folder: Path
    plan: Structures = field(default_factory=Structures)
    now: float = 1000.0

    def __post_init__(self) -> None:
        self.memory = SharedMemory(self.folder / "lock")
        self.sent: dict[str, str] = {}
        self.count = 0
        self.publisher = self.new_publisher()

    def new_publisher(self) -> Publisher:
        onlooker = Onlooker(self.memory, self.plan, STALE, lambda: self.now)
        outcomes = Outcomes(self.memory.receipts)
        return Publisher(Discovery(NAMES, "1.0"), onlooker, self.memory.events, outcomes, SetpointRange())

    def tell(self, address: int, *words: int) -> None:
        """The base writes, and it is told of."""
        self.memory.writer.report(address, list(words), self.now)
        self.memory.header.last_bus_write = self.now
        topic = topic_at(address)
        assert topic is not None
        self.memory.events.append(topic)

    def tell_room(self, ref: ZoneRef, celsius: float = 21.0, state: int = 1) -> None:
        self.tell(ref.state_address, state, dpt9.encode(21.5), dpt9.encode(celsius))

    def news(self) -> None:
        """Something has happened."""
        self.memory.events.append(BUS)

    async def turn(self) -> dict[str, str]:
        """Let what is new be sent; returns that."""
        new: dict[str, str] = {}

        async def send(topic: str, payload: str) -> None:
            new[topic] = payload

        list(self.publisher.steps())
        await self.publisher.turn(send)
        self.sent |= new
        return new
