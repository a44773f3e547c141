"""Changes the list of keys in the YAML file line by line: whatever else stands there stays as it is."""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from neasmart_gateway.errors import OperatorError

_BY_HAND = "write `keys:` in it as a list with a key on each line, or change it by hand"

Edit = Callable[[str], str]


def add(file: Path, entry: Mapping[str, str]) -> None:
    """Put a key behind those that there are; OperatorError when the file cannot be changed, or has one of that name."""

    def edit(text: str) -> str:
        if entry["name"] in {key["name"] for key in _keys(text)}:
            raise OperatorError(f"there is a key {entry['name']!r} already: remove it first, or take another name")
        return _with(text, entry)

    _change(file, edit, lambda keys: [*keys, dict(entry)])


def remove(file: Path, name: str) -> None:
    """Take a key out; OperatorError when the file cannot be changed, or has none of that name."""

    def edit(text: str) -> str:
        if name not in {key["name"] for key in _keys(text)}:
            raise OperatorError(f"there is no key {name!r} in {file}")
        return _without(text, name)

    _change(file, edit, lambda keys: [key for key in keys if key["name"] != name])


def _with(text: str, entry: Mapping[str, str]) -> str:
    lines, (_, value) = text.splitlines(), _node(text)
    fields = [f"{name}: {content}" for name, content in entry.items()]
    if value is None:
        blank = [""] if lines and lines[-1].strip() else []
        return _joined([*lines, *blank, "keys:", f"  - {fields[0]}", *(f"    {field}" for field in fields[1:])])
    last = value.value[-1]
    dash = lines[last.start_mark.line].index("-")
    new = [f"{' ' * dash}- {fields[0]}", *(f"{' ' * (dash + 2)}{field}" for field in fields[1:])]
    return _joined([*lines[: _end(last)], *new, *lines[_end(last) :]])


def _without(text: str, name: str) -> str:
    lines, (key, value) = text.splitlines(), _node(text)
    assert key is not None  # noqa: S101 - a key of that name was found
    assert value is not None  # noqa: S101
    entries = [yaml.safe_load(yaml.serialize(item)) for item in value.value]
    item = value.value[next(n for n, entry in enumerate(entries) if entry["name"] == name)]
    first = key.start_mark.line if len(entries) == 1 else item.start_mark.line
    return _joined(lines[:first] + lines[_end(item) :])


def _node(text: str) -> tuple[yaml.Node | None, Any]:
    """Return the nodes of `keys` and of its list; None twice where there is none."""
    root = yaml.compose(text, yaml.SafeLoader)
    if root is None:
        return None, None
    pairs = root.value if isinstance(root, yaml.MappingNode) and not root.flow_style else None
    if pairs is None:
        raise OperatorError(f"the file is not written line by line: {_BY_HAND}")
    for key, value in pairs:
        if key.value == "keys":
            if not isinstance(value, yaml.SequenceNode) or value.flow_style or not value.value:
                raise OperatorError(f"`keys` is not written line by line: {_BY_HAND}")
            return key, value
    return None, None


def _end(item: yaml.Node) -> int:
    """Return the line behind an entry, before whatever comments follow."""
    return int(max(value.end_mark.line for _, value in item.value)) + 1


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _keys(text: str) -> list[dict[str, Any]]:
    content = yaml.safe_load(text)
    return list(content.get("keys") or ()) if isinstance(content, dict) else []


def _change(file: Path, edit: Edit, expected: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    """Change the file under a lock, so that two commands at once lose nothing; and only if the result is as meant."""
    target = file.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(target):
            old = target.read_text(encoding="utf-8") if target.exists() else ""
            new = edit(old)
            before, after = yaml.safe_load(old) or {}, yaml.safe_load(new) or {}
            rest = {name: value for name, value in before.items() if name != "keys"}
            keys = expected(_keys(old))
            if after != (rest | {"keys": keys} if keys else rest):
                raise OperatorError(f"{file} cannot be changed without harm: {_BY_HAND}")
            _replace(target, new)
    except OSError as error:
        raise OperatorError(f"{file} cannot be written: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise OperatorError(f"{file} is not YAML; neasmart-gateway check-config says where") from error


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(target: Path, text: str) -> None:
    """Write beside the file, then put that in its place, with its owner and mode; a new one is its owner's alone."""
    descriptor, beside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as new:
            if target.exists():
                there = target.stat()
                os.fchmod(descriptor, stat.S_IMODE(there.st_mode))
                if (there.st_uid, there.st_gid) != (os.getuid(), os.getgid()):
                    os.fchown(descriptor, there.st_uid, there.st_gid)
            new.write(text)
            new.flush()
            os.fsync(descriptor)
        Path(beside).replace(target)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
