"""Keeps what the broker holds as we told it: what others overwrite is contradicted, and all is told again by and by."""

from __future__ import annotations

from collections.abc import Iterator

from neasmart_gateway.mqtt.publisher import ONLINE, Publisher
from neasmart_gateway.mqtt.topics import Names

EVERY_SECONDS = 1.0
"""One turn: everything that was heard to be wrong is told again, and one thing that nobody has asked for."""
ECHO_SECONDS = 10.0
"""Seconds in which the broker must hand a device's message back to us."""


class Upkeep:
    """Of one connection, which has asked for our own status and devices. Times are seconds of one clock."""

    def __init__(self, names: Names, publisher: Publisher, now: float) -> None:
        self._names, self._publisher = names, publisher
        self._turned_at = now
        self._awaited: dict[str, float] = {}
        self._wrong: set[str] = set()
        self._last = ""

    def sent(self, topic: str, now: float) -> None:
        """A device was made known, which must come back."""
        self._awaited.setdefault(topic, now)

    def heard(self, topic: str, payload: str) -> None:
        """Take in what the broker holds of our status, or of a device; what comes of an earlier message is passed."""
        wanted = self._wanted(topic)
        if wanted is None:
            return
        if payload == wanted:
            self._awaited.pop(topic, None)
            self._wrong.discard(topic)
        else:
            self._wrong.add(topic)

    def turn(self, now: float) -> Iterator[tuple[str, str]]:
        """Yield what is to be told again now, topic and payload: nothing until a turn is over."""
        if now - self._turned_at < EVERY_SECONDS:
            return
        self._turned_at = now
        again, self._wrong = sorted(self._wrong | self._next()), set()
        for topic in again:
            if (wanted := self._wanted(topic)) is not None:
                yield topic, wanted

    def unheard(self, now: float) -> str | None:
        """Return the topic of a device that has not come back in time."""
        return next((topic for topic, at in self._awaited.items() if now - at > ECHO_SECONDS), None)

    def _wanted(self, topic: str) -> str | None:
        return ONLINE if topic == self._names.status else self._publisher.told(topic)

    def _next(self) -> set[str]:
        """Go round everything that was told."""
        topics = sorted(self._publisher.topics)
        self._last = next((topic for topic in topics if topic > self._last), topics[0] if topics else "")
        return {self._last} - {""}
