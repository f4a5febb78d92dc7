"""What a command costs from its start to its end, in times the processor time of a bare interpreter in the same run.

Each runs as a process of its own in a copy of the sample configuration; processes that it starts count too.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

from tests.bench.boxes import CONFIG
from tests.bench.corpus import TEAM
from tests.bench.cost import middle

HOUSE = CONFIG.parent


def measured(folder: Path, mail: bytes) -> tuple[float, dict[str, float]]:
    """Seconds of processor time of the bare interpreter, and of each command the median of three in times that."""
    shutil.copytree(CONFIG, folder / "config")
    shutil.copytree(HOUSE / "mail_templates", folder / "mail_templates")
    (folder / "mail.eml").write_bytes(mail)
    bot = [sys.executable, "-m", "bot"]
    _run(folder, [*bot, "once"], b"")  # makes the database
    bare = middle(lambda: _run(folder, [sys.executable, "-c", "pass"], b""), 5)
    commands = {
        "deliver": (["deliver", TEAM], mail),
        "--help": (["--help"], b""),
        "--version": (["--version"], b""),
        "status": (["status"], b""),
        "understand FILE": (["understand", "mail.eml"], b""),
        "check": (["check"], b""),
    }
    first = _run(folder, [*bot, "check"], b"")  # which keeps what it found sound
    taken = {
        name: middle(lambda words=words, stdin=stdin: _run(folder, [*bot, *words], stdin))  # type: ignore[misc]
        for name, (words, stdin) in commands.items()
    }
    taken["check, the first time"] = first
    return bare, {name: seconds / bare for name, seconds in taken.items()}


def _run(folder: Path, line: list[str], stdin: bytes) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    env = {**os.environ, "PYTHONPATH": str(HOUSE)}
    subprocess.run(line, cwd=folder, env=env, input=stdin, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
