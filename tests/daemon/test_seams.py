"""Unless drills are allowed there is nothing at the seams: no wrapper, nothing to ask for, nothing that runs."""

from pathlib import Path

import pytest

from neasmart_gateway.bus.wire import bare
from neasmart_gateway.daemon.seams import seams_of
from neasmart_gateway.faults.journal import FaultyJournal
from neasmart_gateway.settings import load
from neasmart_gateway.shm.memory import SharedMemory
from neasmart_gateway.store.memory import MemoryJournal


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NEASMART_FAULTS_ENABLED", raising=False)
    return tmp_path


def test_nothing_stands_at_the_seams(folder: Path) -> None:
    """The journal and the conversations themselves are used."""
    seams, journal = seams_of(load(), SharedMemory(folder / "lock"), lambda record: None), MemoryJournal()
    assert seams.journal(journal) is journal
    assert (seams.conversation, dict(seams.table), seams.work()) == (bare, {}, ())


async def test_only_a_setting_puts_drills_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They can be asked for, and run beside the rest."""
    monkeypatch.setenv("NEASMART_FAULTS_ENABLED", "true")
    seams = seams_of(load(), SharedMemory(folder / "lock"), lambda record: None)
    assert isinstance(seams.journal(MemoryJournal()), FaultyJournal)
    assert set(seams.table) == {"fault_start", "fault_end"}
    (work,) = seams.work()
    work.close()
