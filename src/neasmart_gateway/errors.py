"""The root of every error the gateway raises on purpose, in families by who must act."""

from __future__ import annotations


class GatewayError(Exception):
    """Root of all errors of this project; carries fields, not only a sentence.

    `code` is a stable machine-readable word, `message` a sentence for a person: what happened,
    which value, what to do.
    """

    code = "gateway_error"

    def __init__(self, message: str, *, field: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.retry_after = retry_after


class CallerError(GatewayError):
    """The caller asked for something that makes no sense; nothing was changed."""

    code = "invalid_request"


class InvalidValue(CallerError):
    """A value is of the wrong kind or outside its range."""

    code = "invalid_value"


class NotFound(CallerError):
    """What the caller named does not exist."""

    code = "not_found"


class Conflict(CallerError):
    """The request makes sense, but not in the gateway's present state."""

    code = "conflict"


class TooMany(CallerError):
    """Too much was asked for within too short a time; `retry_after` says when there is room again."""

    code = "too_many"


class OperatorError(GatewayError):
    """Somebody who runs the gateway must act: a wrong setting, a taken port."""

    code = "operator_error"


class SettingsError(OperatorError):
    """One or more settings are wrong; `faults` holds one readable line for each."""

    code = "settings"

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class StoreError(GatewayError):
    """The journal could not be read or written."""

    code = "store"


class NotDurable(StoreError):
    """What must not be forgotten cannot be written down now: a command without the fallback, a signed request."""

    code = "not_durable"


class DaemonAway(GatewayError):
    """The gateway daemon does not answer; try again after `retry_after` seconds."""

    code = "daemon_away"
