"""How an entity finds its value in the snapshot: Jinja templates, as Home Assistant's `rest:` takes them.

The availability template decides: where the value is stale, null or missing the entity is unavailable, and the value
template is not asked. Both cope with any answer, such as a problem document or a page of a proxy.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Self

from neasmart_gateway.domain.zones import ZoneRef

_ANSWER = "(value_json | default({}))"
_MARKUP = ("{{", "{%", "{#")


@dataclass(frozen=True, slots=True)
class Place:
    """A part of the snapshot, as a Jinja expression that is an empty mapping where there is no such part."""

    expression: str

    @classmethod
    def zone(cls, ref: ZoneRef) -> Self:
        return cls(
            f'{_ANSWER}.zones | default([]) | selectattr("base", "eq", {ref.base}) '
            f'| selectattr("zone", "eq", {ref.zone}) | first | default({{}})'
        )

    @classmethod
    def unit(cls, name: str) -> Self:
        """Return a thing of which the plant has one."""
        return cls(f"{_ANSWER}.{name} | default({{}})")

    @classmethod
    def numbered(cls, key: str, number: int) -> Self:
        """Return a thing of which the plant has several, under its key in the snapshot."""
        return cls(f'{_ANSWER}.{key} | default([]) | selectattr("id", "eq", {number}) | first | default({{}})')

    @classmethod
    def component(cls, kind: str) -> Self:
        """Return a component of the health report."""
        return cls(
            f"({_ANSWER}.health | default({{}})).components | default([]) "
            f'| selectattr("kind", "eq", "{kind}") | first | default({{}})'
        )

    def reported(self, field: str, kind: str) -> dict[str, str]:
        """Return both templates for what the base station has reported; `kind` is a Jinja test such as "number"."""
        return self._templates(f"it.{field}", f"it.stale is false and it.{field} is {kind}")

    def wanted(self, field: str, kind: str) -> dict[str, str]:
        """Return both templates for what a command is asking for; when none is, for what has been reported."""
        asked = f"(it.desired or {{}}).{field}"
        return self._templates(
            f"{asked} if {asked} is {kind} else it.{field}",
            f"it.stale is false and ({asked} is {kind} or it.{field} is {kind})",
        )

    def told(self, expression: str, known: str) -> dict[str, str]:
        """Return both templates for what the gateway says of itself; `known` is the field that must be there."""
        return self._templates(expression, f"it.{known} is defined")

    def _templates(self, value: str, available: str) -> dict[str, str]:
        seen = f"{{% set it = {self.expression} %}}"
        return {"value_template": f"{seen}{{{{ {value} }}}}", "availability": f"{seen}{{{{ {available} }}}}"}


def literal(text: str) -> str:
    """Return a text that Home Assistant, which takes names for templates, shows as it is."""
    if any(markup in text for markup in _MARKUP):
        return f"{{{{ {json.dumps(text, ensure_ascii=False)} }}}}"
    return text
