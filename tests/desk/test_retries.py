"""Requests that are sent again: which command a key belongs to."""

from __future__ import annotations

import pytest

from neasmart_gateway.desk.retries import KEEP_SECONDS, Retries
from neasmart_gateway.errors import Conflict
from neasmart_gateway.store.journal import CommandRow

NOW = 1_800_000_000.0


def row(command_id: str, *, at: float = NOW, key: str = "key", fingerprint: str = "print") -> CommandRow:
    return CommandRow(command_id, at, {"state": "accepted"}, (key, fingerprint))


@pytest.fixture
def retries() -> Retries:
    return Retries()


def test_a_key_finds_its_first_command_with_its_newest_receipt(retries: Retries) -> None:
    retries.add(row("first"))
    retries.update("first", {"state": "confirmed"})
    found = retries.find(("key", "print"), NOW + 1)
    assert found is not None
    assert (found.id, found.receipt["state"]) == ("first", "confirmed")


def test_a_key_of_another_request_is_refused(retries: Retries) -> None:
    retries.add(row("first"))
    with pytest.raises(Conflict, match="another request"):
        retries.find(("key", "other"), NOW + 1)


def test_a_key_is_free_again_after_a_day(retries: Retries) -> None:
    retries.add(row("first"))
    assert retries.find(("key", "other"), NOW + KEEP_SECONDS + 1) is None


def test_a_command_whose_key_went_on_to_another_leaves_that_one_alone(retries: Retries) -> None:
    """A key used again a day later: the end of the first command is not the second one's receipt."""
    retries.add(row("first"))
    retries.add(row("second", at=NOW + KEEP_SECONDS + 1))
    retries.update("first", {"state": "expired"})
    found = retries.find(("key", "print"), NOW + KEEP_SECONDS + 2)
    assert found is not None
    assert (found.id, found.receipt["state"]) == ("second", "accepted")


def test_a_command_whose_row_was_forgotten_is_no_fault(retries: Retries) -> None:
    """The key went on to a command that was not accepted: the older command still ends."""
    retries.add(row("first"))
    retries.add(row("second", at=NOW + KEEP_SECONDS + 1))
    retries.forget(row("second"))
    retries.update("first", {"state": "expired"})
    assert retries.find(("key", "print"), NOW + KEEP_SECONDS + 2) is None
