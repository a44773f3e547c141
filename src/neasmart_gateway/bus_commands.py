"""The commands about the bus: what is heard on it, and what may be wrong with it."""

from __future__ import annotations
