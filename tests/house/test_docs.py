"""docs/api.md and docs/errors.md are what the code makes now."""

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
SCRIPT = TOP / "scripts" / "make-docs"


def made() -> dict[str, str]:
    """Every page by its path, as the script makes it."""
    loader = SourceFileLoader("make_docs", str(SCRIPT))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    pages: dict[str, str] = module.pages()
    return pages


@pytest.mark.parametrize("path", ["docs/api.md", "docs/errors.md"])
def test_a_page_is_what_the_script_makes(path: str) -> None:
    """After a change of routes, models or problems: `make docs`."""
    assert (TOP / path).read_text(encoding="utf-8") == made()[path], "run `make docs`"
