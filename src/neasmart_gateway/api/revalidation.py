"""Answers that a caller may keep and ask about: 304 as long as they still hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from http import HTTPStatus
from typing import Generic, TypeVar

from flask import Response, request

from neasmart_gateway.api.schema import Answer

A = TypeVar("A", bound=Answer)


@dataclass(frozen=True, slots=True)
class Rendered(Generic[A]):
    """An answer as it goes over the wire. Its tag follows from the bytes alone, so it is the same in every worker."""

    body: bytes
    etag: str

    @classmethod
    def of(cls, answer: A) -> Rendered[A]:
        body = answer.model_dump_json().encode()
        return cls(body, blake2b(body, digest_size=16).hexdigest())


@dataclass(frozen=True, slots=True)
class Revalidated(Generic[A]):
    """What a view returns: the rendering, and headers that tell what changes all the time."""

    rendered: Rendered[A]
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """Return 304 without a body to whoever has this very rendering, else 200 with it."""
        if request.if_none_match.contains_weak(self.rendered.etag):
            response = Response(status=HTTPStatus.NOT_MODIFIED)
            del response.headers["Content-Type"]
        else:
            response = Response(self.rendered.body, mimetype="application/json")
        response.headers.update({"ETag": f'"{self.rendered.etag}"', "Cache-Control": "no-cache", **self.headers})
        return response
