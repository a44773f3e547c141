"""A register map in a dict, for everything that asks for cells."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from neasmart_gateway.domain.readings import Cell


@dataclass
class CellMap:
    """Gives the cells it was filled with and empty ones elsewhere; remembers which addresses were asked for."""

    held: dict[int, Cell] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)

    def __call__(self, address: int) -> Cell:
        self.asked.append(address)
        return self.held.get(address, Cell(address))


def cells(words: Mapping[int, int], written_at: float = 1.0) -> CellMap:
    """Cells that the base has written, all at one time."""
    return CellMap({a: Cell(a, reported=word, written_at=written_at) for a, word in words.items()})
