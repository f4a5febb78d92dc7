"""The bot's real main job on the shipped sample: three weeks of mail in under a minute, and what it leaves to look at.

The same App as the daemon's, on a virtual clock (rehearse.py): Maildir in, SQLite, Maildir out. Each thing is shown in
the moment it happens; letters, records and a page stay in a folder. It decides nothing and changes no configuration.
"""

import email
import email.policy
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from bot.cli.rehearsal import story
from bot.cli.rehearsal.page import FACTS, Shown, page
from bot.cli.rehearsal.rehearse import Rehearsal
from bot.cli.rehearsal.rows import Row, faults
from bot.cli.rehearsal.story import Story
from bot.daemon import logs
from bot.engine import registers
from bot.model.errors import BotError, ConfigError
from bot.records.report.made import made
from bot.records.report.periods import Quarter
from bot.settings import settings
from bot.settings.settings import Settings
from bot.store import outbox
from bot.store.db import Database

SAMPLE = Path(__file__).parents[3] / "config"
STORIES = "demo"
PAGE, DATABASE, LOG = "index.html", "story.db", "demo.log"
COLOURS = {"mail": "cyan", "fact": "yellow", "letter": "green", "case": "bold"}


def demo(policy: str, out: Path, plain: bool, seconds: float) -> int:
    """Plays the demo story of `policy` into `out` and returns the exit code: 0 done, 1 it went wrong, 2 no such story.

    On a terminal (and not `plain`) it takes about `seconds`; elsewhere it goes as fast as it can, a line for each
    thing. An earlier demo in `out` is replaced; any other folder that holds something is left alone.
    """
    wanted = SAMPLE / STORIES / f"{policy}.yaml"
    there = sorted(path.stem for path in (SAMPLE / STORIES).glob("*.yaml"))
    if policy not in there:
        known = ", ".join(there) or "none: the sample configuration is not beside the program"
        return _complain(f"There is no demo story for the policy {policy}. There is one for: {known}.", 2)
    if not _is_free(out):
        return _complain(f"{out} holds something that is no demo: name another folder with --out.", 2)
    try:
        told, base = story.load(wanted), settings.load(SAMPLE, dict(os.environ))
        _play(told, base, out, 0.0 if plain or not sys.stdout.isatty() else seconds)
    except ConfigError as error:
        return _complain("\n".join(map(str, error.problems)), 2)
    except (BotError, OSError) as error:
        return _complain(f"The demo could not be played: {error}", 1)
    return 0


def _complain(text: str, code: int) -> int:
    sys.stderr.write(f"{text}\n")
    return code


def _is_free(out: Path) -> bool:
    """Whether the folder is not there, is empty, or is an earlier demo, whole or broken off."""
    if not out.exists():
        return True
    return out.is_dir() and ((out / LOG).is_file() or not any(out.iterdir()))


# --- playing ----------------------------------------------------------------------------------------------------------


def _play(told: Story, base: Settings, out: Path, seconds: float) -> None:
    """Raises BotError when the story's own expectations do not hold: the demo would show a thing that is not so."""
    if out.exists():
        shutil.rmtree(out)
    (out / "letters").mkdir(parents=True)
    rows: list[Row] = []
    letters: list[Shown] = []
    with _logged(out / LOG), _timeline(told, base, seconds) as show:
        rehearsal = Rehearsal(told, out / "mail", base)
        for row in rehearsal.play():
            rows.append(row)
            show(row)
            if row["what"] == "letter":
                letters.append(_kept(rehearsal, row, len(letters) + 1, out))
    (out / "mail" / DATABASE).rename(out / DATABASE)
    reports = _reported(rehearsal, out)
    records = sorted(path.name for path in out.glob("*-record.pdf"))
    (out / PAGE).write_text(page(told, base, rows, letters, records), encoding="utf-8")
    wrong = [*rehearsal.faults, *faults(told.expect, told.never, rows)]
    if wrong:
        raise BotError("; ".join(wrong))
    sys.stdout.write(f"\nLetters: {len(letters)}. Records: {len(records)}. Open {out / PAGE} in a browser.\n")
    sys.stdout.write(f"The quarter's report: {', '.join(reports)}.\n")


@contextmanager
def _logged(path: Path) -> Iterator[None]:
    """The program's log goes into a file meanwhile, not over the timeline."""
    with path.open("w", encoding="utf-8") as log:
        logs.configure(log)
        try:
            yield
        finally:
            logs.configure(sys.stderr)


def _kept(rehearsal: Rehearsal, row: Row, n: int, out: Path) -> Shown:
    """The letter as it left, as a file that any mail program opens; what a record letter carries, beside it."""
    with rehearsal.app.db.read() as tx:
        raw = outbox.by_message_id(tx, (row["message_id"],))[0].raw or b""
    ref = _ref(row["subject"])
    name = "-".join(part for part in (f"{n:03}", ref, row["kind"]) if part)
    (out / "letters" / f"{name}.eml").write_bytes(raw)
    if row["kind"] == "record":
        for part in email.message_from_bytes(raw, policy=email.policy.default).iter_attachments():
            (out / Path(part.get_filename() or name).name).write_bytes(part.get_content())
    return Shown(f"letters/{name}.eml", row)


