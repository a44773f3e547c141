"""Room for answers that take long to make: so many at a time, and no more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from flask import Response

from neasmart_gateway.api.refusals import HistoriesFull

NAME = "histories"
"""The extension of the application that counts answers of history."""
MOST = 8
"""Answers that one worker makes at a time: each takes its turn between all other requests."""
_RETRY_SECONDS = 2.0


class Room:
    """How many answers are being made in this worker."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._taken: set[object] = set()

    def streamed(self, make: Callable[[], tuple[Iterable[str], str]]) -> Response:
        """Return an answer of the pieces and the media type that `make` returns; HistoriesFull when there is no room.

        Its place is free again when it is told, or nobody wants the rest of it.
        """
        if len(self._taken) >= self._most:
            raise HistoriesFull(
                f"This worker makes {self._most} answers of history at a time.", retry_after=_RETRY_SECONDS
            )
        place = object()
        self._taken.add(place)
        try:
            pieces, media = make()
        except BaseException:
            self._taken.discard(place)
            raise
        response = Response(self._told(pieces, place), mimetype=media)
        response.call_on_close(lambda: self._taken.discard(place))  # of a HEAD no piece is ever asked for
        return response

    def _told(self, pieces: Iterable[str], place: object) -> Iterator[str]:
        try:
            yield from pieces
        finally:
            self._taken.discard(place)
