"""What every request and answer model is made of: strictness, and what each field says of itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from neasmart_gateway.domain.times import iso


def about(description: str, example: object, unit: str | None = None) -> FieldInfo:
    """Say what a field means, with an example and, for a quantity, its unit."""
    extra: dict[str, Any] | None = {"x-unit": unit} if unit else None
    field: FieldInfo = Field(description=description, examples=[example], json_schema_extra=extra)
    return field


class Answer(BaseModel):
    """What we answer. Views return these, the application renders them.

    `example` is what a whole example has otherwise than the examples of its fields. A model is built at its first use:
    all of them together take a sixth of a worker's start.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
    example: ClassVar[Mapping[str, object]] = {}


class Body(BaseModel):
    """What a caller sends: fields that there are, each of its own type. To leave a value alone, leave it out."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, strict=True)

    seldom: ClassVar[frozenset[str]] = frozenset()
    """Fields that a whole example leaves out, because they do not go with the others."""

    @field_validator("*", mode="before")
    @classmethod
    def _is_a_value(cls, value: object) -> object:
        if value is None:
            raise PydanticCustomError("null", "must not be null; leave it out instead")
        return value


class Query(BaseModel):
    """Query parameters; they arrive as text."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


def _number(text: object) -> int:
    return _digits(text, _SHORT)


def _place(text: object) -> int:
    return _digits(text, _LONG)


def _digits(text: object, most: int) -> int:
    if not isinstance(text, str) or not _PLAIN_NUMBER.fullmatch(text):
        raise PydanticCustomError("number", "must be a whole number in plain digits")
    if len(text) > most:
        raise PydanticCustomError(
            "number", "must be a whole number in plain digits, at most {greatest}", {"greatest": "9" * most}
        )
    return int(text)


def _truth(text: object) -> bool:
    if text not in ("true", "false"):
        raise PydanticCustomError("truth", "must be true or false")
    return text == "true"


_PLAIN_NUMBER = re.compile(r"0|[1-9][0-9]*")
_SHORT, _LONG = 9, 16
QueryNumber = Annotated[int, BeforeValidator(_number), Field(ge=0, lt=10**_SHORT)]
QueryPlace = Annotated[int, BeforeValidator(_place), Field(ge=0, lt=10**_LONG)]
"""A place in a list, as an answer gave it."""
QueryTruth = Annotated[bool, BeforeValidator(_truth)]


Timestamp = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""ISO 8601 in UTC, ending in Z."""


def stamp(unix: float | None) -> str | None:
    """Return a Unix time as a Timestamp, None for never."""
    return None if unix is None else iso(unix)
