"""A gateway with its application, and eyes on what is logged."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from flask.testing import FlaskClient
from structlog.testing import LogCapture

from neasmart_gateway.api import errors, tracing
from tests.api.serving import client_of
from tests.manager.served import Served


@pytest.fixture
def served(tmp_path: Path) -> Served:
    """A gateway whose daemon is at work and whose base station has not spoken yet."""
    return Served(tmp_path / "lock")


@pytest.fixture
def client(served: Served) -> FlaskClient:
    """A client of its API, with authentication and CORS off."""
    return client_of(served)


@pytest.fixture(autouse=True)
def logged() -> Iterator[LogCapture]:
    """What is logged, with the logger's name and whatever is bound to the request, and nothing printed."""
    before, capture = structlog.get_config(), LogCapture()
    for module in (errors, tracing):
        vars(module._log).pop("bind", None)  # a logger keeps the configuration that it was first used with
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.stdlib.add_logger_name, capture],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    yield capture
    structlog.configure(**before)
