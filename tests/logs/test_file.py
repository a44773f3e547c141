"""The log file of several processes: rotated, never torn, and never a reason to fail."""

import logging
import re
import shutil
import subprocess
import sys
from pathlib import Path

from neasmart_gateway.logs.file import LogFile
from tests.conftest import cannot

LINES = 4000
WHOLE = re.compile(r"<(\w) (\d+) x*>")


class Console(logging.Handler):
    """Keeps what is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(record.getMessage())


def say(handler: logging.Handler, text: str) -> None:
    handler.handle(logging.LogRecord("", logging.INFO, "", 0, text, None, None))


def test_no_line_is_lost_or_torn_while_processes_rotate(tmp_path: Path) -> None:
    """Four processes fill many files at once: every line is there, whole, and no file grew far beyond its limit."""
    arguments = [sys.executable, "-m", "tests.logs.writer", str(tmp_path / "log"), "20000", "500"]
    writers = [subprocess.Popen([*arguments, name, str(LINES)], cwd=Path(__file__).parents[2]) for name in "abcd"]
    assert [writer.wait() for writer in writers] == [0] * 4
    files = list(tmp_path.iterdir())
    found = [WHOLE.fullmatch(line) for file in files for line in file.read_text().splitlines()]
    assert all(found)
    assert sorted((m[1], int(m[2])) for m in found if m) == [(name, n) for name in "abcd" for n in range(LINES)]
    assert len(files) > 10


def test_only_so_many_older_files_are_kept(tmp_path: Path) -> None:
    """The newest lines stand in the file itself, older ones in those with higher numbers; then they are gone."""
    handler = LogFile(tmp_path / "log", 10, 2, Console())
    for text in ("first", "second", "third", "fourth"):
        say(handler, text)
    handler.close()
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {
        "log": "fourth\n", "log.1": "third\n", "log.2": "second\n",
    }  # fmt: skip


def test_a_file_moved_away_is_opened_anew(tmp_path: Path) -> None:
    """As logrotate does; without a limit of ours nothing else moves it."""
    handler = LogFile(tmp_path / "log", 0, 3, Console())
    say(handler, "before")
    (tmp_path / "log").rename(tmp_path / "old")
    say(handler, "after")
    handler.close()
    assert [(tmp_path / name).read_text() for name in ("old", "log")] == ["before\n", "after\n"]


def test_what_cannot_be_encoded_is_escaped(tmp_path: Path) -> None:
    """Whoever formats the line: none is lost for a character in it."""
    handler = LogFile(tmp_path / "log", 0, 3, Console())
    say(handler, "lone \udcff surrogate")
    handler.close()
    assert (tmp_path / "log").read_text() == "lone \\udcff surrogate\n"


def test_a_removed_folder_raises_nothing(tmp_path: Path) -> None:
    """It is made again; where that cannot be, the console is told once, and later the file how much it lacks."""
    console, folder = Console(), tmp_path / "logs"
    handler = LogFile(folder / "log", 0, 3, console)
    shutil.rmtree(folder)
    folder.write_text("in the way")
    say(handler, "lost")
    say(handler, "lost")
    assert len(console.told) == 1
    folder.unlink()
    say(handler, "there")
    handler.close()
    told = (folder / "log").read_text().split("\n")
    assert "lost: 2" in told[1]
    assert told[2] == "there"


def test_a_full_disk_raises_nothing() -> None:
    """The lines go to standard error alone, which is told why, once."""
    if not Path("/dev/full").exists():
        cannot("needs /dev/full")
    console = Console()
    handler = LogFile(Path("/dev/full"), 0, 3, console)
    say(handler, "one")
    say(handler, "two")
    handler.close()
    assert [told.rpartition(": ")[2] for told in console.told] == ["No space left on device"]
