"""Captures of a running gateway: the real tshark decodes them without being told anything, and they can be replayed."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from neasmart_gateway.modbus import capture
from neasmart_gateway.modbus.crc import sealed
from neasmart_gateway.modbus.mbap import TcpFrame
from tests.running import DEADLINE, Gateway, eventually, free_ports, running

TWENTY_ONE = 0x0C1A
"""21.00 °C as DPT 9.001."""
FIELDS = (
    "frame.interface_name", "_ws.col.Protocol", "_ws.col.Info", "modbus.func_code", "modbus.reference_num",
    "modbus.regnum16", "modbus.regval_uint16", "modbus.exception_code", "modbus.request_frame", "frame.comment",
    "data.data",
)  # fmt: skip


def rtu(text: str) -> bytes:
    return sealed(bytes.fromhex(text))


@contextmanager
def house(folder: Path) -> Iterator[tuple[Gateway, int]]:
    """A gateway, and the port at which it listens for RTU."""
    (port,) = free_ports(1)
    (folder / "data").mkdir()
    listener = {"name": "line", "type": "rtu-over-tcp", "address": "127.0.0.1", "port": port}
    structures = [{"base_id": 1, "base_label": "Ground floor", "zones": [{"id": 1, "label": "Living room"}]}]
    (folder / "data" / "config.yaml").write_text(yaml.safe_dump({"listeners": [listener], "structures": structures}))
    with running(folder) as gateway:
        yield gateway, port


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as connection:
        yield connection


def says(connection: socket.socket, frame: bytes, answer: int) -> bytes:
    """Send a frame, and wait for so many bytes."""
    connection.sendall(frame)
    heard = b""
    while len(heard) < answer:
        part = connection.recv(answer - len(heard))
        assert part, "the gateway has closed the connection"
        heard += part
    return heard


def is_heard(gateway: Gateway, connection: socket.socket, data: bytes) -> None:
    """Say something that nobody answers, and wait until it is in the ring of frames."""

    def latest() -> int:
        return int(gateway.get("/api/v1/bus/frames?limit=1").json["latest"])

    before = latest()
    connection.sendall(data)
    eventually(lambda: latest() > before, f"{data.hex()} is heard")


def speak(gateway: Gateway, line: int) -> None:
    """Say one of everything: on the line, and over Modbus TCP."""
    with connected(line) as connection:
        says(connection, rtu(f"f0060066{TWENTY_ONE:04x}"), 8)
        says(connection, rtu("f00300660001"), 7)
        says(connection, rtu("f103ffff0002"), 5)
        says(connection, rtu(f"f11000c8000204000108{TWENTY_ONE & 0xFF:02x}"), 8)
        # Nobody answers these: each is waited for until it was heard.
        for data in (rtu("0010012e000102" + f"{TWENTY_ONE:04x}"), rtu("110300640002"), rtu("11030400010002")):
            is_heard(gateway, connection, data)
        is_heard(gateway, connection, b"\xff\xee\xdd")
        says(connection, rtu("f00300660001"), 7)
    with connected(gateway.modbus_port) as connection:
        says(connection, TcpFrame(7, 240, bytes.fromhex("0300660002")).encode(), 13)


def command(gateway: Gateway, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "neasmart_gateway", *arguments],
        cwd=gateway.folder, env=gateway.environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A capture of all that was said."""
    folder = tmp_path_factory.mktemp("captured")
    with house(folder) as (gateway, line):
        speak(gateway, line)
        eventually(lambda: gateway.get("/api/v1/bus/frames").json["latest"] >= 16, "all frames are in the ring")
        done = command(gateway, "capture", "--minutes", "5", "-o", "bus.pcapng")
        assert (done.returncode, done.stderr) == (0, "")
    return folder / "bus.pcapng"


@pytest.fixture(scope="module")
def decoded(captured: Path) -> list[dict[str, str]]:
    """What tshark makes of it, without any option of ours."""
    arguments = ["tshark", "-r", str(captured), "-T", "fields", *(part for name in FIELDS for part in ("-e", name))]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=True)
    return [dict(zip(FIELDS, line.split("\t"), strict=True)) for line in done.stdout.splitlines()]


def of(decoded: list[dict[str, str]], verdict: str, function: str = "") -> list[dict[str, str]]:
    """The frames with this verdict."""
    return [
        row
        for row in decoded
        if f"verdict={verdict} " in row["frame.comment"] and function in ("", row["modbus.func_code"])
    ]


@pytest.mark.needs("tshark")
def test_tshark_tells_queries_from_responses(decoded: list[dict[str, str]]) -> None:
    """All requests are queries and all answers responses; also of function 6, whose answer is the request again."""
    requests = [*of(decoded, "request"), *of(decoded, "foreign_request"), *of(decoded, "broadcast")]
    answers = [*of(decoded, "answer"), *of(decoded, "foreign_answer")]
    assert (len(requests), len(answers)) == (8, 7)
    assert [row for row in requests if "Query: " not in row["_ws.col.Info"]] == []
    assert [row for row in answers if "Response: " not in row["_ws.col.Info"]] == []
    assert {row["modbus.func_code"] for row in requests} == {"3", "6", "16"}


