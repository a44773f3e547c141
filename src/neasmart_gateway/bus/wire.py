"""What a conversation needs of its transport, and a transport of its conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from neasmart_gateway.desk.peers import Peer


class Wire(Protocol):
    """The transport's side of a connection, as the conversation sees it.

    `transmit` hands bytes over and returns whether the transport took them wholly. Without it nothing can ever be said:
    a gateway that only listens has none.
    """

    peer: Peer
    loop: asyncio.AbstractEventLoop
    transmit: Callable[[bytes], bool] | None

    @property
    def is_open(self) -> bool: ...

    def pause(self, reading: bool) -> None:
        """Stop or go on reading, so that one connection does not starve the others."""

    def end(self, why: str) -> None:
        """Close the connection for a reason of ours."""


class Conversation(Protocol):
    """The protocol's side of a connection: takes bytes, and answers through its wire."""

    def feed(self, data: bytes, at: float) -> None:
        """Take bytes in that arrived at a time (the loop's seconds)."""

    def close(self) -> None:
        """The connection has ended: no timer may fire any more."""


Around = Callable[[Conversation, str, float], Conversation]
"""What stands before a conversation: given it, its framing ("rtu" or "mbap"), and the seconds of `Line.gap`."""


def bare(conversation: Conversation, _framing: str, _gap: float) -> Conversation:
    """Return the conversation itself: nothing stands before it."""
    return conversation
