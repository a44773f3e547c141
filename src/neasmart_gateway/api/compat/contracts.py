"""The two contracts: which paths each holds, how it tells an error, and with which statuses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from neasmart_gateway.api.contract import CONTRACT
from neasmart_gateway.api.schema import Answer, about

_THINGS = "zones|mode|state|outsidetemperature|notifications|mixedgroups|dehumidifiers|pumps"
_NOT_UNDERSTOOD = frozenset({HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.UNPROCESSABLE_ENTITY})
"""What is simply a bad request there."""
_KNOWN = tuple(_THINGS.split("|"))


class RootFault(Answer):
    """What went wrong, in the shape of the root routes."""

    err: Annotated[str, about("What happened, for a person.", "setpoint must be a number of °C")]

    @classmethod
    def of(cls, status: int, text: str) -> RootFault:
        return cls(err=text)


class ApiFault(Answer):
    """What went wrong, in the shape of the `/api` routes."""

    error: Annotated[str, about("What happened, for a person.", "setpoint must be a number of °C")]
    err: Annotated[str, about("The same, for those who look for it here.", "setpoint must be a number of °C")]
    status: Annotated[int, about("The HTTP status.", 400)]

    @classmethod
    def of(cls, status: int, text: str) -> ApiFault:
        return cls(error=text, err=text, status=status)


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract; `name` is that of the setting API_COMPAT, `paths` a pattern of the paths that it speaks for.

    `not_there` is what a path that does not exist is answered with, `tells` are headers of every answer. With
    `as_reads` its commands count against the limit of reads: one refusal takes the whole house off the screen.
    """

    name: str
    paths: re.Pattern[str]
    fault: type[RootFault] | type[ApiFault]
    not_there: HTTPStatus
    tells: tuple[str, ...] = ()
    as_reads: bool = False

    def thing(self, path: str) -> int:
        """Return which of the things of a contract a path is for, as a number from 0."""
        words = path.removeprefix("/api").removeprefix("/v2/operation").split("/")
        return _KNOWN.index(words[1]) + 1 if words[1] in _KNOWN else 0

    def status(self, ours: int) -> int:
        """Return the status that stands for one of ours."""
        if ours == HTTPStatus.NOT_FOUND:
            return self.not_there
        return HTTPStatus.BAD_REQUEST if ours in _NOT_UNDERSTOOD else ours


ROOT = Contract(
    "root", re.compile(rf"/(({_THINGS})(/.*)?|health)", re.DOTALL), RootFault, HTTPStatus.BAD_REQUEST, CONTRACT,
    as_reads=True,
)  # fmt: skip
API = Contract(
    "api", re.compile(rf"/api/(({_THINGS}|v2/operation)(/.*)?|health)", re.DOTALL), ApiFault, HTTPStatus.NOT_FOUND
)
CONTRACTS = (ROOT, API)


def contract_at(path: str, among: tuple[Contract, ...]) -> Contract | None:
    """Return the contract that speaks for a path; None: it is none of theirs."""
    return next((one for one in among if one.paths.fullmatch(path)), None)
