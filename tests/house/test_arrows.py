"""Dependencies go one way: every import in the package follows an arrow of the table below."""

import ast
import graphlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src"
PACKAGE = "neasmart_gateway"

# Who may import whom: folders and top-level modules of the package. Each may import itself, `errors` and the package's
# own `__version__` besides. A dotted name allows that one module and not its siblings.
ARROWS = {
    "errors": [],
    "escaping": [],
    "sparing": [],
    "domain": [],
    "modbus": [],
    "shm": ["domain"],
    "store": ["domain"],
    "desk": ["shm", "store", "domain"],
    "bus": ["desk", "modbus", "domain"],
    "mqtt": ["desk", "shm", "domain"],
    "diagnostics": ["domain"],
    "faults": ["bus.wire", "modbus", "store.journal", "shm.drills", "domain"],
    "link": ["domain"],
    "daemon": [
        "bus", "mqtt", "desk", "store", "shm", "link", "domain", "diagnostics", "faults", "settings", "logs", "metrics",
    ],
    # Two ways to read the file, both read-only: what happened, and what was measured.
    "manager": ["shm", "store.queries", "store.series.reading", "store.series.rollup", "link", "domain", "sparing"],
    "api": ["manager", "domain", "logs", "metrics"],
    "simulator": ["modbus", "domain"],
    "support": ["settings", "store"],
    "moving": ["domain"],
    "ha_yaml": ["domain"],
    "compat_test": ["domain"],
    "web": [],
    "settings": ["domain"],
    "logs": ["escaping"],
    "metrics": ["shm", "domain"],
}  # fmt: skip

# Composition roots build what the others only take; they may import everything, and nothing but a root imports them.
ROOTS = [
    "cli", "bus_commands", "key_commands", "moving_commands", "moving_config_command", "compare_command", "key_file",
    "doctor_command", "health_command", "compat_test_command", "ha_yaml_command", "support_command",
    "supervisor_broker", "rest_client", "demo",
    "__main__", "wsgi", "supervised", "gunicorn_config", "runtime", "http_worker", "certificate",
]  # fmt: skip

# Foreign packages that have one home, so that their types and errors are translated there.
FOREIGN = {
    "pymodbus": ["bus"],
    "flask": ["api", "wsgi"],
    "flask_cors": ["api"],
    "flask_limiter": ["api"],
    "limits": ["api", "manager"],
    "redis": ["manager"],
    "flasgger": ["api"],
    "werkzeug": ["api", "wsgi"],
    "aiomqtt": ["mqtt"],
    "paho": ["mqtt"],
    "serial": ["bus", "simulator"],
    "sqlite3": ["store"],
    "gunicorn": ROOTS,
    "pybreaker": ["manager"],
    "prometheus_client": ["metrics"],
    "pydantic_settings": ["settings"],
}

# Values in, values out: these import this much of the standard library and nothing else, and ask nobody for the time.
PURE = ["domain", "modbus"]
PURE_LIBRARY = (
    "__future__ abc array binascii bisect collections contextlib copy dataclasses datetime decimal enum fractions "
    "functools heapq itertools math numbers operator re string struct textwrap types typing zlib"
)
IMPURE_CALLS = {"breakpoint", "input", "now", "open", "print", "today", "utcnow"}


@dataclass(frozen=True)
class Import:
    """One import statement: the module it stands in, what it names in full, and its line."""

    importer: str
    target: str
    line: int

    @property
    def unit(self) -> str:
        """The folder or top-level module that imports; empty for the package itself."""
        return unit(self.importer)

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.target}"


def unit(module: str) -> str:
    """The row of the table that a module of the package belongs to."""
    return module.partition(".")[2].partition(".")[0]


def modules(src: Path) -> dict[str, Path]:
    """Every module below src by its dotted name; a package by the name of its folder."""
    paths = {path.relative_to(src).with_suffix(""): path for path in sorted((src / PACKAGE).rglob("*.py"))}
    return {".".join(p.parent.parts if p.name == "__init__" else p.parts): path for p, path in paths.items()}


def targets(node: ast.AST, importer: str, known: dict[str, Path]) -> list[str]:
    """What a node imports, in full names; `from package import module` names the module."""
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=name, names=names, level=level):
            base = absolute(name or "", level, importer, known)
            return [deeper if (deeper := f"{base}.{alias.name}") in known else base for alias in names]
        case ast.Call(
            func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
            args=[ast.Constant(value=str(name)), *_],
        ):
            return [name]
    return []


def absolute(name: str, level: int, importer: str, known: dict[str, Path]) -> str:
    """A relative import's full name."""
    if level == 0:
        return name
    inside = known[importer].name == "__init__.py"
    parts = importer.split(".")
    parents = parts[: len(parts) - level + inside]
    return ".".join([*parents, name] if name else parents)


def imports(src: Path) -> Iterator[Import]:
    """Every import below src: also those inside functions, under TYPE_CHECKING and by import_module("…")."""
    known = modules(src)
    for importer, path in known.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for target in targets(node, importer, known):
                yield Import(importer, target, node.lineno)


def is_ours(target: str) -> bool:
    """Whether a full name lies in the package."""
    return target == PACKAGE or target.startswith(f"{PACKAGE}.")


def forbidden_arrows(src: Path) -> list[str]:
    """Imports within the package that the table does not have."""
    return [str(found) for found in imports(src) if is_ours(found.target) and not has_arrow(found)]


