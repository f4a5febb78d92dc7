"""What a configuration or a command does not use is not loaded: fewer packages read what strangers send, and an answer
costs less."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.core import TyperCommand
from typer.testing import CliRunner

from bot.cli.main import COMMANDS, Command, app
from bot.doors.maildir import pipe
from tests import operator

#: The Exchange library, and what only it brings.
OF_EXCHANGE = {
    "exchangelib", "cached_property", "defusedxml", "isodate", "lxml", "ntlm_auth", "oauthlib", "pygments",
    "requests_gssapi", "requests_ntlm", "requests_oauthlib", "spnego", "tzlocal",
}  # fmt: skip
#: What others of ours bring as well.
SHARED = {"lxml", "pygments", "tzlocal"}
PROGRAM = """
import os, sys
from pathlib import Path
from bot.daemon.app import build
from bot.daemon.configuration import load
from bot.daemon.life.life import furnish, read_now
import bot.cli.main, bot.daemon.daemon
for one in bot.cli.main.COMMANDS:
    one.load()
settings = load(Path({config!r}), os.environ, read_now().date()).settings
furnish(settings)
app = build(settings, read_now=read_now)
app.close()
print(*sorted({{name.partition(".")[0] for name in sys.modules}}))
"""


def loaded(folder: Path) -> set[str]:
    """The packages that a whole App of this folder has loaded, the command line and the daemon beside it."""
    program = PROGRAM.format(config=str(folder / "config"))
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=operator.environment() | {"EWS": "x"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return set(run.stdout.split())


def test_the_exchange_library_is_loaded_only_where_such_a_door_is_configured(tmp_path: Path) -> None:
    """With Maildir neither it nor a package that only it brings is loaded; with its door it is."""
    folder = operator.folder(tmp_path)
    assert loaded(folder) & (OF_EXCHANGE - SHARED) == set()
    config = folder / "config/bot.yaml"
    door = "{kind: ews, endpoint: https://mail.council.example/EWS/Exchange.asmx, user: svc, password: '${EWS}'}"
    text = config.read_text("utf-8")
    ours = "receive: {kind: maildir, path: var/mail/challenge-clock}"
    assert ours in text
    config.write_text(text.replace(ours, f"receive: {door}", 1), "utf-8")
    assert "exchangelib" in loaded(folder)


#: Libraries that the list of commands has no use for.
HEAVY = {"pydantic", "re2", "rich", "ruamel", "sqlalchemy", "structlog", "jinja2", "holidays", "rapidfuzz", "requests"}

#: What no command needs that only reads: doors, other databases' drivers, migrations, the list of bank holidays.
DOORS = {"aiosmtplib", "dns", "exchangelib", "imapclient", "msal", "requests"}
UNUSED = DOORS | {"alembic", "apscheduler", "docxtpl", "holidays", "psycopg", "pypdf", "xlsxwriter"}
#: What the command line brings to every command, and what a library of ours brings with it.
OF_THE_COMMAND_LINE = {
    "annotated_doc", "annotated_types", "pydantic", "pydantic_core", "shellingham", "typer", "typing_extensions",
    "typing_inspection",
}  # fmt: skip
#: The libraries that these commands bring, whole.
BROUGHT = {
    "status": {"ruamel"},
    "check": {"jinja2", "markupsafe", "re2", "ruamel", "typst"},
    "understand": {
        "flufl", "inscriptis", "lxml", "mailparser", "public", "rapidfuzz", "re2", "ruamel", "typst",
    },
}  # fmt: skip

#: What `status` loads of ours, whole: a monitor starts it every minute. Beside it the driver of the database, what
#: reads YAML, and the command line's own.
OF_STATUS = {
    "cli": {"main", "output", "status", "status.command"},
    "daemon": {"standing"},
    "letters": {"marked", "wording"},
    "model": {
        "cases", "errors", "events", "flags", "forms", "letters", "letters.letter", "letters.parts", "letters.standing",
        "letters.wording", "mails", "marks", "times",
    },
    "rules": {"policy", "policy.yaml_file", "workdays"},
    "settings": {"credentials", "home"},
    "store": {"server", "server.glance"},
}  # fmt: skip


def started(folder: Path, *words: str, stdin: bytes = b"") -> tuple[set[str], str]:
    """The modules that this command has loaded when it ends, and what it wrote on stderr."""
    program = (
        "import atexit, os, sys\n"
        "atexit.register(lambda: os.write(3, ' '.join(sys.modules).encode()))\n"
        "from bot.__main__ import main\n"
        "main()"
    )
    line = f'exec "$@" 3>{folder / "modules"}'
    run = subprocess.run(
        ["/bin/sh", "-c", line, "sh", sys.executable, "-c", program, *words],
        cwd=folder,
        env=operator.environment(),
        input=stdin,
        capture_output=True,
    )
    assert run.returncode == 0, run.stderr
    return set((folder / "modules").read_text("utf-8").split()), run.stderr.decode()


def tops(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_a_list_of_commands_loads_none(tmp_path: Path, word: str) -> None:
    """Help and version need the list alone: no command is loaded, and no library but the command line's."""
    modules, _ = started(tmp_path, word)
    ours = {name for name in modules if name.partition(".")[0] == "bot"}
    assert ours == {"bot", "bot.__main__", "bot.cli", "bot.cli.main", "bot.model", "bot.model.errors"}
    assert tops(modules) & HEAVY == set()


def brought(name: str) -> set[str]:
    """The libraries that a command has when it is loaded alone."""
    program = (
        "import sys\nfrom bot.cli.main import COMMANDS\n"
        f"next(one for one in COMMANDS if one.name == {name!r}).load()\nprint(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    found = tops(set(run.stdout.split())) - sys.stdlib_module_names - OF_THE_COMMAND_LINE
    return {one for one in found if one != "bot" and not one.startswith(("_", "cython"))}


@pytest.mark.parametrize("name", BROUGHT)
def test_a_command_brings_these_libraries_and_no_other(name: str) -> None:
    """Loaded alone, a command that is asked for often brings the libraries of its list; another makes it slow."""
    assert brought(name) == BROUGHT[name]


def test_a_command_that_reads_brings_no_library_that_it_does_not_use() -> None:
    """What opens no door and makes no document has none of the libraries that do."""
    assert brought("policy") & UNUSED == set()


def test_status_loads_what_it_looks_at_and_no_more(tmp_path: Path) -> None:
    """From its start to its end on a database that is there it has these files of ours and no heavy library."""
    folder = operator.folder(tmp_path)
    started(folder, "once")
    modules, _ = started(folder, "status")
    rooms = {f"bot.{room}" for room in OF_STATUS}
    files = {f"bot.{room}.{file}" for room, known in OF_STATUS.items() for file in known}
    assert {name for name in modules if name.partition(".")[0] == "bot"} == {"bot", "bot.__main__"} | rooms | files
    assert tops(modules) & (HEAVY | UNUSED) - OF_THE_COMMAND_LINE == {"ruamel"}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_list_says_what_a_command_says_of_itself(command: Command) -> None:
    """In a window of any width up to the widest that help is written for, each line is the command's own."""
    its_own = command.load()
    listed = CliRunner().invoke(app, ["--help"]).stdout
    assert f"  {command.name} " in listed
    if command.name == "deliver":
        assert pipe.HELP.startswith(command.help)
        return
    room = 80 - 6 - max(len(one.name) for one in COMMANDS)
    for limit in range(10, room + 1):
        line = TyperCommand(command.name, help=command.help).get_short_help_str(limit)
        assert line == its_own.get_short_help_str(limit)
