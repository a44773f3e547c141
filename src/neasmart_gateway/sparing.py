"""Imports at less cost: without a library that another one takes along unasked, and without looking for garbage."""

from __future__ import annotations

import gc
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


@contextmanager
def collecting_nothing() -> Iterator[None]:
    """Import without looking for garbage time and again: modules make next to none, and what they make stays."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
