"""A broker, a gateway that knows it, and somebody who listens at the broker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker import Broker, broker_in


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with broker_in(tmp_path) as broker:
        yield broker
