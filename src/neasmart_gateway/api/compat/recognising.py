"""Tells which integration calls, of which generation where that shows, and what is known to be weak in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from neasmart_gateway.api.compat.contracts import Contract
from neasmart_gateway.manager.access import Access, Calls

Generation = Literal["older", "newer"]

NAMES = {"root": "the integration of the MatteoManzoni gateway", "api": "the integration of the giacomoalonzi gateway"}
WEAKNESSES: Mapping[tuple[str, Generation | None], tuple[str, ...]] = {
    ("root", "older"): (
        "ignores staleness: while the bus is silent it goes on showing what it read last",
        "polls every entity by itself: about five requests a minute for each zone",
        "keeps the last value where one is unknown (null, or state 0)",
    ),
    ("root", "newer"): (
        "takes the whole house off the screen at any answer that it does not expect, until the next good one",
        "knows what is stale by the bus as a whole, not by zone",
    ),
    ("root", None): ("takes a refused command for a failure of the whole house, or shows what was read last",),
    ("api", "older"): (
        "takes a temperature only together with its unit",
        "knows neither party nor holiday of a zone, and no base above 4",
    ),
    ("api", "newer"): (
        "takes a zone off the screen only after three failures",
        "shows values up to ten seconds late: it keeps them itself",
        "knows neither party nor holiday of a zone, and no base above 4",
    ),
    ("api", None): ("knows neither party nor holiday of a zone, and no base above 4",),
}
_TOGETHER = 3.0
"""Seconds within which whoever reads the same thing twice reads it for another entity."""
_ENOUGH, _OFTEN, _SELDOM = 40, 0.25, 0.05
_THINGS = 3
"""Different things that whoever is no integration hardly asks for."""
_MOST_PATHS = 512


@dataclass(frozen=True, slots=True)
class Request:
    """A request that was let in: what its User-Agent says, from which address it came, whether slashes were doubled."""

    contract: Contract
    agent: str
    address: str
    method: str
    path: str
    doubled: bool


class Watch:
    """Counts the requests of one worker. `clock` gives Unix seconds."""

    def __init__(self, access: Access, clock: Callable[[], float]) -> None:
        self._access = access
        self._clock = clock
        self._read_at: dict[tuple[str, str, str], float] = {}

    def note(self, request: Request) -> None:
        """Count a request, by what its User-Agent says."""
        program, now = program_of(request.agent), self._clock()
        place = (program, request.address, request.path)
        repeated = request.method == "GET" and now - self._read_at.get(place, 0.0) < _TOGETHER
        if len(self._read_at) >= _MOST_PATHS:
            self._read_at.clear()
        self._read_at[place] = now
        routes, thing = request.contract.name, request.contract.thing(request.path)
        self._access.clients.note(routes, program, now, thing, repeated=repeated, doubled=request.doubled)


def program_of(agent: str) -> str:
    """Return what a User-Agent is, as the counts have it."""
    if "aiohttp/" in agent:
        return "aiohttp"
    return "requests" if agent.startswith("python-requests/") else "other"


def generation_of(calls: Calls) -> Generation | None:
    """Return the generation that an integration seems to be of by its last requests, None while that cannot be told.

    The newer one of the root routes keeps answers for a moment, so it never asks for the same thing twice; that of the
    /api routes doubles slashes.
    """
    if not seems_one(calls) or calls.recent < _ENOUGH:
        return None
    if calls.routes == "api":
        doubles = calls.doubled / calls.recent > _OFTEN
        return "newer" if doubles else "older" if calls.program == "requests" and not calls.doubled else None
    share = calls.repeated / calls.recent
    return "older" if share > _OFTEN else "newer" if share < _SELDOM else None


def seems_one(calls: Calls) -> bool:
    """Return whether a caller seems to be an integration: it says the right program, and asks for several things."""
    return calls.program != "other" and calls.things >= _THINGS


def name_of(calls: Calls) -> str:
    """Return who calls, as it seems, for a person."""
    return f"seems to be {NAMES[calls.routes]}" if seems_one(calls) else f"another client of the {calls.routes} routes"


def weaknesses_of(calls: Calls) -> tuple[str, ...]:
    """Return what is known to be weak in the caller; nothing of one that is no integration."""
    return () if not seems_one(calls) else WEAKNESSES[calls.routes, generation_of(calls)]
