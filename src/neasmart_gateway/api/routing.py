"""How numbers stand in a path, and what a rule does when it is made."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.routing import BaseConverter, Rule


class NumberConverter(BaseConverter):
    """1 to 9999 in plain digits; anything else (0, 01, -1, 1e3, ٣) is a path that does not exist.

    Werkzeug's own `int` takes the digits of every script.
    """

    regex = "[1-9][0-9]{0,3}"

    def to_python(self, value: str) -> int:
        return int(value)


class DigitsConverter(NumberConverter):
    """Up to four plain digits, also 0 and 01: what does not exist is told by the view, in the shape of its contract."""

    regex = "[0-9]{1,4}"


class FrugalRule(Rule):
    """A rule that learns to build its address when it is first asked to: of all our rules only three ever are.

    Werkzeug writes and compiles two functions for each one, which is most of what making the application costs.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        make, made = super()._compile_builder, None

        def build(rule: Rule, /, **values: object) -> tuple[str, str]:
            nonlocal made
            made = made or make(append_unknown)
            return made(rule, **values)

        return build
