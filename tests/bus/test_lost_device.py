"""A device that goes is reported once, with the whole reason."""

import asyncio
import os
import tty
from pathlib import Path

from neasmart_gateway.bus.frames import FrameRing
from neasmart_gateway.bus.listeners import SerialListener
from neasmart_gateway.bus.options import SerialOptions
from neasmart_gateway.bus.records import BusRecord, DeviceLost, ListenerOpened
from neasmart_gateway.bus.slave import Slave
from tests.bus.bench import UNITS, assemble
from tests.bus.wire import eventually


async def test_a_lost_device_is_one_record(tmp_path: Path) -> None:
    """Not a failure to listen besides: nothing has been tried yet. Health shows the same sentence."""
    bench, records = assemble(tmp_path), list[BusRecord]()
    slave = Slave(bench.desk, UNITS, listen_only=False, clock=lambda: 1000.0, report=records.append)
    master, device = os.openpty()
    tty.setraw(device)
    path = os.ttyname(device)
    os.close(device)
    listener = SerialListener(SerialOptions("serial", path, 600.0), slave, FrameRing(), records.append)
    work = asyncio.create_task(listener.run())
    await eventually(lambda: listener.state == "listening", "it is open")
    os.close(master)
    await eventually(lambda: listener.state == "failed", "the device has gone")
    work.cancel()
    assert [type(record) for record in records] == [ListenerOpened, DeviceLost]
    assert records[-1] == DeviceLost("serial", listener.failure or "")
    assert path in (listener.failure or "")
