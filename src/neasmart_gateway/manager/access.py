"""Access: what all HTTP workers know together about who comes in."""

from __future__ import annotations

from typing import Any

from neasmart_gateway.link.client import LinkClient
from neasmart_gateway.manager.storages import REDIS, SHARED, RedisOrShared, Report, SharedStorage
from neasmart_gateway.shm.clients import Calls as Calls
from neasmart_gateway.shm.memory import SharedMemory


class Access:
    """Where limits count, tickets for event streams, the tally of who was refused, and which nonces were used.

    With `redis`, the address of one, limits are shared with other gateways; `report` is told when it goes and returns.
    """

    def __init__(
        self, memory: SharedMemory, link: LinkClient, redis: str | None = None, report: Report = lambda _record: None
    ) -> None:
        self._link = link
        self.tickets = memory.tickets
        self.tally = memory.tally
        self.clients = memory.clients
        self.limiter_options: dict[str, Any] = {
            "storage_uri": f"{SHARED}://",
            "storage_options": {"windows": memory.limits},
        }
        """What flask-limiter's Limiter takes to count where `storage` does."""
        shared = SharedStorage(windows=memory.limits)
        self.storage: SharedStorage | RedisOrShared = shared
        """For the strategies of the `limits` library, and for hits that take the short way."""
        if redis:
            options: dict[str, Any] = {"url": redis, "shared": shared, "report": report}
            self.limiter_options = {"storage_uri": f"{REDIS}://", "storage_options": options}
            self.storage = RedisOrShared(**options)

    def first_use(self, owner: str, nonce: str, expires: float) -> bool:
        """Return whether a nonce that `owner` has signed is used for the first time; that is on the disk by then.

        `expires` is the Unix time from which on its signature is too old: the time in it and 60 s. Asked past the
        circuit breaker. Raises DaemonAway when there is no daemon, NotDurable when it cannot be written down or the
        database of before was lost, TooMany when 10,000 are live, InvalidValue when `expires` is over, or more than
        125 s ahead: whatever it raises, the request must not be carried out.
        """
        return self._link.call("nonce", {"owner": owner, "nonce": nonce, "expires": expires}) is True
