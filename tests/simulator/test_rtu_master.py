"""The conversation in RTU frames over a TCP stream, and with bad manners."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict

import pytest
from pymodbus import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from neasmart_gateway.domain import dpt9
from neasmart_gateway.modbus.crc import sealed
from neasmart_gateway.modbus.heard import Heard, Verdict
from neasmart_gateway.modbus.pdu import ExceptionCode, exception
from neasmart_gateway.simulator.endpoints import Endpoint
from neasmart_gateway.simulator.manners import POLITE, Manners
from tests.simulator.line import QUICK, RtuSlave, eventually, honest, speaking

FIRST_POLL = 3


def silent(heard: Heard, pdu: bytes) -> bytes:
    """No answer at all."""
    return b""


def of_another(heard: Heard, pdu: bytes) -> bytes:
    """Somebody else's answer, and then the right one."""
    return sealed(b"\x11" + pdu) + honest(heard, pdu)


def short(heard: Heard, pdu: bytes) -> bytes:
    """A good frame with a register too few."""
    return honest(heard, bytes((3, pdu[1] - 2)) + pdu[2:-2])


def spoilt(heard: Heard, pdu: bytes) -> bytes:
    """A wrong checksum."""
    return honest(heard, pdu)[:-1] + b"\x00"


def refusing(heard: Heard, pdu: bytes) -> bytes:
    """A Modbus exception."""
    return honest(heard, exception(heard.pdu[0], ExceptionCode.SERVER_DEVICE_FAILURE))


async def test_polls_and_broadcasts_arrive() -> None:
    """The base introduces itself to unit 0, then polls 240 and 241; its frames are right to the last byte."""
    async with RtuSlave().listening() as slave, speaking(slave.endpoint) as master:
        await slave.until(lambda: slave.polled >= 20)
    assert {heard.verdict for heard in slave.heard} == {Verdict.REQUEST, Verdict.BROADCAST}
    assert {heard.unit for heard in slave.heard} == {0, 240, 241}
    assert slave.gateway.reported[102]
    counts = master.statistics
    assert counts.polls >= counts.answers >= 19
    assert counts.timeouts == counts.exceptions == counts.bad_answers == counts.illegal_words == 0
    assert set(asdict(counts.misdeeds).values()) == {0}


async def test_a_command_goes_all_the_way() -> None:
    """A setpoint served by the gateway is obeyed, echoed within 0.3 K, and counted once."""
    async with RtuSlave().listening() as slave, speaking(slave.endpoint) as master:
        await slave.until(lambda: slave.polled >= 1)
        slave.gateway.pending[201] = dpt9.encode(23.4)
        await slave.until(lambda: 201 not in slave.gateway.pending)
        assert dpt9.decode(slave.gateway.reported[201]) == pytest.approx(23.4, abs=0.3)
        done = slave.polled + 10
        await slave.until(lambda: slave.polled >= done)
        assert master.statistics.commands_obeyed == 1


@pytest.mark.parametrize(
    ("answer", "timeout", "counted", "answered"),
    [
        (silent, 0.02, "timeouts", False),
        (spoilt, 0.02, "bad_answers", False),
        (of_another, 5.0, "bad_answers", True),
        (short, 5.0, "bad_answers", False),
        (refusing, 5.0, "exceptions", False),
    ],
)
async def test_a_bad_answer_is_counted(answer: object, timeout: float, counted: str, answered: bool) -> None:
    """Whatever is not the answer is counted as what it is; the right one is still taken, and the link stays up."""
    assert callable(answer)
    async with RtuSlave(answer).listening() as slave, speaking(slave.endpoint, timeout=timeout) as master:
        await slave.until(lambda: slave.polled >= 5)
        assert getattr(master.statistics, counted) >= 4
        assert (master.statistics.answers > 0) is answered
        slave.answer = honest
        good = master.statistics.answers
        await slave.until(lambda: master.statistics.answers >= good + 5)
        assert slave.connections == 1


async def test_an_answer_too_late_is_no_answer() -> None:
    """It has no transaction that would tell; so what has come before a question is dropped, and counted."""
    late: list[bytes] = []

    def answer(heard: Heard, pdu: bytes) -> bytes:
        """Answer each question with the answer to the one before, behind the right one."""
        late.append(honest(heard, pdu))
        return late[-1] + b"".join(late[-2:-1])

    async with RtuSlave(answer).listening() as slave, speaking(slave.endpoint) as master:
        await slave.until(lambda: slave.polled >= 20)
    assert master.statistics.answers >= 19
    assert master.statistics.bad_answers >= 10
    assert master.statistics.illegal_words == 0


