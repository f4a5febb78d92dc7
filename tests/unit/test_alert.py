"""What has stopped is told once a day by every road, and a road that fails closes no other."""

from __future__ import annotations

import io
import json
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.daemon.alert import (
    Alerts,
    Told,
    due_alerts,
    write_heartbeat,
)
from bot.daemon.standing import Condition, conditions, last_touched, read_heartbeat
from bot.model import Contact, Letter, LetterKind, Sending
from bot.model.errors import LifeOver
from bot.store import mailboxes, outbox
from bot.store.db import Database, asking
from tests.letters import about, of_kind

NOW = datetime(2027, 1, 15, 16, 45, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DEAF = Condition("mailbox crewe cannot be read", "login refused", NOW)
HELD = Condition("letter 7 is held", "eleventh today", NOW, grace=timedelta(0))


def told(condition: Condition, at: datetime, *, is_over: bool = False) -> Told:
    return Told(condition.subject, condition.text, condition.since, at, is_over)


# --- deciding --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "found", "at", "tells", "ends"),
    [
        ([], [], NOW, 0, 0),
        ([], [DEAF], NOW + timedelta(minutes=9, seconds=59), 0, 0),
        ([], [DEAF], NOW + 10 * MINUTE, 1, 0),
        ([], [HELD], NOW, 1, 0),
        ([], [DEAF, HELD], NOW + 10 * MINUTE, 2, 0),
        ([told(DEAF, NOW + 10 * MINUTE)], [DEAF], NOW + 11 * MINUTE, 0, 0),
        ([told(DEAF, NOW + 10 * MINUTE)], [DEAF], NOW + timedelta(days=1, minutes=9), 0, 0),
        ([told(DEAF, NOW + 10 * MINUTE)], [DEAF], NOW + timedelta(days=1, minutes=10), 1, 0),
        ([told(DEAF, NOW)], [], NOW + MINUTE, 0, 1),
        ([told(DEAF, NOW)], [HELD], NOW + MINUTE, 1, 1),
        ([told(DEAF, NOW, is_over=True)], [], NOW + 2 * MINUTE, 0, 0),
        ([told(DEAF, NOW - timedelta(hours=1), is_over=True)], [DEAF], NOW + 10 * MINUTE, 0, 0),
        ([told(DEAF, NOW - timedelta(days=1), is_over=True)], [DEAF], NOW + 10 * MINUTE, 1, 0),
    ],
)
def test_what_is_due(known: list[Told], found: list[Condition], at: datetime, tells: int, ends: int) -> None:
    """Told after its grace, once a day while it lasts or flaps; its end once."""
    due = due_alerts({t.subject: t for t in known}, found, at)
    assert (len(due.tell), len(due.over)) == (tells, ends)


def test_a_condition_that_lasts_is_told_daily_and_ends_once() -> None:
    """Three days of deafness looked at every minute: three alerts, one end."""
    known: dict[str, Told] = {}
    tells = ends = 0
    for minute in range(4 * 24 * 60):
        at = NOW + minute * MINUTE
        due = due_alerts(known, [DEAF] if at < NOW + timedelta(days=3) else [], at)
        known, tells, ends = due.known, tells + len(due.tell), ends + len(due.over)
    assert (tells, ends, known) == (3, 1, {})


# --- what the database says ------------------------------------------------------------------------------------------


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    db = Database(f"sqlite:///{tmp_path}/var/bot.db")
    db.migrate()
    yield db
    db.close()


def letter(n: int) -> Letter:
    return of_kind(LetterKind.CHASER, f"o{n}", "fay@csc.example", message_id=f"m{n}@cescp.example")


def test_a_mailbox_is_named_while_it_cannot_be_read(db: Database) -> None:
    """From the first failure to the first success."""
    with db.begin() as tx:
        mailboxes.gap_opened(tx, "crewe", NOW, "login refused")
        assert [(c.subject, c.text, c.since) for c in conditions(asking(tx))] == [
            ("mailbox crewe cannot be read", "login refused", NOW)
        ]
        mailboxes.gap_closed(tx, "crewe", NOW + 2 * MINUTE)
        assert conditions(asking(tx)) == []


def test_a_refused_login_is_told_within_minutes(db: Database) -> None:
    """Of mailbox or letters, in well under ten minutes: only the operator can mend it. Words about others stay here."""
    with db.begin() as tx:
        mailboxes.gap_opened(tx, "crewe", NOW, "crewe: mx refused the login (535): check the app")
        outbox.queue(tx, letter(1), None, NOW)
        for why, words in (
            ("SMTP server mx refused the login (535): check", True),
            ("450 fay@csc.example later", False),
        ):
            queued = outbox.claim(tx, NOW + MINUTE, "a", timedelta(hours=1))
            assert queued is not None
            outbox.deferred(tx, queued, why, NOW + MINUTE, NOW)
            mailbox, letters = conditions(asking(tx))
            assert mailbox.grace < 5 * MINUTE
            assert (letters.grace < 5 * MINUTE, why in letters.text) == (words, words)


