"""Whether our part of the broker is ours: another gateway under the same topic is listened for before it is taken."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from neasmart_gateway.mqtt.promptness import EVERY
from neasmart_gateway.shm.header import Header

QUIET = 3 * EVERY
"""Seconds without another gateway's number after which there is none."""


class Lease:
    """Stands in the shared memory, so that a daemon that takes another's place is the same gateway and need not wait.

    It lasts for QUIET after the last of our numbers has come back: nobody who has listened that long has missed us.
    `clock` gives seconds of a clock that all daemons of this gateway share, and that runs while the machine sleeps.
    """

    def __init__(self, header: Header, clock: Callable[[], float]) -> None:
        self._header, self._clock = header, clock

    @property
    def gateway(self) -> str:
        """The name of this gateway, new whenever the whole of it is started."""
        if not self._header.mqtt_gateway:
            self._header.mqtt_gateway = secrets.randbits(64) | 1
        return f"{self._header.mqtt_gateway:016x}"

    @property
    def seniority(self) -> float:
        """For how many seconds the topic is ours; negative while we have not listened long enough."""
        return self._clock() - self._header.mqtt_since

    def begin(self) -> bool:
        """Begin with a connection; true when the topic is still ours and nobody need be listened for."""
        heard = self._header.mqtt_heard
        if heard is not None and self._clock() - heard < QUIET:
            return True
        self._header.mqtt_heard, self._header.mqtt_since = None, self._clock() + QUIET
        return False

    def confirm(self) -> None:
        """Note that others hear us."""
        self._header.mqtt_heard = self._clock()

    def give_up(self) -> None:
        """Leave the topic to another gateway."""
        self._header.mqtt_heard = None
