"""Every situation that the doctor has a word for, made of bytes that go through the real framer, slave and desk."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from neasmart_gateway.bus.doctor import diagnose
from neasmart_gateway.bus.evidence import Evidence, ListenerEvidence, Surroundings, rooms_in
from neasmart_gateway.bus.findings import Code, Finding
from neasmart_gateway.bus.mbap_talk import MbapTalk
from neasmart_gateway.bus.rtu_talk import RtuTalk
from neasmart_gateway.bus.witness import Witness
from neasmart_gateway.domain import dpt9
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.modbus.mbap import TcpFrame
from neasmart_gateway.simulator.base_station import BaseStation
from neasmart_gateway.simulator.house import House
from neasmart_gateway.simulator.requests import Read, Write
from tests.bus.stillness import PEER, StillLine, StillWire, rtu
from tests.bus.wire import holding, read, write_many

DEVICE = "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A5XK3RJT-if00-port0"
SOON = 0.05
"""Seconds after a request by which it has been answered, or never will be."""


class ClosableWire(StillWire):
    """A wire whose connection may be closed for its bytes; the adapter then connects anew."""

    def end(self, why: str) -> None:
        self.is_open = False

    def pause(self, reading: bool) -> None:
        assert not reading, "one connection never has so much to say"


@dataclass
class Scene(StillLine):
    """A line and what stands around it; the doctor may be asked at any moment."""

    folder: Path
    kind: str = "serial"
    listen_only: bool = False
    bases: frozenset[int] = frozenset()
    two_peers: tuple[str, ...] = ()
    failure: str | None = None
    slave_units: frozenset[int] = field(default=frozenset({240, 241}))

    def __post_init__(self) -> None:
        StillLine.__init__(self, self.folder, listen_only=self.listen_only)
        if self.slave_units != self.slave.units:
            self.slave.units = self.slave_units
            witness = Witness(self.traffic, self.frames, PEER, "rtu")
            self.talk = RtuTalk(self.slave, self.wire, witness, self.line, self.loop.time)
        self.opened_at: float | None = self.loop.time()
        self.connection = self._connection()

    @property
    def now(self) -> float:
        return self.loop.time()

    def hear(self, data: bytes, pause: float = 0.0) -> None:
        """As on the wire: bytes are counted before they are looked at."""
        self.traffic.bytes_in += len(data)
        self.traffic.last_byte = self.now
        super().hear(data, pause)

    def wait(self, seconds: float) -> None:
        self.loop.pass_on(seconds)

    def connects_with(self, data: bytes) -> None:
        """Somebody connects to a port for Modbus TCP and sends bytes."""
        self.connection = self._connection()
        self.carries(data)

    def carries(self, data: bytes) -> None:
        """Bytes come on the connection that there is."""
        self.traffic.bytes_in += len(data)
        self.traffic.last_byte = self.now
        self.connection.feed(data, self.now)

    def exchange(self, unit: int, pdu: bytes, pause: float = SOON) -> bytes | None:
        """The base says something; what it is answered, None for nothing."""
        self.said()
        if self.kind == "tcp":
            self.carries(TcpFrame(1, unit, pdu).encode())
            self.wait(pause)
            return next((answer[7:] for answer in self.said()), None)
        self.hear(rtu(unit, pdu), pause)
        return next((answer[1:-2] for answer in self.said()), None)

    def _connection(self) -> MbapTalk:
        wire = ClosableWire(self.wire.loop, self.listen_only, self.wire.sent)
        return MbapTalk(self.slave, wire, Witness(self.traffic, self.frames, PEER, "mbap"), self.loop.time)

    def evidence(self) -> Evidence:
        where = DEVICE if self.kind == "serial" else "0.0.0.0:502"
        opened_at = None if self.failure else self.opened_at
        listener = ListenerEvidence(
            self.kind, self.kind, where, self.failure is None, self.failure, opened_at, self.traffic
        )  # fmt: skip
        rooms = rooms_in(self.bench.memory.reader.block)
        surroundings = Surroundings(rooms, self.bases, self.two_peers)
        slave = self.slave
        return Evidence(self.now, (listener,), slave.intervals, slave.units, slave.listen_only, surroundings)

    def findings(self) -> list[Finding]:
        return diagnose(self.evidence())

    def codes(self) -> list[str]:
        return [finding.code.value for finding in self.findings()]

    # Who speaks

    def poll(self, unit: int = 240, register: int = 100, pause: float = SOON) -> None:
        """The base asks."""
        self.hear(rtu(unit, read(register, 2)), pause)

    def polls(self, seconds: float, every: float = 1.0) -> None:
        """The base asks both units in turn, and tells a room's values, for some time."""
        for number in range(int(seconds / every)):
            self.poll(240 + number % 2)
            self.wait(every - SOON)

    def broadcast(self, start: int, *words: int, pause: float = SOON) -> None:
        self.hear(rtu(0, write_many(start, *words)), pause)

    def tells_everything(self, zones: int = 3, celsius: float = 21.0) -> None:
        """The base writes all that it has: rooms, mode, weather."""
        self.broadcast(1, 2, 1)
        self.broadcast(7, dpt9.encode(4.0), dpt9.encode(5.0))
        for zone in range(1, zones + 1):
            address = ZoneRef(1, zone).state_address
            self.broadcast(address, 1, dpt9.encode(celsius), dpt9.encode(celsius))
            self.broadcast(address + 10, 45)


