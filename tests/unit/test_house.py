"""How the house is kept: rooms of a bearable size, nothing left undone, nothing swallowed, nothing untested unseen.

Layers, libraries and clocks are test_layers.py's. What is too large still stands in a list here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path

import pytest

from bot import model
from bot.rules.authority import Ruling

ROOT = Path(__file__).parents[2]
BOT = sorted(p for p in (ROOT / "bot").rglob("*.py") if "migrations" not in p.parts)
TESTS = sorted(p for p in (ROOT / "tests").rglob("*.py") if "bench" not in p.parts)  # which measures, and tests nothing
WRITTEN = sorted(
    path
    for folder in ("bot", "tests", "config", "mail_templates", "docs", ".ci")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in ("", ".py", ".yaml", ".j2", ".md", ".typ", ".csv", ".service") and path.is_file()
) + [ROOT / name for name in ("Makefile", "README.md", "CHANGELOG.md", "pyproject.toml")]

TOO_LONG, MAX_FUNCTION = 300, 60
#: Names seen at once in a room, its files and folders without its face; of twelve a reader keeps the picture.
MAX_ROOM = 12
ROOMS = {"bot/cli": 15, "bot/store": 14, "bot/mail/patterns": 17}
#: Rooms that are larger today.
TOO_LARGE: dict[str, int] = {}
#: Where a mail's way is a row of commits: every function that commits on it can be killed there by a test.
COMMITTING = (
    "reading/receiving.py", "reading/intake.py", "reading/aside.py", "reading/pen/answers.py", "reading/pen/undo.py",
    "alarms.py", "sending/unknown.py", "digest.py", "expiry.py", "reports.py", "contacts/nightly.py",
    "contacts/quarter.py",
)  # fmt: skip
#: Words of the field, and the only files of the bot that may define a name with one; elsewhere it would mean something
#: else. "place": a mail into its case; "said": what a person wrote; "clock": a window that runs in a case; "asked": a
#: question put to a person; "signs": words that show a child's status. Nothing is named "doubt" or "finish".
WORDS: dict[str, set[str]] = {
    "place": {"case/placement.py", "cli/mail.py", "engine/reading/pen/answers.py", "engine/reading/place.py"},
    "said": {"case/said/__init__.py", "case/said/command.py", "model/cases.py"},
    "clock": {
        "case/course/clock.py", "case/course/subclocks.py", "case/making/changes.py", "case/making/clocks.py",
        "model/letters/course.py", "model/letters/information.py", "model/letters/standing.py",
        "rules/policy/blocks.py", "rules/policy/prose.py",
    },
    "asked": {"case/making/changes.py", "case/said/challenged.py"},
    "signs": {"mail/words/child_status.py"},
    "doubt": set(),
    "finish": set(),
}  # fmt: skip
#: Kinds that several rooms speak of, and where the same letters are compared because they mean something else there: a
#: row of the rehearsal, a finding of the probe, a column, what a policy's clock runs until, a setting that says "none".
#: Whose side a policy means is a literal there, which the types check.
KINDS: dict[type[StrEnum], tuple[str, ...]] = {
    model.Sending: ("cli/probe/doors.py",),
    model.Reach: (),
    model.How: (),
    model.IdKind: ("cli/rehearsal/", "case/course/subclocks.py", "case/making/clocks.py", "store/letters.py"),
    model.Unproven: (),
    model.Side: ("rules/", "case/course/closing.py", "cli/probe/", "doors/", "mail/", "settings/"),
    Ruling: (),
}
#: What goes out for good, and where: the folder of a protocol, and by which word its failpoints begin.
WRITING = {
    ("imap_smtp", "smtp"): ("connect", "login", "mail", "rcpt", "data", "reset", "quit"),
    ("maildir", "maildir"): ("rename",),
    ("ews", "ews"): ("create", "send"),
    ("graph", "graph"): ("draft", "send", "delete"),
}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def calls(node: ast.AST, name: str) -> Iterator[ast.Call]:
    """Every call of a function or method of that name inside the node."""
    for one in ast.walk(node):
        if isinstance(one, ast.Call):
            called = one.func
            if (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) == name:
                yield one


def functions(path: Path) -> list[ast.FunctionDef]:
    return [n for n in ast.walk(tree(path)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


@cache
def defined(path: Path) -> tuple[str, ...]:
    """The file's own name, and those of its classes, functions and types."""
    return tuple(_defined(path))


