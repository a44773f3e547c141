"""Calls over the daemon's Unix socket: results, errors, deadlines, and a daemon that is away."""

import asyncio
import json
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neasmart_gateway.domain.intentions import (
    SetGlobalMode,
    SetGlobalState,
    SetpointRange,
    SetZoneSetpoint,
    SetZoneState,
)
from neasmart_gateway.domain.modes import OperatingMode, OperatingState
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import Conflict, DaemonAway, GatewayError, InvalidValue
from neasmart_gateway.link.client import LinkClient
from neasmart_gateway.link.records import BadMessage, decode_intentions, encode_intentions, unpack
from neasmart_gateway.link.server import LinkServer

REFS = st.builds(ZoneRef, st.integers(1, 5), st.integers(1, 12))
INTENTIONS = st.one_of(
    st.builds(SetZoneSetpoint, REFS, st.floats(5, 35)),
    st.builds(SetZoneState, REFS, st.sampled_from(OperatingState)),
    st.builds(SetGlobalMode, st.sampled_from(OperatingMode)),
    st.builds(SetGlobalState, st.sampled_from(OperatingState)),
)


class Methods:
    """Methods for the tests, and a count of what was started."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.gate = asyncio.Event()

    async def echo(self, params: Mapping[str, Any]) -> Any:
        self.started.append("echo")
        return dict(params)

    async def wait(self, params: Mapping[str, Any]) -> Any:
        self.started.append("wait")
        await self.gate.wait()
        return "done"

    async def refuse(self, params: Mapping[str, Any]) -> Any:
        raise Conflict("not now", field="setpoint", retry_after=7)

    async def fail(self, params: Mapping[str, Any]) -> Any:
        raise ZeroDivisionError("secret detail")

    def table(self) -> dict[str, Any]:
        return {"echo": self.echo, "wait": self.wait, "refuse": self.refuse, "fail": self.fail}


@asynccontextmanager
async def serving(
    folder: Path, clock: Callable[[], float] = time.monotonic
) -> AsyncIterator[tuple[Methods, list[tuple[str, Exception]]]]:
    """A server at folder/s, its methods, and the faults it reported."""
    methods = Methods()
    reported: list[tuple[str, Exception]] = []
    server = LinkServer(folder / "s", methods.table(), clock, lambda method, error: reported.append((method, error)))
    await server.open()
    try:
        yield methods, reported
    finally:
        methods.gate.set()
        await server.close()


async def call(folder: Path, method: str, timeout: float = 5.0, **params: Any) -> Any:
    return await asyncio.to_thread(LinkClient(folder / "s", timeout).call, method, params)


@given(st.lists(INTENTIONS, max_size=4))
def test_intentions_survive_the_wire(intentions: list[Any]) -> None:
    """What is sent is what arrives, through real JSON."""
    wire = json.loads(json.dumps(encode_intentions(intentions)))
    assert decode_intentions(wire, SetpointRange()) == intentions


def test_intentions_are_checked_again_on_arrival() -> None:
    """A setpoint outside the daemon's own range is refused there, whatever the worker thought."""
    wire = encode_intentions([SetZoneSetpoint(ZoneRef(1, 1), 34)])
    with pytest.raises(InvalidValue):
        decode_intentions(wire, SetpointRange(5, 30))
    with pytest.raises(BadMessage):
        decode_intentions([{"set": "zone.temperature", "value": 1}], SetpointRange())


async def test_a_call_returns_the_result(tmp_path: Path) -> None:
    """JSON in, JSON out."""
    async with serving(tmp_path):
        assert await call(tmp_path, "echo", a=[1, None, "ä"]) == {"a": [1, None, "ä"]}


async def test_a_refusal_arrives_as_the_error_it_was(tmp_path: Path) -> None:
    """Family, sentence, field and time to wait cross the wire."""
    async with serving(tmp_path):
        with pytest.raises(Conflict, match="not now") as caught:
            await call(tmp_path, "refuse")
    assert (caught.value.field, caught.value.retry_after) == ("setpoint", 7)


async def test_a_fault_of_the_daemon_is_reported_there_and_not_told(tmp_path: Path) -> None:
    """The caller learns that it was no fault of its own, and no detail."""
    async with serving(tmp_path) as (_, reported):
        with pytest.raises(GatewayError, match="a fault of its own") as caught:
            await call(tmp_path, "fail")
    assert "secret" not in caught.value.message
    assert [(method, type(error)) for method, error in reported] == [("fail", ZeroDivisionError)]


async def test_an_unknown_method_is_an_error(tmp_path: Path) -> None:
    """It is named."""
    async with serving(tmp_path):
        with pytest.raises(GatewayError, match="'nonsense'"):
            await call(tmp_path, "nonsense")


