"""One list of dependencies: pyproject.toml, the .in files and the compiled files agree and name no machine."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PIN = re.compile(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==(\S+)", re.MULTILINE)


def names(lines: list[str]) -> set[str]:
    """Project names of requirement lines, without extras, versions and comments."""
    found = (re.match(r"[A-Za-z0-9._-]+", line) for line in lines if not line.startswith(("#", "-")))
    return {match.group().lower().replace("_", "-") for match in found if match}


def pins(compiled: str) -> dict[str, str]:
    """Name → version of a compiled file."""
    return dict(PIN.findall((ROOT / compiled).read_text()))


def test_pyproject_and_requirements_name_the_same() -> None:
    """What a wheel asks for is what a clone installs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert names(project["dependencies"]) == names((ROOT / "requirements.in").read_text().splitlines())


def test_all_is_pinned() -> None:
    """Each direct dependency has its pin, and the tests run on the versions that the gateway runs on."""
    run, dev = pins("requirements.txt"), pins("requirements-dev.txt")
    assert names((ROOT / "requirements.in").read_text().splitlines()) <= run.keys()
    assert names((ROOT / "requirements-dev.in").read_text().splitlines()) <= dev.keys()
    assert run.items() <= dev.items()


@pytest.mark.parametrize("compiled", ["requirements.txt", "requirements-dev.txt"])
def test_compiled_files_name_no_place(compiled: str) -> None:
    """No index, no host and no path of the machine that compiled them."""
    text = (ROOT / compiled).read_text()
    assert not re.search(r"://|^ *--?(index|extra|find|trusted)|^-[if] | @ |=/", text, re.MULTILINE)