def _defined(path: Path) -> Iterator[str]:
    yield path.parent.name if path.stem == "__init__" else path.stem
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        for target in node.targets if isinstance(node, ast.Assign) else []:
            if isinstance(target, ast.Name) and target.id != target.id.upper() and target.id[0].isupper():
                yield target.id


@pytest.mark.parametrize("word", WORDS)
def test_a_word_has_one_meaning(word: str) -> None:
    """A name with a word of the field is defined only where the word has the field's meaning."""
    found = {
        path.relative_to(ROOT / "bot").as_posix()
        for path in BOT
        for name in defined(path)
        if {word, f"{word}s"} & {part.lower() for part in re.findall("[A-Z]?[a-z]+|[A-Z]+", name)}
    }
    assert found == WORDS[word]


@cache
def compared(path: Path) -> tuple[tuple[ast.expr, str], ...]:
    """Each comparison of the file, also by `match`, and the text in it that stands there bare."""
    return tuple(_compared(path))


def _compared(path: Path) -> Iterator[tuple[ast.expr, str]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Compare | ast.MatchValue):
            for one in ast.walk(node):
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    yield node if isinstance(node, ast.Compare) else node.value, one.value


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_kind_is_spelt_in_one_place(kind: type[StrEnum]) -> None:
    """Nobody compares with the bare text of a kind that has a name of its own."""
    names = {text for text in kind if text}
    bare = [
        f"{name_of(path)}: {ast.unparse(node)}"
        for path in BOT
        if not path.relative_to(ROOT / "bot").as_posix().startswith(KINDS[kind])
        for node, text in compared(path)
        if text in names
    ]
    assert bare == []


def test_make_quick_names_what_there_is() -> None:
    """Each file that it leaves out and each story that it plays is there under that name."""
    lists = dict(
        re.findall(r"^(SLOW|STORIES) := ((?:.*\\\n)*.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    )
    named = {key: names.replace("\\\n", " ").split() for key, names in lists.items()}
    assert len(named["SLOW"]) > 3 < len(named["STORIES"])
    assert [name for name in named["SLOW"] if not (ROOT / f"tests/unit/test_{name}.py").is_file()] == []
    assert [name for name in named["STORIES"] if not (ROOT / f"tests/stories/{name}.yaml").is_file()] == []


def test_the_house_has_at_most_twelve_rooms() -> None:
    """Beside its face and `python -m bot` nothing stands at the top of the bot but rooms, twelve at most."""
    top = {path.name for path in (ROOT / "bot").iterdir() if path.name != "__pycache__"}
    assert {name for name in top if name.endswith(".py")} == {"__init__.py", "__main__.py"}
    assert len(top) - 2 <= MAX_ROOM


def test_rooms_are_seen_at_a_glance() -> None:
    """No folder of the bot shows more names than a reader can keep in mind."""
    names: dict[str, set[str]] = {}
    for path in (ROOT / "bot").rglob("*"):
        hidden = {"__pycache__", "migrations"} & set(path.relative_to(ROOT).parts[:-1])
        if not hidden and path.name not in ("__pycache__", "__init__.py", "__main__.py"):
            names.setdefault(name_of(path.parent), set()).add(path.name)
    over = {room: len(seen) for room, seen in names.items() if len(seen) > ROOMS.get(room, MAX_ROOM)}
    assert over == TOO_LARGE


@pytest.mark.parametrize("face", [p for p in BOT if p.name == "__init__.py"], ids=name_of)
def test_a_face_names_what_stands_behind_it(face: Path) -> None:
    """A package's page names every file and folder of code that it holds, and none that is not there."""
    here = face.parent
    held = {p.name for p in here.glob("*.py")} - {"__init__.py", "__main__.py"}
    held |= {f"{p.parent.name}/" for p in here.glob("*/*") if p.name in ("__init__.py", "env.py")}
    said = set(re.findall(r"(?<![\w/])\w+(?:\.py|/)(?!\w)", ast.get_docstring(tree(face)) or ""))
    elsewhere = {f"{p.name}/" for above in (ROOT, ROOT / "bot", here.parent) for p in above.iterdir() if p.is_dir()}
    assert (held - said, said - held - elsewhere) == (set(), set())


def test_files_are_short() -> None:
    """Every file of the bot has less than 300 lines: past that it wants a wall."""
    lines = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in BOT}
    assert {name: n for name, n in lines.items() if n >= TOO_LONG} == {}


def test_functions_are_short() -> None:
    """No function of the bot is longer than 60 lines."""
    found = {
        f"{name_of(path)}: {f.name}": (f.end_lineno or f.lineno) - f.lineno + 1 for path in BOT for f in functions(path)
    }
    assert {name: n for name, n in found.items() if n > MAX_FUNCTION} == {}


def test_every_file_says_what_it_is() -> None:
    """Every file of the bot that holds code opens with what it is for."""
    assert [name_of(path) for path in BOT if tree(path).body and not ast.get_docstring(tree(path))] == []


def test_nothing_is_left_undone() -> None:
    """No file carries a note of work that is still to be done."""
    notes = tuple("".join(halves) for halves in (("TO", "DO"), ("FIX", "ME"), ("XX", "X:")))
    assert [name_of(p) for p in WRITTEN if p.exists() and any(n in p.read_text("utf-8") for n in notes)] == []


def test_nothing_is_swallowed() -> None:
    """No exception in the bot is caught and passed over without a word."""
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in BOT
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler) and all(isinstance(line, ast.Pass) for line in node.body)
    ]
    assert found == []


