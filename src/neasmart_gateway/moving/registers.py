"""What the numbers in an older gateway's database are: measurements, commands, or nothing that we know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from neasmart_gateway.domain.registers import ADDRESS_SPACE, PLACES, Access, Place
from neasmart_gateway.domain.zones import ZoneRef
from neasmart_gateway.errors import OperatorError


class Predecessor(StrEnum):
    """Whose database it is: their keys differ."""

    MATTEO = "matteo"
    GIACOMO = "giacomo"

    @property
    def first_key(self) -> int:
        """The key under which wire address 0 is kept."""
        return int(self is Predecessor.GIACOMO)


@dataclass(frozen=True, slots=True)
class Measurement:
    """A word that can be imported: its wire address, what it is, and what it says."""

    address: int
    word: int
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A number that makes no sense where it stands, and why."""

    address: int
    number: int
    reason: str


@dataclass(slots=True)
class Sorted:
    """All numbers that are not 0, by what becomes of them; `unknown` and `commands` are wire addresses.

    `other` is the gateway whose database it may be just as well, None: the numbers make less sense as anybody else's.
    """

    measurements: list[Measurement] = field(default_factory=list)
    commands: list[int] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    senseless: list[LeftOut] = field(default_factory=list)
    other: Predecessor | None = None


def sort(numbers: Mapping[int, int], whose: Predecessor) -> Sorted:
    """Sort what the database of `whose` gateway holds, number by key; OperatorError when it must be the other's.

    The old gateways fill every register with 0 at first, so that 0 does not tell whether the base ever wrote it: it
    counts as unknown and is passed over.
    """
    found = Sorted(other=_must_fit(numbers, whose))
    for key, number in sorted(numbers.items()):
        if number != 0:
            _put(found, key - whose.first_key, number)
    return found


def _put(found: Sorted, address: int, number: int) -> None:
    place = PLACES.get(address)
    if not (0 <= address < ADDRESS_SPACE and 0 <= number < 0x10000):
        found.senseless.append(LeftOut(address, number, "no register, or no 16-bit word"))
    elif place is None:
        found.unknown.append(address)
    elif place.row.access is Access.COMMAND:
        found.commands.append(address)
    else:
        reading = place.row.codec.decode(number)
        if reading.reason is not None:
            found.senseless.append(LeftOut(address, number, f"{name_of(place)}: {reading.reason}"))
        else:
            shown = ("off", "on")[reading.value] if isinstance(reading.value, bool) else str(reading.value)
            value = f"{shown} {place.row.codec.unit}".rstrip()
            found.measurements.append(Measurement(address, number, name_of(place), value))


def name_of(place: Place) -> str:
    """Return what a register is, for people: "zone 1.2 temperature"."""
    row, number = place.row, ""
    if row.group == "zone":
        ref = ZoneRef.at(place.index)
        number = f"{ref.base}.{ref.zone} "
    elif row.count > 1:
        number = f"{place.index + 1} "
    return f"{row.group} {number}{row.field}".replace("_", " ")


def _must_fit(numbers: Mapping[int, int], whose: Predecessor) -> Predecessor | None:
    """Refuse a file that reads better as the other gateway's: setpoints would be taken for temperatures.

    Returns that other one when it reads as well as either.
    """
    other = next(one for one in Predecessor if one is not whose)
    here, there = _fits(numbers, whose), _fits(numbers, other)
    if there > here:
        raise OperatorError(
            f"this is not a database of {whose}'s gateway: read so, {here} registers make sense, and {there} as one of "
            f"{other}'s. Nothing was imported; say --from {other}"
        )
    return other if there == here else None


def _fits(numbers: Mapping[int, int], whose: Predecessor) -> int:
    places = ((PLACES.get(key - whose.first_key), number) for key, number in numbers.items() if 0 < number < 0x10000)
    return sum(place is not None and place.row.codec.decode(number).value is not None for place, number in places)