async def test_it_reconnects_when_cut_off() -> None:
    """A stream that breaks is made again."""
    async with RtuSlave().listening() as slave, speaking(slave.endpoint) as master:
        for connection in (1, 2, 3):
            await slave.until(lambda expected=connection: slave.connections == expected and slave.polled)
            slave.heard.clear()
            slave.cut()
        await slave.until(lambda: slave.connections == 4 and slave.polled)
        assert master.connected


@asynccontextmanager
async def pymodbus_server() -> AsyncIterator[Endpoint]:
    """pymodbus's own server for RTU over TCP, with zeros in every register."""
    devices = [SimDevice(unit, [SimData(0, count=6100, datatype=DataType.REGISTERS)]) for unit in (240, 241)]
    server = ModbusTcpServer(
        devices, framer=FramerType.RTU, address=("127.0.0.1", 0), ignore_missing_devices=True, broadcast_enable=True
    )
    await server.serve_forever(background=True)
    try:
        yield Endpoint("127.0.0.1", server.transport.sockets[0].getsockname()[1], QUICK)  # type: ignore[attr-defined]
    finally:
        await server.shutdown()


async def test_a_slave_that_nobody_here_wrote_understands_it() -> None:
    """pymodbus answers every poll of both units."""
    async with pymodbus_server() as endpoint, speaking(endpoint) as master:
        await eventually(lambda: master.statistics.answers >= 20)
    counts = master.statistics
    assert counts.timeouts == counts.exceptions == counts.bad_answers == 0


# Bad manners


async def first_bytes(seed: int, manners: Manners) -> bytes:
    """All that is on the line up to the end of the first poll, while the clock stands still."""
    async with RtuSlave().listening() as slave, speaking(slave.endpoint, manners, seed=seed, clock=lambda: 0.0):
        await slave.until(lambda: slave.polled >= FIRST_POLL)
    return bytes(slave.raw)


async def test_the_same_seed_makes_the_same_line() -> None:
    """To the last byte; another seed makes another one, and none of it is needed for a polite one."""
    noisy = Manners(others=(17, 18), proprietary=0.3, noise=0.3, chopped=0.3, glued=0.3)
    first, again = await first_bytes(3, noisy), await first_bytes(3, noisy)
    other, polite = await first_bytes(4, noisy), await first_bytes(3, POLITE)
    shared = min(len(first), len(again))  # noise behind the last poll may still be on its way
    assert shared > len(polite)
    assert first[:shared] == again[:shared] != other[:shared]
    assert polite == await first_bytes(5, POLITE)


async def test_others_are_polled_and_answer() -> None:
    """A gateway hears requests to them and their answers, and answers to its own polls alone."""
    async with RtuSlave().listening() as slave, speaking(slave.endpoint, Manners(others=(17, 18))) as master:
        await slave.until(lambda: slave.polled >= 20)
    assert slave.count(Verdict.FOREIGN_REQUEST) >= 10
    assert slave.count(Verdict.FOREIGN_ANSWER) >= 10
    assert {h.unit for h in slave.heard if h.verdict is Verdict.FOREIGN_REQUEST} == {17, 18}
    assert master.statistics.misdeeds.others_polled >= slave.count(Verdict.FOREIGN_REQUEST)
    assert master.statistics.answers >= 19
    assert master.statistics.timeouts == master.statistics.bad_answers == 0


async def test_chopped_and_glued_frames_are_whole_frames() -> None:
    """A gateway that waits for the rest loses nothing."""
    manners = Manners(chopped=0.5, glued=0.5)
    async with RtuSlave(gap=5.0).listening() as slave, speaking(slave.endpoint, manners, timeout=20.0) as master:
        await slave.until(lambda: slave.polled >= 30)
    assert {heard.verdict for heard in slave.heard} == {Verdict.REQUEST, Verdict.BROADCAST}
    assert min(master.statistics.misdeeds.chopped, master.statistics.misdeeds.glued) >= 5
    assert master.statistics.timeouts == master.statistics.bad_answers == 0