def has_arrow(found: Import) -> bool:
    """Whether an import within the package follows an arrow."""
    target = found.target.partition(".")[2]
    if not target or found.unit in ROOTS:
        return True
    allowed = ["errors", found.unit, *ARROWS.get(found.unit, [])]
    return any(target == arrow or target.startswith(f"{arrow}.") for arrow in allowed)


def cycle(src: Path) -> list[str]:
    """The modules of one import cycle, or nothing."""
    graph: dict[str, set[str]] = {}
    for found in imports(src):
        if is_ours(found.target):
            graph.setdefault(found.importer, set()).add(found.target)
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def strangers(src: Path) -> list[str]:
    """Foreign imports outside the home that they have."""
    tops = ((found, found.target.partition(".")[0]) for found in imports(src))
    return [str(found) for found, top in tops if top in FOREIGN and found.unit not in FOREIGN[top]]


def impurities(src: Path) -> list[str]:
    """What the pure folders import or call that is more than values."""
    known = modules(src)
    pure = {name: path for name, path in known.items() if unit(name) in PURE}
    foreign = [found for found in imports(src) if found.importer in pure and not is_ours(found.target)]
    return [str(found) for found in foreign if found.target.partition(".")[0] not in PURE_LIBRARY.split()] + [
        f"{name}:{node.lineno} calls {called}"
        for name, path in pure.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and (called := called_name(node)) in IMPURE_CALLS
    ]


def called_name(node: ast.Call) -> str:
    """The last name of what is called."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def test_the_table_knows_every_folder() -> None:
    """A new folder or top-level module gets a row in the table before it gets code."""
    units = {unit(name) for name in modules(SRC)} - {""}
    assert units <= {*ARROWS, *ROOTS}
    assert "domain" in units, "the walk found nothing"


def test_no_forbidden_arrow() -> None:
    """Every import within the package follows an arrow."""
    assert forbidden_arrows(SRC) == []


def test_no_cycle() -> None:
    """No module imports itself by a detour, not even lazily or for its types."""
    assert cycle(SRC) == []


def test_foreign_packages_stay_at_home() -> None:
    """pymodbus, Flask, SQLite and their like are met in one folder each."""
    assert strangers(SRC) == []


def test_pure_folders_are_pure() -> None:
    """domain and modbus know no clock, no file, no network and no log."""
    assert impurities(SRC) == []


# The walk itself: each of these would be a fault in the real tree.


@pytest.mark.parametrize(
    ("module", "code", "fault"),
    [
        ("domain/zones", "from neasmart_gateway.shm import image", forbidden_arrows),
        ("domain/zones", "def f():\n    from neasmart_gateway.shm.image import Image", forbidden_arrows),
        ("domain/zones", "if TYPE_CHECKING:\n    from ..shm import image", forbidden_arrows),
        ("domain/zones", "import neasmart_gateway.shm.image as image", forbidden_arrows),
        ("domain/zones", "importlib.import_module('neasmart_gateway.shm.image')", forbidden_arrows),
        ("desk/desk", "from neasmart_gateway.settings import Settings", forbidden_arrows),
        ("manager/manager", "from neasmart_gateway.store.journal import Journal", forbidden_arrows),
        ("manager/manager", "from neasmart_gateway.store import Journal", forbidden_arrows),
        ("api/app", "from neasmart_gateway import wsgi", forbidden_arrows),
        ("cellar/wine", "from neasmart_gateway.domain import zones", forbidden_arrows),
        ("shm/image", "from neasmart_gateway.shm import ring", cycle),
        ("shm/image", "def f():\n    from .ring import Ring", cycle),
        ("shm/__init__", "from .ring import Ring", cycle),
        ("api/app", "def f():\n    import sqlite3", strangers),
        ("daemon/app", "from pymodbus.server import ModbusTcpServer", strangers),
        ("settings", "import flask_cors", strangers),
        ("domain/zones", "import time", impurities),
        ("modbus/frames", "import pydantic", impurities),
        ("domain/zones", "then = datetime.now()", impurities),
    ],
)
def test_a_fault_is_found(tmp_path: Path, module: str, code: str, fault: object) -> None:
    """However an import is written, the walk sees it."""
    assert callable(fault)
    write(tmp_path, {module: code})
    assert fault(tmp_path)


def test_a_sound_house_is_left_alone(tmp_path: Path) -> None:
    """What the table allows is no fault."""
    write(
        tmp_path,
        {
            "manager/manager": "import pybreaker\nfrom neasmart_gateway.store import queries\nfrom .. import errors",
            "domain/zones": "from . import dpt9\nfrom neasmart_gateway import __version__",
            "cli": "from neasmart_gateway import api, wsgi\nimport gunicorn",
        },
    )
    assert [*forbidden_arrows(tmp_path), *cycle(tmp_path), *strangers(tmp_path), *impurities(tmp_path)] == []


def write(src: Path, changes: dict[str, str]) -> None:
    """A small package in the shape of ours, with some modules replaced."""
    empty = "__init__ errors wsgi shm/__init__ shm/image store/queries store/journal domain/dpt9"
    house = dict.fromkeys(empty.split(), "")
    house |= {"shm/ring": "from neasmart_gateway.shm import image\nimport neasmart_gateway.shm"}
    for name, code in {**house, **changes}.items():
        path = src / PACKAGE / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
