"""The history of a real gateway: a house speaks, falls silent, the daemon dies, and all of it can be seen."""

import asyncio
import csv
import io
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from neasmart_gateway.domain import dpt9
from neasmart_gateway.simulator.options import Endpoint, Options
from neasmart_gateway.simulator.run import simulate
from neasmart_gateway.store import upkeep
from tests.running import Gateway, eventually, running
from tests.wire import Master

HISTORY = "/api/v1/history"
HASTY = {"NEASMART_DATABASE_FLUSH_SECONDS": "1", "NEASMART_MODBUS_STALE_AFTER_SECONDS": "3"}
OUTSIDE = 7


def names(gateway: Gateway) -> set[str]:
    """The series that there are."""
    return {series["name"] for series in gateway.get(HISTORY).json["series"]}


def raw(gateway: Gateway, name: str) -> list[tuple[str, float | None]]:
    """The points of a series."""
    found: dict[str, Any] = gateway.get(f"{HISTORY}?series={name}&step=raw").json
    return [(point["at"], point["value"]) for point in found["series"][0]["points"]]


def values(gateway: Gateway, name: str) -> list[float | None]:
    return [value for _, value in raw(gateway, name)]


def lives_until(gateway: Gateway, stop: asyncio.Event) -> Any:
    options = Options(Endpoint("127.0.0.1", gateway.modbus_port), zones=3, speed=100)
    return simulate(options, lambda line: None, stop)


async def test_a_house_speaks_and_falls_silent(tmp_path: Path) -> None:
    """Every series of the house is there, as JSON and as CSV; when it has fallen silent there is a gap in each."""
    with running(tmp_path, **HASTY) as gateway:
        stop = asyncio.Event()
        house = asyncio.create_task(lives_until(gateway, stop))
        wanted = {f"zone.1.{zone}.{field}" for zone in (1, 2, 3) for field in ("temperature", "setpoint")}
        wanted |= {"outside.temperature", "mixed_group.1.flow_temperature", "pump.2.state", "dehumidifier.9.state"}
        await asyncio.to_thread(eventually, lambda: wanted <= names(gateway), "all series")
        stop.set()
        await house
        for name in sorted(wanted):
            await asyncio.to_thread(eventually, lambda name=name: values(gateway, name)[-2:-1], f"points of {name}")
            await asyncio.to_thread(eventually, lambda name=name: values(gateway, name)[-1] is None, f"a gap in {name}")
            assert values(gateway, name)[0] is not None
        asked = f"{HISTORY}?series={','.join(sorted(wanted))}&step=60"
        rows = list(csv.DictReader(io.StringIO(gateway.get(f"{asked}&format=csv").text)))
        assert {row["series"] for row in rows if row["mean"]} == wanted
        assert gateway.get("/api/v1/zones/1/1/history?step=60").json["series"][0]["points"]
        assert upkeep.check(tmp_path / "data/registers.db").faults == []


@pytest.mark.parametrize("whole_group", [False, True], ids=["daemon", "group"])
def test_killed_at_work(tmp_path: Path, whole_group: bool) -> None:
    """What was flushed is found, the series has a gap, and it goes on as soon as the base is heard again."""
    with running(tmp_path, **HASTY) as gateway:
        with Master(gateway.modbus_port) as master:
            master.write(240, OUTSIDE, [dpt9.encode(5.0)])
        eventually(lambda: values(gateway, "outside.temperature")[:1] == [5.0], "the first point, flushed")
        daemon = gateway.daemon
        if whole_group:
            os.killpg(gateway.master, signal.SIGKILL)
            assert gateway.process is not None
            gateway.process.wait()
            eventually(lambda: gateway.everybody() == [], "everybody is gone")
            gateway.start()
            gateway.wait_ready()
        else:
            os.kill(daemon, signal.SIGKILL)
            eventually(lambda: gateway.daemon not in (0, daemon), "another daemon")
            gateway.wait_ready()
        with Master(gateway.modbus_port) as master:
            master.write(240, OUTSIDE, [dpt9.encode(6.0)])
        eventually(lambda: 6.0 in values(gateway, "outside.temperature"), "the series goes on")
        found = values(gateway, "outside.temperature")
        before, gap = found.index(5.0), found.index(None)
        assert before < gap < found.index(6.0)
        times = [at for at, _ in raw(gateway, "outside.temperature")]
        assert times == sorted(times)


def test_a_long_answer_lets_others_through(tmp_path: Path) -> None:
    """One worker tells a day of sixty zones, minute by minute, and goes on answering everybody else meanwhile."""
    zones = ",".join(f"zone.{base}.{zone}.temperature" for base in range(1, 6) for zone in range(1, 13))
    with running(tmp_path, **HASTY) as gateway, ThreadPoolExecutor(1) as beside:
        assert gateway.get("/health/live").status == 200
        long = beside.submit(gateway.get, f"{HISTORY}?series={zones}&step=60")
        answered = 0
        while not long.done():
            assert gateway.get("/health/live").status == 200
            answered += 1
        assert len(long.result().json["series"]) == 60
        assert answered >= 8


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    """Then nothing is recorded, and the list is empty."""
    with running(tmp_path, **HASTY, NEASMART_DATABASE_HISTORY_DAYS="0") as gateway:
        with Master(gateway.modbus_port) as master:
            master.write(240, OUTSIDE, [dpt9.encode(5.0)])
        eventually(lambda: gateway.get("/api/v1/health").json["database"]["flushed_at"], "a flush")
        assert gateway.get(HISTORY).json == {"series": [], "count": 0}
