"""What waits to be written down is bounded, and loses what matters least."""

from neasmart_gateway.store.backlog import MOST, Backlog
from tests.store.doubles import NOW, A, B, change, command, nonce, word


def test_it_holds_ten_thousand() -> None:
    """Commands and audit rows together; registers do not count."""
    backlog = Backlog()
    for n in range(MOST - 1):
        backlog.add_audit(change(n))
    backlog.add_command(command("a"))
    backlog.add_register(word(102, A))
    assert (MOST, backlog.rows, backlog.registers, backlog.dropped) == (10_000, 10_000, 1, 0)


def test_the_oldest_audit_row_goes_first() -> None:
    """One too many costs one audit row, the oldest, and is counted; a command never goes before one."""
    backlog = Backlog(3)
    backlog.add_command(command("a"))
    for n in range(4):
        backlog.add_audit(change(n))
    batch = backlog.batch()
    assert (batch.commands, batch.audit) == ([command("a")], [change(2), change(3)])
    assert backlog.dropped == 2


def test_commands_push_audit_rows_out() -> None:
    """A command that comes to a full backlog takes an audit row's place."""
    backlog = Backlog(2)
    backlog.add_audit(change(0))
    backlog.add_audit(change(1))
    backlog.add_command(command("a"))
    batch = backlog.batch()
    assert (batch.commands, batch.audit, backlog.dropped) == ([command("a")], [change(1)], 1)


def test_commands_go_last_and_the_oldest_first() -> None:
    """Only when there is nothing but commands does one of them go; an audit row finds no room then."""
    backlog = Backlog(2)
    for name in "abc":
        backlog.add_command(command(name))
    backlog.add_audit(change(0))
    batch = backlog.batch()
    assert (batch.commands, batch.audit, backlog.dropped) == ([command("b"), command("c")], [], 2)


def test_a_command_that_moves_on_is_one_row_in_its_place() -> None:
    """Its newest receipt replaces the older one; commands are written in the order in which they came in."""
    backlog = Backlog(3)
    backlog.add_command(command("a"))
    backlog.add_command(command("b"))
    backlog.add_command(command("a", "expired"))
    backlog.add_command(command("c"))
    assert backlog.batch().commands == [command("a", "expired"), command("b"), command("c")]


def test_what_was_written_is_forgotten_and_the_rest_goes_on_waiting() -> None:
    """Rows that came, or changed, after the batch was made stay."""
    backlog = Backlog()
    backlog.add_register(word(102, A))
    backlog.add_register(word(202, A))
    backlog.add_command(command("a"))
    backlog.add_command(command("b"))
    backlog.add_audit(change(0))
    batch = backlog.batch()
    backlog.add_register(word(102, B))
    backlog.add_command(command("a", "expired"))
    backlog.add_audit(change(1))
    backlog.settle(batch)
    left = backlog.batch()
    assert left.registers == [word(102, B)]
    assert left.commands == [command("a", "expired")]
    assert left.audit == [change(1)]


def test_settling_after_rows_were_dropped() -> None:
    """Rows of the batch that had to go meanwhile take no other with them."""
    backlog = Backlog(2)
    backlog.add_audit(change(0))
    backlog.add_audit(change(1))
    batch = backlog.batch()
    backlog.add_audit(change(2))
    backlog.settle(batch)
    assert backlog.batch().audit == [change(2)]


def test_equal_rows_are_two_rows() -> None:
    """Settling goes by identity: an equal change that came later is another change."""
    backlog = Backlog()
    backlog.add_audit(change(1))
    batch = backlog.batch()
    backlog.add_audit(change(1))
    backlog.settle(batch)
    assert backlog.rows == 1


def test_unchanged_registers_are_forgotten() -> None:
    """A register whose word is the kept one need not be written; one that is not kept must be."""
    backlog = Backlog()
    backlog.add_register(word(102, A))
    backlog.add_register(word(202, A))
    backlog.forget_unchanged({102: A, 302: A})
    assert backlog.batch().registers == [word(202, A)]


def test_nonces_wait_until_they_are_written() -> None:
    """One that was noted anew while the batch was under way goes on waiting."""
    backlog = Backlog()
    backlog.add_nonce(nonce(1))
    backlog.add_nonce(nonce(2))
    batch = backlog.batch()
    assert batch.nonces == (nonce(1), nonce(2))
    backlog.add_nonce(nonce(2, NOW + 70))
    backlog.settle(batch)
    assert backlog.batch().nonces == (nonce(2, NOW + 70),)
