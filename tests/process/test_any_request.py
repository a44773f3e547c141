"""Whatever the document allows and forbids, the gateway answers as the document says.

schemathesis makes requests from /apispec.json: valid, invalid, in sequences. API_TEST_EXAMPLES=200 for more of them.
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.running import running
from tests.simulated import house_behind

EXAMPLES = os.environ.get("API_TEST_EXAMPLES", "25")
PLENTY = {
    "NEASMART_API_RATE_LIMIT_PER_MINUTE": "1000000",
    "NEASMART_API_COMMAND_LIMIT_PER_MINUTE": "1000000",
    "NEASMART_COMMANDS_PER_REGISTER_AND_HOUR": "10000",
}
CONFIG = 'hooks = "hooks.py"'
GONE = "use_after_free"
"""The one check that is left out: it wants what was deleted to be 404, but a cancelled command stays to be seen."""
HOOKS = """
import re
import uuid

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    '''A key of its own for each request: the same one for another wish is refused, which no schema can say.'''
    if re.fullmatch("[!-~]{1,128}", (case.headers or {}).get("Idempotency-Key", "")):
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
"""


def test_what_the_document_says_is_what_happens(tmp_path: Path) -> None:
    """Every status, type, header and schema is declared; what is invalid is refused, and what is valid is not."""
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    (tmp_path / "hooks.py").write_text(HOOKS)
    with running(tmp_path, **PLENTY) as gateway, house_behind(gateway):
        program = Path(sys.executable).with_name("st")
        url = f"http://127.0.0.1:{gateway.api_port}/apispec.json"
        done = subprocess.run(
            [program, "run", url, "--checks", "all", "--exclude-checks", GONE, "--max-examples", EXAMPLES],
            cwd=tmp_path, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
        assert gateway.get("/health/ready").status == 200
