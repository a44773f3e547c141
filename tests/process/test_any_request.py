"""Whatever the document allows and forbids, the gateway answers as the document says.

schemathesis makes requests from /apispec.json: valid, invalid, in sequences. API_TEST_EXAMPLES=200 for more of them.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import Gateway, running
from tests.simulated import house_behind

EXAMPLES = os.environ.get("API_TEST_EXAMPLES", "5")
STREAM = "/api/v1/events"
"""Its answer has no end, which the program would wait for; test_events.py has it."""
PLENTY = {
    "NEASMART_API_RATE_LIMIT_PER_MINUTE": "1000000",
    "NEASMART_API_COMMAND_LIMIT_PER_MINUTE": "1000000",
    "NEASMART_COMMANDS_PER_REGISTER_AND_HOUR": "10000",
}
KEY = "a-key-that-may-do-everything"
CALLERS = {
    # The borders of every parameter are tried with a key: behind the door nobody asks how a caller came in.
    "trusted": ["--phases", "examples,fuzzing,stateful"],
    # Forwarded, so that being on this machine is worth nothing.
    "with a key": ["-H", f"X-API-Key: {KEY}", "-H", "X-Forwarded-For: 203.0.113.5"],
}
LEFT_OUT = "use_after_free"
"""The one check that is left out: it wants what was deleted to be 404, but a cancelled command stays to be seen."""
CONFIG = Path(__file__).with_name("any_request.toml")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with a house behind it, whose API wants a key."""
    settings = PLENTY | {"NEASMART_API_ENABLE_AUTH": "true", "NEASMART_API_KEY": KEY}
    with running(tmp_path_factory.mktemp("any"), **settings) as gateway, house_behind(gateway):
        yield gateway


@pytest.mark.parametrize("caller", CALLERS)
def test_what_the_document_says_is_what_happens(gateway: Gateway, tmp_path: Path, caller: str) -> None:
    """Every status, type, header and schema is declared; what is invalid is refused, and what is valid is not."""
    program = Path(sys.executable).with_name("st")
    url = f"http://127.0.0.1:{gateway.api_port}/apispec.json"
    done = subprocess.run(
        [program, "--config-file", CONFIG, "run", url, "--checks", "all", "--exclude-checks", LEFT_OUT,
         "--max-examples", EXAMPLES, "--exclude-path", STREAM, *CALLERS[caller]],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    assert gateway.get("/health/ready").status == 200
