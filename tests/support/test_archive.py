"""The file: bounded, for its owner alone, and never in place of another."""

import os
import zipfile
from pathlib import Path

import pytest

from neasmart_gateway.errors import OperatorError
from neasmart_gateway.support.archive import MOST_BYTES, Parts, must_be_new, write


def test_it_is_bounded() -> None:
    """What has no room is cut, its end stays, and that is said."""
    parts = Parts()
    parts.add("small.txt", b"small")
    parts.add("log.txt", b"a" * MOST_BYTES + b"the end")
    parts.add("more.txt", b"no room")
    assert sum(map(len, parts.contents.values())) <= MOST_BYTES
    assert parts.contents["small.txt"] == b"small"
    assert parts.contents["log.txt"].endswith(b"the end")
    assert [remark.split(":")[0] for remark in parts.remarks] == ["log.txt", "more.txt"]


def test_its_owner_alone_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "bundle.zip"
    before = os.umask(0)
    try:
        write(file, {"a.txt": b"a", "b/c.txt": b"c"})
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(file) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {"a.txt": b"a", "b/c.txt": b"c"}


@pytest.mark.parametrize("kind", ["file", "link"])
def test_nothing_is_overwritten(tmp_path: Path, kind: str) -> None:
    """Neither a file nor what a link leads to, be it there or not."""
    file = tmp_path / "bundle.zip"
    file.write_text("mine") if kind == "file" else file.symlink_to(tmp_path / "elsewhere")
    for attempt in (lambda: must_be_new(file), lambda: write(file, {})):
        with pytest.raises(OperatorError, match="exists already"):
            attempt()
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("place", ["nowhere/bundle.zip", "x" * 300])
def test_where_nothing_can_be_written(tmp_path: Path, place: str) -> None:
    with pytest.raises(OperatorError, match="cannot write"):
        write(tmp_path / place, {"a": b"a"})


def test_nothing_half_done_is_left(tmp_path: Path) -> None:
    """A disk that is full leaves no file behind."""
    file = tmp_path / "bundle.zip"
    with pytest.raises(TypeError):
        write(file, {"a": None})  # type: ignore[dict-item]
    assert not file.exists()