def test_a_case_is_changed_in_one_file() -> None:
    """Whatever becomes of a case has a name in making/changes.py: nobody else puts another case, a state or a stage in
    its place."""
    found = set()
    for path in (ROOT / "bot" / "case").rglob("*.py"):
        for node in ast.walk(tree(path)):
            targets = node.targets if isinstance(node, ast.Assign) else []
            if any(isinstance(one, ast.Attribute) and one.attr == "case" for one in targets):
                found.add(name_of(path))
        if any(k.arg in ("state", "stage", "runs") for call in calls(tree(path), "replace") for k in call.keywords):
            found.add(name_of(path))
    assert found == {"bot/case/making/changes.py"}


@pytest.mark.parametrize("room", ["case", "engine", "model"])
def test_what_matters_has_a_type(room: str) -> None:
    """Where a case is decided, carried out and written down, no value is of any type whatever."""
    paths = [path for path in BOT if path.is_relative_to(ROOT / "bot" / room)]
    assert paths
    assert [
        name_of(p)
        for p in paths
        if any("Any" in (getattr(n, "id", ""), getattr(n, "name", "")) for n in ast.walk(tree(p)))
    ] == []


def test_nothing_is_told_apart_by_an_assertion() -> None:
    """No assertion stands in the bot: it would be gone under -O, and whoever reads it learns nothing to do."""
    assert [name_of(p) for p in BOT if any(isinstance(node, ast.Assert) for node in ast.walk(tree(p)))] == []


def test_tests_wait_for_what_they_mean() -> None:
    """No test sleeps for a time: it waits until something is so, and says what."""
    found = [
        f"{name_of(path)}:{call.lineno}"
        for path in TESTS
        for call in calls(tree(path), "sleep")
        if ast.unparse(call.func) in ("time.sleep", "sleep")
    ]
    assert found == []


@pytest.mark.parametrize("path", TESTS, ids=name_of)
def test_a_skip_gives_its_reason(path: Path) -> None:
    """Whatever is not tested says why."""
    skips = [c for c in calls(tree(path), "skip") if not c.args and not any(k.arg == "reason" for k in c.keywords)]
    skips += [c for c in calls(tree(path), "skipif") if not any(k.arg == "reason" for k in c.keywords)]
    bare = [n for n in ast.walk(tree(path)) if isinstance(n, ast.Attribute) and ast.unparse(n) == "pytest.mark.skip"]
    called = {id(c.func) for c in calls(tree(path), "skip")}
    assert [c.lineno for c in skips] + [n.lineno for n in bare if id(n) not in called] == []


@pytest.mark.parametrize("name", COMMITTING)
def test_every_commit_on_a_mails_way_can_be_cut(name: str) -> None:
    """A function that begins a write transaction passes a failpoint, so that a test can kill the process there."""
    committing = [f for f in functions(ROOT / "bot" / "engine" / name) if any(calls(f, "begin"))]
    assert committing, f"engine/{name} commits nothing any more: take it off the list"
    assert [f.name for f in committing if not any(calls(f, "failpoint"))] == []


@pytest.mark.parametrize(("folder", "word"), WRITING)
def test_every_step_of_a_delivery_can_be_cut(folder: str, word: str) -> None:
    """Before each step that the other side sees there is a failpoint of its name."""
    files = sorted((ROOT / "bot" / "doors" / folder).glob("*.py"))
    passed = {ast.unparse(c.args[0]).strip("'") for f in files for c in calls(tree(f), "failpoint")}
    assert [step for step in WRITING[folder, word] if f"{word}.{step}.before" not in passed] == []
