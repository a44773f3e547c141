"""The command line in the process of the test: many runs of it cost little."""

import os
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from unittest import mock

from neasmart_gateway.cli import main


@dataclass(frozen=True)
class Done:
    """How a run ended."""

    returncode: int
    stdout: str
    stderr: str


def run(folder: Path, *arguments: str, **settings: str) -> Done:
    """As a person runs it in a folder, with settings and without any that the machine may have."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NEASMART_")} | settings
    out, err, status = StringIO(), StringIO(), 0
    with (
        mock.patch.dict(os.environ, environment, clear=True),
        mock.patch.object(sys, "argv", ["neasmart-gateway", *arguments]),
        chdir(folder), redirect_stdout(out), redirect_stderr(err),
    ):  # fmt: skip
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
    return Done(status, out.getvalue(), err.getvalue())
