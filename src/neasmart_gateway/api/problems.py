"""Every kind of problem that an answer can be: what happened, why, what to do. Errors and documentation go by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

PAGE = "/api/docs/errors"
"""Where they are explained; the `type` of a problem is an anchor there."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem.

    `is_http` is one that a status alone stands for: werkzeug's errors of that status become it, with the sentence
    `said` where werkzeug's own words are not good enough.
    """

    code: str
    status: int
    title: str
    happened: str
    causes: tuple[str, ...]
    steps: tuple[str, ...]
    is_http: bool = False
    said: str | None = None

    @property
    def type(self) -> str:
        """What stands in the field `type` of a problem."""
        return f"{PAGE}#{self.code}"


def _http(code: str, status: int, title: str, happened: str, causes: tuple[str, ...], steps: tuple[str, ...],
          said: str | None = None) -> Kind:  # fmt: skip
    return Kind(code, status, title, happened, causes, steps, is_http=True, said=said)


_IN_THE_LOG = "Look in the gateway's log for the request id of the answer."

_KINDS = (
    _http(
        "invalid_request", 400, "Invalid request", "The request makes no sense, and nothing was changed.",
        ("The parts of the request do not fit together.", "The body ends before its Content-Length is reached."),
        ("Read `detail`, which says what does not fit.",),
    ),
    Kind(
        "invalid_query", 400, "Invalid query", "A query parameter or a header cannot have this value.",
        ("A parameter that this resource does not have, perhaps misspelt.", "A value outside its range.",
         "The same parameter twice.", "An Idempotency-Key with blanks or with more than 128 characters."),
        ("Read `errors`: it names each parameter and what is wrong with it.",),
    ),
    Kind(
        "malformed_body", 400, "Malformed body", "The body is not JSON that can be read.",
        ("A comma or a quotation mark is missing.", "It is not UTF-8.", "An object has the same key twice.",
         "NaN or Infinity, which JSON does not have."),
        ("Read `detail`, which says where reading stopped.", "Let a JSON library write the body."),
    ),
    Kind(
        "unauthorized", 401, "A key is needed", "The request carries no key, or one that nobody has issued.",
        ("Authentication is on, and the caller is not among the trusted clients.", "The key was revoked or mistyped.",
         "A reverse proxy forwards for somebody: then its own address is not trusted."),
        ("Send the key as `X-API-Key: KEY` or as `Authorization: Bearer KEY`.",
         "Ask whoever runs the gateway for a key of the scope that the operation needs."),
    ),
    Kind(
        "signature_missing", 401, "A signature is needed", "The key demands that commands like this one are signed.",
        ("One of the headers X-Signature, X-Timestamp and X-Nonce is missing.",),
        ("Sign the request with the secret of the key.", "Use a key that demands no signature."),
    ),
    Kind(
        "signature_bad", 401, "The signature does not fit", "The signature is not that of this request.",
        ("Another secret than that of the key.", "Path, query or body were changed after signing, by a proxy perhaps.",
         "Other bytes were signed than were sent: blanks and the order of keys in JSON count."),
        ("Sign exactly the bytes that are sent.", "Compare the secret with that in the settings."),
    ),
    Kind(
        "signature_late", 401, "The signature is too old or too new",
        "The time in X-Timestamp is too far from that of the gateway.",
        ("The clock of the caller or of the gateway is wrong.", "The request was held up on its way."),
        ("Set both clocks, by NTP.", "Sign anew for each attempt."),
    ),
    Kind(
        "signature_replayed", 401, "The signature was used before", "A request with this nonce has been taken already.",
        ("A request was sent again as it was.", "Somebody has recorded a request and plays it back."),
        ("Choose a new nonce for each attempt, and sign anew; the Idempotency-Key may stay.",),
    ),
    Kind(
        "forbidden", 403, "Not allowed", "The caller is known, but may not do this.",
        ("The key's scope is too small: `read` looks, `control` commands, `admin` looks after the gateway.",
         "A trusted client without a key, which may read and command, wants to do what takes `admin`."),
        ("Use a key with the scope that `detail` and the documentation of the operation name.",),
    ),
    Kind(
        "foreign_origin", 403, "A page from elsewhere", "A web page of another origin wants to change something.",
        ("A page that is none of the gateway's uses the browser of somebody who may command.",
         "A page of yours is served from another address, and its origin is not allowed.",
         "A reverse proxy speaks https and does not pass the name and scheme on."),
        ("Let the page's origin into NEASMART_API_CORS_ORIGINS, with NEASMART_API_ENABLE_CORS=true, if it is yours.",),
    ),
    _http(
        "not_found", 404, "Not found", "There is nothing at this address.",
        ("The path is misspelt, or ends in a slash.", "There is no zone, unit or command of this number.",
         "The command is older than 400 days."),
        ("Compare the path with the documentation.", "See /api/v1/zones for the zones that there are."),
        "There is nothing at this address.",
    ),
    _http(
        "method_not_allowed", 405, "Method not allowed", "This resource does not take this method.",
        ("PUT or POST where PATCH is meant.",), ("See the header Allow, which names the methods that it takes.",),
        "This resource does not take this method; the header Allow names those that it takes.",
    ),
    _http(
        "request_timeout", 408, "The request took too long", "The body did not arrive in time.",
        ("A slow or broken connection.", "Content-Length is greater than what was sent."),
        ("Send it again, in one piece.",),
    ),
    Kind(
        "conflict", 409, "Not in this state", "The request makes sense, but not now.",
        ("Commands are switched off (NEASMART_COMMANDS_ENABLED=false).", "Two base stations write at once.",
         "The command has been read by the base station already and cannot be cancelled.",
         "An Idempotency-Key that was used for another request within 24 h.",
         "Drills are switched off (NEASMART_FAULTS_ENABLED=false), or the machine has no memory to spare for one."),
        ("Read `detail`.", "See /api/v1/bus/doctor when it speaks of two base stations."),
    ),
    _http(
        "body_too_large", 413, "Body too large", "The body is larger than 64 KiB.",
        ("Something else than a command was sent.",), ("Send only the fields that are to be changed.",),
        "The body is larger than 64 KiB.",
    ),
    _http(
        "uri_too_long", 414, "Address too long", "The request line is longer than 4 KB.",
        ("A program has put data into the address.",), ("Ask with fewer or shorter parameters.",),
    ),
    _http(
        "unsupported_media_type", 415, "Not JSON", "The body is not marked as JSON.",
        ("The header Content-Type is missing or says something else; curl -d sends a form unless told otherwise.",),
        ("Send `Content-Type: application/json`.",),
    ),
    _http(
        "expectation_failed", 417, "Expectation failed", "The header Expect asks for something that there is not.",
        ("An `Expect` other than `100-continue`.",), ("Leave the header out.",),
    ),
    Kind(
        "foreign_host", 421, "Not this gateway's name", "The header Host names somebody else.",
        ("The gateway was called by a name or through a proxy that it does not know.",
         "A web page tries to reach the gateway under a name of its own (DNS rebinding)."),
        ("Call it by its address, or add the name to NEASMART_API_ALLOWED_HOSTS.",),
    ),
    Kind(
        "invalid_value", 422, "Invalid value", "A field of the body cannot have this value; nothing was changed.",
        ("A setpoint outside the range that the operator has set.", "A name that is none of those that there are.",
         "A field that this resource does not have, or null."),
        ("Read `errors`: it names each field and what is wrong with it.",),
    ),
    Kind(
        "too_many_requests", 429, "Too many requests", "The caller has asked too often within a minute.",
        ("A loop without a pause.", "Several programs share one key or address."),
        ("Wait for as long as Retry-After says.", "Ask for lists (/api/v1/zones) instead of each thing by itself.",
         "Raise NEASMART_API_RATE_LIMIT_PER_MINUTE or NEASMART_API_COMMAND_LIMIT_PER_MINUTE."),
    ),
    Kind(
        "too_many", 429, "Too many commands", "A register has had its commands for the hour.",
        ("An automation that commands again and again.", "Two programs that do not agree."),
        ("Wait for as long as Retry-After says.", "See /api/v1/audit for who commands it."),
    ),
    _http(
        "headers_too_large", 431, "Headers too large", "There are more than 64 headers, or one is longer than 8 KB.",
        ("Cookies of other pages of the same name.", "A client or proxy that adds headers without end."),
        ("Send only the headers that the documentation names.",),
    ),
    Kind(
        "gateway_error", 500, "A fault of the gateway", "The gateway or its daemon met a fault of its own.",
        ("A defect.",), (_IN_THE_LOG, "Report it, with the lines of the log."),
    ),
    Kind(
        "internal_error", 500, "A fault of the gateway", "The gateway met something that it did not foresee.",
        ("A defect.",), (_IN_THE_LOG, "Report it, with the lines of the log."),
    ),
    Kind(
        "operator_error", 500, "Somebody must act", "Something is wrong with how the gateway was set up.",
        ("A port or a device that cannot be opened.",), (_IN_THE_LOG, "Run `neasmart-gateway check-config`."),
    ),
    Kind(
        "settings", 500, "Wrong settings", "One or more settings are wrong.",
        ("A value outside its range, or a name that there is not.",), ("Run `neasmart-gateway check-config`.",),
    ),
    _http(
        "not_implemented", 501, "Not implemented", "The request uses a part of HTTP that the gateway does not have.",
        ("A transfer coding other than `chunked`.",), ("Send the body as it is, with Content-Length.",),
    ),
    Kind(
        "daemon_away", 503, "The daemon is away", "The process that serves the bus does not answer; reads go on.",
        ("It is just being restarted, which takes less than a second.", "It cannot start: another gateway runs.",
         "The circuit breaker is open after several calls that found nobody."),
        ("Try again after Retry-After, with the same Idempotency-Key.", "See /health/ready for what it waits for."),
    ),
    Kind(
        "store", 503, "The database cannot be used", "This needs the database, and it cannot be read or written.",
        ("The disk is full, read-only or gone.", "Another program holds the database."),
        ("See `database` in /api/v1/health.", "Make room, or run `neasmart-gateway db check`."),
    ),
    Kind(
        "no_reading", 503, "No current reading",
        "The base station has not reported the temperature of this zone for the stale limit, or never.",
        ("The bus is silent.", "The zone's thermostat is dead.", "There is no such zone in this house."),
        ("See /api/v1/zones: it tells what is known, and why a value is missing.", "Run `neasmart-gateway doctor`."),
    ),
    Kind(
        "streams_full", 503, "Too many event streams",
        "The worker that was asked serves all the event streams that it can.",
        ("Clients that open a new stream and do not close the old one.", "The worker is just being replaced."),
        ("Try again after Retry-After: another worker may have room.", "Let several clients share one stream.",
         "Raise NEASMART_WORKERS."),
    ),
    Kind(
        "histories_full", 503, "Too many answers of history",
        "The worker that was asked is telling as much of the history of measurements as it can at a time.",
        ("Many ask for long histories at once.", "Clients that ask and do not read the answer."),
        ("Try again after Retry-After.", "Ask for several series in one request, or for a longer step.",
         "Raise NEASMART_WORKERS."),
    ),
    Kind(
        "not_durable", 503, "The command cannot be written down",
        "The operator wants no command that would be lost in a power cut, and the disk is away.",
        ("The disk is full, read-only or gone.",),
        ("See `database` in /api/v1/health.", "Try again after Retry-After."),
    ),
)  # fmt: skip

CATALOGUE: Mapping[str, Kind] = MappingProxyType({kind.code: kind for kind in _KINDS})
"""Code → kind, in the order of statuses."""

BY_STATUS: Mapping[int, Kind] = MappingProxyType({kind.status: kind for kind in _KINDS if kind.is_http})
"""What a status alone stands for."""
