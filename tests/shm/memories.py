"""Shared memory as the gateway makes it: anonymous, and seen by every process forked afterwards."""

import json
import mmap
from dataclasses import dataclass, field

from neasmart_gateway.shm.header import HEADER_SIZE, Header
from neasmart_gateway.shm.image import IMAGE_SIZE, ImageReader, ImageWriter


def shared(size: int) -> memoryview:
    """Zeroed bytes that forked processes have in common."""
    return memoryview(mmap.mmap(-1, size))


def padded(size: int, **record: object) -> dict[str, object]:
    """A record whose compact JSON has exactly so many bytes."""
    bare = json.dumps({**record, "text": ""}, separators=(",", ":"))
    return {**record, "text": "x" * (size - len(bare))}


@dataclass
class Pauses:
    """Stands in for sleep: notes each pause, and does nothing else."""

    taken: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


class Image:
    """A register image with its header, its writer and one reader that never really sleeps."""

    def __init__(self) -> None:
        memory = shared(HEADER_SIZE + IMAGE_SIZE)
        self.header = Header(memory[:HEADER_SIZE])
        self.header.prepare()
        self.memory = memory[HEADER_SIZE:]
        self.pauses = Pauses()
        self.reader = self.new_reader()
        self.writer = ImageWriter(self.memory, self.header)

    def new_reader(self) -> ImageReader:
        """A reader that has not seen anything yet, like that of a new HTTP worker."""
        return ImageReader(self.memory, self.pauses)