def _reported(rehearsal: Rehearsal, out: Path) -> list[str]:
    """The report of the quarter that the story ends in, up to its end; the names of its files."""
    of, until = rehearsal.settings, rehearsal.story.until
    db = Database(f"sqlite:///{out / DATABASE}")
    try:
        with db.read() as tx:
            found = registers.held(tx, of.policies)
    finally:
        db.close()
    source = registers.report_source(of, found, {box.area for box in of.config.mailboxes}, until)
    chosen = Quarter.of(source.day(until))
    files = made(source, chosen, public=False).files(f"report-{chosen}")
    for file in files:
        (out / file.name).write_bytes(file.content)
    return [file.name for file in files]


def _ref(subject: str) -> str:
    """The ref in square brackets at the end of a letter's subject; "" for a letter of no case."""
    return subject.rpartition("[")[2].rstrip("]") if subject.endswith("]") else ""


# --- showing ----------------------------------------------------------------------------------------------------------


@contextmanager
def _timeline(told: Story, base: Settings, seconds: float) -> Iterator[Callable[[Row], None]]:
    """Gives a function that shows one row: in its time, over a clock that runs; without `seconds`, at once."""
    console = Console(markup=False, highlight=False, emoji=False)
    lines = Lines(told, base)
    if not seconds:

        def say(row: Row) -> None:
            for line in lines.of(row):
                console.print(line.plain, soft_wrap=True)

        yield say
        return
    columns = (TextColumn("{task.fields[now]}", style="bold"), BarColumn(None), TextColumn("{task.fields[week]}"))
    with Progress(*columns, console=console, transient=True) as progress:
        pace = Pace(told, base, seconds, progress)

        def show(row: Row) -> None:
            pace.until(row)
            for line in lines.of(row):
                progress.console.print(line)

        yield show


class Pace:
    """The story's time against the spectator's: the clock at the foot runs, and a row waits for its moment."""

    def __init__(self, told: Story, base: Settings, seconds: float, progress: Progress) -> None:
        self._told, self._zone, self._seconds, self._progress = told, base.calendar.zone, seconds, progress
        self._began = time.monotonic()
        self._task = progress.add_task("", total=1.0, now="", week="")

    def until(self, row: Row) -> None:
        whole = self._told.until - self._told.starts
        at = datetime.fromisoformat(row["at"]) if "at" in row else self._told.until
        part = (at - self._told.starts) / whole
        while True:
            gone = min((time.monotonic() - self._began) / self._seconds, part)
            now = self._told.starts + whole * gone
            self._progress.update(
                self._task,
                completed=gone,
                now=f"{now.astimezone(self._zone):%a %d %b %Y, %H:%M}",
                week=f"day {(now - self._told.starts).days + 1} of {whole.days + 1}",
            )
            if gone >= part:
                return
            time.sleep(0.04)


class Lines:
    """A row as a line for people. Rows of our own letters coming back to a watched inbox are left out."""

    def __init__(self, told: Story, base: Settings) -> None:
        self._mails = {mail.id: mail for mail in told.mail}
        self._names = {row.email: row.name for row in base.directory.rows}
        self._zone = base.calendar.zone

    def of(self, row: Row) -> list[Text]:
        what, says = self._shown(row)
        if not says:
            return []
        at = f"{datetime.fromisoformat(row['at']).astimezone(self._zone):%a %d %b %H:%M}" if "at" in row else " " * 16
        case = f"case {row['case']}" if row.get("case") else ""
        return [Text.assemble(f"{at}  {case:7} ", (f"{what:7} ", COLOURS[row["what"]]), says)]

    def _shown(self, row: Row) -> tuple[str, str]:
        match row["what"]:
            case "mail" if row["mail"] is None:
                return "", ""
            case "mail":
                mail = self._mails[row["mail"]]
                sender = mail.sender_from.partition(" <")[0] or "Mail Delivery System"
                subject = mail.subject or mail.text.strip().partition("\n")[0] or "a mail was not delivered"
                placed = "" if row["disposition"] == "case" else f"   ({row['disposition'].replace('_', ' ')})"
                return "in", f"{sender}: {subject}{placed}"
            case "letter":
                to = ", ".join(self._names.get(one, one) for one in row["to"])
                return "out", f"{row['kind']} to {to}: {row['text'].partition(chr(10))[0].strip()}"
            case "fact":
                return "-", FACTS.get(row["kind"], row["kind"].replace("_", " "))
            case _:
                ended = f"closed as {row['closed_as']}" if row["closed_as"] else row["state"].replace("_", " ")
                return "end", f"{row['ref']}: {ended}"