def live(scene: Scene, station: BaseStation, seconds: float) -> None:
    """Let a simulated base station speak on the line for some time, and hear what is answered."""
    ends = scene.now + seconds
    while scene.now < ends:
        before = scene.now
        request = station.next_request()
        if request is None:
            scene.wait(max(station.wait(), 0.001))
        elif isinstance(request, Read):
            answer = scene.exchange(request.unit, request.pdu)
            assert answer is not None, f"no answer to {request}"
            station.heard(request, request.words(answer))
        else:
            scene.exchange(Write.unit, request.pdu, 0.004)
        station.advance(scene.now - before)


def house(bases: int = 1, zones: int = 4) -> BaseStation:
    return BaseStation(House([ZoneRef(base, zone) for base in range(1, bases + 1) for zone in range(1, zones + 1)]))


# The situations, one for each code


def no_bytes(folder: Path) -> Scene:
    scene = Scene(folder)
    scene.wait(150)
    return scene


def missing_device(folder: Path) -> Scene:
    return Scene(folder, failure=f"cannot open {DEVICE}: No such file or directory")


def nobody_connects(folder: Path) -> Scene:
    scene = Scene(folder, "tcp")
    scene.wait(150)
    return scene


def refused_adapter(folder: Path) -> Scene:
    """The adapter connects again and again, from an address that may not."""
    scene = nobody_connects(folder)
    scene.traffic.refused_connections, scene.traffic.last_stranger = 30, "192.0.2.10"
    return scene


def no_valid_crc(folder: Path) -> Scene:
    """A and B exchanged: every bit of every poll arrives inverted."""
    scene = Scene(folder)
    for _ in range(60):
        scene.hear(bytes(byte ^ 0xFF for byte in rtu(240, read(100, 2))), 1.0)
    return scene


def senseless_tcp(folder: Path) -> Scene:
    """A transparent adapter at a wrong speed, at a port for Modbus TCP."""
    scene = Scene(folder, "tcp")
    for _ in range(60):
        scene.connects_with(bytes(byte ^ 0xFF for byte in rtu(240, read(100, 2))))
        scene.wait(1.0)
    return scene


def no_polls(folder: Path) -> Scene:
    """The line belongs to others: a base and a slave base, and frames of their own."""
    scene = Scene(folder)
    for _ in range(60):
        scene.hear(rtu(2, read(10, 2)), 0.01)
        scene.hear(rtu(2, holding(1, 2)), 0.49)
        scene.hear(rtu(11, b"\x65\x01\x02\x03"), 0.5)
    return scene


def listen_only(folder: Path) -> Scene:
    scene = Scene(folder, listen_only=True)
    scene.tells_everything()
    scene.polls(60)
    return scene


def listen_only_beside_another(folder: Path) -> Scene:
    scene = Scene(folder, listen_only=True)
    for _ in range(60):
        scene.poll(pause=0.01)
        scene.hear(rtu(240, holding(1, 0x0C1A)), 0.99)
    return scene