async def test_waiting_calls_hold_up_no_other(tmp_path: Path) -> None:
    """Fifty calls wait, and another one is answered all the same."""
    async with serving(tmp_path) as (methods, _), asyncio.TaskGroup() as group:
        waiting = [group.create_task(_raw_call(tmp_path, "wait")) for _ in range(50)]
        while len(methods.started) < 50:
            await asyncio.sleep(0)
        assert await call(tmp_path, "echo", x=1) == {"x": 1}
        methods.gate.set()
    assert [task.result()["result"] for task in waiting] == ["done"] * 50


async def test_a_call_past_its_deadline_is_dropped(tmp_path: Path) -> None:
    """It is not started, and nothing is answered."""
    async with serving(tmp_path, clock=lambda: 100.0) as (methods, _):
        assert await _raw_call(tmp_path, "echo", deadline=99.9) is None
        assert (await _raw_call(tmp_path, "echo", deadline=100.1) or {})["result"] == {}
    assert methods.started == ["echo"]


async def test_no_daemon_is_away(tmp_path: Path) -> None:
    """With nobody at the socket the caller is told to come again."""
    with pytest.raises(DaemonAway) as caught:
        await call(tmp_path, "echo", timeout=0.3)
    assert caught.value.retry_after == 1.0


async def test_a_daemon_that_does_not_answer_is_away(tmp_path: Path) -> None:
    """Somebody listens, and says nothing."""
    async with serving(tmp_path):
        with pytest.raises(DaemonAway):
            await call(tmp_path, "wait", timeout=0.3)


async def test_a_daemon_being_restarted_is_waited_for(tmp_path: Path) -> None:
    """A call that found no socket yet is made once there is one, within its time."""
    calling = asyncio.create_task(call(tmp_path, "echo", timeout=20.0, x=1))
    for _ in range(100):
        await asyncio.sleep(0)
    async with serving(tmp_path):
        assert await calling == {"x": 1}


@pytest.mark.parametrize(
    "sent",
    [b"", b"\0", struct.pack(">I", 65537), struct.pack(">I", 3) + b"abc", struct.pack(">I", 2) + b"[]",
     struct.pack(">I", 2) + b"{}", struct.pack(">I", 16) + b'{"deadline":"x"}'],
)  # fmt: skip
async def test_nonsense_costs_only_its_own_connection(tmp_path: Path, sent: bytes) -> None:
    """The connection is closed without an answer, and the next call is served."""
    async with serving(tmp_path) as (methods, reported):
        reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
        writer.write(sent)
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        assert await call(tmp_path, "echo") == {}
    assert (methods.started, reported) == (["echo"], [])


@pytest.mark.parametrize("answer", [b"", struct.pack(">I", 2**31), struct.pack(">I", 2) + b"{}", b"\0\0\0\5[1,2]"])
async def test_a_nonsensical_answer_is_away(tmp_path: Path, answer: bytes) -> None:
    """Whatever it is that sits at the socket, the caller gets the one error it can handle."""

    async def babble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    async with await asyncio.start_unix_server(babble, tmp_path / "s"):
        with pytest.raises(DaemonAway):
            await call(tmp_path, "echo")


async def test_a_dead_daemons_socket_is_taken_over(tmp_path: Path) -> None:
    """What a killed daemon left at the path does not keep the next one out; a clean stop leaves nothing."""
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "s"))
    left.close()
    async with serving(tmp_path):
        assert await call(tmp_path, "echo") == {}
    assert not (tmp_path / "s").exists()


async def _raw_call(folder: Path, method: str, deadline: float = float("inf")) -> dict[str, Any] | None:
    """Call without the client's patience; None when the connection was closed without an answer."""
    reader, writer = await asyncio.open_unix_connection(folder / "s")
    body = json.dumps({"id": "1", "method": method, "params": {}, "deadline": min(deadline, 1e300)}).encode()
    writer.write(struct.pack(">I", len(body)) + body)
    answer = await reader.read()
    writer.close()
    return unpack(answer[4:]) if answer else None


async def test_a_call_runs_within_what_its_caller_gave(tmp_path: Path) -> None:
    """The context comes over the wire and is left when the method has ended; without one it is empty."""
    seen: list[object] = []

    @contextmanager
    def around(context: Mapping[str, str]) -> Iterator[None]:
        seen.append(dict(context))
        yield
        seen.append("left")

    async def method(_params: Mapping[str, Any]) -> None:
        seen.append("called")

    server = LinkServer(tmp_path / "s", {"m": method}, time.monotonic, lambda *fault: None, around)
    await server.open()
    try:
        await asyncio.to_thread(LinkClient(tmp_path / "s", 5.0, lambda: {"request_id": "r1"}).call, "m", {})
        await asyncio.to_thread(LinkClient(tmp_path / "s", 5.0).call, "m", {})
    finally:
        await server.close()
    assert seen == [{"request_id": "r1"}, "called", "left", {}, "called", "left"]
