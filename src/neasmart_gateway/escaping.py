"""Text of others on one line of ours. Apart from the logs, so that a command need not load those for it."""

from __future__ import annotations


def escaped(text: str) -> str:
    """Return a text on one line: whatever is not seen as itself (controls, newlines, ways to turn text) escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
