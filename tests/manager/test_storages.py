"""Limits count alike in shared memory and in Redis, and go on when Redis goes away."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from flask_limiter import Limiter
from limits import RateLimitItemPerMinute
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from neasmart_gateway.manager.storages import (
    PAUSE,
    LimitsAway,
    LimitsReturned,
    RedisOrShared,
    SharedStorage,
)
from neasmart_gateway.shm.memory import SharedMemory
from tests.running import eventually

PASSWORD = "s3cret"
THREE = RateLimitItemPerMinute(3)


@dataclass
class Redis:
    """A Redis of the test's own, at a Unix socket."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        return self.folder / "redis.sock"

    @property
    def url(self) -> str:
        return f"redis+unix://:{PASSWORD}@{self.socket}"

    def start(self) -> None:
        options = {"port": "0", "unixsocket": str(self.socket), "requirepass": PASSWORD, "save": "", "appendonly": "no"}
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self.process = subprocess.Popen(["redis-server", *words], cwd=self.folder, stdout=subprocess.DEVNULL)
        eventually(self._answers, "Redis")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            return connection.connect_ex(str(self.socket)) == 0


@dataclass
class Bench:
    """A storage, the memory behind it, a clock that moves when told, and what was reported."""

    memory: SharedMemory
    now: float = 1000.0
    told: list[LimitsAway | LimitsReturned] = field(default_factory=list)

    def redis(self, url: str) -> RedisOrShared:
        shared = SharedStorage(windows=self.memory.limits)
        return RedisOrShared(url=url, shared=shared, report=self.told.append, clock=lambda: self.now)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(SharedMemory(tmp_path / "lock"))


@pytest.fixture
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """Short paths: that of a Unix socket has room for 107 bytes."""
    server = Redis(tmp_path_factory.mktemp("r"))
    server.start()
    yield server
    server.stop()
    shutil.rmtree(server.folder)


@pytest.fixture(params=["shared", pytest.param("redis", marks=pytest.mark.needs("redis-server"))])
def storage(request: pytest.FixtureRequest, bench: Bench) -> Storage:
    """Either of the two, empty."""
    if request.param == "shared":
        return SharedStorage(windows=bench.memory.limits)
    return bench.redis(request.getfixturevalue("redis").url)


def test_a_limit_is_a_limit(storage: Storage, bench: Bench) -> None:
    """Through the library's own strategy: so many pass, each client by itself, until a Unix time."""
    limiter, began = FixedWindowRateLimiter(storage), time.time()
    assert [limiter.hit(THREE, "a") for _ in range(5)] == [True] * 3 + [False] * 2
    assert limiter.hit(THREE, "b") is True
    ends, left = limiter.get_window_stats(THREE, "b")
    assert left == 2
    assert began + 59 <= ends <= time.time() + 60
    assert (limiter.test(THREE, "a"), limiter.test(THREE, "b")) == (False, True)
    assert bench.told == []


def test_a_key_is_cleared_and_all_are_reset(storage: Storage) -> None:
    storage.incr("a", 60)
    storage.incr("b", 60, 2)
    storage.clear("a")
    assert (storage.get("a"), storage.get("b"), storage.check()) == (0, 2, True)
    assert storage.reset() == 1
    assert storage.get("b") == 0


def test_flask_limiter_finds_the_shared_memory(bench: Bench) -> None:
    """By its address; what is hit over HTTP is counted for all workers."""
    app = Flask("test")
    options = {"windows": bench.memory.limits}
    limiter = Limiter(lambda: "client", storage_uri="neasmart+shm://", storage_options=options)  # type: ignore[arg-type]
    limiter.init_app(app)
    app.get("/")(limiter.limit("3/minute")(lambda: "in"))
    assert [app.test_client().get("/").status_code for _ in range(5)] == [200] * 3 + [429] * 2
    assert bench.memory.limits.reset() == 1


@pytest.mark.needs("redis-server")
def test_redis_goes_away_and_comes_back(bench: Bench, redis: Redis) -> None:
    """Meanwhile hits are counted here; it is told once, without the password, and not asked again for half a minute."""
    storage = bench.redis(redis.url)
    assert storage.incr("a", 60) == 1
    redis.stop()
    assert [storage.incr("a", 60) for _ in range(3)] == [1, 2, 3]
    (away,) = bench.told
    assert isinstance(away, LimitsAway)
    assert "ConnectionError" in away.reason
    assert PASSWORD not in away.reason
    redis.start()
    bench.now += PAUSE - 0.1
    assert (storage.incr("a", 60), bench.told) == (4, [away])
    bench.now += 0.1
    assert storage.incr("a", 60) == 1, "counted by a Redis that knows nothing of before"
    assert bench.told == [away, LimitsReturned()]
    assert storage.get("a") == 1


@pytest.mark.needs("redis-server")
def test_a_redis_that_was_restarted_meanwhile_is_not_away(bench: Bench, redis: Redis) -> None:
    """A connection that it has closed is opened anew at once."""
    storage = bench.redis(redis.url)
    storage.incr("a", 60)
    redis.stop()
    redis.start()
    assert (storage.incr("a", 60), bench.told) == (1, [])


@pytest.mark.needs("redis-server")
def test_a_redis_that_refuses_is_away(bench: Bench, redis: Redis) -> None:
    """A wrong password is a reason like any other."""
    storage = bench.redis(redis.url.replace(PASSWORD, "wr0ng"))
    assert [storage.incr("a", 60) for _ in range(2)] == [1, 2]
    (away,) = bench.told
    assert "wr0ng" not in str(away)


def test_nobody_waits_for_a_redis_that_says_nothing(bench: Bench, tmp_path: Path) -> None:
    """Somebody listens and does not answer: after a moment hits are counted here; it is tried once in half a minute."""
    path = tmp_path / "mute.sock"
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(path))
        mute.listen()
        storage = bench.redis(f"redis+unix://{path}")
        assert [storage.incr("a", 60) for _ in range(200)] == list(range(1, 201))
        bench.now += PAUSE
        assert storage.incr("a", 60) == 201
        assert [type(record) for record in bench.told] == [LimitsAway]
        mute.setblocking(False)
        assert _callers(mute) == 2


def _callers(listener: socket.socket) -> int:
    """How many have called at a socket."""
    count = 0
    while True:
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


def test_both_have_an_address(bench: Bench) -> None:
    """The library makes either of them from it."""
    shared = storage_from_string("neasmart+shm://", windows=bench.memory.limits)  # type: ignore[arg-type]
    assert isinstance(shared, SharedStorage)
    options = {"url": "redis://192.0.2.1", "shared": shared, "report": bench.told.append}
    assert isinstance(storage_from_string("neasmart+redis://", **options), RedisOrShared)  # type: ignore[arg-type]
