"""The last day of an app's secret is told in steps, each once, whatever was missed meanwhile; and where the list of
bank holidays ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from bot.daemon.app import App, build
from bot.engine.expiry import PAST, Secret, running_out, secrets
from bot.settings.settings import load
from bot.store import outbox
from tests.letters import about
from tests.unit.config_samples import ENV, edit, small

ENDS = date(2027, 9, 30)
OAUTH = (
    "oauth: {tenant: council.example, client_id: app, client_secret: '${CLOCK_PASSWORD}', secret_expires: 2027-09-30}"
)


def at(days: int) -> datetime:
    """Noon, so many days before the last one."""
    return datetime(2027, 9, 30, 12, tzinfo=UTC) - timedelta(days=days)


@pytest.mark.parametrize(
    ("left", "step"),
    [
        (400, None),
        (31, None),
        (30, 30),
        (15, 30),
        (14, 14),
        (8, 14),
        (7, 7),
        (2, 7),
        (1, 1),
        (0, 1),
        (-1, PAST),
        (-99, 0),
    ],
)
def test_the_step_that_has_come(left: int, step: int | None) -> None:
    """30, 14, 7 and 1 days before; its last day is good, the one behind it is not."""
    assert Secret("t", "app", ENDS, ()).step(ENDS - timedelta(days=left)) == step


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (14, "runs out on 30 September 2027, in 14 days"),
        (1, "runs out on 30 September 2027, in 1 day"),
        (0, "runs out on 30 September 2027, today"),
        (-3, "ran out on 30 September 2027"),
    ],
)
def test_it_is_said_in_words(left: int, words: str) -> None:
    """With the day and how long it is."""
    assert Secret("t", "app", ENDS, ()).words(ENDS - timedelta(days=left)) == words


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration whose doors share one secret; templates lie where the house keeps them."""
    root = small(tmp_path / "config")
    edit(root, "bot.yaml", "    user: clock\n    password: ${CLOCK_PASSWORD}\n", f"    {OAUTH}\n")
    edit(root, "bot.yaml", "{kind: maildir, path: var/crewe}", f"{{kind: imap, host: x, {OAUTH}}}")
    edit(root, "bot.yaml", "operator:", f"templates: {Path('mail_templates').absolute()}\noperator:")
    monkeypatch.chdir(tmp_path)
    return root


@pytest.fixture
def running(root: Path) -> Iterator[App]:
    built = build(load(root, ENV), read_now=lambda: at(60), in_process=True, strict=True)
    yield built
    built.close()


def told(running: App) -> list[str]:
    with running.db.read() as tx:
        return [queued.letter.subject for queued in outbox.open_letters(tx)]


def test_each_step_is_told_once(running: App) -> None:
    """Looked at every six hours for three months: five letters, though two doors share the secret."""
    for hours in range(24 * 45, -24 * 45, -6):
        running.expiry.post(at(0) - timedelta(hours=hours))
    assert told(running) == [
        "Alert: an app's secret runs out on 30 September 2027, in 30 days",
        "Alert: an app's secret runs out on 30 September 2027, in 14 days",
        "Alert: an app's secret runs out on 30 September 2027, in 7 days",
        "Alert: an app's secret runs out on 30 September 2027, in 1 day",
        "Alert: an app's secret ran out on 30 September 2027",
    ]
    with running.db.read() as tx:
        lines = about(outbox.open_letters(tx)[0].letter)["lines"]
    assert "bot.send, mailboxes.1.receive" in lines[1]


def test_a_step_that_was_missed_is_told_when_we_are_back(running: App) -> None:
    """After weeks without the daemon, the latest step alone."""
    running.expiry.post(at(31))
    running.expiry.post(at(5))
    running.expiry.post(at(5))
    assert told(running) == ["Alert: an app's secret runs out on 30 September 2027, in 5 days"]


def test_a_new_secret_begins_anew(running: App, root: Path) -> None:
    """Another last day has steps of its own."""
    running.expiry.post(at(7))
    edit(root, "bot.yaml", "secret_expires: 2027-09-30", "secret_expires: 2027-10-02")
    assert [one.ends for one in secrets(load(root, ENV).config)] == [ENDS, date(2027, 10, 2)]
    renewed = build(load(root, ENV), read_now=lambda: at(6), in_process=True, strict=True)
    renewed.expiry.post(at(6))
    assert len(told(renewed)) == 2
    renewed.close()


def test_check_says_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret in its last thirty days is a warning, with what to do; one that has time is not."""
    monkeypatch.setenv("CLOCK_PASSWORD", "x")
    today = datetime.now(UTC).date()
    for text, is_said in ((f"{today + timedelta(days=3)}", True), (f"{today + timedelta(days=300)}", False)):
        body = (root / "bot.yaml").read_text()
        (root / "bot.yaml").write_text(body.replace("2027-09-30", text))
        result = CliRunner().invoke(app, ["check", "--config", str(root)])
        assert result.exit_code == 0, result.output
        assert ("warning" in result.output and "in 3 days: make a new one" in result.output) is is_said
        assert bool(running_out(load(root, {"CLOCK_PASSWORD": "x"}), today)) is is_said
        (root / "bot.yaml").write_text(body)


def test_a_year_without_bank_holidays_is_told_once_long_before(running: App, root: Path) -> None:
    """The list ends with 2045: the operator hears of 2046 more than a year before, and `check` says it until all of its
    days are written into the configuration."""
    day = date(2044, 11, 30)
    for days in range(-300, 300, 20):
        running.expiry.post(datetime(2044, 11, 30, 12, tzinfo=UTC) + timedelta(days=days))
    said = [subject for subject in told(running) if "bank holidays" in subject]
    assert said == ["Alert: the bank holidays of 2046 are not known"]
    edit(root, "bot.yaml", "operator:", "calendar: {bank_holidays: [2046-01-02]}\noperator:")
    found = running_out(load(root, ENV), day + timedelta(days=2))
    assert [line for line in found if "2046" in line and "calendar.bank_holidays" in line] != []
    assert [line for line in running_out(load(root, ENV), day - timedelta(days=365)) if "bank" in line] == []
    days = ", ".join(f"2046-{month:02}-25" for month in range(3, 11))
    edit(root, "bot.yaml", "{bank_holidays: [2046-01-02]}", f"{{bank_holidays: [{days}]}}")
    assert [line for line in running_out(load(root, ENV), day + timedelta(days=2)) if "bank" in line] == []


@pytest.mark.parametrize("name", ["closures", "add"])
def test_closure_days_do_not_silence_the_warning_of_unlisted_bank_holidays(root: Path, name: str) -> None:
    """However many days of a year an office is shut, its bank holidays are as unknown as before."""
    days = ", ".join(f"2046-{month:02}-25" for month in range(1, 13))
    edit(root, "bot.yaml", "operator:", f"calendar: {{{name}: [{days}]}}\noperator:")
    assert [line for line in running_out(load(root, ENV), date(2044, 12, 2)) if "2046" in line] != []