@pytest.mark.needs("tshark")
def test_tshark_knows_registers_and_words(decoded: list[dict[str, str]]) -> None:
    """An answer is paired with its request, so each word has its register; broadcasts and foreign frames too."""
    single = of(decoded, "answer", "3")[0]
    assert (single["modbus.regnum16"], single["modbus.regval_uint16"]) == ("102", str(TWENTY_ONE))
    (written,) = of(decoded, "request", "6")
    assert written["modbus.reference_num"] == "102"
    (broadcast,) = of(decoded, "broadcast")
    assert (broadcast["modbus.regnum16"], broadcast["modbus.regval_uint16"]) == ("302", str(TWENTY_ONE))
    (foreign,) = of(decoded, "foreign_answer")
    assert (foreign["modbus.regnum16"], foreign["modbus.regval_uint16"]) == ("100,101", "1,2")


@pytest.mark.needs("tshark")
def test_tshark_decodes_exceptions(decoded: list[dict[str, str]]) -> None:
    """Illegal data address, on function 3."""
    (refused,) = (row for row in of(decoded, "answer") if row["modbus.exception_code"])
    assert (refused["modbus.func_code"], refused["modbus.exception_code"]) == ("3", "2")


@pytest.mark.needs("tshark")
def test_tshark_shows_noise_as_data(decoded: list[dict[str, str]]) -> None:
    """With the verdict in its comment."""
    noise = [row for row in decoded if not row["modbus.func_code"]]
    assert "".join(row["data.data"] for row in noise) == "ffeedd"
    assert {row["frame.comment"].split()[1] for row in noise} == {"listener=line"}


@pytest.mark.needs("tshark")
def test_tshark_sees_both_ways_in(decoded: list[dict[str, str]]) -> None:
    """An interface each, RTU on one and Modbus TCP on the other; the peer stands in the comment."""
    tcp = [row for row in decoded if row["frame.interface_name"] == "tcp"]
    assert [row["_ws.col.Protocol"] for row in tcp] == ["Modbus/TCP", "Modbus/TCP"]
    assert tcp[1]["modbus.regnum16"] == "102,103"
    assert {row["frame.interface_name"] for row in decoded} == {"line", "tcp"}
    assert all("peer=127.0.0.1" in row["frame.comment"] for row in decoded)


@pytest.mark.needs("tshark")
def test_tshark_finds_nothing_malformed(captured: Path) -> None:
    """And every checksum right, when it is asked to look at them."""
    arguments = ["tshark", "-r", str(captured), "-o", "mbrtu.crc_verification:TRUE", "-Y"]
    found = [
        subprocess.run([*arguments, wanted], capture_output=True, text=True, timeout=60, check=True).stdout
        for wanted in ("_ws.malformed", "mbrtu.crc16.status == 0 || _ws.expert.severity >= 6291456")
    ]
    assert found == ["", ""]


def test_a_capture_is_replayed(captured: Path, tmp_path: Path) -> None:
    """Another gateway hears on its line what the first one heard, and learns the same house from it."""
    with house(tmp_path) as (gateway, line):
        heard = [one for one in capture.read(captured.read_bytes()) if one.direction == "in"]
        arguments = ["simulate", "--replay", str(captured), "--speed", "2", "--connect"]
        done = command(gateway, *arguments, f"rtu://127.0.0.1:{line}")
        of_the_line = [one.data for one in heard if one.framing == "rtu"]
        assert done.stdout.startswith(f"{len(of_the_line)} frames played, ")
        assert done.returncode == 0
        done = command(gateway, *arguments, f"127.0.0.1:{gateway.modbus_port}")
        assert (done.stdout, done.returncode) == ("1 frames played, 13 bytes came back\n", 0)
        frames = gateway.get("/api/v1/bus/frames?limit=1000").json["frames"]
        again = b"".join(bytes.fromhex(f["data"]) for f in frames if (f["listener"], f["direction"]) == ("line", "in"))
        assert again == b"".join(of_the_line)
        zones = {(zone["zone"], zone["temperature"]) for zone in gateway.get("/api/v1/zones").json["zones"]}
        assert zones >= {(1, 21.0), (3, 21.0)}


def test_the_bus_and_the_house_of_a_running_gateway(tmp_path: Path) -> None:
    """Counters, rhythms and frames over HTTP, and the section for the settings from the command line."""
    with house(tmp_path) as (gateway, line):
        speak(gateway, line)
        bus = gateway.get("/api/v1/bus").json
        by_name = {one["name"]: one for one in bus["listeners"]}
        assert by_name["line"]["counters"]["requests"] == 5
        assert by_name["line"]["foreign_units"] == [{"unit": 17, "frames": 2}]
        assert by_name["tcp"]["counters"]["answers"] == 1
        assert {one["address"]: one["name"] for one in bus["registers"]}[102] == "zone.temperature"
        topology = gateway.get("/api/v1/topology").json
        seen = {(one["zone"], one["label"], one["presence"], one["configured"]) for one in topology["zones"]}
        assert seen >= {(1, "Living room", "heard", True), (3, "Zone 1.3", "heard", False)}
        done = command(gateway, "topology", "--yaml")
        assert yaml.safe_load(done.stdout)["structures"][0]["zones"][0] == {"id": 1, "label": "Living room"}
        assert done.stdout.splitlines()[-1].startswith("# 1.1:Living room,1.2:Zone 1.2,1.3:Zone 1.3")