async def test_the_gateway_hears_itself() -> None:
    """With echo every byte that it answers comes back to it, and is nothing but an echo to it."""
    async with RtuSlave().listening() as slave, speaking(slave.endpoint, Manners(echo=True)) as master:
        await slave.until(lambda: slave.count(Verdict.OWN_ECHO, Verdict.ANSWER_AS_US) >= 20)
    assert master.statistics.misdeeds.echoes >= 20
    assert master.statistics.answers >= 19
    assert master.statistics.timeouts == master.statistics.bad_answers == 0


async def test_a_restarted_base_says_everything_again() -> None:
    """It is silent, and then publishes what it published when it was first heard, on the same connection."""
    manners = Manners(restart_every=10.0, restart_silence=0.001)
    now = [0.0]
    async with (
        RtuSlave().listening() as slave,
        speaking(slave.endpoint, manners, speed=1.0, clock=lambda: now[0]) as master,
    ):
        await slave.until(lambda: slave.polled >= FIRST_POLL)
        introduced = set(slave.gateway.reported)
        for restarts in (1, 2):
            slave.gateway.reported.clear()
            now[0] += 16.0
            await slave.until(lambda: introduced <= set(slave.gateway.reported))
            assert master.statistics.misdeeds.restarts == restarts
    assert slave.connections == 1
    assert {1, 7, 10, 22, 31, 100, 102, 110, 210} <= introduced


async def test_it_is_unplugged_and_comes_back() -> None:
    """The connection is closed for some seconds; each is counted, and no silence of the gateway's."""
    manners = Manners(unplug_every=10.0, unplug_for=0.001)
    now = [0.0]
    async with (
        RtuSlave().listening() as slave,
        speaking(slave.endpoint, manners, speed=1.0, clock=lambda: now[0]) as master,
    ):
        for unplugs in (0, 1, 2):
            await slave.until(lambda expected=unplugs + 1: slave.connections == expected and slave.polled)
            assert master.statistics.misdeeds.unplugs == unplugs
            slave.heard.clear()
            now[0] += 16.0
    assert master.fault == "unplugged"
    assert master.statistics.timeouts == 0


async def test_the_time_without_a_connection_does_not_count() -> None:
    """However long a gateway was away, it is not unplugged again as soon as it is back."""
    now = [0.0]
    slave = RtuSlave()
    async with slave.listening():
        pass
    manners = Manners(unplug_every=10.0)
    async with speaking(slave.endpoint, manners, speed=1.0, clock=lambda: now[0]) as master:
        for _ in range(2):
            async with slave.listening():
                await slave.until(lambda: slave.polled >= FIRST_POLL)
            now[0] += 1.0  # the next poll is due, and finds nobody
            await eventually(lambda: not master.connected)
            slave.heard.clear()
            now[0] += 1000.0
    assert master.statistics.misdeeds.unplugs == 0


async def test_everything_at_once() -> None:
    """Each bad manner occurs and is counted, good polls are answered all the same, and the simulator goes on."""
    now_and_then = {"restart_every": 2.0, "restart_silence": 0.01, "unplug_every": 3.0, "unplug_for": 0.0}
    manners = Manners((17, 18), 0.3, 0.3, 0.1, 0.3, 0.3, True, **now_and_then)
    async with RtuSlave().listening() as slave, speaking(slave.endpoint, manners, timeout=0.2) as master:
        deeds = master.statistics.misdeeds
        await eventually(lambda: min(asdict(deeds).values()) >= 1 and master.statistics.answers >= 50)
    kinds = {heard.verdict for heard in slave.heard}
    assert {Verdict.REQUEST, Verdict.FOREIGN_REQUEST, Verdict.PROPRIETARY} <= kinds
    assert kinds & {Verdict.NOISE, Verdict.BAD_CRC, Verdict.TRUNCATED}


async def test_noise_from_the_gateway_is_only_counted() -> None:
    """Whatever a broken gateway sends, the simulator goes on asking, and takes the first good answer."""
    junk = iter(range(1, 1000))

    def answer(heard: Heard, pdu: bytes) -> bytes:
        return bytes((heard.unit, 3, next(junk) % 256)) * 40

    async with RtuSlave(answer).listening() as slave, speaking(slave.endpoint, timeout=0.02) as master:
        await slave.until(lambda: slave.polled >= 10)
        slave.answer = honest
        await slave.until(lambda: master.statistics.answers >= 3)
        assert master.statistics.bad_answers >= 9
