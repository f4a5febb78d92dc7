"""What has stopped, told to the operator by more than one road, since the ordinary one may be what has stopped.

The roads: an `alert` letter, a line on stderr, the heartbeat file (which `status` reads), and the operator's own
command. Each subject is told once a day while it lasts. What to tell is decided by a pure function; a road that fails
does not close the others. It mends nothing, and names mailboxes and letters by their ids.
"""

import contextlib
import hashlib
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

import structlog

from bot.daemon.standing import Condition, at_utc, read_heartbeat
from bot.model import Contact, Letter
from bot.model.errors import LifeOver, in_words
from bot.model.letters import Alert

REPEAT = timedelta(days=1)
COMMAND_SECONDS = 30
#: What of our environment the operator's command gets: passwords and keys stand beside these.
COMMAND_KEEPS = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR")

log = structlog.get_logger("alert")


@dataclass(frozen=True, slots=True)
class Told:
    """A condition that was told, and when; `is_over` once it works again, kept so that a flapping one is told once."""

    subject: str
    text: str
    since: datetime
    told: datetime
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """What to tell now, what works again, and all that is known after it was told."""

    tell: tuple[Condition, ...]
    over: tuple[Told, ...]
    known: dict[str, Told]


def due_alerts(known: Mapping[str, Told], conditions: Sequence[Condition], now: datetime) -> Due:
    """Decides: a condition is told when it outlasts its grace, once a day; its end is told once."""
    present = {c.subject: c for c in conditions if now - c.since >= c.grace}
    tell = tuple(c for s, c in present.items() if s not in known or now - known[s].told >= REPEAT)
    over = tuple(t for s, t in known.items() if s not in present and not t.is_over)
    after = {s: replace(t, is_over=s not in present) for s, t in known.items() if now - t.told < REPEAT}
    after |= {c.subject: Told(c.subject, c.text, c.since, now) for c in tell}
    return Due(tell, over, after)


class Alerts:
    """Tells by every road, and keeps the heartbeat file.

    `post` queues a letter (and gives it its Message-ID); `command` is `alert_command`, "" for none. What was told
    before a restart is read back from the heartbeat file; what another life told, from what it handed its `keep`.
    """

    def __init__(
        self,
        heartbeat: Path,
        operator: str,
        post: Callable[[Letter, datetime], None],
        command: str = "",
        stream: TextIO = sys.stderr,
        *,
        kept: str = "[]",
        keep: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._heartbeat = heartbeat
        self._operator = operator
        self._post = post
        self._command = shlex.split(command)
        self._stream = stream
        self._keep = keep
        self._known = {**_known(read_heartbeat(heartbeat)), **_known({"alerts": json.loads(kept)})}
        self._is_written = True

    def look(self, found: Sequence[Condition], instants: Mapping[str, Any], now: datetime) -> Due:
        """Tells what is due and writes the heartbeat: `instants` (datetimes, numbers, texts) beside the alerts."""
        before, due = self._known, due_alerts(self._known, found, now)
        self._known = due.known
        for condition in due.tell:
            self._tell(condition, now)
        for told in due.over:
            self._say_line(f"works again: {told.subject}")
        standing = [asdict(t) for t in due.known.values()]
        if due.known != before:
            self._keep(json.dumps(standing, default=_iso))
        self._beat({**instants, "at": now, "alerts": standing})
        return due

    def _beat(self, content: Mapping[str, Any]) -> None:
        """A disk that is full takes no new file; that the daemon lives can be said without room."""
        was_written, self._is_written = self._is_written, False
        try:
            write_heartbeat(self._heartbeat, content)
            self._is_written = True
        except OSError as error:
            if was_written:
                self._say_line(f"the heartbeat cannot be written: {in_words(error)}")
            with contextlib.suppress(OSError):
                os.utime(self._heartbeat)

    def _tell(self, condition: Condition, now: datetime) -> None:
        text = f"{condition.subject}, since {at_utc(condition.since)}. {condition.text}"
        self._say_line(text)
        try:
            self._post(_letter(condition, self._operator, now), now)
        except LifeOver:  # whoever took over tells it
            return
        except Exception as error:
            log.exception("alert letter not queued")
            self._say_line(f"no letter could be queued about it: {in_words(error)}")
        if self._command:
            self._run(text)

    def _run(self, text: str) -> None:
        try:
            subprocess.run(  # noqa: S603 - the operator's own command, split by shell rules but run by no shell
                self._command,
                input=text.encode(),
                timeout=COMMAND_SECONDS,
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in COMMAND_KEEPS if name in os.environ},
            )
        except (OSError, subprocess.SubprocessError) as error:
            self._say_line(f"alert_command failed: {error}")

    def _say_line(self, text: str) -> None:
        with contextlib.suppress(OSError):  # a log on a full disk is a closed road, and the others are taken
            print(f"ALERT {' '.join(text.split())}", file=self._stream, flush=True)


def write_heartbeat(path: Path, content: Mapping[str, Any]) -> None:
    """Replaces the file (0600) by `content` as JSON, whole or not at all; datetimes as ISO texts."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file, default=_iso, ensure_ascii=False)
    draft.replace(path)


def _letter(condition: Condition, operator: str, now: datetime) -> Letter:
    # The occasion is subject and day: a restart, or a second daemon, tells nobody twice.
    digest = hashlib.sha256(condition.subject.encode()).hexdigest()[:16]
    return Letter(
        Alert.Plain(subject=condition.subject, lines=(f"Since {at_utc(condition.since)}.", condition.text)),
        occasion=f"alert/{digest}/{now:%Y-%m-%d}",
        to=(Contact(operator),),
        decided=now,
        subject=f"Alert: {condition.subject}",
    )


def _known(heartbeat: Mapping[str, Any]) -> dict[str, Told]:
    try:
        told = [
            Told(
                subject=a["subject"],
                text=a["text"],
                since=datetime.fromisoformat(a["since"]),
                told=datetime.fromisoformat(a["told"]),
                is_over=a["is_over"],
            )
            for a in heartbeat.get("alerts", ())
        ]
    except (KeyError, TypeError, ValueError):
        return {}  # written by another version: at worst something is told a second time
    return {t.subject: t for t in told}


def _iso(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
