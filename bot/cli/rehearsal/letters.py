"""`letters`: every letter there is with sample people, a page to read them on, and a whole case in a list of mails.

It renders the samples, puts each policy's stages in their place, and plays the demo's stories for the lists; what the
page looks like is gallery.py's. It opens no door and asks no network.
"""

import email
import email.policy
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.check import at_stage, samples_of
from bot.cli.output import DEFAULT, AsJson, ConfigDir, complain, emit, say_lines
from bot.cli.rehearsal import gallery, story
from bot.cli.rehearsal.demo import SAMPLE, STORIES
from bot.cli.rehearsal.gallery import Course, Inbox, Listed, Shown, Step
from bot.cli.rehearsal.rehearse import Rehearsal
from bot.daemon.templates import templates_of
from bot.letters.render import Office, Templates, render
from bot.model import Contact, Letter, Sending, Unit, Window
from bot.model.errors import BotError, ConfigError
from bot.model.letters import Chaser, Escalation
from bot.rules.policy.policy import Policy
from bot.rules.policy.prose import Worked, worked
from bot.settings import settings
from bot.settings.settings import Settings
from bot.store import outbox

PAGE, FOLDER = "index.html", "letters"
#: The letters of a policy's first stage, of each later one, of every one, and of the end.
_FIRST, _LATER = ("acknowledgement-opened", "notice-opened"), ("escalation-lapsed",)
_AT_ALL, _LAST = ("chaser-last", "response-responded"), ("outcome-closed",)
#: When the example's challenge is received: as the samples say.
_RECEIVED = datetime(2027, 1, 12, 10, 5, tzinfo=UTC)


