"""Files stay small enough to be read at one sitting, and each module says its duty first."""

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src"
LONGEST = 300
TEXT = {".css", ".html", ".js", ".json", ".md", ".py", ".sql", ".toml", ".yaml", ".yml"}
FILES = sorted(path for path in SRC.rglob("*") if path.suffix in TEXT)
MODULES = [path for path in FILES if path.suffix == ".py"]


def name(path: Path) -> str:
    """A file's name as a test id."""
    return str(path.relative_to(SRC))


def test_there_is_something_to_measure() -> None:
    """The walk found the package."""
    assert SRC / "neasmart_gateway" / "__init__.py" in MODULES


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_file_is_too_long(path: Path) -> None:
    """A file of more than 300 lines has two duties: split it."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_module_opens_with_its_duty(path: Path) -> None:
    """The docstring's first line is one sentence that stands alone."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    first, *rest = docstring.splitlines() or [""]
    assert first, "no docstring"
    assert not rest or not rest[0], "the first sentence runs over its line"
