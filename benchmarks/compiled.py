"""Programs in C, compiled where there is a compiler: lean clients, and servers that nobody here wrote."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

_SOURCES = Path(__file__).parent / "children"


class NotCompiled(Exception):
    """There is no such program on this machine."""


def compiled(name: str, folder: Path, *libraries: str) -> Path:
    """Compile a source of `children/` into the folder; return the program, or raise NotCompiled with the reason."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise NotCompiled("no C compiler (Debian: apt install gcc libc6-dev libmodbus-dev)")
    program = folder / name
    command = [compiler, "-O2", "-I/usr/include/modbus", "-o", str(program), str(_SOURCES / f"{name}.c")]
    command += [f"-l{library}" for library in libraries]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotCompiled(f"it does not compile (Debian: apt install libmodbus-dev): {done.stderr.splitlines()[0]}")
    return program
