"""A base station that polls, echoes in every way that is allowed, reconnects for ever, and forgets nothing."""

import random
import threading
import time
from collections import defaultdict
from dataclasses import dataclass

from neasmart_gateway.domain import dpt9
from tests.crash.plan import COMMAND_TIMEOUT, SELDOM, ZONES, OwnWords
from tests.wire import Master, Refused

_SELDOM_EVERY = COMMAND_TIMEOUT * 1.2


@dataclass(frozen=True)
class Seen:
    """A setpoint that the base read and had not written itself since it connected. Times are monotonic seconds."""

    address: int
    word: int
    unit: int
    connected_at: float
    asked_at: float
    answered_at: float


@dataclass
class Wrote:
    """A setpoint that the base wrote, and because of which word it did."""

    address: int
    word: int
    reaction_to: int | None
    connected_at: float
    sent_at: float
    acknowledged_at: float | None = None


class PollingBase(threading.Thread):
    """Reads every zone's command registers through units 240 and 241 in turn."""

    def __init__(self, port: int, chance: random.Random) -> None:
        super().__init__(daemon=True)
        self.seen: list[Seen] = []
        self.wrote: list[Wrote] = []
        self.faults: list[str] = []
        self.connections = 0
        self._port = port
        self._chance = chance
        self._words = OwnWords(chance)
        self._stop_asked = threading.Event()

    def stop(self) -> None:
        self._stop_asked.set()
        self.join()

    def run(self) -> None:
        while not self._stop_asked.is_set():
            connected_at = time.monotonic()
            try:
                with Master(self._port) as master:
                    self.connections += 1
                    self._poll(master, connected_at)
            except OSError:
                self._stop_asked.wait(0.01)
            except (Refused, AssertionError) as error:
                self.faults.append(f"the base got a wrong answer: {error!r}")

    def _poll(self, master: Master, connected_at: float) -> None:
        """Serve one connection; what was written in an earlier one must not be met again, so it is forgotten.

        Any word written in this one may be: what is written over a command that waits does not count.
        """
        written: defaultdict[int, set[int]] = defaultdict(set)
        met: set[tuple[int, int]] = set()
        read_at = dict.fromkeys(SELDOM, connected_at)
        unit = 240
        for ref in self._chance.sample(ZONES, len(ZONES) // 3):
            word = self._words.far_from(ref.setpoint_address, 0.0)
            self._write(master, written, ref.setpoint_address, word, None, connected_at)
        while not self._stop_asked.is_set():
            unit = 481 - unit
            for ref in ZONES:
                if ref in SELDOM and time.monotonic() - read_at[ref] < _SELDOM_EVERY:
                    continue
                read_at[ref] = asked_at = time.monotonic()
                word = master.read(unit, ref.state_address, 2)[1]
                address = ref.setpoint_address
                if word == 0 or word in written[address]:
                    continue
                self.seen.append(Seen(address, word, unit, connected_at, asked_at, time.monotonic()))
                if (address, word) not in met:
                    met.add((address, word))
                    self._react(master, written, address, word, connected_at)
            master.write(unit, self._chance.choice(ZONES).state_address + 2, [dpt9.encode(20)])

    def _react(
        self, master: Master, written: defaultdict[int, set[int]], address: int, word: int, connected_at: float
    ) -> None:
        celsius = dpt9.decode(word) or 0.0
        fancy = self._chance.random()
        if fancy < 0.5:
            answer = word
        elif fancy < 0.75:
            answer = self._words.near(address, celsius)
        elif fancy < 0.88:
            answer = self._words.far_from(address, celsius)
        else:
            return  # a base that says nothing: the command must end as unconfirmed
        self._write(master, written, address, answer, word, connected_at)

    def _write(
        self, master: Master, written: defaultdict[int, set[int]], address: int, word: int, reaction_to: int | None,
        connected_at: float,
    ) -> None:  # fmt: skip
        wrote = Wrote(address, word, reaction_to, connected_at, time.monotonic())
        self.wrote.append(wrote)
        master.write(240, address, [word])
        wrote.acknowledged_at = time.monotonic()
        written[address].add(word)
