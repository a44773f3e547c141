"""Bad manners by the dice: repeatable, counted, and no worse than asked for."""

from dataclasses import asdict
from itertools import chain
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neasmart_gateway.modbus.crc import sealed
from neasmart_gateway.simulator.manners import POLITE, Manners
from neasmart_gateway.simulator.mischief import Mischief, Moments, Writes

FRAME = sealed(bytes.fromhex("f0 03 0064 0002"))
WORST = Manners(others=(17, 18), proprietary=0.3, noise=0.3, hits=0.3, chopped=0.5, glued=0.5)
MANY = 300


def said(mischief: Mischief, times: int = MANY, *, poll: bool = True) -> list[Writes]:
    """What becomes of a frame, said many times; every third one is followed by the next."""
    return [mischief.utter(FRAME, poll=poll, followed=not poll and n % 3 == 0) for n in range(times)]


def flat(writes: list[Writes]) -> bytes:
    """All that goes onto the line."""
    return b"".join(chain.from_iterable(chain.from_iterable(writes)))


def test_a_polite_base_sends_its_frames() -> None:
    """Without bad manners each frame is one write, and nothing is counted."""
    mischief = Mischief(POLITE)
    assert said(mischief) + said(mischief, poll=False) == [[[FRAME]]] * (2 * MANY)
    assert set(asdict(mischief.counts).values()) == {0}


def test_the_same_seed_makes_the_same_bytes() -> None:
    """In the same pieces; another seed makes others."""
    first, again, other = (said(Mischief(WORST, seed), poll=False) for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize(
    ("manners", "counted"),
    [
        (Manners(others=(17,)), {"others_polled"}),
        (Manners(proprietary=0.5), {"proprietary"}),
        (Manners(noise=0.5), {"noises", "spoilt_polls"}),
        (Manners(hits=0.5), {"hits", "spoilt_polls"}),
        (Manners(chopped=0.5), {"chopped"}),
        (Manners(others=(17,), glued=0.5), {"others_polled", "glued"}),
    ],
)
def test_each_is_counted_and_none_else(manners: Manners, counted: set[str]) -> None:
    """What is asked for happens about that often; what is not asked for never does."""
    mischief = Mischief(manners, 5)
    said(mischief)
    counts = asdict(mischief.counts)
    assert {name for name, count in counts.items() if count} == counted
    assert all(MANY / 6 < counts[name] < 5 * MANY / 6 for name in counted)


def test_noise_stands_around_the_frame() -> None:
    """1 to 40 bytes before it or behind it; the frame itself is whole. What follows a poll is said to spoil it."""
    mischief = Mischief(Manners(noise=1.0), 6)
    before, behind = set(), set()
    for ((data,),) in said(mischief):
        assert FRAME in data
        before.add(data.index(FRAME))
        behind.add(len(data) - data.index(FRAME) - len(FRAME))
    assert before == behind == set(range(41))
    assert 0 < mischief.counts.spoilt_polls < mischief.counts.noises == MANY


def test_a_hit_changes_bytes_and_no_length() -> None:
    """One to three bytes of each frame arrive as something else."""
    mischief = Mischief(Manners(hits=1.0), 7)
    wrong = {sum(a != b for a, b in zip(data, FRAME, strict=True)) for ((data,),) in said(mischief)}
    assert wrong == {1, 2, 3}
    assert mischief.counts.hits == mischief.counts.spoilt_polls == MANY


def test_pieces_make_the_whole() -> None:
    """A chopped write is two to five pieces, none of them empty."""
    mischief = Mischief(Manners(chopped=1.0), 8)
    for (pieces,) in said(mischief):
        assert b"".join(pieces) == FRAME
        assert 2 <= len(pieces) <= 5
        assert all(pieces)


def test_a_glued_frame_waits_for_the_next() -> None:
    """One that is followed may be held back and comes in one write with the next; a poll never waits."""
    mischief = Mischief(Manners(glued=1.0), 9)
    assert mischief.utter(FRAME, poll=False, followed=True) == []
    assert mischief.utter(FRAME, poll=False, followed=True) == []
    assert mischief.utter(FRAME, poll=True, followed=False) == [[FRAME * 3]]
    assert mischief.counts.glued == 2


def test_what_is_held_back_has_a_bound() -> None:
    """Even if everything is glued, a write of about two frames' size goes out."""
    mischief = Mischief(Manners(glued=1.0), 9)
    sizes = [len(flat([mischief.utter(FRAME, poll=False, followed=True)])) for _ in range(MANY)]
    assert 512 <= max(sizes) < 512 + len(FRAME)


def test_what_is_held_back_can_be_forgotten() -> None:
    """A base that restarts does not say what it had on its tongue."""
    mischief = Mischief(Manners(glued=1.0), 9)
    mischief.utter(FRAME, poll=False, followed=True)
    mischief.forget()
    assert mischief.utter(FRAME, poll=True, followed=False) == [[FRAME]]


@given(
    st.integers(),
    st.builds(
        Manners,
        others=st.sampled_from([(), (17,), (17, 18)]),
        proprietary=st.floats(0, 1),
        noise=st.floats(0, 1),
        chopped=st.floats(0, 1),
        glued=st.floats(0, 1),
    ),
    st.lists(st.tuples(st.binary(min_size=1, max_size=300), st.booleans()), max_size=30),
)
def test_every_frame_arrives(seed: int, manners: Manners, frames: list[tuple[bytes, bool]]) -> None:
    """Unless it is hit, each frame goes out whole and in order, whatever stands around it, and no write is empty."""
    mischief = Mischief(manners, seed)
    writes = [mischief.utter(frame, poll=False, followed=followed) for frame, followed in frames]
    line, at = flat([*writes, mischief.utter(FRAME, poll=True, followed=False)]), 0
    for frame, _ in [*frames, (FRAME, False)]:
        at = line.index(frame, at) + len(frame)
    assert all(chain.from_iterable(chain.from_iterable(writes)))


def test_moments_come_now_and_then() -> None:
    """At random between half and one and a half times the mean, counted from the last one."""
    moments = Moments(10.0, Random(1))
    came = [now for now in range(1000) if moments.come(float(now))]
    pauses = {later - sooner for sooner, later in zip([0, *came], came, strict=False)}
    assert 80 < len(came) < 120
    assert {6, 14} <= pauses <= set(range(5, 17))


def test_moments_that_never_come() -> None:
    """A mean of 0 seconds is none at all."""
    moments = Moments(0.0, Random(1))
    assert not any(moments.come(float(now)) for now in range(1000))


def test_moments_begin_anew() -> None:
    """After a new beginning the first look counts for nothing, however late it is."""
    moments = Moments(10.0, Random(1))
    assert not moments.come(0.0)
    moments.begin()
    assert not moments.come(1000.0)
    assert moments.come(1016.0)
