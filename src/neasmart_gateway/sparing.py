"""Imports a library without another one that it takes along where it is installed, and that we never use through it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(package: str) -> Iterator[None]:
    """Import as if a package were not installed, unless it is loaded already.

    None in `sys.modules` is how Python itself is told so (reference, "The module cache"); behind this the package can
    be imported as ever. For imports at the beginning, when there is one thread.
    """
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment] # that is typed for modules alone
    try:
        yield
    finally:
        del sys.modules[package]
