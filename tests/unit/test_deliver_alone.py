"""`deliver` answers 0 or 75 whatever is broken around it: a mail server bounces a mail for any other exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bot.doors.maildir.pipe import MOST
from bot.settings.settings import Door
from tests.unit.config_samples import edit, small
from tests.unit.test_layers import LIBRARIES

HOUSE = Path(__file__).parents[2]
RAW = b"From: Helen Visser <helen@health.example>\nSubject: Challenge\n\nPlease answer.\n"
#: All of the project that a mail at the end of a pipe starts.
OURS = (
    "bot bot.__main__ bot.doors bot.doors.maildir bot.doors.maildir.drop bot.doors.maildir.pipe bot.model "
    "bot.model.errors bot.model.failpoints bot.model.names bot.settings bot.settings.credentials"
)
#: And all that others wrote, beside Python itself.
THEIRS = "ruamel"

SCRIPT = tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]["challenge-bot"]
MODULE, _, CALLED = SCRIPT.partition(":")
WAYS = {
    "module": [sys.executable, "-m", "bot", "deliver"],
    "script": [sys.executable, "-c", f"import sys\nfrom {MODULE} import {CALLED}\nsys.exit({CALLED}())", "deliver"],
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = small(tmp_path / "config")
    for part in ("tmp", "new", "cur"):
        (tmp_path / "crewe" / part).mkdir(parents=True)
    edit(root, "bot.yaml", "path: var/crewe", f"path: {tmp_path / 'crewe'}")
    return root


def run(way: str, root: Path, *words: str, before: str = "") -> subprocess.CompletedProcess[bytes]:
    env = {**os.environ, "PYTHONPATH": f"{before}:{HOUSE}".strip(":")}
    line = [*WAYS[way], "--config", str(root), "crewe@csc.example", *words]
    return subprocess.run(line, input=RAW, capture_output=True, env=env, cwd=root)


def copies(root: Path) -> int:
    return len(list((root.parent / "crewe" / "new").iterdir()))


def broken(folder: Path, library: str, how: str) -> str:
    """A folder in which that library is there, and fails as soon as it is imported."""
    (folder / library).mkdir(parents=True)
    (folder / library / "__init__.py").write_text(how, "utf-8")
    return str(folder)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("library", sorted(LIBRARIES))
def test_a_broken_library_bounces_no_mail(tmp_path: Path, root: Path, library: str, way: str) -> None:
    """The mail is stored where the library is not needed, and comes again later where it is."""
    stub = broken(tmp_path / "stub", library, "raise ImportError('libxml2.so.2: cannot open shared object file')")
    done = run(way, root, before=stub)
    assert (done.returncode, copies(root)) == ((75, 0) if library == THEIRS else (0, 1)), done.stderr
    assert done.stdout == b""
    if library == THEIRS:
        assert done.stderr == (
            b"deliver failed by a fault of ours: ImportError: libxml2.so.2: cannot open shared object file\n"
        )


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("how", ["raise MemoryError", "raise KeyboardInterrupt", "raise SystemExit(3)", "1 / 0", "("])
def test_however_it_breaks(tmp_path: Path, root: Path, how: str, way: str) -> None:
    """No memory, a signal, a library that ends the program, a file cut in half: one sentence, and try again."""
    done = run(way, root, before=broken(tmp_path / "stub", THEIRS, how))
    assert (done.returncode, done.stdout, copies(root)) == (75, b"", 0)
    assert re.fullmatch(rb"deliver failed by a fault of ours: \w+\n", done.stderr)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("streams", ["<&-", "<&- 2>&-", "2>/dev/full", "<&- >&- 2>&-"])
def test_without_its_streams(root: Path, streams: str, way: str) -> None:
    """Nothing to read, nobody to complain to: try again, and nothing is stored."""
    line = ["/bin/sh", "-c", f'exec "$@" {streams}', "sh", *WAYS[way], "--config", str(root), "crewe", "more"]
    assert subprocess.run(line, input=RAW, capture_output=True, cwd=HOUSE).returncode == 75
    assert copies(root) == 0


@pytest.mark.parametrize("way", WAYS)
def test_stored_though_nobody_listens(root: Path, way: str) -> None:
    """A mail that is safely there is told as stored, whatever becomes of the output."""
    line = ["/bin/sh", "-c", 'exec "$@" >/dev/full 2>&-', "sh", *WAYS[way], "--config", str(root), "crewe@csc.example"]
    assert subprocess.run(line, input=RAW, capture_output=True, cwd=HOUSE).returncode == 0
    assert copies(root) == 1


@pytest.mark.parametrize("words", [["--config"], ["--config="], ["--help"], ["-h"], ["--install-completion"]])
def test_a_strange_line_bounces_no_mail(root: Path, words: list[str]) -> None:
    """What a stranger wrote before the @ may stand on the line: no word there makes a mail count as stored."""
    assert (run("module", root, *words).returncode, copies(root)) == (75, 0)


def test_help_alone_is_help() -> None:
    """Asked for nothing else, it says how it is called."""
    done = subprocess.run([*WAYS["module"], "--help"], capture_output=True, cwd=HOUSE)
    assert done.returncode == 0
    assert done.stdout.startswith(b"Usage: challenge-bot deliver [--config DIR] MAILBOX < mail.eml\n")


def test_a_mail_starts_little(root: Path) -> None:
    """No library but the one that reads bot.yaml, and of the house these files alone: a mail costs little time."""
    shown = (
        "import json, sys\nbare = set(sys.modules)\nimport bot.__main__\n"
        "from datetime import UTC, datetime\nfrom bot.doors.maildir.pipe import deliver\n"
        "code = deliver(sys.argv[1:], datetime.now(UTC))\nprint(json.dumps([code, sorted(set(sys.modules) - bare)]))"
    )
    line = [sys.executable, "-c", shown, "--config", str(root), "crewe@csc.example"]
    code, started = json.loads(subprocess.run(line, input=RAW, capture_output=True, check=True, cwd=HOUSE).stdout)
    tops = {name.partition(".")[0] for name in started}
    assert (code, copies(root)) == (0, 1)
    assert [name for name in started if name.partition(".")[0] == "bot"] == OURS.split()
    assert tops - set(sys.stdlib_module_names) - {"bot"} == {THEIRS}


def test_its_limit_is_the_doors() -> None:
    """Where bot.yaml says nothing, `deliver` takes as large a mail as its door does."""
    assert Door.model_fields["max_bytes"].default == MOST


def test_a_name_in_the_path_is_filled_in(tmp_path: Path, root: Path) -> None:
    """From the environment, else from a systemd credential, as in the whole of bot.yaml."""
    edit(root, "bot.yaml", f"path: {tmp_path / 'crewe'}", 'path: "${ROOM}/${INBOX}"')
    (tmp_path / "INBOX").write_text("crewe\n", "utf-8")
    env = {**os.environ, "ROOM": str(tmp_path), "CREDENTIALS_DIRECTORY": str(tmp_path)}
    line = [*WAYS["module"], "--config", str(root), "crewe@csc.example"]
    done = subprocess.run(line, input=RAW, capture_output=True, env=env, cwd=HOUSE)
    assert (done.returncode, copies(root)) == (0, 1), done.stderr
