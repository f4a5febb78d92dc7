"""The reading process: limits hold, and a mail that kills it delays no other."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.engine.reading.reader.sandbox import InProcess, NoReader, Sandbox, SandboxDied
from bot.mail.read import Reading
from bot.mail.subject import Phrase
from bot.mail.trust import Trust
from bot.model import Mail
from tests.until import until

MAILS = Path(__file__).parent.parent / "mails"
NOW = datetime(2027, 1, 16, 9, 15, tzinfo=UTC)
READING = Reading((Phrase("Professional Safeguarding Challenge"),), Trust("rfc8601", ("mx.council.example",)))
HEAD = b"From: Fay Marsh <fay.marsh@csc.example>\nMessage-ID: <m@csc.example>\n"
#: Fifty million lines in a part: the standard library needs a quarter of a minute and gigabytes for them.
SLOW = HEAD + b"Content-Type: multipart/mixed; boundary=q\n\n--q\n\n" + b"\n" * 50_000_000
FILES = sorted(MAILS.glob("**/*.eml"))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    found = Sandbox(READING, cpu=3.0)
    yield found
    found.close()


def test_it_reads_what_the_reader_reads(sandbox: Sandbox) -> None:
    """Every mail comes out of the child as it would in the same process, one by one and in a batch."""
    raws = [path.read_bytes() for path in FILES]
    expected = [InProcess(READING).read(raw, NOW) for raw in raws]
    assert [sandbox.read(raw, NOW) for raw in raws] == expected
    assert sandbox.read_many([(raw, NOW) for raw in raws]) == expected
    assert InProcess(READING).read_many([(raw, NOW) for raw in raws]) == expected


def test_a_slow_mail_is_given_up_and_the_others_flow(sandbox: Sandbox) -> None:
    """The child is killed at its limit; mails before and behind in the same batch are read."""
    good = HEAD + b"\nhello\n"
    answers = sandbox.read_many([(good, NOW), (SLOW, NOW), (good, NOW)])
    assert [isinstance(answer, SandboxDied) for answer in answers] == [False, True, False]
    with pytest.raises(SandboxDied):
        sandbox.read(SLOW, NOW)
    assert sandbox.read(good, NOW).new_text == "hello"


def test_answers_that_nobody_took_are_nobody_elses(sandbox: Sandbox) -> None:
    """A caller that stops in the middle of a batch leaves nothing behind: the next mail has its own answer."""
    taken = sandbox.read_each([(HEAD + b"\nfirst\n", NOW), (HEAD + b"\nsecond\n", NOW)])
    first = next(taken)
    assert isinstance(first, Mail)
    assert first.new_text == "first"
    assert sandbox.read(HEAD + b"\nthird\n", NOW).new_text == "third"


def test_an_answer_that_takes_long_is_told_from_one_that_is_there(sandbox: Sandbox) -> None:
    """Nothing is there of a batch that was not handed over, and of a mail only when it was read."""
    good = HEAD + b"\nhello\n"
    assert not sandbox.answers_within(60)
    taken = sandbox.read_each([(good, NOW), (good, NOW), (SLOW[:3_000_000], NOW)])
    next(taken)
    assert sandbox.answers_within(60)
    next(taken)
    assert not sandbox.answers_within(0.001)
    assert sandbox.answers_within(60)
    next(taken)
    assert not sandbox.answers_within(60)


def test_a_mail_that_eats_memory_is_given_up() -> None:
    """The limit of memory holds in the child, not in the daemon."""
    sandbox = Sandbox(READING, memory=160 << 20)
    try:
        with pytest.raises(SandboxDied):
            sandbox.read(HEAD + b"\n" + b"x" * 120_000_000, NOW)
        assert sandbox.read(HEAD + b"\nhello\n", NOW).new_text == "hello"
    finally:
        sandbox.close()


def test_a_mail_of_fifty_megabytes_is_read(sandbox: Sandbox) -> None:
    """The largest mail a server lets through is no attack."""
    assert sandbox.read(HEAD + b"\n" + b"a line of words\n" * 3_200_000, NOW).new_text.startswith("a line of words")


def test_a_child_that_died_while_idle_is_replaced(sandbox: Sandbox) -> None:
    """Somebody else's kill costs no mail its reading."""
    assert isinstance(sandbox.read(HEAD + b"\nhello\n", NOW), Mail)
    os.kill(sandbox.pid, signal.SIGKILL)
    os.waitid(os.P_PID, sandbox.pid, os.WEXITED | os.WNOWAIT)
    assert sandbox.read(HEAD + b"\nhello\n", NOW).new_text == "hello"


def test_a_child_that_does_not_get_ready_is_no_mails_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that is too busy to start one, no mail has killed its reader; the child loads on, and the mail is
    read once it is ready."""
    busy = tmp_path / "python"
    busy.write_text(f'#!/bin/sh\nwhile [ ! -e {tmp_path}/go ]; do sleep 0.1; done\nexec {sys.executable} "$@"\n')
    busy.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(busy))
    sandbox = Sandbox(READING, patience=0.2)
    pid = sandbox.pid
    with pytest.raises(NoReader):
        sandbox.read(HEAD + b"\nhello\n", NOW)
    with pytest.raises(NoReader):
        sandbox.read_many([(HEAD + b"\nhello\n", NOW)])
    (tmp_path / "go").touch()
    assert until(lambda: _read_if_ready(sandbox), 60).new_text == "hello"
    assert sandbox.pid == pid
    sandbox.close()


def _read_if_ready(sandbox: Sandbox) -> Mail | None:
    with contextlib.suppress(NoReader):
        return sandbox.read(HEAD + b"\nhello\n", NOW)
    return None


def test_closing_ends_the_child() -> None:
    """No reading process outlives its daemon's stop, and closing twice is harmless."""
    sandbox = Sandbox(READING)
    pid = sandbox.pid
    sandbox.close()
    sandbox.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_it_reads_where_a_thousand_files_are_open() -> None:
    """As many lines are held open where a thousand mailboxes are watched, and a new child's pipes come behind them."""
    with contextlib.ExitStack() as held:
        for _ in range(1100):
            held.enter_context(Path(os.devnull).open("rb"))
        found = Sandbox(READING)
        held.callback(found.close)
        assert found.read(HEAD + b"\nhello\n", NOW).new_text == "hello"
        taken = found.read_each([(HEAD + b"\nfirst\n", NOW), (HEAD + b"\nsecond\n", NOW)])
        assert isinstance(next(taken), Mail)
        assert found.answers_within(60)
