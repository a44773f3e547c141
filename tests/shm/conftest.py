"""Processes that a test starts are gone when it ends."""

from collections.abc import Iterator

import pytest

from tests.shm.memories import Image
from tests.shm.processes import Child, Fork, Work


@pytest.fixture
def fork() -> Iterator[Fork]:
    """Fork a child to do some work; killed and reaped at the end, should it still be there."""
    children: list[Child] = []

    def start(work: Work) -> Child:
        children.append(Child(work))
        return children[-1]

    yield start
    for child in children:
        child.kill()
        child.wait()


@pytest.fixture
def image() -> Image:
    """An empty register image."""
    return Image()