def letters(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where to write; made if it is not there.")],
    config: ConfigDir = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Every letter there is, with sample people: to read before anybody receives one.

    DIR/index.html shows each letter as a mail program does and as text, the letters of each policy at each stage, and
    a whole case as a list of mails shows it; it needs no network. DIR/letters holds each as .eml and .html. An earlier
    gallery in DIR is replaced; any other folder that holds something is left alone.

    \b
    Examples:
      challenge-bot letters --out letters
      challenge-bot letters --out /tmp/letters --config /etc/challenge-bot
    """
    if not _is_free(out):
        raise typer.BadParameter(f"{out} holds something that is no gallery: name another folder", param_hint="--out")
    read = settings.load(config, os.environ, None)
    shown, faults = samples_of(read)
    if faults:
        raise ConfigError(list(faults))
    office = Office(Contact(read.config.bot.address, read.config.bot.name), read.calendar)
    made = templates_of(read)
    each = [_shown(letter, office, made) for letter in shown]
    courses = [_course(policy, shown, office, made) for policy in read.policies.values()]
    inboxes = list(_inboxes(read))
    try:
        _write(out, each, gallery.page(each, courses, inboxes))
    except OSError as error:
        raise BotError(f"{out} cannot be written: {error.strerror}") from None
    if as_json:
        emit(
            *(
                {"file": str(_file(out, one)), "kind": one.kind, "variant": one.variant, "fault": one.fault}
                for one in each
            )
        )
    else:
        say_lines(f"{len(each)} letters are in {out / FOLDER}. Open {out / PAGE} in a browser.")
    if wrong := [one for one in each if one.fault]:
        complain(*(f"{one.name}: {one.fault}" for one in wrong))
        raise typer.Exit(1)


def _is_free(out: Path) -> bool:
    """Whether the folder is not there, is empty, or is an earlier gallery."""
    if not out.exists():
        return True
    if not out.is_dir():
        return False
    page = out / PAGE
    return not any(out.iterdir()) or (page.is_file() and gallery.MARK in page.read_text("utf-8", "replace"))


def _write(out: Path, each: Sequence[Shown], page: str) -> None:
    """The page first: whatever breaks off later is known as a gallery and can be replaced."""
    out.mkdir(parents=True, exist_ok=True)
    (out / PAGE).write_text(page, "utf-8")
    if (out / FOLDER).exists():
        shutil.rmtree(out / FOLDER)
    (out / FOLDER).mkdir()
    for one in each:
        _file(out, one).write_bytes(one.raw)
        _file(out, one).with_suffix(".html").write_text(one.html, "utf-8")


def _file(out: Path, one: Shown) -> Path:
    return out / FOLDER / f"{one.name}-{one.n}.eml"


# --- each letter ------------------------------------------------------------------------------------------------------


def _shown(letter: Letter, office: Office, templates: Templates) -> Shown:
    made = render(letter, office, templates)
    n = letter.occasion.rpartition("/")[2]
    html = _read(made.raw).get_body(("html",))
    page = html.get_content() if html is not None else ""
    return Shown(
        letter.kind.value, letter.variant, n, _listed(made.raw, made.text), page, made.text, made.raw, made.fault
    )


def _listed(raw: bytes, text: str) -> Listed:
    message = _read(raw)
    return Listed(
        message["From"].addresses[0].display_name,
        ", ".join(one.display_name or one.addr_spec for one in message["To"].addresses),
        str(message["Subject"]),
        " ".join(text.split()),
        message["Importance"] == "high",
        message["Date"].datetime,
    )


def _read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    if not isinstance(message, EmailMessage):
        raise TypeError("a letter that is no mail")
    return message


# --- a policy's stages ------------------------------------------------------------------------------------------------


def _course(policy: Policy, shown: Sequence[Letter], office: Office, templates: Templates) -> Course:
    """The letters of each stage of a challenge that nobody answers, with the policy's words and times."""
    days = policy.days(office.calendar)
    stages = [*worked(policy, _RECEIVED, days)]
    steps = []
    for n, one in enumerate(stages):
        names = (*(_LATER if n else _FIRST), *_AT_ALL, *(_LAST if n == len(stages) - 1 else ()))
        before = stages[n - 1].stage.name if n else ""
        found = (next(sample for sample in shown if sample.values.name == name) for name in names)
        placed = (_at(policy, one, before, letter) for letter in found)
        steps.append(Step(one.stage.name, [_shown(each, replace(office, calendar=days), templates) for each in placed]))
    return Course(policy.id, f"{policy.partnership}: {policy.title}", steps)


def _at(policy: Policy, one: Worked, before: str, letter: Letter) -> Letter:
    """A sample as it would stand at that stage, which the stage `before` led to."""
    if letter.standing is None:
        raise ValueError(f"{letter.values.name} is of no case")
    asked = policy.intake.tier_when_missing or next((tier.window for tier in policy.intake.tiers), None)
    window = one.stage.respond_within if isinstance(one.stage.respond_within, Window) else asked
    standing = replace(
        at_stage(letter.standing, policy, one.stage),
        window=str(window),
        urgent=asked is not None and asked.unit is Unit.HOURS,
        opened=_RECEIVED,
        due=one.due.at,
        due_why=one.due.why,
    )
    values, decided = letter.values, one.begins
    if isinstance(values, Escalation.Lapsed):
        values = replace(values, from_stage_name=before, lapsed=one.begins, holding=())
    if isinstance(values, Chaser.Last):
        values, decided = replace(values, left="4 hours", commitment=None), one.due.at - timedelta(hours=4)
    subject = " – ".join(str(part) for part in (standing.fixed_words, asked) if part)
    return replace(letter, values=values, standing=standing, stage=one.stage.id, subject=subject, decided=decided)


# --- a whole case in a list of mails ----------------------------------------------------------------------------------


def _inboxes(read: Settings) -> Iterator[Inbox]:
    """What the people of a demo's first case find in their inboxes, with this configuration's letters: by the first
    policy that has a demo. Nothing where the shipped configuration is not beside the program."""
    file = next((path for path in sorted((SAMPLE / STORIES).glob("*.yaml")) if path.stem in read.policies), None)
    if file is None:
        return
    base = replace(settings.load(SAMPLE, dict(os.environ)), templates=read.templates)
    with tempfile.TemporaryDirectory(prefix="letters-") as folder:
        played = Rehearsal(story.load(file), Path(folder), base)
        rows = [row for row in played.play() if row["what"] == "letter" and row["case"]]
        with played.app.db.read() as tx:
            raw = {one.letter.message_id: one.raw or b"" for one in outbox.of_status(tx, Sending.SENT)}
    for case, ref in sorted({(row["case"], row["subject"].rpartition("[")[2].rstrip("]")) for row in rows}):
        listed = [_listed(raw[row["message_id"]], row["text"]) for row in rows if row["case"] == case]
        yield Inbox(f"{base.policies[file.stem].partnership}, {ref}", listed)
