"""An RS-485 line for tests: pseudo terminals of which each hears what any other says, and, where wanted, itself."""

from __future__ import annotations

import os
import selectors
import threading
import tty
from dataclasses import dataclass
from typing import NamedTuple


class Said(NamedTuple):
    """Some bytes, and by whom."""

    who: str
    data: bytes


@dataclass
class Port:
    """One end of the line: the device that a program opens, and our hand on it."""

    name: str
    hand: int
    held: int
    echoes: bool

    @property
    def device(self) -> str:
        return os.ttyname(self.held)


class PartyLine:
    """A line with named ports; those in `echoing` hear themselves, as many adapters do. `said` is all that was said."""

    def __init__(self, *names: str, echoing: tuple[str, ...] = ()) -> None:
        self.ports = {name: self._port(name, name in echoing) for name in names}
        self.said: list[Said] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def device(self, name: str) -> str:
        return self.ports[name].device

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        for port in self.ports.values():
            os.close(port.hand)
            os.close(port.held)

    def words_of(self, name: str) -> bytes:
        """All that one port has said."""
        return b"".join(said.data for said in list(self.said) if said.who == name)

    def disturb(self, name: str, data: bytes) -> None:
        """Let one port hear what nobody has said."""
        os.write(self.ports[name].hand, data)

    @staticmethod
    def _port(name: str, echoes: bool) -> Port:
        hand, held = os.openpty()  # the device stays open here too: a line does not hang up when a program lets it go
        tty.setraw(held)
        return Port(name, hand, held, echoes)

    def _carry(self) -> None:
        with selectors.DefaultSelector() as selector:
            for port in self.ports.values():
                selector.register(port.hand, selectors.EVENT_READ, port)
            while not self._over.is_set():
                for key, _ in selector.select(0.05):
                    self._pass_on(key.data)

    def _pass_on(self, speaker: Port) -> None:
        data = os.read(speaker.hand, 4096)
        self.said.append(Said(speaker.name, data))
        for port in self.ports.values():
            if port is not speaker or port.echoes:
                os.write(port.hand, data)
