"""Captures of the line: what a frame becomes, and that it comes back as it was."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neasmart_gateway.modbus import capture, crc, pcapng
from neasmart_gateway.modbus.capture import Captured, NotACapture, Writer

AT = 1_767_225_600.25


def rtu(text: str) -> bytes:
    """A frame with its checksum."""
    return crc.sealed(bytes.fromhex(text))


def one(verdict: str, data: bytes, framing: str = "rtu", direction: str = "in", **more: str) -> Captured:
    return Captured(AT, more.get("listener", "serial"), more.get("peer", ""), direction, verdict, framing, data)


def written(*frames: Captured) -> bytes:
    writer = Writer("test")
    return writer.head() + b"".join(map(writer.frame, frames))


SAMPLES = [
    one("request", rtu("f00300640002")),
    one("answer", rtu("f0030400010c1a"), direction="out"),
    one("request", rtu("f006006608ff")),
    one("answer", rtu("f006006608ff"), direction="out"),
    one("answer", rtu("f0e501"), direction="out"),
    one("broadcast", rtu("0010006600020408340c1a")),
    one("foreign_request", rtu("110100130025")),
    one("foreign_answer", rtu("11010503040506aa")),
    one("foreign_answer", rtu("110103aabbcc")),
    one("own_echo", rtu("f0030400010c1a")),
    one("answer_as_us", rtu("f1030400010c1a")),
    one("proprietary", rtu("114512345678")),
    one("bad_crc", bytes.fromhex("f003006400020000")),
    one("truncated", bytes.fromhex("f003")),
    one("noise", b"\xff"),
    one("withheld_late", rtu("f0030400010c1a"), direction="out"),
    one("request", bytes.fromhex("000100000006f00300640002"), "mbap", listener="tcp", peer="192.0.2.10"),
    one("answer", bytes.fromhex("000100000007f0030400010c1a"), "mbap", "out", listener="tcp", peer="fe80::1"),
]


def test_every_kind_of_frame_comes_back_as_it_was() -> None:
    """Also those that stand in another envelope for tshark's sake."""
    assert list(capture.read(written(*SAMPLES))) == SAMPLES


@given(st.lists(st.sampled_from(SAMPLES), max_size=8), st.binary(max_size=260))
def test_order_and_noise_do_not_matter(frames: list[Captured], noise: bytes) -> None:
    """Any mixture is read as it was written."""
    mixture = [*frames, one("noise", noise), *frames]
    assert list(capture.read(written(*mixture))) == mixture


@given(unit=st.integers(1, 247), function=st.integers(1, 127), rest=st.binary(max_size=250), request=st.booleans())
def test_any_valid_frame_comes_back(unit: int, function: int, rest: bytes, request: bool) -> None:
    """Whatever its function and length."""
    frame = one("foreign_request" if request else "foreign_answer", crc.sealed(bytes((unit, function)) + rest))
    assert list(capture.read(written(frame))) == [frame]


def test_each_listener_is_an_interface() -> None:
    """Which stands once in the file, before its first frame."""
    frames = [one("noise", b"\x00", listener=name) for name in ("serial", "tcp", "serial")]
    found = list(pcapng.packets(written(*frames), capture.LINK_TYPE))
    assert [packet.interface for packet in found] == [0, 1, 0]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"GIF89a", "does not begin"),
        (
            pcapng.section("x") + pcapng.interface("x", 252) + pcapng.packet(pcapng.Packet(1.0, 0, "in", "hello", b"")),
            "does not say its verdict",
        ),
        (
            pcapng.section("x")
            + pcapng.interface("x", 252)
            + pcapng.packet(pcapng.Packet(1.0, 0, "in", "verdict=a listener=b peer=- framing=rtu", b"\0\0")),
            "tags have no end",
        ),
    ],
)
def test_a_capture_of_others_is_refused(content: bytes, why: str) -> None:
    """It does not say what a replay must know."""
    with pytest.raises(NotACapture, match=why):
        list(capture.read(content))


QUESTIONS = {
    1: "00130025", 2: "00c40016", 3: "006b0003", 4: "00080001", 5: "00acff00", 6: "00010003", 8: "0000a537",
    15: "0013000a02cd01", 16: "0001000204000a0102", 22: "000400f20025", 23: "00030006000e00010200ff", 101: "0000",
}  # fmt: skip
ANSWERS = {
    1: "03cd6b05", 2: "01ac", 3: "06022b00000064", 4: "02000a", 5: "00acff00", 6: "00010003", 8: "0000a537",
    15: "0013000a", 16: "00010002", 22: "000400f20025", 23: "0400fe0acd", 0x83: "02", 0xE5: "01",
}  # fmt: skip


def alternatives() -> list[tuple[str, Captured]]:
    """Requests and answers of every function there is, for units at the ends of each range."""
    found = []
    for unit in (0, 1, 17, 240, 247, 248, 255):
        verdict = "foreign_request" if unit else "broadcast"
        found += [("Query", one(verdict, rtu(f"{unit:02x}{f:02x}{rest}"))) for f, rest in QUESTIONS.items()]
    for unit in (1, 17, 240, 247, 248, 255):
        found += [("Response", one("foreign_answer", rtu(f"{unit:02x}{f:02x}{rest}"))) for f, rest in ANSWERS.items()]
    return found


@pytest.mark.needs("tshark")
def test_tshark_is_right_about_every_function(tmp_path: Path) -> None:
    """Query or response, the unit, and nothing malformed: whatever the function, and whatever unit it is for."""
    (tmp_path / "bus.pcapng").write_bytes(written(*(frame for _, frame in alternatives())))
    arguments = ["tshark", "-r", "bus.pcapng", "-T", "fields", "-e", "_ws.col.Info", "-e", "_ws.malformed"]
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    wrong = [
        (wanted, frame.data.hex(), line)
        for (wanted, frame), line in zip(alternatives(), done.stdout.splitlines(), strict=True)
        if f"{wanted}: " not in line or f"Unit: {frame.data[0]:3}, " not in line or not line.endswith("\t")
    ]
    assert wrong == []
