"""The command `neasmart-gateway compare`: value by value, where ours and an older gateway differ. It only reads."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from enum import StrEnum
from typing import Annotated, Any

import typer

from neasmart_gateway.errors import OperatorError
from neasmart_gateway.escaping import escaped
from neasmart_gateway.moving.contracts import OldGateway, contract_of
from neasmart_gateway.moving.differences import Comparison
from neasmart_gateway.moving.http import Peer
from neasmart_gateway.moving.values import Value, of_snapshot, zones_of
from neasmart_gateway.rest_client import RestClient
from neasmart_gateway.settings import Settings, load

_BETWEEN_QUESTIONS = 0.05
"""Seconds: older gateways answer one request at a time, and have Home Assistant to answer too."""
_MOST_SHOWN = 10
_WARNING = (
    "warning: by these settings our gateway does not only listen. Two slaves of one number on one line spoil each "
    "other's answers: set NEASMART_SERVER_LISTEN_ONLY=true while both are there"
)

Ask = Callable[[str], Any]
"""Returns what our own gateway answers to a path below /api/v1."""


class Contract(StrEnum):
    """The routes of an older gateway."""

    ROOT = "root"
    API = "api"


def compare(
    old: Annotated[str, typer.Argument(help="The old gateway, such as http://192.0.2.7:5000; it is only read.")],
    minutes: Annotated[float, typer.Option(min=0.0, help="For how long; Ctrl-C ends it earlier.")] = 60.0,
    every: Annotated[float, typer.Option(min=1.0, max=3600.0, help="Seconds between two looks.")] = 30.0,
    gateway: Annotated[
        str | None, typer.Option(help="Ours, when it runs elsewhere; it is sent NEASMART_API_KEY if that is set.")
    ] = None,
    contract: Annotated[
        Contract | None, typer.Option(help="The old one's routes: /zones… (root) or /api/zones… (api); else tried.")
    ] = None,
) -> None:
    """Compare what an older gateway and ours show; status 0: the same, 1: they differ, 2: too little was compared."""
    settings = load()
    ask, where = _ours(settings, gateway)
    peer = Peer(old)
    if peer.base == where:
        raise OperatorError(f"{old} is our own gateway: name the old one")
    _must_be_ours(ask, where)
    predecessor = _met(peer, contract, ask)
    if gateway is None and not settings.server.listen_only:
        typer.echo(_WARNING, err=True)
    typer.echo(f"comparing every {every:g} s for {minutes:g} minutes; Ctrl-C shows what was found so far", err=True)
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell has started us in the background
        signal.signal(number, signal.default_int_handler)
    comparison = Comparison()
    with suppress(KeyboardInterrupt):
        _look_again_and_again(ask, predecessor, comparison, (minutes * 60, every))
    _must_say_something(comparison)
    for line in _report(comparison, predecessor):
        typer.echo(escaped(line))
    raise typer.Exit(1 if comparison.differences else 0 if comparison.is_whole else 2)


def _ours(settings: Settings, gateway: str | None) -> tuple[Ask, str]:
    """Return how ours is asked, and where it is."""
    if gateway is None:
        client = RestClient(settings)
        return client.get, client.base.removesuffix("/api/v1")
    key = settings.api.key.get_secret_value() if settings.api.key else None
    peer = Peer(gateway, key)
    return lambda path: peer.get(f"/api/v1{path}"), peer.base


def _must_be_ours(ask: Ask, where: str) -> None:
    try:
        of_snapshot(ask("/snapshot"))
    except (KeyError, TypeError, AttributeError):
        raise OperatorError(f"{where} is no neasmart-gateway, or one of another version") from None


def _must_be_another(ask: Ask, peer: Peer) -> None:
    """Notice our own gateway under another name: it would agree with itself in everything."""
    try:
        here, there = ask("/health")["daemon"], peer.get("/api/v1/health")["daemon"]
        same = all(here[name] is not None and here[name] == there[name] for name in ("pid", "started_at"))
    except (OperatorError, KeyError, TypeError):
        return
    if same:
        raise OperatorError(f"{peer.base} is our own gateway: name the old one")


def _met(peer: Peer, contract: Contract | None, ask: Ask) -> OldGateway:
    """Make sure that the old gateway answers, and is not our own; OperatorError when it is so."""
    try:
        met = OldGateway(peer, contract or contract_of(peer), lambda: time.sleep(_BETWEEN_QUESTIONS))
        _must_be_another(ask, peer)
        return met
    except KeyboardInterrupt:
        raise OperatorError("nothing was compared: it was interrupted before it began") from None


def _look_again_and_again(ask: Ask, old: OldGateway, comparison: Comparison, pace: tuple[float, float]) -> None:
    """Look every so many seconds until the time is over, but twice at least; `pace` is (how long, how often)."""
    began = time.monotonic()
    looks = 0
    while True:
        started = time.monotonic()
        try:
            _look(ask, old, comparison, started)
        except OperatorError as error:  # one of them may be restarted meanwhile
            comparison.miss(error.message)
        looks += 1
        next_look = max(started + pace[1], time.monotonic())
        if looks >= 2 and next_look - began > pace[0]:
            return
        time.sleep(max(0.0, next_look - time.monotonic()))


def _look(ask: Ask, old: OldGateway, comparison: Comparison, at: float) -> None:
    before = ask("/snapshot")
    values = old.values(zones_of(before))
    comparison.see(at, values, [of_snapshot(before), of_snapshot(ask("/snapshot"))])


def _must_say_something(comparison: Comparison) -> None:
    if not comparison.compared:
        raise OperatorError(
            f"nothing could be compared: {comparison.why_missed or 'two looks with an answer are needed at least'}"
        )
    if not comparison.live:
        raise OperatorError(
            "nothing could be compared: our gateway hears no live value; neasmart-gateway doctor says why"
        )


def _report(comparison: Comparison, old: OldGateway) -> Iterator[str]:
    for name, one in sorted(comparison.differences.items(), key=lambda item: _in_order(item[0])):
        span = f"{one.times} time{'s' if one.times > 1 else ''}, {_span(one.seconds)}{', still' if one.lasts else ''}"
        yield f"{name}: old {_written(one.old)}, ours {_written(one.ours)} ({span})"
        if one.why:
            yield f"    {one.why}"
    for note in sorted(set(comparison.notes.values())):
        yield f"no difference: {note}: {_listed(name for name, one in comparison.notes.items() if one == note)}"
    if comparison.only_ours:
        yield f"not compared, the old gateway does not show it: {_listed(comparison.only_ours)}"
    failures = list(dict.fromkeys(old.failures.values()))
    for failure in failures[:_MOST_SHOWN]:
        yield f"no answer: {failure}"
    if len(failures) > _MOST_SHOWN:
        yield f"no answer: to {len(failures) - _MOST_SHOWN} more questions"
    if comparison.missed:
        often = f"{comparison.missed} of {comparison.missed + comparison.looks} looks"
        last = ", and in the last one" if comparison.cut_off else ""
        yield f"in {often}{last} there was nothing to compare: {comparison.why_missed}"
    yield f"{len(comparison.differences)} of {comparison.compared} values differ, after {comparison.looks} looks"


def _listed(names: Iterable[str]) -> str:
    found = sorted(names, key=_in_order)
    more = f" and {len(found) - _MOST_SHOWN} more" if len(found) > _MOST_SHOWN else ""
    return f"{', '.join(found[:_MOST_SHOWN])}{more}"


def _in_order(name: str) -> list[tuple[int, str]]:
    """Sort "zone 1.2" before "zone 1.10"."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in name.replace(".", " ").split()]


def _written(value: Value) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "null" if value is None else str(value)


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"