def test_a_held_letter_is_named_until_it_is_released(db: Database) -> None:
    """Held is never dropped and never silent."""
    with db.begin() as tx:
        number = outbox.queue(tx, letter(1), None, NOW)
        assert number is not None
        assert conditions(asking(tx)) == []
        outbox.hold_all(tx, "eleventh letter of this case today", NOW)
        assert [c.subject for c in conditions(asking(tx))] == [f"letter {number} is held"]
        outbox.release(tx, number, NOW)
        assert conditions(asking(tx)) == []


def test_a_letter_that_waits_because_a_person_said_hold_is_no_alert(db: Database) -> None:
    """HOLD ends by itself, and both sides know of it."""
    with db.begin() as tx:
        outbox.queue(tx, letter(1), None, NOW, status=Sending.HELD)
        assert conditions(asking(tx)) == []


# --- the roads -------------------------------------------------------------------------------------------------------


class Roads:
    def __init__(self, folder: Path, command: str = "", post: Callable[[Letter, datetime], None] | None = None) -> None:
        self.letters: list[Letter] = []
        self.stream = io.StringIO()
        self.heartbeat = folder / "var" / "heartbeat.json"
        self.alerts = Alerts(self.heartbeat, "op@cescp.example", post or self.post, command, self.stream)

    def post(self, letter: Letter, now: datetime) -> None:
        self.letters.append(letter)


def test_every_road_is_taken(tmp_path: Path) -> None:
    """Letter, stderr line, heartbeat file and the operator's command all say it."""
    copy = f"import sys; open({str(tmp_path / 'said')!r}, 'w').write(sys.stdin.read())"
    roads = Roads(tmp_path, shlex.join([sys.executable, "-c", copy]))
    roads.alerts.look([HELD], {"last_sent": NOW}, NOW)
    (posted,) = roads.letters
    assert (posted.kind, posted.to, posted.variant) == (LetterKind.ALERT, (Contact("op@cescp.example"),), "plain")
    assert about(posted)["lines"] == ["Since 2027-01-15 16:45 UTC.", "eleventh today"]
    assert roads.stream.getvalue().startswith("ALERT letter 7 is held")
    assert "letter 7 is held" in (tmp_path / "said").read_text()
    beat = json.loads(roads.heartbeat.read_text())
    assert (beat["at"], beat["last_sent"]) == ("2027-01-15T16:45:00+00:00", "2027-01-15T16:45:00+00:00")
    assert [(a["subject"], a["is_over"]) for a in beat["alerts"]] == [("letter 7 is held", False)]


def test_a_letter_a_day_and_subject(tmp_path: Path) -> None:
    """The occasion is subject and day, so that two daemons queue one letter between them."""
    first, second = Roads(tmp_path / "a"), Roads(tmp_path / "b")
    first.alerts.look([HELD, DEAF], {}, NOW + 10 * MINUTE)
    second.alerts.look([HELD], {}, NOW + timedelta(hours=2))
    second.alerts.look([HELD], {}, NOW + timedelta(days=2))
    keys = [posted.key for posted in first.letters + second.letters]
    assert (len(keys), len(set(keys))) == (4, 3)


@pytest.mark.parametrize("command", ["/no/such/command", shlex.join([sys.executable, "-c", "raise SystemExit(3)"])])
def test_a_command_that_fails_is_said(tmp_path: Path, command: str) -> None:
    """The other roads are taken all the same."""
    roads = Roads(tmp_path, command)
    roads.alerts.look([HELD], {}, NOW)
    assert "alert_command failed" in roads.stream.getvalue()
    assert len(roads.letters) == 1


def test_the_command_is_run_by_no_shell(tmp_path: Path) -> None:
    """What looks like shell is an argument."""
    roads = Roads(tmp_path, f"{sys.executable} -c pass ; touch {tmp_path}/made")
    roads.alerts.look([HELD], {}, NOW)
    assert not (tmp_path / "made").exists()


def test_a_letter_that_cannot_be_queued_closes_no_other_road(tmp_path: Path) -> None:
    """The database may be what has stopped."""

    def broken(letter: Letter, now: datetime) -> None:
        raise OSError("no space")

    roads = Roads(tmp_path, post=broken)
    roads.alerts.look([HELD], {}, NOW)
    assert "no letter could be queued about it: a fault of this program (OSError)" in roads.stream.getvalue()
    assert "letter 7 is held" in roads.heartbeat.read_text()


