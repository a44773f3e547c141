"""Reads Dockerfiles as far as ours go: instructions, what is copied from where, the environment, the health check."""

import fnmatch
import json
import shlex
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True)
class Instruction:
    """One instruction: its word in capitals, and the rest of the line."""

    word: str
    rest: str


class Dockerfile:
    """What a file says, of all of its stages together."""

    def __init__(self, file: Path) -> None:
        lines = [line for line in file.read_text().splitlines() if line.strip() and not line.startswith("#")]
        whole = "\n".join(lines).replace("\\\n", " ").splitlines()
        self.instructions = [Instruction(*line.split(maxsplit=1)) for line in whole]

    def all(self, word: str) -> list[str]:
        return [one.rest for one in self.instructions if one.word == word]

    @property
    def copied(self) -> list[str]:
        """What is copied from the folder that is built in."""
        lines = [shlex.split(rest) for rest in self.all("COPY")]
        return [source for line in lines if not line[0].startswith("--from=") for source in line[:-1]]

    @property
    def environment(self) -> dict[str, str]:
        return dict(pair.split("=", 1) for rest in self.all("ENV") for pair in shlex.split(rest))

    @property
    def health_check(self) -> list[str]:
        (rest,) = self.all("HEALTHCHECK")
        command: list[str] = json.loads(rest.partition("CMD ")[2])
        return command

    @property
    def command(self) -> list[str]:
        """What the container runs."""
        return [word for rest in (*self.all("ENTRYPOINT"), *self.all("CMD")) for word in json.loads(rest)]


def is_ignored(path: str, rules: list[str]) -> bool:
    """Whether .dockerignore leaves a path out: the last rule that fits it, or a folder above it, counts."""
    ignored = False
    ways = [str(way) for way in (PurePosixPath(path), *PurePosixPath(path).parents) if str(way) != "."]
    for rule in rules:
        pattern = rule.removeprefix("!").removeprefix("**/")
        if any(fnmatch.fnmatch(way, pattern) or fnmatch.fnmatch(PurePosixPath(way).name, pattern) for way in ways):
            ignored = not rule.startswith("!")
    return ignored
