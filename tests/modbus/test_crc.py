"""The checksum of Modbus RTU is the one that pymodbus computes, and a frame that carries its own leaves nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU

from neasmart_gateway.modbus import crc


@pytest.mark.parametrize(
    ("data", "checksum"),
    [
        ("", "ff ff"),
        ("02 07", "41 12"),  # MODBUS over Serial Line V1.02, section 6.2.2
        ("f0 03 00 64 00 03", "51 35"),
        ("00 10 00 66 00 01 02 0c 1a", "26 cd"),
    ],
)
def test_known_checksums(data: str, checksum: str) -> None:
    """The checksum is sent low byte first."""
    frame = bytes.fromhex(data)
    assert crc.sealed(frame) == frame + bytes.fromhex(checksum)


@given(st.binary(max_size=300))
def test_pymodbus_computes_the_same(data: bytes) -> None:
    """pymodbus gives the two bytes as they stand in the frame."""
    assert crc.sealed(data) == data + FramerRTU.compute_CRC(data).to_bytes(2, "big")


@given(st.binary(max_size=300), st.integers(0, 300))
def test_it_may_be_computed_in_parts(data: bytes, cut: int) -> None:
    """The register goes on where it stopped, and is 0 behind a frame with its right checksum."""
    frame = crc.sealed(data)
    assert crc.crc16(frame[cut:], crc.crc16(frame[:cut])) == 0


@given(st.binary(min_size=1, max_size=60), st.data())
def test_a_hit_bit_is_seen(data: bytes, where: st.DataObject) -> None:
    """One bit changed anywhere, the checksum included, and it is wrong."""
    frame = bytearray(crc.sealed(data))
    bit = where.draw(st.integers(0, 8 * len(frame) - 1))
    frame[bit // 8] ^= 1 << bit % 8
    assert crc.crc16(frame) != 0
