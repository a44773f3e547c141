"""Masters that nobody here wrote can talk to us: pymodbus's client, and mbpoll (libmodbus)."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pymodbus.client import AsyncModbusTcpClient

from neasmart_gateway.domain import dpt9
from tests.bus.bench import Bench, running
from tests.bus.wire import DEADLINE


@pytest.fixture
async def master(bench: Bench) -> AsyncIterator[AsyncModbusTcpClient]:
    """pymodbus's client, connected."""
    master = AsyncModbusTcpClient("127.0.0.1", port=bench.port, timeout=DEADLINE, retries=0)
    assert await master.connect()
    yield master
    master.close()


@pytest.mark.parametrize("unit", [240, 241])
async def test_pymodbus_client_uses_every_function(master: AsyncModbusTcpClient, unit: int) -> None:
    """Functions 16, 6, 22, 23 and 3 do what the client expects of them."""
    written = await master.write_registers(200, [1, 2, 3], device_id=unit)
    assert (written.address, written.count) == (200, 3)
    assert (await master.write_register(202, 0x12, device_id=unit)).registers == [0x12]
    assert not (await master.mask_write_register(address=202, and_mask=0xF2, or_mask=0x25, device_id=unit)).isError()
    both = await master.readwrite_registers(
        read_address=202, read_count=2, write_address=203, values=[77], device_id=unit
    )  # fmt: skip
    assert both.registers == [0x17, 77]
    assert (await master.read_holding_registers(202, count=2, device_id=unit)).registers == [0x17, 77]


async def test_pymodbus_client_understands_refusals(master: AsyncModbusTcpClient) -> None:
    """Exceptions 01 and 02 arrive as such."""
    coils = await master.read_coils(1, count=1, device_id=240)
    beyond = await master.read_holding_registers(65535, count=2, device_id=240)
    assert (coils.function_code, coils.exception_code) == (0x81, 1)
    assert (beyond.function_code, beyond.exception_code) == (0x83, 2)


async def test_pymodbus_client_broadcasts(master: AsyncModbusTcpClient) -> None:
    """A broadcast is obeyed, and the next answer is that of the next request."""
    await master.write_registers(102, [2100, 2200], device_id=0, no_response_expected=True)
    assert (await master.read_holding_registers(102, count=2, device_id=241)).registers == [2100, 2200]


async def test_pymodbus_client_may_ask_many_things_at_once(master: AsyncModbusTcpClient) -> None:
    """Requests of several tasks are all answered, each with its own words."""
    await master.write_registers(8000, list(range(40)), device_id=240)
    answers = await asyncio.gather(*(master.read_holding_registers(8000 + n, device_id=240) for n in range(40)))
    assert [answer.registers for answer in answers] == [[n] for n in range(40)]


class Mbpoll:
    """The command line of mbpoll, asked once."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __call__(
        self, unit: int, start: int, *words: int, count: int = 1, patience: float = 5.0
    ) -> tuple[int, str]:
        """Write words, or read `count` of them; returns exit status and all that was said."""
        options = ["-m", "tcp", "-p", str(self._port), "-0", "-1", "-o", str(patience), "-t", "4", "-a", str(unit)]
        options += ["-r", str(start), *([] if words else ["-c", str(count)]), "127.0.0.1", *map(str, words)]
        process = await asyncio.create_subprocess_exec(
            "mbpoll", *options, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await asyncio.wait_for(process.communicate(), DEADLINE)
        assert process.returncode is not None
        return process.returncode, output.decode()

    async def words(self, unit: int, start: int, count: int) -> dict[int, int]:
        """The words that it prints, by address."""
        status, output = await self(unit, start, count=count)
        assert status == 0, output
        return {int(a): int(w) for a, w in re.findall(r"^\[(\d+)\]:\s+(\d+)", output, re.MULTILINE)}


@pytest.fixture
def mbpoll(bench: Bench) -> Mbpoll:
    return Mbpoll(bench.port)


@pytest.mark.needs("mbpoll")
@pytest.mark.parametrize(("writer", "reader"), [(240, 241), (241, 240)])
async def test_mbpoll_writes_and_reads(mbpoll: Mbpoll, writer: int, reader: int) -> None:
    """What it writes through one unit (functions 6 and 16) it reads through the other."""
    status, output = await mbpoll(writer, 102, 2100)
    assert status == 0, output
    status, output = await mbpoll(writer, 200, 1, dpt9.encode(19.0), 2080)
    assert status == 0, output
    assert await mbpoll.words(reader, 102, 1) == {102: 2100}
    assert await mbpoll.words(reader, 200, 3) == {200: 1, 201: dpt9.encode(19.0), 202: 2080}


@pytest.mark.needs("mbpoll")
async def test_mbpoll_reads_a_users_wish(mbpoll: Mbpoll, bench: Bench) -> None:
    """A setpoint that a user asked for is what it reads, and 31 s later, unread, the reported word is back."""
    await mbpoll(240, 101, dpt9.encode(19.0))
    bench.wish(21.5)
    assert await mbpoll.words(241, 101, 1) == {101: dpt9.encode(21.5)}
    bench.wish(22.0)
    bench.now += 31.0
    assert await mbpoll.words(240, 101, 1) == {101: dpt9.encode(19.0)}


@pytest.mark.needs("mbpoll")
async def test_mbpoll_is_told_what_is_wrong(mbpoll: Mbpoll) -> None:
    """It understands our exceptions."""
    status, output = await mbpoll(240, 65535, count=2)
    assert status != 0
    assert "Illegal data address" in output


@pytest.mark.needs("mbpoll")
async def test_mbpoll_gets_nothing_from_a_foreign_unit(mbpoll: Mbpoll) -> None:
    """Unit 17 is not here."""
    status, output = await mbpoll(17, 102, patience=0.1)
    assert status != 0
    assert "timed out" in output


@pytest.mark.needs("mbpoll")
async def test_mbpoll_and_the_base_at_once(tmp_path: Path) -> None:
    """A debugging tool beside the base disturbs nobody."""
    async with running(tmp_path) as bench, bench.client() as base:
        mbpoll = Mbpoll(bench.port)
        await base.ask(b"\x06\x00\x66\x08\x34")
        assert await mbpoll.words(240, 102, 1) == {102: 0x0834}
        await base.ask(b"\x03\x00\x66\x00\x01")
