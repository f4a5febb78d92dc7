"""A working folder of the operator's: the shipped configuration, mails dropped into its Maildirs, the real command.

Each command is a process of its own, forked from one that has imported the program already: a test asks many, and an
import takes longer than most answers.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, NoReturn

from bot.doors.maildir.send import deliver

HOUSE = Path(__file__).parents[1]
CREWE = "crewe-assessment"
CLOCK = "challenge-clock"
SUBJECT = "Professional Safeguarding Challenge – 24 hours"


def folder(at: Path) -> Path:
    """A fresh copy of what is shipped, and the inboxes' folder."""
    shutil.copytree(HOUSE / "config", at / "config")
    shutil.copytree(HOUSE / "mail_templates", at / "mail_templates")
    (at / "var/mail").mkdir(mode=0o700, parents=True)
    (at / "var").chmod(0o700)
    return at


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(HOUSE), "PYTHONWARNINGS": "error"}


class Warm:
    """A process that has imported the program and forks once for each command."""

    def __init__(self) -> None:
        line = [sys.executable, "-m", "tests.operator"]
        self._process = subprocess.Popen(
            line, cwd=HOUSE, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        atexit.register(self.close)

    def __call__(self, cwd: Path, words: list[str], out: Path, err: Path) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([str(cwd), words, str(out), str(err)]), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


warm = functools.cache(Warm)


def command(cwd: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """`challenge-bot WORDS` as a process of its own, in this folder."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        asked = [str(word) for word in words]
        code = warm()(cwd, asked, out, err)
        return subprocess.CompletedProcess(asked, code, out.read_text("utf-8"), err.read_text("utf-8"))


def serve() -> None:
    """Runs one command for each line of stdin and answers with its exit code."""
    from bot.cli.main import COMMANDS, main

    for one in COMMANDS:
        one.load()
    for line in sys.stdin:
        cwd, words, out, err = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(main, cwd, words, out, err)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n")
        sys.stdout.flush()


def _become(main: Callable[[], None], cwd: str, words: list[str], out: str, err: str) -> NoReturn:
    code = 1
    try:
        os.chdir(cwd)
        for path, number in ((os.devnull, 0), (out, 1), (err, 2)):
            os.dup2(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), number)
        sys.argv = ["challenge-bot", *words]
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def done(cwd: Path, *words: object) -> str:
    """Its stdout; fails unless it ended with 0."""
    ran = command(cwd, *words)
    assert ran.returncode == 0, f"{words}: {ran.returncode}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def rows(cwd: Path, *words: object) -> list[dict[str, Any]]:
    """What it prints with --json, one object a line."""
    return [json.loads(line) for line in done(cwd, *words, "--json").splitlines()]


def drop(
    cwd: Path,
    subject: str = SUBJECT,
    sender: str = "helen.visser@health.example",
    inbox: str = CREWE,
    ago: int = 0,
    text: str = "I disagree with no further action. We spoke at 9am.",
) -> str:
    """A mail in an inbox that reached it `ago` minutes ago; returns its Message-ID."""
    at = datetime.now(UTC) - timedelta(minutes=ago)
    message_id = f"{at.timestamp()}.{os.urandom(4).hex()}@{sender.rpartition('@')[2]}"
    deliver(cwd / "var/mail" / inbox, raw(subject, sender, message_id, at, text), at)
    return message_id


def raw(subject: str, sender: str, message_id: str, at: datetime, text: str) -> bytes:
    domain = sender.rpartition("@")[2]
    lines = [
        f"Authentication-Results: mx.council.example; dmarc=pass header.from={domain}",
        f"From: {sender}",
        "To: fay.marsh@csc.example",
        "Cc: crewe.assessment@csc.example",
        f"Subject: {subject}",
        f"Date: {format_datetime(at)}",
        f"Message-ID: <{message_id}>",
        "Content-Type: text/plain; charset=utf-8",
        "",
        text,
        "",
    ]
    return "\r\n".join(lines).encode()


def letters(cwd: Path) -> list[str]:
    """Every letter of a case that left, as text; the daily one goes by the day on which the tests run."""
    left = (path.read_text("utf-8") for path in sorted((cwd / "var/letters/new").glob("*")))
    return [text for text in left if "Subject: Professional challenges:" not in text]


if __name__ == "__main__":
    serve()
