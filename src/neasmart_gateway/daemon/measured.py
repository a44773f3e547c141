"""What an HTTP worker asks of the daemon before it reads the history of measurements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from neasmart_gateway.desk.measurements import Measurements
from neasmart_gateway.link.server import Method
from neasmart_gateway.store.recorder import Recorder


class Measured:
    """Has the points written down, and tells what is held back: `unix` gives Unix time."""

    def __init__(self, measurements: Measurements, recorder: Recorder, unix: Callable[[], float]) -> None:
        self._measurements = measurements
        self._recorder = recorder
        self._unix = unix

    def table(self) -> dict[str, Method]:
        return {"measured": self.measured}

    async def measured(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Write down what waits; returns {"written", "at", "held"}.

        Unless `written` is false the database has all of what was before `at`, in Unix seconds, but for what is held
        back: [series, Unix seconds, value in its steps] of each.
        """
        at, held = self._unix(), self._measurements.held()
        written = await self._recorder.catch_up(samples=True)
        return {"written": written, "at": at, "held": [list(sample) for sample in held]}