def address_conflict(folder: Path) -> Scene:
    """Another gateway answers, too: now and then our answers cross."""
    scene = Scene(folder)
    scene.tells_everything()
    for _ in range(60):
        scene.poll(pause=0.03)
        scene.hear(rtu(240, holding(1, 0x0C1A)), 0.97)
    return scene


def mbap_on_rtu(folder: Path) -> Scene:
    scene = Scene(folder, "rtu-over-tcp")
    for number in range(5):
        scene.hear(TcpFrame(number, 240, read(100, 2)).encode(), 1.0)
    return scene


def rtu_on_mbap(folder: Path) -> Scene:
    scene = Scene(folder, "tcp")
    for _ in range(5):
        scene.connects_with(rtu(240, read(100, 2)))
        scene.wait(1.0)
    return scene


def own_echo(folder: Path) -> Scene:
    scene = Scene(folder)
    scene.tells_everything()
    for _ in range(60):
        scene.poll(pause=0.002)
        for answer in scene.said():
            scene.hear(answer, 0.998)
    return scene


def broadcasts_only(folder: Path) -> Scene:
    scene = Scene(folder)
    for _ in range(10):
        scene.tells_everything()
        scene.wait(5)
    return scene


def polls_stopped(folder: Path) -> Scene:
    scene = Scene(folder)
    scene.tells_everything()
    scene.polls(60)
    scene.wait(720)
    return scene


def slow_polls(folder: Path) -> Scene:
    scene = Scene(folder)
    for _ in range(12):
        scene.broadcast(102, dpt9.encode(21.0))
        scene.poll()
        scene.wait(9)
        scene.broadcast(110, 45)
        scene.wait(36)
    return scene


def base_restart(folder: Path) -> Scene:
    """Silence, and then everything at once."""
    scene = Scene(folder)
    scene.tells_everything()
    scene.polls(60)
    scene.wait(24)
    scene.tells_everything()
    scene.polls(90)
    return scene


def slave_base_silent(folder: Path) -> Scene:
    scene = Scene(folder, bases=frozenset({1, 2, 3}))
    live(scene, house(bases=2), 330)
    return scene


def fahrenheit(folder: Path) -> Scene:
    scene = Scene(folder)
    scene.tells_everything(celsius=69.8)
    scene.polls(10)
    return scene


def two_peers(folder: Path) -> Scene:
    scene = Scene(folder, two_peers=("tcp 192.0.2.10", "tcp 192.0.2.11"))
    scene.tells_everything()
    scene.polls(10)
    return scene


def noise(folder: Path) -> Scene:
    """Every tenth frame is hit on its way."""
    scene = Scene(folder)
    scene.tells_everything()
    number = 0
    while scene.traffic.bytes_in < 60_000:
        number += 1
        frame = bytearray(rtu(240, read(100, 2)))
        frame[3] ^= 0x10 if number % 10 == 0 else 0
        scene.hear(bytes(frame), 0.1)
    return scene


SITUATIONS: dict[Code, tuple[Callable[[Path], Scene], ...]] = {
    Code.NO_BYTES: (no_bytes, missing_device, nobody_connects, refused_adapter),
    Code.NO_VALID_CRC: (no_valid_crc, senseless_tcp),
    Code.MBAP_ON_RTU: (mbap_on_rtu,),
    Code.RTU_ON_MBAP: (rtu_on_mbap,),
    Code.ADDRESS_CONFLICT: (address_conflict,),
    Code.TWO_PEERS: (two_peers,),
    Code.NO_POLLS: (no_polls,),
    Code.POLLS_STOPPED: (polls_stopped,),
    Code.BROADCASTS_ONLY: (broadcasts_only,),
    Code.SLOW_POLLS: (slow_polls,),
    Code.LISTEN_ONLY: (listen_only, listen_only_beside_another),
    Code.SLAVE_BASE_SILENT: (slave_base_silent,),
    Code.FAHRENHEIT: (fahrenheit,),
    Code.NOISE: (noise,),
    Code.BASE_RESTART: (base_restart,),
    Code.OWN_ECHO: (own_echo,),
}
"""Each gives its code, and that alone."""


def every() -> Iterator[tuple[Code, Callable[[Path], Scene]]]:
    return ((code, make) for code, makers in SITUATIONS.items() for make in makers)
