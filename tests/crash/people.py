"""People who change setpoints over HTTP all the time, and keep what they were promised."""

import http.client
import json
import random
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from neasmart_gateway.domain import dpt9
from neasmart_gateway.domain.zones import ZoneRef
from tests.crash.plan import Setpoints

_PATIENCE = 15.0
_MOST_TRIES = 30
_RECENT = 8
_EXPECTED = (200, 202, 503)


@dataclass(frozen=True)
class Promise:
    """A receipt that somebody was answered with; times are monotonic seconds."""

    status: int
    command: dict[str, Any]
    asked_at: float
    answered_at: float


@dataclass
class Wish:
    """A setpoint that somebody asked for, once or several times with one key."""

    ref: ZoneRef
    celsius: float
    key: str | None
    sent_at: float
    promises: list[Promise] = field(default_factory=list)
    tried_to_withdraw: bool = False
    withdrawn_at: float | None = None

    @property
    def word(self) -> int:
        return dpt9.encode(self.celsius)

    @property
    def address(self) -> int:
        return self.ref.setpoint_address


class Person(threading.Thread):
    """Sends one wish after another: plain ones, some with Prefer: wait, some with a key and retried, some withdrawn.

    `promised` is set at each promise, at once.
    """

    def __init__(self, port: int, setpoints: Setpoints, chance: random.Random, promised: threading.Event) -> None:
        super().__init__(daemon=True)
        self.wishes: list[Wish] = []
        self.faults: list[str] = []
        self._port = port
        self._setpoints = setpoints
        self._chance = chance
        self._promised = promised
        self._with_a_key: list[Wish] = []
        self._stop_asked = threading.Event()

    def stop(self) -> None:
        self._stop_asked.set()
        self.join()

    def run(self) -> None:
        while not self._stop_asked.wait(self._chance.uniform(0.0, 0.1)):  # people do not shoot like machine guns
            kind = self._chance.choice(("plain", "plain", "wait", "retried", "retried", "withdrawn", "late"))
            if kind == "late" and self._with_a_key:
                self._retry(self._chance.choice(self._with_a_key[-_RECENT:]))
                continue
            key = f"key-{self._chance.getrandbits(64)}" if kind == "retried" else None
            ref, celsius = self._setpoints.take()
            wish = Wish(ref, celsius, key, time.monotonic())
            self.wishes.append(wish)
            if kind == "retried":
                self._insist(wish)
            else:
                self._ask(wish, {"Prefer": "wait=1"} if kind == "wait" else {})
            if kind == "withdrawn" and wish.promises:
                self._withdraw(wish)

    def _insist(self, wish: Wish) -> None:
        """Send it with its key until it is answered, and then once more."""
        self._with_a_key.append(wish)
        tries = 0
        while len(wish.promises) < 2 and tries < _MOST_TRIES and not self._stop_asked.wait(0.02 * (tries > 0)):
            tries += 1
            self._retry(wish)

    def _retry(self, wish: Wish) -> None:
        self._ask(wish, {"Idempotency-Key": wish.key or ""})
        if len({promise.command["id"] for promise in wish.promises}) > 1:
            self.faults.append(f"one key, two commands: {[promise.command for promise in wish.promises]}")

    def _ask(self, wish: Wish, headers: dict[str, str]) -> None:
        asked_at = time.monotonic()
        path = f"/api/v1/zones/{wish.ref.base}/{wish.ref.zone}"
        status, answer = self._request("PATCH", path, {"setpoint": wish.celsius}, headers)
        if status in (200, 202):
            self._promised.set()
            wish.promises.append(Promise(status, answer["command"], asked_at, time.monotonic()))

    def _withdraw(self, wish: Wish) -> None:
        wish.tried_to_withdraw = True
        status, answer = self._request("DELETE", f"/api/v1/commands/{wish.promises[0].command['id']}", None, {})
        if status == 200:
            wish.withdrawn_at = time.monotonic()
            if answer["command"]["state"] != "cancelled":
                self.faults.append(f"withdrawn, but not cancelled: {answer}")

    def _request(self, method: str, path: str, body: object, headers: dict[str, str]) -> tuple[int, Any]:
        """Return status and answer; status 0 when there was none, or only a part of one."""
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)) as connection:
                data = None if body is None else json.dumps(body)
                connection.request(method, path, data, {"Content-Type": "application/json"} | headers)
                response = connection.getresponse()
                status, text = response.status, response.read()
        except (OSError, http.client.HTTPException):
            return 0, None
        answer = json.loads(text)
        if status not in _EXPECTED and not (method == "DELETE" and status in (404, 409)):
            self.faults.append(f"{method} {path} was answered with {status}: {answer}")
        return status, answer
