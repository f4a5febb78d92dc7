"""The house keeps its direction: imports point downwards, libraries stay in their rooms, nobody below reads a clock.

Every import counts, those hidden in functions and those for type checkers too.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatch
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "bot").rglob("*.py"))

#: From the ground up. Rooms on one floor do not import one another.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("model",),
    ("rules",),
    ("mail", "letters"),
    ("case", "records"),
    ("settings",),
    ("doors",),
    ("store",),
    ("engine",),
    ("daemon",),
    ("cli",),
    ("__main__",),
)
#: Rooms that may not import all that stands below them: what they may, as files.
ONLY: dict[str, str] = {
    "letters": "model/* rules/*",
    "settings": "model/* rules/* mail/forms/labels.py records/forms/made.py",
    "doors": "model/* settings/*",
    "store": "model/* doors/ports.py",
    "__main__": "cli/main.py doors/maildir/pipe.py",
}
#: Between two rooms, the only files that may be imported.
DOORS = {("mail", "rules"): {"bot/rules/windows.py"}}

#: Inside a room, from the ground up; what stands in one place is a folder or a file.
INSIDE: dict[str, tuple[str, ...]] = {
    "mail": ("re2", "patterns", "subject", "bytes", "cut", "machine", "words", "forms", "trust", "read", "understood"),
    "case": ("transitions", "placement", "guesses", "dated", "making", "course", "said", "waited", "table"),
}
#: Inside a room, places that never import one another.
APART: dict[str, tuple[str, ...]] = {"engine": ("reading", "sending", "alarms")}

#: Who may import which library; nobody may import one that is not listed.
LIBRARIES = {
    "sqlalchemy": "store/* engine/*",
    "alembic": "store/*",
    "psycopg": "store/*",
    "imapclient": "doors/imap_smtp/*",
    "aiosmtplib": "doors/imap_smtp/*",
    "msal": "doors/tokens.py",
    "jwt": "doors/tokens.py",
    "requests": "doors/tokens.py doors/https.py doors/graph/client.py doors/ews/client.py",
    "exchangelib": "doors/ews/*",
    "jinja2": "letters/render.py records/forms/made.py records/report/made.py",
    "typst": "records/*",
    "docxtpl": "records/forms/made.py",
    "docx": "records/forms/controls.py",
    "xlsxwriter": "records/register.py",
    "leather": "records/report/charts.py",
    "pypdf": "mail/forms/documents.py",
    "typer": "cli/* __main__.py",
    "rich": "cli/* __main__.py",
    "apscheduler": "daemon/*",
    "holidays": "rules/workdays.py",
    "rapidfuzz": "mail/subject.py",
    "re2": "*",
    "dns": "doors/dmarc.py",
    "mailparser": "mail/*",
    "inscriptis": "mail/bytes/text.py",
    "flufl": "mail/machine/bounce.py",
    "pydantic": "rules/* settings/* store/codec.py cli/rehearsal/story.py",
    "pydantic_core": "rules/* settings/* store/codec.py",
    "ruamel": "rules/* settings/* cli/rehearsal/story.py doors/maildir/pipe.py",
    "structlog": "engine/sending/* engine/reading/aside.py daemon/* cli/*",
}
SQLALCHEMY_ELSEWHERE = {"Connection"}

#: Rooms that compute and touch nothing.
PURE = "rules/* mail/* letters/* case/* records/* settings/shapes.py doors/setup/*"
TOUCHING = {"asyncio", "http", "imaplib", "logging", "os", "random", "secrets", "shutil", "signal", "smtplib", "socket"}
TOUCHING |= {"sqlite3", "subprocess", "tempfile", "threading", "time"}
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}
MAY_READ_A_CLOCK = "daemon/configuration.py daemon/daemon.py daemon/life/life.py daemon/threads.py cli/* __main__.py"
IS_TOLD_THE_TIME = "cli/probe/doors.py cli/probe/letters.py cli/probe/through.py"


def tree(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"))


@cache
def imported(file: str) -> tuple[str, ...]:
    """Full dotted names of everything that the file imports, wherever it does so."""
    return tuple(_imported(file))


def _imported(file: str) -> Iterator[str]:
    package = file.removesuffix(".py").split("/")[:-1]
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def file_of(name: str) -> str | None:
    """The file of ours that a dotted name lies in: a module, or something inside one."""
    parts = name.split(".")
    for n in range(len(parts), 0, -1):
        path = "/".join(parts[:n])
        for file in (f"{path}.py", f"{path}/__init__.py"):
            if file in FILES:
                return file
    return None


def step(file: str, deep: int) -> str:
    """The folder or file of ours that `file` stands in: 1 the room, 2 the place inside it, "" for a room's face."""
    return [*file.removesuffix(".py").removesuffix("/__init__").split("/"), ""][deep]


