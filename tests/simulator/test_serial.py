"""The conversation on a serial line: pairs made by socat, which have no baud rate but all the rest of a terminal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

import pytest
import serial
from pymodbus import FramerType
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

from neasmart_gateway.modbus.heard import Verdict
from neasmart_gateway.simulator.endpoints import Device, Line
from neasmart_gateway.simulator.manners import Manners
from tests.simulator.line import RtuSlave, eventually, serial_pair, speaking

pytestmark = pytest.mark.needs("socat")


async def test_polls_and_broadcasts_arrive(tmp_path: Path) -> None:
    """At 38400 8N1 as on a network, and every byte of the frames is right."""
    with serial_pair(tmp_path) as (base, gateway):
        async with RtuSlave().on_device(gateway) as slave, speaking(Device(str(base))) as master:
            await slave.until(lambda: slave.polled >= 20)
        assert {heard.verdict for heard in slave.heard} == {Verdict.REQUEST, Verdict.BROADCAST}
        counts = master.statistics
        assert counts.answers >= 19
        assert counts.exceptions == counts.bad_answers == 0  # how soon it answers is the machine's affair


@pytest.mark.parametrize("line", [Line(9600, "even", 1), Line(115200, "odd", 2)])
async def test_the_line_is_set_up(tmp_path: Path, line: Line) -> None:
    """Every setting is accepted, and the conversation goes on with it."""
    with serial_pair(tmp_path) as (base, gateway):
        async with RtuSlave().on_device(gateway) as slave, speaking(Device(str(base), line)):
            await slave.until(lambda: slave.polled >= 3)


async def test_bad_manners(tmp_path: Path) -> None:
    """All of them on one line: each occurs, and good polls are answered all the same."""
    now_and_then = {"restart_every": 2.0, "restart_silence": 0.01, "unplug_every": 3.0, "unplug_for": 0.0}
    manners = Manners((17, 18), 0.3, 0.3, 0.1, 0.3, 0.3, True, **now_and_then)
    with serial_pair(tmp_path) as (base, gateway):
        async with RtuSlave().on_device(gateway), speaking(Device(str(base)), manners, timeout=0.2) as master:
            deeds = master.statistics.misdeeds
            await eventually(lambda: min(asdict(deeds).values()) >= 1 and master.statistics.answers >= 20)


async def test_a_device_that_vanishes_is_opened_again(tmp_path: Path) -> None:
    """Also one that is missing at the start: it is tried for ever, and said why not."""
    async with speaking(Device(str(tmp_path / "base"))) as master:
        await eventually(lambda: master.fault == "there is no such device")
        for connections in (1, 2, 3):
            with serial_pair(tmp_path) as (_, gateway):
                async with RtuSlave().on_device(gateway) as slave:
                    await slave.until(lambda served=slave: served.polled >= 3)
                    assert master.statistics.connections == connections
            await eventually(lambda: not master.connected)


async def test_nobody_else_may_have_it_open(tmp_path: Path) -> None:
    """While another program holds the device it is not touched; then it is taken, and held against others."""
    with serial_pair(tmp_path) as (base, gateway):
        async with RtuSlave().on_device(gateway) as slave:
            with serial.Serial(str(base), exclusive=True):
                async with speaking(Device(str(base))) as master:
                    await eventually(lambda: master.fault == "another program has it open")
                    assert not slave.raw
            async with speaking(Device(str(base))):
                await slave.until(lambda: slave.polled >= 1)
                with pytest.raises(serial.SerialException, match="exclusively lock"):
                    serial.Serial(str(base), exclusive=True)
            serial.Serial(str(base), exclusive=True).close()


@pytest.mark.parametrize(
    ("path", "fault"), [("/dev/null", "Could not configure port"), ("/", "Is a directory"), ("/a\0b", "null")]
)
async def test_what_is_no_serial_device(path: str, fault: str) -> None:
    """Said in the fault, and tried again for ever; nothing stays open."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    async with speaking(Device(path)) as master:
        await eventually(lambda: fault in master.fault)
    assert not master.connected
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@asynccontextmanager
async def pymodbus_server(path: Path) -> AsyncIterator[None]:
    """pymodbus's own server on a serial device, with zeros in every register."""
    devices = [SimDevice(unit, [SimData(0, count=6100, datatype=DataType.REGISTERS)]) for unit in (240, 241)]
    server = ModbusSerialServer(
        devices,
        framer=FramerType.RTU,
        port=str(path),
        baudrate=38400,
        ignore_missing_devices=True,
        broadcast_enable=True,
    )
    await server.serve_forever(background=True)
    try:
        yield
    finally:
        await server.shutdown()


async def test_a_slave_that_nobody_here_wrote_understands_it(tmp_path: Path) -> None:
    """pymodbus answers the polls of both units."""
    with serial_pair(tmp_path) as (base, gateway):
        async with pymodbus_server(gateway), speaking(Device(str(base))) as master:
            await eventually(lambda: master.statistics.answers >= 20)
        counts = master.statistics
        assert counts.exceptions == counts.bad_answers == 0  # how soon it answers is the machine's affair
