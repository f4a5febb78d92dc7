"""The reading process: limits hold, and a mail that kills it delays no other."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.engine.reading.reader.sandbox import InProcess, NoReader, Sandbox, SandboxDied
from bot.mail.read import Reading
from bot.mail.subject import Phrase
from bot.mail.trust import Trust
from bot.model import Mail
from tests.unit.test_cage import Taken
from tests.until import until

MAILS = Path(__file__).parent.parent / "mails"
NOW = datetime(2027, 1, 16, 9, 15, tzinfo=UTC)
READING = Reading((Phrase("Professional Safeguarding Challenge"),), Trust("rfc8601", ("mx.council.example",)))
HEAD = b"From: Fay Marsh <fay.marsh@csc.example>\nMessage-ID: <m@csc.example>\n"
#: Fifty million lines in a part: the standard library needs a quarter of a minute and gigabytes for them.
SLOW = HEAD + b"Content-Type: multipart/mixed; boundary=q\n\n--q\n\n" + b"\n" * 50_000_000
GOOD = HEAD + b"\nhello\n"
FILES = sorted(MAILS.glob("**/*.eml"))


@pytest.fixture(scope="module", params=[1, 3])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """Of one process, and of three."""
    found = Sandbox(READING, cpu=3.0, readers=request.param)
    until(lambda: len(found.read_many([(GOOD, NOW)] * 80)) and len(found.pids) == request.param, 120)
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
    answers = sandbox.read_many([(GOOD, NOW), (SLOW, NOW), (GOOD, NOW)])
    assert [isinstance(answer, SandboxDied) for answer in answers] == [False, True, False]
    with pytest.raises(SandboxDied):
        sandbox.read(SLOW, NOW)
    assert sandbox.read(GOOD, NOW).new_text == "hello"


def test_answers_that_nobody_took_are_nobody_elses(sandbox: Sandbox) -> None:
    """A caller that stops in the middle of a batch leaves nothing behind: the next mail has its own answer."""
    taken = sandbox.read_each([(HEAD + b"\nfirst\n", NOW), (HEAD + b"\nsecond\n", NOW)])
    first = next(taken)
    assert isinstance(first, Mail)
    assert first.new_text == "first"
    assert sandbox.read(HEAD + b"\nthird\n", NOW).new_text == "third"


def test_an_answer_that_takes_long_is_told_from_one_that_is_there(sandbox: Sandbox) -> None:
    """Nothing is there of a batch that was not handed over, and of a mail only when it was read."""
    assert not sandbox.answers_within(60)
    taken = sandbox.read_each([(GOOD, NOW), (GOOD, NOW), (SLOW[:3_000_000], NOW)])
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
        assert sandbox.read(GOOD, NOW).new_text == "hello"
    finally:
        sandbox.close()


def test_a_mail_of_fifty_megabytes_is_read(sandbox: Sandbox) -> None:
    """The largest mail a server lets through is no attack."""
    assert sandbox.read(HEAD + b"\n" + b"a line of words\n" * 3_200_000, NOW).new_text.startswith("a line of words")


def test_a_child_that_died_while_idle_is_replaced(sandbox: Sandbox) -> None:
    """Somebody else's kill costs no mail its reading, of how many processes ever."""
    assert isinstance(sandbox.read(GOOD, NOW), Mail)
    for pid in sandbox.pids:
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert sandbox.read(GOOD, NOW).new_text == "hello"


def test_answers_come_in_the_order_of_the_mails(sandbox: Sandbox) -> None:
    """Whichever process has read a mail, and however long another took."""
    raws = [HEAD + b"\nnumber %d\n" % n + b"\n" * (200_000 if n % 7 == 0 else 0) for n in range(60)]
    answers = sandbox.read_many([(raw, NOW) for raw in raws])
    assert [one.new_text for one in answers if isinstance(one, Mail)] == [f"number {n}" for n in range(60)]


def test_a_mail_read_between_two_answers_ends_no_process(sandbox: Sandbox) -> None:
    """One that is read again for a decision has its own answer, and so has every mail of the batch."""
    before = sandbox.pids
    taken = sandbox.read_each([(HEAD + b"\nnumber %d\n" % n, NOW) for n in range(40)])
    first = next(taken)
    assert sandbox.read(HEAD + b"\nbetween\n", NOW).new_text == "between"
    said = [one.new_text for one in (first, *taken) if isinstance(one, Mail)]
    assert said == [f"number {n}" for n in range(40)]
    assert sandbox.pids == before


def test_one_that_dies_takes_no_other_mail_with_it(sandbox: Sandbox) -> None:
    """Mails that were handed to it already are read by another; one has no answer, one process is new."""
    before = set(sandbox.pids)
    jobs: list[Any] = [(GOOD, NOW)] * 20 + [(Taken("os._exit(1)"), NOW)] + [(GOOD, NOW)] * 40
    assert [n for n, one in enumerate(sandbox.read_many(jobs)) if isinstance(one, SandboxDied)] == [20]
    assert len(before - set(sandbox.pids)) == 1


def test_processes_are_begun_when_mails_wait() -> None:
    """A lone mail needs one; a crowd has as many as are allowed, and no more."""
    found = Sandbox(READING, readers=2)
    try:
        found.read(GOOD, NOW)
        assert len(found.pids) == 1
        until(lambda: len(found.read_many([(GOOD, NOW)] * 80)) and len(found.pids) == 2, 120)
        found.read_many([(GOOD, NOW)] * 80)
        assert len(found.pids) == 2
    finally:
        found.close()


def test_a_child_that_does_not_get_ready_is_no_mails_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that is too busy to start one, no mail has killed its reader; the child loads on, and the mail is
    read once it is ready."""
    busy = tmp_path / "python"
    busy.write_text(f'#!/bin/sh\nwhile [ ! -e {tmp_path}/go ]; do sleep 0.1; done\nexec {sys.executable} "$@"\n')
    busy.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(busy))
    sandbox = Sandbox(READING, patience=0.2)
    pid = sandbox.pids[0]
    with pytest.raises(NoReader):
        sandbox.read(GOOD, NOW)
    with pytest.raises(NoReader):
        sandbox.read_many([(GOOD, NOW)])
    (tmp_path / "go").touch()
    assert until(lambda: _read_if_ready(sandbox), 60).new_text == "hello"
    assert sandbox.pids[0] == pid
    sandbox.close()


def _read_if_ready(sandbox: Sandbox) -> Mail | None:
    with contextlib.suppress(NoReader):
        return sandbox.read(GOOD, NOW)
    return None


def test_closing_ends_the_child() -> None:
    """No reading process outlives its daemon's stop, and closing twice is harmless."""
    sandbox = Sandbox(READING)
    pid = sandbox.pids[0]
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
        assert found.read(GOOD, NOW).new_text == "hello"
        taken = found.read_each([(HEAD + b"\nfirst\n", NOW), (HEAD + b"\nsecond\n", NOW)])
        assert isinstance(next(taken), Mail)
        assert found.answers_within(60)
