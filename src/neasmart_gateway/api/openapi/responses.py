"""What an operation can answer: what is good, and every problem that it can end with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from neasmart_gateway.api.compat.contracts import Contract
from neasmart_gateway.api.described import SAFE
from neasmart_gateway.api.errors import PROBLEM, Problem, kind_of
from neasmart_gateway.api.openapi.examples import example_of
from neasmart_gateway.api.openapi.headers import ALWAYS_TOLD, LIMITS_TOLD, TOLD
from neasmart_gateway.api.openapi.routes import Route
from neasmart_gateway.api.openapi.schemas import component
from neasmart_gateway.api.problems import CATALOGUE, Kind

Names = Mapping[type[BaseModel], str]
"""Model → component."""

JSON = "application/json"
_EMPTY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
_OF_ALL = ("uri_too_long", "foreign_host", "too_many_requests", "headers_too_large", "internal_error")
_KEPT = ("unauthorized", "forbidden")
_SIGNED = ("signature_missing", "signature_bad", "signature_late", "signature_replayed")
_WITH_A_BODY = ("request_timeout", "body_too_large", "malformed_body", "unsupported_media_type", "invalid_value")
_BODY_BEFORE_VIEWS = ("request_timeout", "body_too_large", "foreign_origin")


def responses_of(route: Route, names: Names) -> dict[str, Any]:
    """Return all answers of an operation, by status."""
    contract, refusals = route.operation.speaks, _refusals(route)
    good = {status: _good(route, status, names) for status in route.operation.answers}
    bad = {status: component(_component_name(kinds, contract), "responses") for status, kinds in refusals}
    both = {status: _both(good[status], kinds, contract) for status, kinds in refusals if status in good}
    return {str(status): answer for status, answer in sorted({**bad, **good, **both}.items())}


def problems_of(route: Route) -> list[Kind]:
    """Return every kind of problem that an operation can end with, in the order of the catalogue."""
    operation = route.operation
    codes = {*_OF_ALL, *(kind_of(family).code for family in operation.refuses)}
    codes.update(_KEPT if operation.scope is not None else ())
    codes.update(_SIGNED if operation.critical else ())
    codes.update(["not_found"] if route.arguments else ())
    codes.update(["invalid_query"] if route.refuses_queries else ())
    codes.update(_BODY_BEFORE_VIEWS if route.method not in SAFE else ())
    codes.update(_WITH_A_BODY if operation.takes is not None else ())
    return [kind for kind in CATALOGUE.values() if kind.code in codes]


def problem_responses(routes: Sequence[Route]) -> dict[str, Any]:
    """Return the components that operations refer to: one for each set of kinds that share a status."""
    sets = [(route.operation.speaks, *one) for route in routes for one in _refusals(route)]
    found = {_component_name(kinds, contract): _refusal(status, kinds, contract) for contract, status, kinds in sets}
    return dict(sorted(found.items()))


def problem_examples() -> dict[str, Any]:
    """Return an example of each kind of problem."""
    return {kind.code: {"summary": kind.title, "value": _example(kind)} for kind in CATALOGUE.values()}


def _refusals(route: Route) -> list[tuple[int, list[Kind]]]:
    """Return what an operation can end with, by the status that it is answered with."""
    contract = route.operation.speaks
    found: defaultdict[int, list[Kind]] = defaultdict(list)
    for kind in problems_of(route):
        found[contract.status(kind.status) if contract else kind.status].append(kind)
    return list(found.items())


def _component_name(kinds: Sequence[Kind], contract: Contract | None) -> str:
    return ".".join([*([contract.name] if contract else ()), *(kind.code for kind in kinds)])


def _good(route: Route, status: int, names: Names) -> dict[str, Any]:
    told = [*ALWAYS_TOLD, *route.operation.tells, *(LIMITS_TOLD if route.operation.scope is not None else ())]
    answer = {"description": route.operation.answers[status], "headers": _headers(told)}
    return answer if status in _EMPTY else answer | {"content": _content(route, names)}


def _content(route: Route, names: Names) -> dict[str, Any]:
    models, media = route.models, route.operation.media
    plain = {one: {"schema": {"type": "object" if one == JSON else "string"}} for one in media}
    if not models:
        return plain
    schemas = [component(names[model]) for model in models]
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    return {JSON: {"schema": schema, "example": example_of(models[0])}} | plain


def _both(good: dict[str, Any], kinds: Sequence[Kind], contract: Contract | None) -> dict[str, Any]:
    """Return an answer whose status can also be that of a problem."""
    bad = _refusal(kinds[0].status, kinds, contract)
    content = dict(good.get("content", {}))
    for media, one in bad["content"].items():
        schemas = [content[media]["schema"], one["schema"]] if media in content else []
        content[media] = content[media] | {"schema": {"anyOf": schemas}} if schemas else one
    return {**good, "headers": good["headers"] | bad["headers"], "content": content}


def _refusal(status: int, kinds: Sequence[Kind], contract: Contract | None) -> dict[str, Any]:
    again = status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
    limited = any(kind.code == "too_many_requests" for kind in kinds)
    challenged = any(kind.code == "unauthorized" for kind in kinds)
    told = [*ALWAYS_TOLD, *(["Retry-After"] if again else []), *(LIMITS_TOLD if limited else [])]
    told += [*(["WWW-Authenticate"] if challenged else []), *(contract.tells if contract else ())]
    return {
        "description": " Or: ".join(kind.happened for kind in kinds),
        "headers": _headers(told),
        "content": _problem_content(kinds) if contract is None else _fault_content(status, kinds, contract),
    }


def _problem_content(kinds: Sequence[Kind]) -> dict[str, Any]:
    examples = {kind.code: component(kind.code, "examples") for kind in kinds}
    return {PROBLEM: {"schema": component(Problem.__name__), "examples": examples}}


def _fault_content(status: int, kinds: Sequence[Kind], contract: Contract) -> dict[str, Any]:
    example = contract.fault.of(status, kinds[0].happened).model_dump(mode="json")
    return {JSON: {"schema": component(contract.fault.__name__), "example": example}}


def _headers(names: Iterable[str]) -> dict[str, Any]:
    return {name: component(name, "headers") for name in names}


def _example(kind: Kind) -> dict[str, Any]:
    faults = example_of(Problem)["errors"] if kind.code in ("invalid_value", "invalid_query") else []
    fields = {"type": kind.type, "title": kind.title, "status": kind.status, "detail": kind.happened, "errors": faults}
    return example_of(Problem) | fields


def response_headers() -> dict[str, Any]:
    """Return the components that answers refer to."""
    return dict(TOLD)
