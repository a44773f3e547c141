"""What the daemon keeps of events, in memory and on a disk that may be away."""

import asyncio
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from neasmart_gateway.bus.records import ListenerFailed, ListenerOpened
from neasmart_gateway.daemon.diagnostics import Diagnostics
from neasmart_gateway.daemon.hooks import Record
from neasmart_gateway.daemon.records import DaemonStarted, DaemonStopped, DiagnosticsCleared, DiagnosticsFailed
from neasmart_gateway.diagnostics.events import COMPONENTS, Event
from neasmart_gateway.diagnostics.files import EventFiles
from neasmart_gateway.errors import NotFound
from neasmart_gateway.link.records import MOST_BYTES, pack
from tests.desk.gateway import InlineExecutor

OPENED, FAILED = ListenerOpened("tcp", "127.0.0.1:502"), ListenerFailed("tcp", "taken", 0.5)
STARTED, STOPPED = DaemonStarted(1, 0, 0, 0), DaemonStopped(0)


class Kept:
    """Diagnostics with a clock; what they report of themselves."""

    def __init__(self, folder: Path, executor: Executor | None = None) -> None:
        self.now, self.reported = 1_800_000_000.0, list[Record]()
        self.all = Diagnostics(
            EventFiles(folder), executor or InlineExecutor(), lambda: self.now, self.reported.append
        )  # fmt: skip

    async def events(self, component: str, skip: int = 0) -> list[dict[str, Any]]:
        found = await self.all.events({"component": component, "skip": skip, "limit": 100})
        events: list[dict[str, Any]] = found["events"]
        return events

    async def told(self, component: str) -> list[tuple[str, int]]:
        return [(event["event"], event["count"]) for event in await self.events(component)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "diagnostics"


async def test_newest_first_and_counted(folder: Path) -> None:
    kept = Kept(folder)
    for record in (OPENED, FAILED, FAILED):
        kept.all.note(record)
    assert await kept.told("bus") == [
        ("cannot listen for the base station, trying again", 2), ("listening for the base station", 1),
    ]  # fmt: skip
    summary = (await kept.all.summary({}))["components"]
    assert list(summary) == list(COMPONENTS)
    assert {name: summary["bus"][name] for name in ("events", "info", "warning", "error")} == {
        "events": 2, "info": 1, "warning": 0, "error": 2,
    }  # fmt: skip
    assert summary["bus"]["last"]["fields"]["reason"] == "taken"
    assert summary["daemon"]["last"] is None


async def test_the_next_daemon_goes_on(folder: Path) -> None:
    """It shows what was written before it, and counts on."""
    before, after = Kept(folder), Kept(folder)
    before.all.note(FAILED)
    await before.all.close()
    after.all.note(FAILED)
    await after.all.load()
    assert await after.told("bus") == [("cannot listen for the base station, trying again", 2)]


@pytest.mark.parametrize(
    ("records", "expected"),
    [([STARTED], True), ([STARTED, STOPPED], False), ([STARTED, STOPPED, STARTED, FAILED], True), ([FAILED], False)],
)
async def test_a_daemon_that_broke_off(folder: Path, records: list[Record], expected: bool) -> None:
    """The next one says so when the one before has not said that it stopped, before it speaks of itself."""
    before, after = Kept(folder), Kept(folder)
    for record in records:
        before.all.note(record)
    await before.all.save(repeated=True)
    after.now += 7200.0
    after.all.note(STARTED)
    await after.all.load()
    sentences = [sentence for sentence, _ in await after.told("daemon")]
    assert sentences[0] == "the daemon is at work"
    assert (sentences[1:2] == ["the daemon before this one ended without a word"]) is expected
    await after.all.save(repeated=True)
    assert len(EventFiles(folder).load("daemon")) == len(sentences)


async def test_a_disk_that_is_away_harms_nothing(folder: Path) -> None:
    """It is reported once; the events wait, and are written when it is back."""
    folder.write_text("")  # a file where the folder should be: nothing can be written, whoever one is
    kept = Kept(folder)
    kept.all.note(FAILED)
    for _ in range(3):
        await kept.all.save(repeated=True)
    assert kept.reported == [DiagnosticsFailed("File exists")]
    assert (await kept.all.summary({}))["failure"] == "File exists"
    assert len(await kept.events("bus")) == 1
    folder.unlink()
    await kept.all.save(repeated=False)
    assert (await kept.all.summary({}))["failure"] is None
    assert len(EventFiles(folder).load("bus")) == 1


async def test_nothing_new_is_nothing_to_write(folder: Path) -> None:
    """The disk is left alone."""
    kept = Kept(folder)
    await kept.all.save(repeated=True)
    kept.all.note(FAILED)
    await kept.all.save(repeated=False)
    size = (folder / "bus.jsonl").stat().st_size
    kept.all.note(FAILED)
    await kept.all.save(repeated=False)
    assert (folder / "bus.jsonl").stat().st_size == size
    await kept.all.save(repeated=True)
    assert (folder / "bus.jsonl").stat().st_size > size


class Hung(Executor):
    """A thread whose disk does not answer; counts what was asked of it."""

    def __init__(self) -> None:
        self.asked = 0

    def submit(self, *_args: Any, **_kwargs: Any) -> Future[Any]:
        self.asked += 1
        return Future()


async def test_a_disk_that_hangs_is_asked_once(folder: Path) -> None:
    """No job queues up before those of the database, and events are shown meanwhile."""
    hung = Hung()
    kept = Kept(folder, hung)
    running = asyncio.create_task(kept.all.run())
    for number in range(50):
        kept.all.note(ListenerFailed("tcp", f"reason {number}", 0.5))
        await asyncio.sleep(0)
    assert (hung.asked, len(await kept.events("bus"))) == (1, 21)
    running.cancel()


async def test_cleared(folder: Path) -> None:
    """One component or all, memory and files; who it was is reported, and nothing of it comes back."""
    kept = Kept(folder)
    for record in (FAILED, STARTED):
        kept.all.note(record)
    await kept.all.save(repeated=True)
    assert await kept.all.clear({"component": "bus", "who": "anna"}) == {"cleared": {"bus": 1}, "failure": None}
    assert (await kept.events("bus"), len(await kept.events("daemon"))) == ([], 1)
    assert [file.name for file in folder.iterdir()] == ["daemon.jsonl"]
    done = await kept.all.clear({"component": None, "who": "anna"})
    assert (set(done["cleared"]), done["cleared"]["daemon"]) == (set(COMPONENTS), 1)
    assert kept.reported == [DiagnosticsCleared(("bus",), 1, "anna"), DiagnosticsCleared(COMPONENTS, 1, "anna")]
    again = Kept(folder)
    await again.all.load()
    assert await again.events("daemon") == []


async def test_files_that_cannot_be_removed_are_told(folder: Path) -> None:
    """The memory is cleared all the same."""
    kept = Kept(folder)
    kept.all.note(FAILED)
    (folder / "bus.jsonl").mkdir(parents=True)
    done = await kept.all.clear({"component": "bus", "who": "anna"})
    assert (done["cleared"], bool(done["failure"]), await kept.events("bus")) == ({"bus": 1}, True, [])


@pytest.mark.parametrize("component", ["kitchen", "", None, 7, ["bus"]])
async def test_no_such_component(folder: Path, component: object) -> None:
    """The names that there are stand in the error."""
    with pytest.raises(NotFound, match="bus, commands, daemon, database, mqtt, security"):
        await Kept(folder).all.events({"component": component, "skip": 0, "limit": 1})


async def test_a_page_fits_into_a_message(folder: Path) -> None:
    """However long the events are; the next pages bring the others, each once."""
    kept = Kept(folder)
    for number in range(100):
        fields = {"one": f"{number:x<300}", "other": "é" * 100}
        kept.all.add(Event("bus", "error", f"sentence {number}", kept.now, kept.now, "", fields))
    seen, pages = list[int](), 0
    while page := await kept.events("bus", len(seen)):
        assert len(pack({"id": "x" * 16, "result": {"events": page, "total": 100}})) <= MOST_BYTES
        seen, pages = [*seen, *(event["number"] for event in page)], pages + 1
    assert seen == list(range(100, 0, -1))
    assert pages > 1
