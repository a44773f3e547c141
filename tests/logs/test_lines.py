"""One line for each event, whatever it is made of; colours only for people who see them."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest
import structlog

from neasmart_gateway.escaping import escaped
from neasmart_gateway.logs import Logging, configure
from neasmart_gateway.logs.setup import wants_colours

HOSTILE = [
    "two\nlines", "carriage\rreturn", "a\x1b[31mred\x1b[0m", "bell\x07", "back\x08space", "nul\x00", "del\x7f",
    "next\x85line", "csi\x9b31m", "line\u2028separator", "paragraph\u2029separator", "turned\u202earound",
    "lone \ud800 surrogate", "\udcff", "\n[info     ] forged",
]  # fmt: skip


class Terminal(StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """A log file; logging is as before at the end."""
    root, before, config = logging.getLogger(), logging.getLogger().handlers[:], structlog.get_config()
    levels = {name: logging.getLogger(name).level for name in ("", "pymodbus", "neasmart.bus", "gunicorn.error")}
    yield tmp_path / "log"
    for handler in root.handlers[:]:
        if handler not in before:
            handler.close()
    root.handlers[:] = before
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    structlog.configure(**config)


@pytest.fixture
def written(file: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, str], str]:
    """What comes of a text in every place of a line, in one of the forms: (form, text, whose logger)."""
    monkeypatch.setattr(sys, "stderr", StringIO())

    def write(form: str, text: str, whose: str) -> str:
        configure(Logging(form=form, file=file))
        if whose == "ours":
            structlog.get_logger("neasmart.test").info("event " + text, value=text, other=[text], deep={"a": text})
        else:
            logging.getLogger("library").info("event %s", text)
        return file.read_bytes().decode()  # strictly: it is UTF-8

    return write


@pytest.mark.parametrize("whose", ["ours", "a library's"])
@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_hostile_text_stays_on_its_line(
    written: Callable[[str, str, str], str], form: str, text: str, whose: str
) -> None:
    """Nothing in it begins a new line, moves a terminal's cursor, or cannot be encoded."""
    line = written(form, text, whose)
    assert line.endswith("\n")
    assert line[:-1].isprintable()
    if form == "json":
        told = json.loads(line)
        assert told["event"] == f"event {text}"
        assert whose != "ours" or (told["value"], told["deep"]) == (text, {"a": text})


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_an_error_quotes_begins_no_line(file: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """Each line of a traceback is indented in a text, and inside the one line of JSON; no local variable is shown."""
    monkeypatch.setattr(sys, "stderr", StringIO())
    configure(Logging(form=form, file=file))
    password = "ses" + "ame"
    try:
        raise ValueError(f"{len(password)}\n2026-01-01T00:00:00Z [info     ] forged\x1b[31m")
    except ValueError:
        structlog.get_logger("neasmart.test").exception("failed")
    first, *rest = file.read_text().splitlines()
    assert "failed" in first
    assert "\x1b" not in file.read_text()
    assert "sesame" not in file.read_text()
    assert rest == [] if form == "json" else rest and all(line.startswith("    ") for line in rest)


def test_a_value_cannot_look_like_further_fields(written: Callable[[str, str, str], str]) -> None:
    """One with spaces, quotes or an equals sign is quoted, an empty one too."""
    assert 'value="a status=200"' in written("text", "a status=200", "ours")
    assert 'value="\\"b\\" c"' in written("text", '"b" c', "ours")
    assert 'value=""' in written("text", "", "ours")


def test_what_is_seen_as_itself_stays() -> None:
    """Letters of any language do."""
    assert escaped("Küche 厨房 21 °C") == "Küche 厨房 21 °C"


@pytest.mark.parametrize(
    ("stream", "variables", "wanted"),
    [
        (Terminal(), {}, True),
        (StringIO(), {}, False),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"TERM": "dumb"}, False),
    ],
)
def test_colours_are_for_terminals(
    file: Path, monkeypatch: pytest.MonkeyPatch, stream: StringIO, variables: dict[str, str], wanted: bool
) -> None:
    """And for nobody who has asked for none; the file never has them."""
    for name, value in {"NO_COLOR": "", "TERM": "xterm", **variables}.items():
        monkeypatch.setenv(name, value)
    stream.truncate(stream.seek(0))
    monkeypatch.setattr(sys, "stderr", stream)
    assert wants_colours(stream) is wanted
    configure(Logging(file=file))
    structlog.get_logger("neasmart.test").warning("an event", value=1)
    assert ("\x1b[" in stream.getvalue()) is wanted
    assert "\x1b" not in file.read_text()


def test_json_is_never_coloured(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even on a terminal: it is for programs."""
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stderr", terminal)
    configure(Logging(form="json", file=file))
    structlog.get_logger("neasmart.test").warning("an event")
    assert json.loads(terminal.getvalue())["event"] == "an event"


def test_each_logger_has_its_level(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More or less than all others; libraries are heard like ours, pymodbus only when it was asked for."""
    monkeypatch.setattr(sys, "stderr", StringIO())
    levels = {"neasmart.bus": "DEBUG", "gunicorn.error": "WARNING"}
    configure(Logging(level="INFO", form="json", file=file, levels=levels))
    for name in ("neasmart.bus", "neasmart.desk", "gunicorn.error", "pymodbus"):
        for level in ("debug", "info", "warning"):
            getattr(structlog.get_logger(name), level)("said")
    told = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(line["logger"], line["level"]) for line in told] == [
        ("neasmart.bus", "debug"), ("neasmart.bus", "info"), ("neasmart.bus", "warning"),
        ("neasmart.desk", "info"), ("neasmart.desk", "warning"), ("gunicorn.error", "warning"),
    ]  # fmt: skip
