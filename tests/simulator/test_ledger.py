"""The base's memory of what it has said."""

from neasmart_gateway.simulator.ledger import Ledger


def test_the_word_told_last_is_recognised_for_ever() -> None:
    """A gateway may repeat the last word as often as it is asked."""
    ledger = Ledger()
    ledger.tell(100, 1)
    assert all(ledger.recognises(100, 1) for _ in range(3))


def test_a_word_never_told_is_not_ours() -> None:
    """Neither before the register was ever written, nor after, nor at another address."""
    ledger = Ledger()
    assert not ledger.recognises(100, 1)
    ledger.tell(100, 1)
    assert not ledger.recognises(100, 2)
    assert not ledger.recognises(200, 1)


def test_an_older_word_has_the_benefit_of_the_doubt_once() -> None:
    """The first repetition of an older word may have crossed the newer one; the second is meant."""
    ledger = Ledger()
    ledger.tell(100, 1)
    ledger.tell(100, 2)
    assert ledger.recognises(100, 1)
    assert not ledger.recognises(100, 1)
    assert ledger.recognises(100, 2)


def test_a_repeated_newer_word_ends_the_doubt() -> None:
    """Once the gateway has repeated the newer word, the older one is a command."""
    ledger = Ledger()
    ledger.tell(100, 1)
    ledger.tell(100, 2)
    assert ledger.recognises(100, 2)
    assert not ledger.recognises(100, 1)


def test_after_a_lost_link_the_gateway_may_know_less() -> None:
    """What was told last may be lost with the link: the word repeated before it is one of ours again."""
    ledger = Ledger()
    ledger.tell(100, 1)
    assert ledger.recognises(100, 1)
    ledger.tell(100, 2)
    assert ledger.recognises(100, 1)
    ledger.link_lost()
    assert ledger.recognises(100, 1)
    assert not ledger.recognises(100, 1)
