"""The names of bases and zones, in the three ways in which older gateways have written them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

_LONGEST_LABEL = 64


class Notes(Protocol):
    """Where remarks and faults go."""

    remarks: list[str]
    faults: list[str]


def structures(old: Any, notes: Notes) -> dict[str, Any]:  # noqa: ANN401 - whatever the file holds
    """Return the section `structures`, {} where there was none.

    Known are [{"base_id", "base_label", "zones": [{"id", "label"}]}] and {"1": {"label", "zones": {"1": label}}}.
    """
    if old in (None, [], {}):
        return {}
    if not isinstance(old, list | dict):
        notes.faults.append(f"structures ({str(old)[:60]!r}): must be a list of bases")
        return {}
    return {"structures": [_base(number, base, notes) for number, base in _numbered(old, "base_id")]}


def _base(number: object, base: dict[str, Any], notes: Notes) -> dict[str, Any]:
    where = f"base {number}"
    found: dict[str, Any] = {"base_id": _whole(number, where, notes)}
    label = _label(base.get("base_label", base.get("label")), where, notes)
    if label:
        found["base_label"] = label
    zones = _numbered(base.get("zones") or [], "id")
    found["zones"] = [_zone(where, zone_number, zone, notes) for zone_number, zone in zones]
    return found


def _zone(base: str, number: object, zone: dict[str, Any], notes: Notes) -> dict[str, Any]:
    where = f"{base}, zone {number}"
    label = _label(zone.get("label"), where, notes)
    if label is None:
        label = f"Zone {number}"
        notes.remarks.append(f"{where}: it has no label; it is called {label}")
    return {"id": _whole(number, where, notes), "label": label}


def _numbered(old: Any, key: str) -> Iterator[tuple[object, dict[str, Any]]]:  # noqa: ANN401
    """Yield (number, thing) of a list, or of a mapping by number; a bare label is a thing of that name."""
    if isinstance(old, dict):
        things = [(number, {"label": thing} if isinstance(thing, str) else thing) for number, thing in old.items()]
    else:
        things = [(thing.get(key) if isinstance(thing, dict) else thing, thing) for thing in _listed(old)]
    for number, thing in things:
        yield number, thing if isinstance(thing, dict) else {}


def _listed(old: Any) -> list[Any]:  # noqa: ANN401
    return old if isinstance(old, list) else [old]


def _whole(number: object, where: str, notes: Notes) -> object:
    if isinstance(number, str) and number.isascii() and number.isdecimal() and len(number) < 10:
        return int(number)
    if not isinstance(number, int) or isinstance(number, bool):
        notes.faults.append(f"{where}: {str(number)[:60]!r} is no number of a base or zone")
    return number


def _label(label: object, where: str, notes: Notes) -> str | None:
    """Return a label as we can have it, None when there is none."""
    text = str(label).strip() if isinstance(label, str | int) else ""
    if len(text) > _LONGEST_LABEL:
        notes.remarks.append(f"{where}: its label is longer than {_LONGEST_LABEL} characters and was cut off")
        text = text[:_LONGEST_LABEL].rstrip()
    return text or None
