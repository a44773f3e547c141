"""Tickets, and what the guards have counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from neasmart_gateway.api.schema import Answer, about


class Ticket(Answer):
    """A ticket for one connection."""

    ticket: Annotated[str, about("Goes into the query of one request, as ?ticket=…", "q2eVZ8s0cB1oQxO2S7yEXAMPLE")]
    good_for: Annotated[int, about("How long it is good, if it is not used.", 30, "s")] = 30


class Signatures(Answer):
    """Signatures of critical operations."""

    accepted: Annotated[int, about("Rightly signed, in time, for the first time.", 12)]
    bad: Annotated[int, about("Refused: the signature does not fit the request.", 0)]
    late: Annotated[int, about("Refused: made more than 60 s before or after the gateway's time.", 0)]
    replayed: Annotated[int, about("Refused: the nonce was used before.", 0)]
    missing: Annotated[int, about("Refused: not signed, though the key demands it.", 0)]


class Keys(Answer):
    """Keys, and callers without one."""

    refused: Annotated[int, about("Requests with a wrong key.", 1)]
    missing: Annotated[int, about("Requests without a key from an address that needs one.", 3)]
    forbidden: Annotated[int, about("Requests that the scope of their key does not reach to.", 0)]
    slowed: Annotated[int, about("Wrong keys that had to wait, after several from the same address.", 0)]


class TicketCounts(Answer):
    """Tickets."""

    issued: Annotated[int, about("Given out.", 5)]
    redeemed: Annotated[int, about("Used.", 4)]
    refused: Annotated[int, about("Refused: used before, too old, or none of ours.", 0)]


class Limited(Answer):
    """Requests over the limit of their caller, answered with 429."""

    reads: Annotated[int, about("Reads.", 0)]
    commands: Annotated[int, about("Everything else.", 0)]


class Foreign(Answer):
    """Requests that a browser was led to send."""

    hosts: Annotated[int, about("For a name that is not ours.", 0)]
    origins: Annotated[int, about("From a page of another origin that wants to change something.", 0)]


class SecurityStats(Answer):
    """What the guards have counted since the gateway started."""

    signatures: Annotated[Signatures, about("How signatures of critical operations were judged.", {"accepted": 12})]
    keys: Annotated[Keys, about("How callers were judged by their keys.", {"refused": 1})]
    tickets: Annotated[TicketCounts, about("What became of tickets for event streams.", {"issued": 5})]
    limited: Annotated[
        Limited, about("Requests that were turned away because their caller had asked too often.", {"reads": 0})
    ]
    foreign: Annotated[
        Foreign, about("Requests that were turned away because a browser was led to send them.", {"hosts": 0})
    ]

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> SecurityStats:
        return cls.model_validate(
            {
                "signatures": _part(counts, "signatures", Signatures),
                "keys": _part(counts, "keys", Keys) | {"forbidden": counts["forbidden"], "slowed": counts["slowed"]},
                "tickets": _part(counts, "tickets", TicketCounts),
                "limited": _part(counts, "limited", Limited),
                "foreign": {"hosts": counts["foreign_host"], "origins": counts["foreign_origin"]},
            }
        )


def _part(counts: Mapping[str, int], group: str, model: type[Answer]) -> dict[str, int]:
    """Return the counters of a group, without its name in front, that the model has a field for."""
    return {field: counts[f"{group}_{field}"] for field in model.model_fields if f"{group}_{field}" in counts}
