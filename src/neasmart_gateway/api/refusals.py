"""What can be wrong with a request before anybody looks at what it wants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from neasmart_gateway.errors import CallerError


class FieldFault(NamedTuple):
    """One field of a request, and what is wrong with it."""

    field: str
    message: str

    def __str__(self) -> str:
        return self.message if self.message.startswith(self.field) else f"{self.field} {self.message}"


class BadFields(CallerError):
    """A body that is JSON, but not what this resource takes; `faults` names each field."""

    code = "invalid_value"

    def __init__(self, message: str, faults: Sequence[FieldFault]) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


class BadQuery(BadFields):
    """Query parameters that there are not, or with values that they cannot have."""

    code = "invalid_query"


class MalformedBody(CallerError):
    """A body that is not JSON at all."""

    code = "malformed_body"
