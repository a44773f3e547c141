"""A process that writes numbered lines into a log file: FILE MAX_BYTES KEEP NAME COUNT."""

import logging
import sys
from pathlib import Path

from neasmart_gateway.logs.file import LogFile


def main() -> None:
    """Write them, without a pause."""
    path, max_bytes, keep, name, count = sys.argv[1:]
    handler = LogFile(Path(path), int(max_bytes), int(keep), logging.NullHandler())
    for number in range(int(count)):
        handler.handle(
            logging.LogRecord("", logging.INFO, "", 0, f"<{name} {number} {'x' * (number % 90)}>", None, None)
        )


if __name__ == "__main__":
    main()
