"""Plays the calls of one integration, and judges each answer as it would."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from neasmart_gateway.compat_test.asking import Answer, Asker
from neasmart_gateway.compat_test.calls import Call, shows_something
from neasmart_gateway.compat_test.fields import Unfit

_STALE = "x-rehau-registers-stale"
_NUMBERS = [f"{base}/{zone}" for base in range(1, 6) for zone in range(1, 13)]
_LISTS = (("/api/v1/zones", "base", "zone"), ("/api/zones", "baseId", "zoneId"))
_OK, _REFUSED = 200, 400


@dataclass(frozen=True, slots=True)
class Line:
    """What comes of one call."""

    text: str
    fails: bool


def played(asker: Asker, calls: Iterable[Call]) -> Iterator[Line]:
    """Read everything, then send each command empty, which every gateway must refuse."""
    commands = []
    for call in calls:
        fault, shown = _shown(call, asker.ask(call.path))
        yield Line(f"{call.what}: {shown}", fault)
        commands += [call] if call.command else []
    for call in commands:
        yield _refused(call, asker.ask(call.path, b"{}"))


def found_zones(asker: Asker, *, at_root: bool) -> list[str]:
    """Return the zones that the gateway lists or, looked for one by one at the root, knows something of."""
    found = set()
    for path, base, zone in _LISTS:
        listed = asker.ask(path).listed("zones")
        found |= {f"{one.get(base)}/{one.get(zone)}" for one in listed}
    if at_root:
        found |= {number for number in _NUMBERS if shows_something(asker.ask(f"/zones/{number}").body or {})}
    return [number for number in _NUMBERS if number in found]


def refuses_commands(asker: Asker) -> str | None:
    """Return why a gateway of ours takes no command at all; None: it does, or it is none of ours."""
    reason = (asker.ask("/health").body or {}).get("commands_refused")
    return reason if isinstance(reason, str) else None


def _shown(call: Call, answer: Answer) -> tuple[bool, str]:
    if answer.status != _OK:
        return True, f"unavailable, {_why(answer)}"
    if answer.body is None:
        return True, "unavailable, the answer is no JSON object"
    if answer.headers.get(_STALE) == "true":
        return True, "unavailable in the newer generation, the bus is silent; the older shows what it had before"
    try:
        return False, call.show(answer.body)
    except Unfit as error:
        return True, f"unavailable, {error.message}"


def _refused(call: Call, answer: Answer) -> Line:
    what = f"{call.what}: command"
    if answer.status == _REFUSED:
        return Line(f"{what}: an empty one is refused, as it must be", False)
    if answer.status < _REFUSED:
        return Line(f"{what}: an EMPTY one was accepted ({answer.status}); what it changed is not known", True)
    return Line(f"{what}: fails, {_why(answer)}", True)


def _why(answer: Answer) -> str:
    if answer.status == 401:
        return "401: it sends no key; add its address to NEASMART_API_TRUSTED_CLIENTS"
    if answer.status == 421:
        return "421: it calls by a name that the gateway does not know; add it to NEASMART_API_ALLOWED_HOSTS"
    return f"{answer.status}: {answer.reason}"
