"""On a line that many share, every good frame to us is recognised and nothing else is taken: generated streams.

FRAMER_TEST_STREAMS says how many (12,000), FRAMER_TEST_SEED which (1). What no slave could know is counted apart:
benchmarks/known.py says what and why.
"""

import os
from collections import Counter

from benchmarks.known import Untold, known
from benchmarks.readers import TAKEN, heard
from benchmarks.streams import UNITS, Kind, Stream, stream
from neasmart_gateway.modbus.heard import DROPPED, Verdict

STREAMS = int(os.environ.get("FRAMER_TEST_STREAMS", "12000"))
SEED = int(os.environ.get("FRAMER_TEST_SEED", "1"))
_SHOWN = 3


def shown(wrong: Stream, number: int) -> str:
    """A stream as one reads it."""
    stretches = (" | ".join(f"{item.kind.name} {item.data.hex()}" for item in items) for items in wrong.stretches)
    return f"stream {number} of seed {SEED}: " + " PAUSE ".join(stretches)


def test_all_good_frames_and_nothing_else() -> None:
    """100 % recognised, 0 taken that were not ours."""
    count: Counter[str] = Counter()
    untold: Counter[Untold] = Counter()
    failed: list[str] = []
    for number in range(STREAMS):
        made = stream(SEED, number)
        truth, found = known(made), heard(made, UNITS)
        taken = {(item.end - len(item.data), item.end) for item in found if item.verdict in TAKEN}
        wrong = [place for place in taken if truth.is_wrong(*place)]
        count.update(good=len(truth.good), recognised=len(truth.good & taken), wrong=len(wrong), bytes=len(truth.data))
        untold += truth.untold
        if wrong or not truth.good <= taken:
            failed.append(shown(made, number))
    share = 100 * count["recognised"] / count["good"]
    print(  # noqa: T201 - the figures are what the long version is run for
        f"\n{STREAMS:,} streams, {count['bytes']:,} bytes, {count['good']:,} good frames: {share:.6g} % recognised, "
        f"{count['wrong']} wrongly taken; untold: { ({why.name: untold[why] for why in Untold}) }"
    )
    assert failed[:_SHOWN] == []
    assert count["recognised"] == count["good"]
    assert count["wrong"] == 0


def test_the_streams_are_what_they_are_meant_to_be() -> None:
    """All kinds of items, all verdicts but the echo, everything that cannot be told; most frames to us are good."""
    kinds: Counter[Kind] = Counter()
    verdicts: Counter[Verdict] = Counter()
    untold: Counter[Untold] = Counter()
    good = ours = 0
    for number in range(3_000):
        made = stream(SEED, number)
        truth = known(made)
        kinds.update(item.kind for items in made.stretches for item in items)
        verdicts.update(item.verdict for item in heard(made, UNITS))
        untold += truth.untold
        good += len(truth.good)
        ours += sum(item.kind in (Kind.OURS, Kind.UNKNOWN) for items in made.stretches for item in items)
    assert set(kinds) == set(Kind)
    assert set(verdicts) >= {*TAKEN, *DROPPED, Verdict.FOREIGN_REQUEST, Verdict.FOREIGN_ANSWER, Verdict.PROPRIETARY}
    assert set(untold) == set(Untold)
    assert good > 0.9 * ours


def test_streams_are_repeatable() -> None:
    """The same seed and number give the same stream, in the same pieces; others give others."""
    assert stream(5, 7) == stream(5, 7)
    assert stream(5, 7) != stream(5, 8)
    assert stream(5, 7) != stream(6, 7)
    made = stream(5, 7)
    data = b"".join(item.data for items in made.stretches for item in items)
    assert b"".join(piece for _, piece in made.pieces) == data
