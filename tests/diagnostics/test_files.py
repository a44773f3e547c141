"""Events as lines of files: bounded, rotated, and read back whatever has become of them."""

import json
import os
from pathlib import Path

import pytest

from neasmart_gateway.diagnostics.events import Event
from neasmart_gateway.diagnostics.files import EventFiles
from neasmart_gateway.diagnostics.ring import MOST

AT = 1_800_000_000.25


def event(number: int, count: int = 1, sentence: str = "a serial device is lost") -> Event:
    return Event("bus", "error", sentence, AT, AT + count, "serial", {"listener": "serial"}, count, number)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "diagnostics"


@pytest.fixture
def files(folder: Path) -> EventFiles:
    return EventFiles(folder)


def test_what_was_written_is_read_back(files: EventFiles) -> None:
    """In the order in which each happened last, as it was at last."""
    files.append("bus", [event(1), event(2)], [])
    files.append("bus", [event(1, count=5)], [])
    assert files.load("bus") == [event(2), event(1, count=5)]
    assert files.load("daemon") == []


def test_lines_are_json_for_anybody(files: EventFiles, folder: Path) -> None:
    """With times as people read them; others on the machine cannot read the file."""
    files.append("bus", [event(1)], [])
    (line,) = (folder / "bus.jsonl").read_text().splitlines()
    assert json.loads(line)["first_at"] == "2027-01-15T08:00:00.250Z"
    assert (folder / "bus.jsonl").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "bad",
    [
        b"", b"{", b"\xff\xfe\x00", b"[]", b"null", b'{"number": 1}', b"[" * 100_000, b'"text"',
        json.dumps(event(3).as_json() | {"level": "loud"}).encode(),
        json.dumps(event(3).as_json() | {"component": "kitchen"}).encode(),
        json.dumps(event(3).as_json() | {"component": "daemon"}).encode(),
        json.dumps(event(3).as_json() | {"first_at": 7}).encode(),
        json.dumps(event(3).as_json() | {"last_at": "yesterday"}).encode(),
        json.dumps(event(3).as_json() | {"count": 0}).encode(),
        json.dumps(event(3).as_json() | {"number": "1e999"}).encode(),
        json.dumps(event(3).as_json() | {"fields": 7}).encode(),
        json.dumps(event(3).as_json() | {"number": 10**30}).encode(),
        json.dumps(event(3).as_json() | {"count": 10**25}).encode(),
    ],
)  # fmt: skip
def test_lines_that_are_none_are_left_out(files: EventFiles, folder: Path, bad: bytes) -> None:
    files.append("bus", [event(1)], [])
    with (folder / "bus.jsonl").open("ab") as file:
        file.write(bad + b"\n")
    files.append("bus", [event(2)], [])
    assert files.load("bus") == [event(1), event(2)]


def test_what_is_nested_too_deep_is_left_out(files: EventFiles, folder: Path) -> None:
    """Of an event that somebody else wrote down; it can be told and written down again."""
    deep = json.loads("[" * 700 + "]" * 700)
    files.append("bus", [], [])
    (folder / "bus.jsonl").write_text(json.dumps(event(1).as_json() | {"fields": {"a": deep, "b": [1]}}) + "\n")
    (found,) = files.load("bus")
    assert found.fields == {"a": json.loads("[" * 7 + '"…"' + "]" * 7), "b": [1]}
    assert found.as_json()["fields"] == found.fields


def test_what_cannot_be_removed_is_emptied(files: EventFiles, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder in which nothing may be changed, with files that may."""
    files.append("bus", [event(1)], [])

    def refuse(self: Path, missing_ok: bool = False) -> None:
        if self.exists():
            raise PermissionError(1, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    files.remove_all(["bus"])
    assert files.load("bus") == []


def test_a_torn_line_takes_none_with_it(files: EventFiles, folder: Path) -> None:
    """What comes after a line that was cut off, by a full disk or a power cut, begins a new one."""
    files.append("bus", [event(1), event(2)], [])
    file = folder / "bus.jsonl"
    os.truncate(file, file.stat().st_size - 20)
    files.append("bus", [event(3)], [])
    assert files.load("bus") == [event(1), event(3)]


def test_files_are_bounded(folder: Path) -> None:
    """Two of them, neither longer than allowed; and nothing that is kept in memory is lost when they change."""
    files, most = EventFiles(folder, most_bytes=20_000), 20_000
    kept: list[Event] = []
    for number in range(1, 500):
        kept = [*kept, event(number)][-50:]
        files.append("bus", [event(number)], kept)
        assert files.load("bus")[-len(kept) :] == kept
        assert all(file.stat().st_size <= most for file in folder.iterdir())
    assert sorted(file.name for file in folder.iterdir()) == ["bus.jsonl", "bus.jsonl.1"]


def test_what_happened_long_ago_stays(folder: Path) -> None:
    """However often the files have changed since, as long as it is among those that are kept."""
    files = EventFiles(folder, most_bytes=2_000)
    files.append("bus", [event(1)], [])
    for count in range(1, 100):
        files.append("bus", [event(2, count)], [event(1), event(2, count)])
    assert files.load("bus") == [event(1), event(2, 99)]


def test_no_more_than_a_hundred_are_read(files: EventFiles) -> None:
    files.append("bus", [event(number) for number in range(1, 2 * MOST)], [])
    assert [one.number for one in files.load("bus")] == list(range(MOST, 2 * MOST))


def test_a_huge_file_is_read_from_its_end(folder: Path) -> None:
    """Whoever has put it there: not all of it comes into memory."""
    files = EventFiles(folder, most_bytes=2_000)
    folder.mkdir(parents=True)
    lines = [json.dumps(event(number).as_json()) for number in range(1, 90)]
    (folder / "bus.jsonl").write_text("\n".join(lines) + "\n")
    numbers = [one.number for one in files.load("bus")]
    assert numbers == list(range(numbers[0], 90))
    assert 10 < len(numbers) < 20


def test_a_long_event_is_cut(files: EventFiles, folder: Path) -> None:
    """Whatever a fault quotes: a line stays a line of bounded length."""
    fields = {f"field{number}": "x\n" * 5000 for number in range(50)}
    files.append("bus", [Event("bus", "error", "s" * 5000, AT, AT, "t" * 5000, fields, number=1)], [])
    (line,) = (folder / "bus.jsonl").read_text().splitlines()
    assert len(line) < 2000
    assert len(files.load("bus")) == 1


def test_what_is_removed_is_gone(folder: Path) -> None:
    """Both files of the component, and no other's; once more is no fault."""
    files = EventFiles(folder, most_bytes=100)
    for number in (1, 2):
        files.append("bus", [event(number)], [event(number)])
    files.append("daemon", [event(1)], [])
    files.remove_all(["bus"])
    files.remove_all(["bus"])
    assert [file.name for file in folder.iterdir()] == ["daemon.jsonl"]


def test_a_pipe_in_its_place_holds_up_nobody(files: EventFiles, folder: Path) -> None:
    """Neither reading nor writing waits for the other end."""
    folder.mkdir(parents=True)
    os.mkfifo(folder / "bus.jsonl")
    assert files.load("bus") == []
    files.append("bus", [event(1)], [])
