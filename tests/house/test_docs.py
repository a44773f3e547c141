"""docs/api.md, docs/errors.md and the metrics of docs/observability.md are what the code makes now."""

import re
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest

from neasmart_gateway.metrics.catalogue import CATALOGUE

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


@pytest.mark.parametrize("path", ["docs/api.md", "docs/errors.md", "docs/observability.md"])
def test_a_page_is_what_the_script_makes(path: str) -> None:
    """After a change of routes, models or problems: `make docs`."""
    assert (TOP / path).read_text(encoding="utf-8") == made()[path], "run `make docs`"


def test_every_metric_stands_in_the_table() -> None:
    """With its labels, and each once."""
    page = (TOP / "docs/observability.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \|", page, re.MULTILINE)
    assert rows == [(m.name, m.kind, ", ".join(f"`{label}`" for label in m.labels)) for m in CATALOGUE]