def place_of(file: str) -> tuple[int, str]:
    """Floor and room of a file; fails for one that stands in no room."""
    room = step(file, 1)
    for floor, rooms in enumerate(FLOORS):
        if room in rooms:
            return floor, room
    pytest.fail(f"{file} stands in no room: say in FLOORS which one it belongs to")


def stands_in(file: str, patterns: str) -> bool:
    return any(fnmatch(file.removeprefix("bot/"), pattern) for pattern in patterns.split())


def ours(file: str) -> set[str]:
    """The files of ours that this one imports. The empty package file of all, bot/__init__.py, is nobody's room."""
    found = {file_of(name) for name in imported(file) if name.split(".")[0] == "bot"}
    return {f for f in found if f is not None} - {file, "bot/__init__.py"}


HOUSE = [file for file in FILES if file != "bot/__init__.py" and "/migrations/" not in file]


@pytest.mark.parametrize("file", HOUSE)
def test_imports_point_downwards(file: str) -> None:
    """A file imports from lower floors and its own room only, and through the doors that exist."""
    floor, room = place_of(file)
    for other in sorted(ours(file)):
        below, there = place_of(other)
        assert room == there or below < floor, f"{file} imports {other}, which stands no lower"
        assert room == there or stands_in(other, ONLY.get(room, "*")), f"{file} may not import {other}"
        assert other in DOORS.get((room, there), {other}), f"{file} may not import {other}: that door does not exist"


@pytest.mark.parametrize("file", [file for file in HOUSE if step(file, 1) in INSIDE and step(file, 2)])
def test_imports_inside_a_room_point_downwards(file: str) -> None:
    """Inside mail/ and case/ a place imports from those below it."""
    room, order = step(file, 1), INSIDE[step(file, 1)]
    assert step(file, 2) in order, f"{file} stands nowhere: say in INSIDE where"
    for other in sorted(ours(file)):
        if step(other, 1) == room:
            assert order.index(step(other, 2)) <= order.index(step(file, 2)), f"{file} imports {other}, which is above"


@pytest.mark.parametrize("file", [file for file in HOUSE if step(file, 2) in APART.get(step(file, 1), ())])
def test_walls_inside_a_room_hold(file: str) -> None:
    """Reading a mail, sending a letter and answering a deadline know nothing of one another."""
    beyond = {place for place in APART[step(file, 1)] if place != step(file, 2)}
    assert [other for other in ours(file) if step(other, 1) == step(file, 1) and step(other, 2) in beyond] == []


@pytest.mark.parametrize("file", [file for file in HOUSE if file.endswith("__init__.py") and "/model/" not in file])
def test_a_face_does_nothing(file: str) -> None:
    """A package's own file says what the room is for, and holds no code: nothing is loaded by entering it."""
    assert len(tree(file).body) == 1
    assert ast.get_docstring(tree(file))


def test_no_file_imports_itself_by_a_detour() -> None:
    """The files of the whole house can be put in an order in which each imports only earlier ones."""
    assert circle({file: ours(file) for file in FILES}) == []


def circle(imports: Mapping[str, Collection[str]]) -> list[str]:
    """The files of a circle, where there is one."""
    try:
        tuple(TopologicalSorter(imports).static_order())
    except CycleError as found:
        return list(found.args[1])
    return []


def test_a_circle_is_found() -> None:
    """Else the test above it would hold of any house."""
    assert circle({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}) != []


@pytest.mark.parametrize("file", FILES)
def test_libraries_stay_in_their_rooms(file: str) -> None:
    """Each library is imported where it was given a room; above the store SQLAlchemy is a connection's name."""
    for name in imported(file):
        library = name.split(".")[0]
        if library == "bot" or library in sys.stdlib_module_names:
            continue
        assert library in LIBRARIES, f"{file} imports {library}, which has no room"
        assert stands_in(file, LIBRARIES[library]), f"{file} imports {library}"
        if library == "sqlalchemy" and not stands_in(file, "store/*"):
            assert name.split(".")[-1] in SQLALCHEMY_ELSEWHERE, f"{file} imports {name}"


@pytest.mark.parametrize("file", [f for f in FILES if stands_in(f, PURE)])
def test_pure_rooms_touch_nothing(file: str) -> None:
    """Rules, mail, letters, case and records import nothing that reads a clock, a disk, a network or chance."""
    assert not TOUCHING & {name.split(".")[0] for name in imported(file)}


@pytest.mark.parametrize("file", FILES)
def test_time_is_an_argument(file: str) -> None:
    """Only the outermost rooms read a clock; everybody else is told what time it is."""
    if stands_in(file, MAY_READ_A_CLOCK) and not stands_in(file, IS_TOLD_THE_TIME):
        return
    read = [
        f"line {node.lineno}: {node.value.id}.{node.attr}"
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if (node.value.id, node.attr) in CLOCKS
    ]
    assert read == []
    assert "time.time" not in set(imported(file))
