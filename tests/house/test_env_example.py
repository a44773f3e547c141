""".env.example tells every setting that the gateway has, with its default, and no other."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / ".env.example"
SETTING = re.compile(r"^(?:# ?)?([A-Z][A-Z0-9_]*)=(.*)$")


def known_names() -> dict[str, str]:
    """Name → default as the settings have them; imported late, so that only these tests fail without them."""
    from neasmart_gateway import settings

    return settings.known_names()


def shown() -> list[tuple[str, str, str]]:
    """(name, default, line above) of each setting in the file."""
    lines = ["", *EXAMPLE.read_text(encoding="utf-8").splitlines()]
    found = ((above, SETTING.match(line)) for above, line in pairwise(lines))
    return [(match[1], match[2], above) for above, match in found if match]


def test_every_setting_and_no_other() -> None:
    """The file and the settings name the same variables, each once."""
    assert sorted(name for name, _, _ in shown()) == sorted(known_names())


def test_defaults_are_the_real_ones() -> None:
    """What the file shows is what applies without it."""
    assert {name: default for name, default, _ in shown()} == known_names()


@pytest.mark.parametrize(("name", "above"), [(name, above) for name, _, above in shown()])
def test_every_setting_is_explained(name: str, above: str) -> None:
    """A comment for an operator stands right above each variable."""
    assert above.startswith("# "), name
    assert not SETTING.match(above), name


def test_a_copy_changes_nothing() -> None:
    """Every line is a comment, so that a copied file means the defaults, today's and tomorrow's."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []
