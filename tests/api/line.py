"""A bus that was heard, without a device: frames go through a witness as those of a real listener do."""

from collections.abc import Mapping

from neasmart_gateway.bus.bus import Bus
from neasmart_gateway.bus.options import SerialOptions
from neasmart_gateway.bus.slave import Slave
from neasmart_gateway.bus.witness import Witness
from neasmart_gateway.daemon.line import Line
from neasmart_gateway.desk.peers import Peer
from neasmart_gateway.link.server import Method
from neasmart_gateway.modbus.crc import sealed
from neasmart_gateway.modbus.heard import Heard, Verdict
from tests.manager.served import Served

SERIAL = Peer("serial")


class HeardLine:
    """One serial listener of a gateway, and what it has heard. Times are those of the gateway's clock."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self.slave = Slave(
            served.desk,
            frozenset({240, 241}),
            listen_only=False,
            clock=lambda: served.now,
            report=lambda record: None,
        )
        self.bus = Bus([SerialOptions("serial", "/dev/nowhere", 600.0)], self.slave, lambda record: None)
        (self.listener,) = self.bus.listeners
        self.witness = Witness(self.listener.traffic, self.bus._frames, SERIAL, "rtu")

    def methods(self) -> Mapping[str, Method]:
        """What the link offers of it."""
        return Line(self.bus, self._served.memory).table()

    def hears(self, verdict: Verdict, data: bytes) -> None:
        """Some bytes come, and are what the verdict says."""
        self.witness.heard(Heard(verdict, data, self._served.now, 0))

    def base_says(self, pdu: bytes, unit: int = 240, after: float = 0.004) -> None:
        """The base asks, and is answered so many seconds later."""
        self.hears(Verdict.REQUEST, sealed(bytes((unit,)) + pdu))
        reply = self.slave.handle(unit, pdu, SERIAL)
        assert reply is not None
        self.witness.answered(sealed(bytes((unit,)) + reply.pdu), reply.pdu, self._served.now + after, after)


def attach(served: Served) -> HeardLine:
    """Give a gateway a line, and its HTTP side the way to ask about it."""
    line = HeardLine(served)
    served.methods |= line.methods()
    return line


def read(address: int, count: int = 1) -> bytes:
    return bytes((3, *address.to_bytes(2, "big"), *count.to_bytes(2, "big")))


def write(address: int, word: int) -> bytes:
    return bytes((6, *address.to_bytes(2, "big"), *word.to_bytes(2, "big")))
