"""The file itself: a zip that only its owner can read, new, and never larger than it may be."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

from neasmart_gateway.errors import OperatorError

MOST_BYTES = 10_000_000
"""Of all parts together, before they are compressed."""
_KEPT_FREE = 100_000
"""For what tells of all others."""


class Parts:
    """The parts of a bundle by name, and what is missing or cut short, with the reason."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._room = most_bytes - _KEPT_FREE
        self.contents: dict[str, bytes] = {}
        self.remarks: list[str] = []

    def add(self, name: str, content: bytes) -> None:
        """Add a part, or of its end what there is room for: the newest stands there."""
        if len(content) > self._room:
            self.remarks.append(f"{name}: only its last {self._room} bytes of {len(content)}, there was no more room")
            content = content[len(content) - self._room :]
        self._room -= len(content)
        self.contents[name] = content

    def missing(self, name: str, reason: str) -> None:
        self.remarks.append(f"{name}: {reason}")


def must_be_new(file: Path) -> None:
    """OperatorError when there is such a file already, or nobody can tell."""
    try:
        file.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise _cannot(file, error) from None
    raise _exists(file)


def write(file: Path, contents: Mapping[str, bytes]) -> None:
    """Write a new file, mode 0600; OperatorError when there is one already or it cannot be written."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise _exists(file) from None
    except OSError as error:
        raise _cannot(file, error) from None
    try:
        with os.fdopen(descriptor, "wb") as opened, zipfile.ZipFile(opened, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in contents.items():
                archive.writestr(name, content)
    except BaseException as error:
        file.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _cannot(file, error) from None
        raise


def _exists(file: Path) -> OperatorError:
    return OperatorError(f"{file} exists already: name another file, or remove it first")


def _cannot(file: Path, error: OSError) -> OperatorError:
    return OperatorError(f"cannot write {file}: {error.strerror}")
