"""Gateways for the tests of the desk."""

from collections.abc import Callable
from pathlib import Path

import pytest

from neasmart_gateway.desk.rules import Rules
from tests.desk.gateway import Gateway


@pytest.fixture
def make_gateway(tmp_path: Path) -> Callable[[Rules], Gateway]:
    """Makes a gateway with rules of its own."""
    return lambda rules: Gateway(tmp_path / "lock", rules)


@pytest.fixture
def gateway(make_gateway: Callable[[Rules], Gateway]) -> Gateway:
    """A gateway with the default rules, and a budget that never ends, that has heard nothing yet."""
    return make_gateway(Rules(per_register_and_hour=100_000))
