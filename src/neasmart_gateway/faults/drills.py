"""Drills as a whole: what stands at the daemon's seams, what can be asked of it, and what turns with its loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from neasmart_gateway.bus.wire import Conversation
from neasmart_gateway.domain.faults import Fault, FaultKind
from neasmart_gateway.errors import Conflict
from neasmart_gateway.faults.harm import MEBIBYTE, Ballast, Crash
from neasmart_gateway.faults.journal import FaultyJournal
from neasmart_gateway.faults.registry import Registry
from neasmart_gateway.faults.talks import FaultyStream, FaultyTalk
from neasmart_gateway.shm.drills import DrillBoard
from neasmart_gateway.store.journal import Journal

_TURN = 0.1
"""Seconds; an end by time is told this much later at most, though it counts at once."""

Params = Mapping[str, Any]


class Drills:
    """Makes faults on purpose, as `registry` has them, and tells them on the `board`.

    `kill` ends this process without warning; `available` gives the bytes of memory that the machine has left.
    """

    def __init__(
        self, registry: Registry, board: DrillBoard, kill: Callable[[], None], available: Callable[[], int]
    ) -> None:
        self._registry, self._board, self._available = registry, board, available
        self._crash = Crash(registry, self._publish, kill)
        self._ballast = Ballast(registry)

    # The seams

    def journal(self, journal: Journal) -> Journal:
        """Return what stands before the journal."""
        return FaultyJournal(journal, self._registry)

    def conversation(self, inner: Conversation, framing: str, gap: float) -> Conversation:
        """Return what stands before a conversation in a framing ("rtu" or "mbap")."""
        return (FaultyStream if framing == "mbap" else FaultyTalk)(inner, self._registry, gap)

    # What can be asked

    async def start(self, params: Params) -> dict[str, Any]:
        """Switch a fault on and return its drill; Conflict when the machine has no memory to spare for it."""
        fault = Fault(
            FaultKind(params["kind"]), params["duration"], params["probability"], params["delay_ms"],
            params["mebibytes"],
        )  # fmt: skip
        self._hold_to_what_is_left(fault)
        drill = self._registry.start(fault, params["who"])
        self._publish()
        return drill.told()

    async def end(self, params: Params) -> list[dict[str, Any]]:
        """Switch faults off; returns the drills that were on."""
        ended = self._registry.end(map(FaultKind, params["kinds"]), params["who"])
        self._ballast.turn()
        self._publish()
        return [drill.told() for drill in ended]

    # Life

    def begin(self) -> None:
        """Go on with what a daemon of before has left."""
        self._registry.remember(self._board.read())
        self._crash.survived()

    async def run(self) -> None:
        """Do what is to be done as time goes by; never ends by itself. At its end nothing strikes any more."""
        try:
            while True:
                self.turn()
                await asyncio.sleep(_TURN)
        finally:
            self._registry.hush()
            self._ballast.give_back()

    def turn(self) -> None:
        """End what is over, do what is due, and tell it."""
        self._registry.expire()
        self._ballast.turn()
        self._publish()
        self._crash.turn()

    def _publish(self) -> None:
        told = self._registry.told()
        if told != list(self._board.read()):
            self._board.publish(told)

    def _hold_to_what_is_left(self, fault: Fault) -> None:
        if fault.kind is FaultKind.MEMORY_PRESSURE and self._available() < 2 * fault.size * MEBIBYTE:
            raise Conflict(
                f"this machine has too little memory left to take {fault.size} MiB of it; twice that is needed"
            )
