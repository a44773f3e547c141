"""What can be wrong with a request before anybody looks at what it wants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from neasmart_gateway.errors import CallerError, GatewayError, TooMany


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


class ForeignHost(CallerError):
    """The request is for a name that is not ours."""

    code = "foreign_host"


class ForeignOrigin(CallerError):
    """A web page from elsewhere wants to change something."""

    code = "foreign_origin"


class Unauthorized(CallerError):
    """Nobody knows who calls; `challenge` says in a WWW-Authenticate header what is asked for."""

    code = "unauthorized"
    challenge = 'Bearer realm="NEA SMART gateway"'


class WrongKey(Unauthorized):
    """A key or ticket that is none of ours, or is no longer good."""

    challenge = 'Bearer realm="NEA SMART gateway", error="invalid_token"'


class Forbidden(CallerError):
    """The caller is known, and may not do this."""

    code = "forbidden"

    def __init__(self, message: str, scope: str) -> None:
        super().__init__(message)
        self.challenge = f'Bearer realm="NEA SMART gateway", error="insufficient_scope", scope="{scope}"'


class TooManyRequests(TooMany):
    """A caller has asked too often."""

    code = "too_many_requests"


class Unsigned(Unauthorized):
    """An operation that must be signed, and is not."""

    code = "signature_missing"
    challenge = 'Signature realm="NEA SMART gateway", algorithm="hmac-sha256"'


class BadSignature(Unsigned):
    """A signature that does not fit what it came with."""

    code = "signature_bad"


class LateSignature(Unsigned):
    """A signature that was made too long ago, or in the future."""

    code = "signature_late"


class Replayed(Unsigned):
    """A signature that was used before."""

    code = "signature_replayed"


class NoReading(GatewayError):
    """Nothing current is known of what was asked for, and the caller cannot do with null."""

    code = "no_reading"


class StreamsFull(GatewayError):
    """This worker takes no further event stream."""

    code = "streams_full"


class HistoriesFull(GatewayError):
    """This worker tells as much history at a time as it can."""

    code = "histories_full"
