"""One gateway for a database, whatever becomes of the file that says so."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from neasmart_gateway.daemon.claims import claim_on, stopped_gateway
from neasmart_gateway.errors import OperatorError
from tests.conftest import cannot


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "data" / "registers.db"


@contextmanager
def in_use(database: Path) -> Iterator[None]:
    """A gateway uses the database."""
    claim, reasons = claim_on(database), list[str]()
    assert claim.take_now(reasons.append), reasons
    try:
        yield
    finally:
        claim.release()


def assert_refused(database: Path) -> None:
    with pytest.raises(OperatorError, match="stop the gateway first"), stopped_gateway(database):
        pass


def test_a_claim_keeps_others_away(database: Path) -> None:
    """As long as it is held; afterwards it can be taken, by one after another."""
    with in_use(database):
        assert_refused(database)
    for _ in range(2):
        with stopped_gateway(database):
            assert_refused(database)


def test_another_database_is_free(database: Path) -> None:
    with in_use(database), stopped_gateway(database.with_name("other.db")):
        pass


def test_the_lock_file_is_removed_by_hand(database: Path) -> None:
    """The database is in use all the same."""
    with in_use(database):
        database.with_name("registers.db.lock").unlink()
        assert_refused(database)


def test_the_file_is_reached_by_a_link(database: Path, tmp_path: Path) -> None:
    """A link to the file, or to its folder, leads to the same database; also while the file is not there yet."""
    database.parent.mkdir()
    (tmp_path / "link.db").symlink_to(database)
    (tmp_path / "folder").symlink_to(database.parent)
    with in_use(database):
        assert_refused(tmp_path / "link.db")
        assert_refused(tmp_path / "folder" / "registers.db")
    with in_use(tmp_path / "link.db"):
        assert_refused(database)


def test_the_folder_was_read_only_at_the_start(database: Path) -> None:
    """No file could be made then; when one can be, the database is still in use."""
    database.parent.mkdir()
    if shutil.which("chattr") is None or subprocess.run(["chattr", "+i", database.parent], check=False).returncode:
        cannot("needs chattr +i")
    claim, reasons = claim_on(database), list[str]()
    try:
        assert claim.take_now(reasons.append), reasons
    finally:
        subprocess.run(["chattr", "-i", database.parent], check=True)
    assert_refused(database)
    claim.release()


def test_only_the_disk_is_shared(database: Path) -> None:
    """From another network namespace, as a container has it, the name cannot be seen: the file is locked too."""
    code = f"""
import os, sys
from pathlib import Path
from neasmart_gateway.daemon.claims import claim_on
import ctypes
if ctypes.CDLL(None).unshare(0x40000000):  # CLONE_NEWNET
    sys.exit(3)
sys.exit(0 if claim_on(Path({str(database)!r})).take_now(print) else 1)
"""
    with in_use(database):
        paths = os.pathsep.join(path for path in sys.path if path)
        done = subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": paths}, check=False)
        if done.returncode == 3:
            cannot("cannot make a network namespace here")
        assert done.returncode == 1
