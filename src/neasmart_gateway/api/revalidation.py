"""Answers that a caller may keep and ask about: 304 as long as they still hold."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Generic, NamedTuple, TypeVar

from flask import Response
from werkzeug.http import parse_etags

from neasmart_gateway.api.schema import Answer
from neasmart_gateway.manager.manager import ModbusManager
from neasmart_gateway.manager.snapshot import Edition

A = TypeVar("A", bound=Answer)
Telling = Callable[[], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Rendered(Generic[A]):
    """An answer as it goes over the wire. Its tag follows from the bytes alone, so it is the same in every worker."""

    body: bytes
    etag: str

    @classmethod
    def of(cls, answer: A) -> Rendered[A]:
        body = answer.model_dump_json().encode()
        return cls(body, blake2b(body, digest_size=16).hexdigest())


class Told(NamedTuple):
    """What goes over the wire; without a body there is no type of it either."""

    status: int
    body: bytes
    headers: dict[str, str]

    def response(self) -> Response:
        response = Response(self.body, self.status, self.headers, content_type="application/json")
        if not self.body:
            del response.headers["Content-Type"]
        return response


def _nothing() -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Revalidated(Generic[A]):
    """What a view returns: how to get the rendering, and the headers that tell what changes all the time.

    Neither needs the request: who asks in the same words again is answered by the same two (repeats.py).
    """

    current: Callable[[], Rendered[A]]
    telling: Telling = _nothing

    def told(self, if_none_match: str | None) -> Told:
        """Return the answer of this moment: 304 to whoever has this very rendering, else 200 with it."""
        rendered = self.current()
        quoted = f'"{rendered.etag}"'
        headers = {"ETag": quoted, "Cache-Control": "no-cache", **self.telling()}
        if if_none_match == quoted or (if_none_match and parse_etags(if_none_match).contains_weak(rendered.etag)):
            return Told(304, b"", headers)
        return Told(200, rendered.body, headers)


class Shelf(Generic[A]):
    """Renderings of one resource, each kept for all who ask as long as nothing moves that it shows.

    There are only as many as the resource has things, or ways to choose among them.
    """

    def __init__(self, manager: ModbusManager) -> None:
        self._manager = manager
        self._kept: dict[Hashable, tuple[Edition, Rendered[A]]] = {}

    def of(
        self, name: Hashable, make: Callable[[], tuple[A, Edition | None]], telling: Telling = _nothing
    ) -> Revalidated[A]:
        """Return the answer of this name, which is made by `make` whenever the last one does not hold any more."""
        return Revalidated(partial(self._rendered, name, make), telling)

    def _rendered(self, name: Hashable, make: Callable[[], tuple[A, Edition | None]]) -> Rendered[A]:
        kept = self._kept.get(name)
        if kept is not None and self._manager.still_holds(kept[0]):
            return kept[1]
        answer, edition = make()
        rendered = Rendered.of(answer)
        if edition is not None:
            self._kept[name] = (edition, rendered)
        return rendered
