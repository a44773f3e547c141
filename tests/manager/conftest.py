"""Gateways for the tests of the manager."""

from pathlib import Path

import pytest

from tests.manager.served import Served


@pytest.fixture
def served(tmp_path: Path) -> Served:
    """A gateway whose daemon is at work and whose base station has not spoken yet."""
    return Served(tmp_path / "lock")
