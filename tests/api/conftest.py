"""A gateway with its application, and eyes on what is logged."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from flask.testing import FlaskClient
from structlog.testing import LogCapture

from neasmart_gateway.api import errors
from neasmart_gateway.api.v1 import accepted
from tests.api.following import Hands
from tests.api.recorded import Naps, Recorded
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


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[Recorded]:
    """A gateway that writes its commands and changes into a database file."""
    gateway = Recorded(tmp_path / "lock")
    yield gateway
    gateway.journal.close()


@pytest.fixture
def api(recorded: Recorded) -> FlaskClient:
    """A client of the API of the gateway that writes down."""
    return client_of(recorded)


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    """One gateway for all tests of a file: for those that only look, and for requests that are refused."""
    gateway = Recorded(tmp_path_factory.mktemp("idle") / "lock")
    yield gateway
    gateway.journal.close()


@pytest.fixture(scope="module")
def door(idle: Recorded) -> FlaskClient:
    """A client of its API."""
    return client_of(idle)


@pytest.fixture
def naps(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> Naps:
    """Waiting for the end of a command moves the gateway's clock and takes no time."""
    naps = Naps(recorded)
    monkeypatch.setattr(accepted, "time", naps)  # the views take sleep from there and from nowhere else
    return naps


class AccessLines(logging.Handler):
    """Puts the access lines, which come as whole events, beside those that a capture has taken."""

    def __init__(self, capture: LogCapture) -> None:
        super().__init__()
        self.capture = capture

    def emit(self, record: logging.LogRecord) -> None:
        fields = {name: value for name, value in record.msg.items() if name != "timestamp"}  # type: ignore[attr-defined]
        self.capture.entries.append({"log_level": fields.pop("level"), **fields})


@pytest.fixture(autouse=True)
def logged() -> Iterator[LogCapture]:
    """What is logged, with the logger's name and whatever is bound to the request, and nothing printed."""
    before, capture = structlog.get_config(), LogCapture()
    vars(errors._log).pop("bind", None)  # a logger keeps the configuration that it was first used with
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.stdlib.add_logger_name, capture],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    log, lines = logging.getLogger("neasmart.access"), AccessLines(capture)
    log.addHandler(lines)
    log.setLevel(logging.DEBUG)
    yield capture
    log.setLevel(logging.NOTSET)
    log.removeHandler(lines)
    structlog.configure(**before)


@pytest.fixture
def hands(tmp_path: Path) -> Hands:
    """A gateway whose event streams move by hand."""
    return Hands(tmp_path / "lock")
