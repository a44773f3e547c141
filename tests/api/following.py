"""Event streams for tests: read piece by piece, while time and the follower move by hand."""

from collections.abc import Callable
from pathlib import Path

from werkzeug.test import TestResponse

from neasmart_gateway.api.app import Means
from neasmart_gateway.api.events.hub import Hub
from neasmart_gateway.api.events.waiting import Waiting
from neasmart_gateway.domain.topics import ZONE_TOPICS, Topic
from tests.api.serving import MEANS, client_of
from tests.desk.gateway import UNIX_START, setpoint
from tests.manager.served import Served
from tests.sse import Message, Reader

EVENTS = "/api/v1/events"
ZONE = ZONE_TOPICS[0]


class Hands(Served):
    """A gateway whose worker turns when a stream waits; `then` is what happens before each turn, `meanwhile`
    what happens while one sleeps."""

    def __init__(self, lock: Path) -> None:
        super().__init__(lock)
        self.then: list[Callable[[], object]] = []
        self.slept: list[float] = []
        self.meanwhile: list[Callable[[], object]] = []
        self.ending = False
        self.clock = 0.0
        waiting = Waiting(lambda work: None, lambda: Once(self), self.sleeps, lambda: self.clock, self.ends)
        self.client = client_of(self, Means(MEANS.offload, MEANS.sleep, lambda: UNIX_START, waiting=waiting))
        self.hub: Hub = self.client.application.extensions["events"]

    def ends(self) -> bool:
        return self.ending

    def sleeps(self, seconds: float) -> None:
        """Another stream may come in between."""
        self.slept.append(seconds)
        if self.meanwhile:
            self.meanwhile.pop(0)()

    def opened(self, query: str = "", last_id: str | None = None) -> "Followed":
        """A stream of which nothing is read yet."""
        headers = {"Last-Event-ID": last_id} if last_id else {}
        return Followed(self.client.get(EVENTS + query, headers=headers), Reader(last_id or ""))

    def follow(self, query: str = "", last_id: str | None = None) -> "Followed":
        """A stream that is read as far as everything comes by itself; `first` is what came before."""
        stream = self.opened(query, last_id)
        while not stream.reader.comments:
            stream.first += stream.next()
        return stream

    def step(self, count: int = 1) -> None:
        """The same step of one command for zone 1/1, again and again."""
        receipt = self.receipt(self.submit(setpoint(22)))
        for _ in range(count):
            self.memory.events.append_receipt(receipt)

    def tell(self, *topics: Topic) -> None:
        for topic in topics:
            self.memory.events.append(topic)

    def id(self, number: int) -> str:
        return f"{self.memory.events.boot}-{number}"


class Once:
    """A signal: whoever waits for it lets the next thing happen."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    def set(self) -> None:
        """Nobody waits: there is one thread."""

    def wait(self, timeout: float | None = None) -> bool:
        if self._hands.then:
            self._hands.then.pop(0)()
        else:
            assert timeout is not None
            self._hands.clock += timeout
        self._hands.hub.turn()
        return True


class Followed:
    """A stream that is read piece by piece."""

    def __init__(self, answer: TestResponse, reader: Reader) -> None:
        self.answer, self.reader = answer, reader
        self._pieces = answer.iter_encoded()
        self.sizes: list[int] = []
        self.first: list[Message] = []

    def next(self) -> list[Message]:
        piece = next(self._pieces)
        self.sizes.append(len(piece))
        return self.reader.text(piece.decode())

    def rest(self) -> list[Message]:
        return [message for piece in self._pieces for message in self.reader.text(piece.decode())]
