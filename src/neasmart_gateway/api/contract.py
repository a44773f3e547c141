"""Headers that the older Home Assistant integration reads on every answer of its routes."""

from __future__ import annotations

from neasmart_gateway.api.options import ApiOptions
from neasmart_gateway.api.schema import stamp
from neasmart_gateway.manager.health import BusWrite

CONTRACT = (
    "X-Rehau-Registers-Stale",
    "X-Rehau-Stale-After-Seconds",
    "X-Rehau-Registers-Age-Seconds",
    "X-Rehau-Last-Register-Write",
)


def contract_headers(written: BusWrite, options: ApiOptions, *, to_stranger: bool = False) -> dict[str, str]:
    """Return the headers. Stale speaks of the bus alone: a daemon that is away for a moment does not make it true.

    A stranger, who was turned away, learns no time.
    """
    headers = {
        "X-Rehau-Registers-Stale": str(written.silent).lower(),
        "X-Rehau-Stale-After-Seconds": str(int(options.stale_after_seconds)),
    }
    written_at = None if to_stranger else stamp(written.at)
    if written_at is not None:
        headers["X-Rehau-Registers-Age-Seconds"] = f"{written.age:.3f}"
        headers["X-Rehau-Last-Register-Write"] = written_at
    return headers
