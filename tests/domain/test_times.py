"""Times are shown as ISO 8601 in UTC, whatever the clock says."""

from datetime import UTC, datetime
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neasmart_gateway.domain.times import iso


@pytest.mark.parametrize(
    ("unix", "shown"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (1_790_000_000.25, "2026-09-21T14:13:20.250Z"),
        (1_790_000_000.9999, "2026-09-21T14:13:20.999Z"),
        (-1.0, "1970-01-01T00:00:00.000Z"),
        (-inf, "1970-01-01T00:00:00.000Z"),
        (1e18, "9999-12-31T23:59:59.000Z"),
        (inf, "9999-12-31T23:59:59.000Z"),
    ],
)
def test_known_times(unix: float, shown: str) -> None:
    """Milliseconds and Z; a clock that is far off shows the nearest time that can be shown."""
    assert iso(unix) == shown


def test_a_time_can_be_finer() -> None:
    """Microseconds, for what is counted in them."""
    assert iso(1_790_000_000.25, "microseconds") == "2026-09-21T14:13:20.250000Z"


@given(st.floats(0, 253_402_300_799))
def test_a_time_reads_back(unix: float) -> None:
    """What is shown is the time, cut to milliseconds."""
    shown = datetime.fromisoformat(iso(unix))
    assert shown.tzinfo is UTC
    assert unix - 0.00101 <= shown.timestamp() <= unix + 1e-4


@given(st.floats(allow_nan=False))
def test_any_number_gives_a_time(unix: float) -> None:
    """Of one form: 24 characters, a Z at the end."""
    assert len(iso(unix)) == 24
    assert iso(unix).endswith("Z")
