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
    bases = [_base(number, base, notes) for number, base in _numbered(old, "base_id", "structures", notes)]
    return {"structures": bases} if bases else {}


def _base(number: object, base: dict[str, Any], notes: Notes) -> dict[str, Any]:
    where = f"base {_short(number)}"
    found: dict[str, Any] = {"base_id": _whole(number, where, notes)}
    label = _label(base.pop("base_label", None), where, notes) or _label(base.pop("label", None), where, notes)
    if label:
        found["base_label"] = label
    zones = _numbered(base.pop("zones", None), "id", f"{where}: zones", notes)
    found["zones"] = [_zone(where, zone_number, zone, notes) for zone_number, zone in zones]
    _left_over(base, where, notes)
    return found


def _zone(base: str, number: object, zone: dict[str, Any], notes: Notes) -> dict[str, Any]:
    where = f"{base}, zone {_short(number)}"
    label = _label(zone.pop("label", None), where, notes)
    if label is None:
        label = f"Zone {_short(number)}"
        notes.remarks.append(f"{where}: it has no label; it is called {label}")
    _left_over(zone, where, notes)
    return {"id": _whole(number, where, notes), "label": label}


def _numbered(old: Any, key: str, where: str, notes: Notes) -> Iterator[tuple[object, dict[str, Any]]]:  # noqa: ANN401
    """Yield (number, what else is said of it) of a list, or of a mapping by number; all else is a fault.

    In a mapping a bare label is a thing of that name.
    """
    if old in (None, [], {}, ""):
        return
    if isinstance(old, dict):
        things = [(number, {"label": thing} if isinstance(thing, str) else thing) for number, thing in old.items()]
    elif isinstance(old, list):
        things = [(thing.get(key) if isinstance(thing, dict) else None, thing) for thing in old]
    else:
        notes.faults.append(f"{where} ({_short(old)!r}): must be a list, or hold a key for each number")
        return
    for number, thing in things:
        if isinstance(thing, dict):
            yield number, {name: value for name, value in thing.items() if name != key or str(value) != str(number)}
        else:
            which = where if number is None else f"{where}, {_short(number)}"
            notes.faults.append(f"{which} ({_short(thing)!r}): must hold keys and values, such as a label")


def _left_over(thing: dict[str, Any], where: str, notes: Notes) -> None:
    notes.remarks.extend(f"{where}, {_short(name)}: no counterpart" for name in thing)


def _whole(number: object, where: str, notes: Notes) -> object:
    if isinstance(number, str) and number.isascii() and number.isdecimal() and len(number) < 10:
        return int(number)
    if not isinstance(number, int) or isinstance(number, bool):
        notes.faults.append(f"{where}: {_short(number)!r} is no number of a base or zone")
    return number


def _label(label: object, where: str, notes: Notes) -> str | None:
    """Return a label as we can have it, None when there is none."""
    if label is None:
        return None
    if not isinstance(label, str | int) or isinstance(label, bool):
        notes.faults.append(f"{where}: its label ({_short(label)!r}) must be a text")
        return None
    text = str(label).strip()
    if len(text) > _LONGEST_LABEL:
        notes.remarks.append(f"{where}: its label is longer than {_LONGEST_LABEL} characters and was cut off")
        text = text[:_LONGEST_LABEL].rstrip()
    return text or None


def _short(value: object) -> str:
    return str(value)[:60]
