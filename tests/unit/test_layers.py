"""The house keeps its direction: imports point downwards, libraries stay in their rooms, nobody below reads a clock.

Every import counts, those hidden in functions and those for type checkers too.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "bot").rglob("*.py"))

#: From the ground up. A room is a folder, or a file with the helpers it shares its room with; rooms on one floor do
#: not import one another, but for SIDEWAYS.
LAYERS: tuple[dict[str, str], ...] = (
    {"model": "model errors failpoints"},
    {"rules": "rules"},
    {"mail": "mail"},
    {"case": "case", "records": "records"},
    {"ports": "ports", "settings": "settings settings_checks settings_forms credentials doors"},
    {"service": "service", "setup": "setup"},
    {"mailbox": "mailbox", "transport": "transport", "store": "store", "sandbox": "sandbox", "dmarc": "dmarc"},
    {"turn": "turn", "registers": "registers"},
    {"doubt": "doubt", "finish": "finish", "placing": "placing joining penned moving"},
    {"intake": "intake", "alarms": "alarms", "sender": "sender pace", "alert": "alert", "digest": "digest expiry"},
    {"app": "app", "logs": "logs", "notify": "notify"},
    {"daemon": "daemon", "rehearsal": "rehearsal", "probe": "probe"},
    {"cli": "cli __main__"},
)
#: The one arrow along a floor: records are written in the words of letters.
SIDEWAYS = {("records", "case")}
#: Between two rooms, the only files that may be imported.
DOORS = {("mail", "rules"): {"bot/rules/windows.py"}}

#: Who may import which library; nobody may import one that is not listed.
LIBRARIES = {
    "sqlalchemy": "store/* turn.py registers.py intake.py placing.py joining.py penned.py moving.py alarms.py "
    "sender.py doubt.py finish.py alert.py digest.py app.py",
    "alembic": "store/*",
    "psycopg": "store/*",
    "imapclient": "mailbox/imap*.py",
    "aiosmtplib": "transport/smtp*.py",
    "msal": "service/tokens.py",
    "jwt": "service/tokens.py",
    "requests": "service/*",
    "exchangelib": "service/exchange*.py mailbox/ews*.py transport/ews*.py",
    "jinja2": "case/letters.py records/forms.py",
    "typst": "records/*",
    "docxtpl": "records/forms.py",
    "xlsxwriter": "records/register.py",
    "pypdf": "mail/pdf.py",
    "typer": "cli/* __main__.py",
    "rich": "cli/* __main__.py rehearsal/demo.py",
    "apscheduler": "daemon/*",
    "holidays": "rules/workdays.py",
    "rapidfuzz": "mail/subject.py",
    "re2": "*",
    "dns": "dmarc.py",
    "mailparser": "mail/*",
    "authres": "mail/trust.py",
    "inscriptis": "mail/text.py",
    "flufl": "mail/detectors.py",
    "tnefparse": "mail/winmail.py",
    "pydantic": "rules/* settings*.py doors.py credentials.py rehearsal/story.py store/codec.py",
    "pydantic_core": "rules/* settings*.py store/codec.py",
    "ruamel": "rules/* settings*.py rehearsal/story.py cli/deliver.py",
    "structlog": "sender.py alert.py doubt.py app.py logs.py daemon/* cli/*",
}
SQLALCHEMY_ELSEWHERE = {"Connection"}

#: Rooms that compute and touch nothing.
PURE = ("rules", "mail", "case", "records", "setup")
TOUCHING = {"asyncio", "http", "imaplib", "logging", "os", "random", "secrets", "shutil", "signal", "smtplib", "socket"}
TOUCHING |= {"sqlite3", "subprocess", "tempfile", "threading", "time"}
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}
MAY_READ_A_CLOCK = "daemon/* cli/* rehearsal/* __main__.py"


def tree(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"))


def imported(file: str) -> Iterator[str]:
    """Full dotted names of everything that the file imports, wherever it does so."""
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


def place_of(file: str) -> tuple[int, str]:
    """Floor and room of a file; fails for one that stands in no room."""
    top = file.removeprefix("bot/").split("/")[0].removesuffix(".py")
    for floor, rooms in enumerate(LAYERS):
        for room, tops in rooms.items():
            if any(fnmatch(top, pattern) for pattern in tops.split()):
                return floor, room
    pytest.fail(f"{file} stands in no room: say in LAYERS which one it belongs to")


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
        assert room == there or below < floor or (room, there) in SIDEWAYS, (
            f"{file} imports {other}, which stands no lower"
        )
        assert other in DOORS.get((room, there), {other}), f"{file} may not import {other}: that door does not exist"


def test_no_file_imports_itself_by_a_detour() -> None:
    """The files of the whole house can be put in an order in which each imports only earlier ones."""
    try:
        tuple(TopologicalSorter({file: ours(file) for file in FILES}).static_order())
    except CycleError as cycle:
        pytest.fail(f"imports run in a circle: {' -> '.join(cycle.args[1])}")


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


@pytest.mark.parametrize("file", [f for f in FILES if f.split("/")[1] in PURE])
def test_pure_rooms_touch_nothing(file: str) -> None:
    """Rules, mail, case and records import nothing that reads a clock, a disk, a network or chance."""
    assert not TOUCHING & {name.split(".")[0] for name in imported(file)}


@pytest.mark.parametrize("file", FILES)
def test_time_is_an_argument(file: str) -> None:
    """Only the outermost rooms read a clock; everybody else is told what time it is."""
    if stands_in(file, MAY_READ_A_CLOCK):
        return
    read = [
        f"line {node.lineno}: {node.value.id}.{node.attr}"
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if (node.value.id, node.attr) in CLOCKS
    ]
    assert read == []
    assert "time.time" not in set(imported(file))
