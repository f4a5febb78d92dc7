"""The cage of the reading process: code that runs inside it can reach nothing, and mails read the same in it."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from itertools import islice
from pathlib import Path

import pytest

from bot.engine.reading.reader.sandbox import InProcess, Sandbox, SandboxDied
from bot.mail.read import Reading
from bot.mail.subject import Phrase
from bot.mail.trust import Trust
from bot.model import Mail
from tests.fuzz.hostile import cases
from tests.property.test_tnef import WHOLE

TESTS = Path(__file__).parents[1]
NOW = datetime(2027, 1, 16, 9, 15, tzinfo=UTC)
READING = Reading((Phrase("Professional Safeguarding Challenge"),), Trust("rfc8601", ("mx.council.example",)))


class Taken:
    """A mail that is a program: the child unpickles what its own parent hands it, and what comes back is a mail whose
    text is the program's `told`, as JSON. It stands for a reader that was taken over."""

    FRAME = """
import json, os, sys
def attempt(do):
    try:
        return str(do())
    except BaseException as fault:
        return type(fault).__name__
{}
raw = ("From: a@csc.example\\n\\n" + json.dumps(told) + "\\n").encode()
"""

    def __init__(self, program: str) -> None:
        self.program = program

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return eval, (f"(exec({self.FRAME.format(self.program)!r}, here := dict()), here['raw'])[1]",)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    found = Sandbox(READING)
    yield found
    found.close()


def inside(sandbox: Sandbox, program: str) -> dict[str, str]:
    """`told` of a program that has run in the reading process."""
    told: dict[str, str] = json.loads(sandbox.read(Taken(program), NOW).text)  # type: ignore[arg-type]
    return told


def test_the_whole_cage_is_shut_where_the_kernel_offers_it(sandbox: Sandbox) -> None:
    """This machine's kernel offers all of it, so nothing is left to say."""
    assert sandbox.uncaged() == ()


def test_code_inside_reaches_no_file(sandbox: Sandbox, tmp_path: Path) -> None:
    """Neither the database nor the configuration nor a folder's names, however the file may be read by others."""
    tmp_path.chmod(0o755)
    database, config = tmp_path / "bot.db", tmp_path / "bot.yaml"
    with sqlite3.connect(database) as made:
        made.execute("create table cases (n)")
    config.write_text("secret")
    for file in (database, config):
        file.chmod(0o666)
    told = inside(
        sandbox,
        f"""
told = dict(
    read=attempt(lambda: os.open({str(config)!r}, os.O_RDONLY)),
    database=attempt(lambda: os.open({str(database)!r}, os.O_RDWR)),
    python=attempt(lambda: open({str(config)!r}).read()),
    write=attempt(lambda: os.open({str(tmp_path / "new")!r}, os.O_WRONLY | os.O_CREAT)),
    names=attempt(lambda: os.listdir({str(tmp_path)!r})),
    moved=attempt(lambda: os.rename({str(config)!r}, {str(config)!r} + "2")),
    gone=attempt(lambda: os.unlink({str(config)!r})),
    link=attempt(lambda: os.symlink("/etc", {str(tmp_path / "etc")!r})),
    memory=attempt(lambda: os.open("/proc/%d/mem" % os.getppid(), os.O_RDONLY)),
    loaded=attempt(lambda: __import__("sqlite3")),
)
""",
    )
    assert set(told.values()) <= {"PermissionError", "ModuleNotFoundError"}, told
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bot.db", "bot.yaml"]


def test_code_inside_opens_no_socket_and_starts_no_process(sandbox: Sandbox) -> None:
    """No connection in or out, no child, no other program, no signal to the daemon, no hold on its limits."""
    listening = socket.create_server(("127.0.0.1", 0))
    told = inside(
        sandbox,
        f"""
import resource, socket
told = dict(
    tcp=attempt(lambda: socket.create_connection(("127.0.0.1", {listening.getsockname()[1]}), 1)),
    udp=attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)),
    unix=attempt(lambda: socket.socketpair()),
    pipe=attempt(lambda: os.pipe()),
    fork=attempt(lambda: os.fork()),
    run=attempt(lambda: os.posix_spawn("/bin/true", ["true"], dict())),
    exec=attempt(lambda: os.execv("/bin/true", ["true"])),
    kill=attempt(lambda: os.kill({os.getpid()}, 0)),
    limits=attempt(lambda: resource.prlimit({os.getpid()}, resource.RLIMIT_NOFILE)),
    root=attempt(lambda: os.setuid(0)),
)
""",
    )
    listening.close()
    assert set(told.values()) == {"PermissionError"}, told


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make a process somebody else's")
def test_started_by_root_it_is_nobodys(sandbox: Sandbox) -> None:
    """All three of its users, all three of its groups, and no group beside them."""
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{sandbox.pids[0]}/status").read_text().splitlines())
    assert [lines[name].split() for name in ("Uid", "Gid", "Groups")] == [["65534"] * 4, ["65534"] * 4, []]


def with_file(name: str, content: bytes) -> bytes:
    made = EmailMessage()
    made["From"], made["Subject"], made["Message-ID"] = "a@csc.example", "Re: the visit", "<f@csc.example>"
    made.set_content("The form is attached.")
    made.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return made.as_bytes()


def test_every_mail_reads_the_same_inside(sandbox: Sandbox) -> None:
    """Mails, stories, charsets, forms in Word and PDF, winmail.dat and hostile ones: nothing is missing in there."""
    raws = [path.read_bytes() for path in sorted(TESTS.glob("*/**/*.eml")) if "heldout" not in path.parts]
    raws += [with_file("winmail.dat", WHOLE)]
    raws += [with_file(path.name, path.read_bytes()) for path in sorted((TESTS / "stories" / "forms").iterdir())]
    raws += list(islice(cases(raws[:20], 11), 300))
    charsets = ("koi8-r", "shift_jis", "gb18030", "iso-2022-kr", "utf-7", "big5hkscs", "cp874", "hz", "idna", "no-such")
    head = "From: a@csc.example\nContent-Type: text/plain; charset={}\n\n"
    raws += [head.format(one).encode() + b"agreed \xe4\xb8\xad+AOk- \x1b$)C\x0e0!" for one in charsets]
    plain = InProcess(READING)
    for raw, answer in zip(raws, sandbox.read_many([(raw, NOW) for raw in raws]), strict=True):
        assert answer == plain.read(raw, NOW), raw[:300]


def test_what_the_kernel_refuses_is_said() -> None:
    """On a machine whose calls are not known no filter is laid, and that is all that is missing."""
    program = (
        "import platform; platform.machine = lambda: 'riscv64'\n"
        "from bot.engine.reading.reader import cage\nprint(*cage.shut(1 << 30), sep='\\n')"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == [
        "the reading process is not caged: no filter of system calls is round it (the calls of riscv64 are not known)"
    ]


def test_a_child_that_stands_still_is_ended_by_the_wall_clock() -> None:
    """Processor time does not pass while it waits: the parent's clock ends it, and the next mail is read."""
    sandbox = Sandbox(READING, wall=1.0)
    try:
        with pytest.raises(SandboxDied):
            inside(sandbox, "import threading; threading.Event().wait(30); told = dict()")
        assert isinstance(sandbox.read(b"From: a@csc.example\n\nhello\n", NOW), Mail)
    finally:
        sandbox.close()
