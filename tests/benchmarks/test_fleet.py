"""Many houses beside each other: each has a line of its own, and whoever is beyond the budget is named."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import fleet
from benchmarks.children.houses import Watched
from benchmarks.fleet_life import Size
from benchmarks.fleet_seen import Part, Polls, Seen, Served
from benchmarks.servers import ROOT
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.simulator.house import House
from neasmart_gateway.simulator.requests import Read


@pytest.mark.needs("mosquitto", "prometheus")
def test_two_houses(tmp_path: Path) -> None:
    """Two houses are told apart everywhere, every poll is answered, and there is a line for each and one for all."""
    table = fleet.measure(tmp_path, Size(houses=2, zones=3, minutes=0.1, scrape_seconds=1, flush_seconds=1))
    assert [row.what for row in table.rows] == ["memory (PSS)", "CPU at rest", "polls answered"]
    assert all(len(row.ours) == 2 and min(row.ours) > 0 for row in table.rows)
    assert table.rows[2].ours == (100.0, 100.0)
    names = [line[-1] for line in table.listing]
    assert [name.partition(":")[0] for name in names[1:4]] == ["house-01", "house-02", "all 2"]
    assert names[4:] == ["mosquitto", "prometheus", "the houses themselves"]
    assert "alerts: none fired" in table.render()
    assert all(name in table.render() for name in names)


def test_without_its_programs(tmp_path: Path) -> None:
    """It says which are missing and ends with status 2; among others it is a table without rows."""
    command = [sys.executable, "-m", "benchmarks", "fleet", "--folder", str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PATH": ""}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "prometheus" in done.stderr
    assert list(tmp_path.iterdir()) == []


WITHIN = Served(
    part=Part("good", 100.0, 1.0, 40.0),
    polls=Polls(asked=100, lost=0, p50=0.2, p99=1.0),
    turnaround=0.9,
    published=1.0,
    scrapes=(10.0, 20.0),
    samples=300,
)


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (replace(WITHIN, part=Part("bad", 131.0, 1.0, 40.0)), "memory"),
        (replace(WITHIN, part=Part("bad", 131.0, 2.1, 40.0)), "memory and CPU"),
        (replace(WITHIN, part=Part("bad", 100.0, 1.0, 40.0), polls=Polls(100, 1, 0.2, 1.0)), "polls"),
    ],
)
def test_who_is_beyond_the_budget_is_named(bad: Served, what: str) -> None:
    """With what it has not kept, and the others with nothing."""
    seen = Seen((WITHIN, bad), Polls(200, 1, 0.2, 1.0), 0.9, (), 2.0, ("NeasmartBusSilent of bad firing",))
    shown = fleet.shown(Size(houses=2), seen, counted=True).render()
    assert f"  bad: NOT WITHIN ITS BUDGET ({what})\n" in shown
    assert "  good\n" in shown
    assert "1 of 2 gateways within their budget" in shown
    assert "NeasmartBusSilent of bad firing" in shown


def next_read(station: Watched) -> Read:
    return next(request for request in iter(station.next_request, None) if isinstance(request, Read))


def test_a_poll_without_an_answer_is_lost() -> None:
    """Once the base goes on to something else; one that is still under way is not."""
    station = Watched(House(list(ZoneRef.every())))
    station.advance(1.0)
    read = next_read(station)
    station.heard(read, [0] * len(read.run))
    assert (len(station.round_trips), station.lost) == (1, 0)
    next_read(station)
    assert station.lost == 0
    next_read(station)
    assert (len(station.round_trips), station.lost) == (1, 1)