def test_the_end_is_said(tmp_path: Path) -> None:
    """Once, on stderr and in the heartbeat."""
    roads = Roads(tmp_path)
    roads.alerts.look([HELD], {}, NOW)
    roads.alerts.look([], {}, NOW + MINUTE)
    roads.alerts.look([], {}, NOW + 2 * MINUTE)
    assert roads.stream.getvalue().count("works again: letter 7 is held") == 1
    assert json.loads(roads.heartbeat.read_text())["alerts"][0]["is_over"] is True


def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    """What was told today is not told again by the next life of the daemon."""
    Roads(tmp_path).alerts.look([HELD], {}, NOW)
    again = Roads(tmp_path)
    again.alerts.look([HELD], {}, NOW + MINUTE)
    assert (again.letters, again.stream.getvalue()) == ([], "")


def test_a_life_that_takes_over_tells_nothing_again(tmp_path: Path) -> None:
    """What another life told today, in a folder of its own, is known; what does not change is not kept anew."""
    kept, roads, stream = ["[]"], Roads(tmp_path), io.StringIO()
    first = Alerts(tmp_path / "first.json", "op@cescp.example", roads.post, stream=stream, keep=kept.append)
    for n in range(3):
        first.look([HELD], {}, NOW + n * MINUTE)
    assert (len(kept), len(roads.letters), stream.getvalue().count("ALERT")) == (2, 1, 1)
    Alerts(tmp_path / "b.json", "op@cescp.example", roads.post, stream=stream, kept=kept[-1]).look([HELD], {}, NOW)
    assert (len(roads.letters), stream.getvalue().count("ALERT")) == (1, 1)


def test_a_life_that_was_taken_over_calls_nobody(tmp_path: Path) -> None:
    """Where its letter is refused because another life works, the operator's command is left to that one."""

    def refused(letter: Letter, now: datetime) -> None:
        raise LifeOver("another life works")

    Roads(tmp_path, f"touch {tmp_path}/made", refused).alerts.look([HELD], {}, NOW)
    assert not (tmp_path / "made").exists()


# --- the heartbeat file ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "{", "[]", '{"alerts": 3}', '{"alerts": [{"subject": 1}]}', "\x00"])
def test_a_damaged_heartbeat_is_no_reason_to_stop(tmp_path: Path, text: str) -> None:
    """At worst something is told twice."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "heartbeat.json").write_text(text)
    roads = Roads(tmp_path)
    roads.alerts.look([HELD], {}, NOW)
    assert len(roads.letters) == 1


def test_the_heartbeat_is_private_and_whole(tmp_path: Path) -> None:
    """0600, replaced in one step, nothing left beside it."""
    path = tmp_path / "var" / "heartbeat.json"
    write_heartbeat(path, {"at": NOW})
    write_heartbeat(path, {"at": NOW, "open": 3})
    assert path.stat().st_mode & 0o777 == 0o600
    assert [f.name for f in path.parent.iterdir()] == ["heartbeat.json"]
    assert read_heartbeat(path) == {"at": NOW.isoformat(), "open": 3}
    assert read_heartbeat(tmp_path / "none.json") == {}


def test_a_heartbeat_that_finds_no_room_still_beats(tmp_path: Path) -> None:
    """Nothing is raised, so that the watchdog is fed; it is said once, and the file's own time says that the daemon
    lives. What was written last stays whole."""
    roads = Roads(tmp_path)
    roads.alerts.look([], {}, NOW)
    os.utime(roads.heartbeat, (0, 0))
    roads.heartbeat.with_name("heartbeat.json.new").mkdir()  # as good as a full disk: no new file can be made
    for n in range(3):
        roads.alerts.look([], {}, NOW + n * MINUTE)
    assert roads.stream.getvalue().count("the heartbeat cannot be written") == 1
    assert last_touched(roads.heartbeat).year > 1970
    assert read_heartbeat(roads.heartbeat)["at"] == NOW.isoformat()


def test_the_command_gets_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It knows where programs lie and which language to speak; passwords and keys are not in its environment."""
    for name, value in (("CHALLENGE_BOT_IMAP_PASSWORD", "hush"), ("DATABASE_URL", "hush"), ("LANG", "cy_GB.UTF-8")):
        monkeypatch.setenv(name, value)
    found = tmp_path / "environment"
    program = f"import json, os; open({str(found)!r}, 'w').write(json.dumps(dict(os.environ)))"
    Roads(tmp_path, shlex.join([sys.executable, "-c", program])).alerts.look([HELD], {}, NOW)
    given = json.loads(found.read_text())
    assert given["LANG"] == "cy_GB.UTF-8"
    assert "PATH" in given
    assert "hush" not in given.values()
