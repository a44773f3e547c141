"""What every test may use: `needs` for programs that pip does not bring, and one pace for property tests."""

import gc
import os
import shutil
import sys
from typing import NoReturn

import hypothesis
import pytest

# A slow machine is not a fault of ours; hypothesis' own profile for CI (fixed seed) stays in force underneath.
hypothesis.settings.register_profile("house", parent=hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    """Let an ordinary user find mosquitto too, which Debian keeps where only root looks; and let bytecode be kept."""
    known = os.environ.get("PATH", os.defpath).split(os.pathsep)
    servers = [folder for folder in ("/usr/local/sbin", "/usr/sbin", "/sbin") if folder not in known]
    os.environ["PATH"] = os.pathsep.join(known + servers)
    # Two hundred gateways and commands are started, each of several processes: where the machine says that no bytecode
    # is to be written, every one of them would compile the whole package anew. `make clean` removes it.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def pytest_collection_finish() -> None:
    """Let the garbage collector leave the tests themselves alone: none of them becomes garbage while they run.

    Thousands of them, and all modules, would be looked through again and again: half of the time of tests in process.
    """
    gc.collect()
    gc.freeze()


def cannot(reason: str) -> NoReturn:
    """Skip a test that this machine does not let do its work; fail it in CI, where a skip would pass for a success."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose programs are missing; fail it in CI, where a skip would pass for a success."""
    wanted = [program for marker in item.iter_markers("needs") for program in marker.args]
    missing = sorted({program for program in wanted if shutil.which(program) is None})
    if not missing:
        return
    reason = f"needs {', '.join(missing)}: run scripts/install-test-tools"
    cannot(reason)
