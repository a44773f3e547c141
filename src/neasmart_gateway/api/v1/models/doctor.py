"""What the doctor has found on the bus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from neasmart_gateway.api.schema import Answer, about, stamp

_CODES = (
    "no_bytes, no_valid_crc, mbap_on_rtu, rtu_on_mbap, address_conflict, two_peers, no_polls, polls_stopped, "
    "broadcasts_only, slow_polls, listen_only, slave_base_silent, fahrenheit, noise, base_restart, own_echo"
)


class Finding(Answer):
    """One thing that was found."""

    code: Annotated[str, about(f"What it is, for programs: {_CODES}.", "no_bytes")]
    severity: Annotated[
        Literal["error", "warning", "info"],
        about("error: the gateway cannot do its work; warning: only a part of it; info: nothing to do.", "error"),
    ]
    what: Annotated[str, about("What it is, in a sentence.", "Not a byte has come on serial for 2 minutes.")]
    evidence: Annotated[
        dict[str, Any],
        about("The counters and times that it rests on; names ending in _at are times.", {"bytes_in": 0}),
    ]
    remedy: Annotated[list[str], about("What to do, in order.", ["see whether the base station has power"])]


class Diagnosis(Answer):
    """What was found, the worst first."""

    findings: Annotated[list[Finding], about("The worst first; empty: nothing is wrong.", [])]
    too_early: Annotated[
        bool,
        about("A listener is open for less than half a minute: what is missing may just not have come yet.", False),
    ]
    examined: Annotated[
        list[str],
        about("What was looked at, a sentence each, and where it is too early to miss anything.", ["tcp: open for …"]),
    ]

    @classmethod
    def of(cls, diagnosis: Mapping[str, Any]) -> Diagnosis:
        findings = [one | {"evidence": _stamped(one["evidence"])} for one in diagnosis["findings"]]
        return cls.model_validate({**diagnosis, "findings": findings})


def _stamped(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """Return evidence with its times as people read them."""
    return {name: stamp(value) if name.endswith("_at") else value for name, value in evidence.items()}
