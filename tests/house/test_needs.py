"""A test that needs a program never passes for a success in CI without it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"
INNER = """
import pytest

@pytest.mark.needs("no-such-program", "sh")
def test_with_program():
    raise AssertionError("ran")

@pytest.mark.needs("sh")
def test_with_shell():
    pass
"""


@pytest.mark.parametrize(
    ("ci", "closing"), [("true", "1 passed, 1 error"), ("false", "1 passed, 1 skipped"), (None, "1 passed, 1 skipped")]
)
def test_missing_program_skips_but_fails_in_ci(tmp_path: Path, ci: str | None, closing: str) -> None:
    """Without the program the test is skipped with the reason, and fails if CI=true."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = needs\naddopts = -ra -p no:schemathesis\n")
    (tmp_path / "conftest.py").write_text(CONFTEST.read_text())
    (tmp_path / "test_inner.py").write_text(INNER)
    environment = {name: value for name, value in os.environ.items() if name != "CI" and "PYTEST" not in name}
    environment |= {"CI": ci} if ci else {}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--color=no"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert closing in done.stdout
    assert "needs no-such-program: run scripts/install-test-tools" in done.stdout
    assert done.returncode == (1 if ci == "true" else 0)
