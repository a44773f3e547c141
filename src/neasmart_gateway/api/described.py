"""What a method of a resource says of itself: guards hold callers to it, the documentation is made from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

from flask import Flask, request

from neasmart_gateway.api.compat.contracts import Contract
from neasmart_gateway.api.schema import Body
from neasmart_gateway.api.scopes import Scope
from neasmart_gateway.errors import GatewayError

View = TypeVar("View", bound=Callable[..., object])

METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FINE: Mapping[int, str] = MappingProxyType({200: "What was asked for."})


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one resource.

    `scope` is what a caller needs (None: nothing, it is open to everybody); `answers` says for each good status what it
    means; `takes` is the model of the body, which the view gets as `wanted`; `refuses` names the errors that it can end
    with besides those that every operation has. A `critical` one must be signed by callers whose key demands it; one
    `by_ticket` can be opened with a ticket instead of a key; an `unlimited` one can be read as often as one likes.
    `reads` and `tells` name headers of the request that count and headers of the answer, besides those that every
    operation has; `media` are the types of what is no model, beside the models if it has some. One that `speaks` an
    older contract tells its errors in the shape of that.
    """

    scope: Scope | None
    answers: Mapping[int, str]
    takes: type[Body] | None = None
    refuses: tuple[type[GatewayError], ...] = ()
    critical: bool = False
    by_ticket: bool = False
    unlimited: bool = False
    reads: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    speaks: Contract | None = None


_UNKNOWN = Operation(Scope.READ, _FINE)


def described(
    *,
    takes: type[Body] | None = None,
    answers: Mapping[int, str] = _FINE,
    refuses: tuple[type[GatewayError], ...] = (),
    scope: Scope | None = None,
    open_to_all: bool = False,
    critical: bool = False,
    by_ticket: bool = False,
    unlimited: bool = False,
    reads: tuple[str, ...] = (),
    tells: tuple[str, ...] = (),
    media: tuple[str, ...] = (),
    speaks: Contract | None = None,
) -> Callable[[View], View]:
    """Describe a view. Without a `scope` it is READ for GET, CONTROL for everything else, nothing if `open_to_all`."""

    def mark(view: View) -> View:
        needed = None if open_to_all else scope or usual_scope(view.__name__.upper())
        operation = Operation(
            needed, answers, takes, refuses, critical, by_ticket, unlimited, reads, tells, media, speaks
        )
        view.operation = operation  # type: ignore[attr-defined]
        return view

    return mark


def operation_of(view: Callable[..., object]) -> Operation:
    """Return what a view says of itself, the usual where it says nothing."""
    found = getattr(view, "operation", None)
    return found if isinstance(found, Operation) else Operation(usual_scope(view.__name__.upper()), _FINE)


def usual_scope(method: str) -> Scope:
    """Return what it takes to use a method, where nothing else is said."""
    return Scope.READ if method in SAFE else Scope.CONTROL


def operation_at(app: Flask) -> Operation:
    """Return which operation the request at hand asks for; one that needs the right to read where there is none."""
    view = app.view_functions.get(request.endpoint or "")
    operations: Mapping[str, Operation] = getattr(getattr(view, "view_class", None), "operations", {})
    method = "GET" if request.method in SAFE else request.method
    return operations.get(method, _UNKNOWN)
