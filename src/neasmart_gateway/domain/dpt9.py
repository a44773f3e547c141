"""DPT 9.001, the KNX 2-byte float in which every temperature travels.

value = 0.01 · M · 2^E. Bit 15 is the sign, bits 14–11 the exponent E, bits 10–0 the mantissa; sign and mantissa
together are the 12-bit two's complement number M. Source: KNX standard 3/7/2, datapoint type 9.xxx.
"""

from __future__ import annotations

from neasmart_gateway.errors import InvalidValue

INVALID = 0x7FFF
"""The word that stands for "invalid data" in every 9.xxx type (KNX standard 3/7/2)."""

LOWEST, HIGHEST = -671_088.64, 670_433.28
"""°C; the topmost mantissa of the largest exponent would be the invalid-data word."""

_MANTISSA_MIN, _MANTISSA_MAX = -2048, 2047
_EXPONENT_MAX = 15


def decode(word: int) -> float | None:
    """Return the °C that a 16-bit word stands for, None for the invalid-data word.

    Raises InvalidValue when `word` is not a 16-bit number.
    """
    if not 0 <= word <= 0xFFFF:
        raise InvalidValue(f"{word} is not a 16-bit register word (0 to 65535)")
    if word == INVALID:
        return None
    mantissa = (word & 0x07FF) - (0x0800 if word & 0x8000 else 0)
    exponent = (word >> 11) & 0x0F
    # Whole hundredths first: one division at the end keeps 19.9 printing as 19.9.
    return (mantissa << exponent) / 100


def encode(celsius: float) -> int:
    """Return the nearest 16-bit word for a temperature in °C, with the smallest exponent that fits.

    Raises InvalidValue for NaN, infinities and what lies outside LOWEST … HIGHEST.
    """
    if not LOWEST <= celsius <= HIGHEST:
        raise InvalidValue(f"{celsius} °C is outside what DPT 9.001 can carry ({LOWEST} to {HIGHEST})")
    hundredths = celsius * 100
    for exponent in range(_EXPONENT_MAX + 1):
        mantissa = round(hundredths / (1 << exponent))
        if _MANTISSA_MIN <= mantissa <= _MANTISSA_MAX:
            break
    return (0x8000 if mantissa < 0 else 0) | exponent << 11 | mantissa & 0x07FF
