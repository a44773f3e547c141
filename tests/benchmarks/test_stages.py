"""Shares of stages in what a profiler has seen."""

import pytest

from benchmarks.stages import render, stages

OUTER = "main (gunicorn/arbiter.py:1);HttpWorker.handle (neasmart_gateway/http_worker.py:9)"


@pytest.mark.parametrize(
    ("inner", "stage"),
    [
        ("", "HTTP: gunicorn and the socket"),
        (";parse (gunicorn/http/message.py:3)", "HTTP: parse the request"),
        (";Limits.hit (neasmart_gateway/api/guard/limits.py:3);key_for (limits/limits.py:1)", "HTTP: limits"),
        (";write (neasmart_gateway/logs/lines.py:3);handle (logging/__init__.py:1)", "access line and other log lines"),
        (";Image.read (neasmart_gateway/shm/image.py:3)", "shared memory"),
    ],
)
def test_a_sample_belongs_to_its_innermost_stage(inner: str, stage: str) -> None:
    """Libraries that have no stage of their own belong to whoever called them."""
    assert stages([f"{OUTER}{inner} 3"]) == {stage: 3}


def test_shares_are_of_all_samples() -> None:
    """The largest comes first; what nobody knows is other."""
    shown = render(stages(["nobody (elsewhere.py:1) 1", f"{OUTER} 3"]))
    assert [line.split(maxsplit=1) for line in shown.splitlines()[1:]] == [
        ["75%", "HTTP: gunicorn and the socket"],
        ["25%", "other"],
    ]


def test_who_waits_takes_no_time() -> None:
    """For the next byte, or for work."""
    assert stages(["run (asyncio/events.py:1);select (selectors.py:468) 9", f"{OUTER} 3"]).total() == 3
