"""The demo's page: each case as a timeline in which every mail and letter can be opened and read.

One file that needs nothing from anywhere: no script, no font, no picture. Values in, HTML out; every value is escaped,
and the page may load nothing. Its frame and its looks are page.html. It plays nothing and writes no file.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from importlib.resources import files
from string import Template

from bot.cli.rehearsal.rows import Row
from bot.cli.rehearsal.story import Story, StoryMail
from bot.settings.settings import Settings

#: What the journal's words say to a spectator.
FACTS = {
    "opened": "a case opens",
    "responded": "a reply is recorded; the clock stops",
    "holding": "a holding reply: the clock runs on",
    "absent": "the contact is away",
    "receipt": "a machine confirms that a mail came",
    "attached": "a mail joins the case",
    "undelivered": "a letter was not delivered",
    "lapsed": "the time is over and no reply is recorded",
    "stage_entered": "the next stage has it now",
    "resolved": "the raiser says: resolved",
    "not_resolved": "the raiser says: not resolved",
    "outcome": "the outcome is written down",
    "closed": "the case is closed",
    "filed": "the record goes to the partnership",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A sent letter: its file, as the page links to it, and its row."""

    file: str
    row: Row


def page(told: Story, base: Settings, rows: Sequence[Row], letters: Sequence[Shown], records: Sequence[str]) -> str:
    """The whole page. `records` are the names of PDF files beside it."""
    entries = Entries(told, base, {shown.row["message_id"]: shown.file for shown in letters})
    parts = [_head(told, base)]
    for row in (row for row in rows if row["what"] == "case"):
        own = [entries.of(r) for r in rows if r["what"] != "case" and r.get("case") == row["case"]]
        parts.append(_case(row, base, own, [name for name in records if name.startswith(row["ref"])]))
    rest = [entries.of(r) for r in rows if r["what"] in ("mail", "letter") and r.get("case") is None]
    parts.append(_section("Beside the cases", "Mail that opens no case, and the business unit's daily letter.", rest))
    frame = Template(files("bot.cli.rehearsal").joinpath("page.html").read_text("utf-8"))
    return frame.substitute(body="".join(parts))


def _head(told: Story, base: Settings) -> str:
    policy = base.policies[told.policy]
    days = f"{told.starts:%d %B} to {told.until:%d %B %Y}"
    text = f"{policy.partnership}: {policy.title}. {days}. Everybody here is invented."
    how = "Blue came in by mail, green went out by mail, amber is what the journal notes. Open any line to read it."
    return f"<h1>{escape(told.story)}</h1><p>{escape(text)}</p><p>{how}</p>"


def _case(row: Row, base: Settings, entries: Iterable[str], records: Iterable[str]) -> str:
    policy = base.policies[row["policy"]]
    stage = next((s.name for s in policy.stages if s.id == row["stage"]), row["stage"])
    state = f"closed as {row['closed_as']}" if row["closed_as"] else row["state"].replace("_", " ")
    links = "".join(f' <a href="{escape(name)}">The record (PDF)</a>.' for name in records)
    return _section(row["ref"], f"{escape(state.capitalize())}, at {escape(stage)}.{links}", entries)


def _section(title: str, about: str, entries: Iterable[str]) -> str:
    return f"<section><h2>{escape(title)}</h2><p>{about}</p><ol>{''.join(entries)}</ol></section>"


class Entries:
    """A row as a list item."""

    def __init__(self, told: Story, base: Settings, files: Mapping[str, str]) -> None:
        self._mails = {mail.id: mail for mail in told.mail}
        self._names = {row.email: row.name for row in base.directory.rows}
        self._zone = base.calendar.zone
        self._files = files

    def of(self, row: Row) -> str:
        at = datetime.fromisoformat(row["at"]).astimezone(self._zone)
        when = f'<time datetime="{at.isoformat()}">{at:%a %d %b, %H:%M}</time> '
        match row["what"]:
            case "fact":
                return f'<li class="fact">{when}<b>{escape(FACTS.get(row["kind"], row["kind"].replace("_", " ")))}</b>'
            case "letter":
                return f'<li class="out">{self._letter(when, row)}'
            case _:
                mail = self._mails.get(row["mail"] or "")
                return f'<li class="in">{self._mail(when, mail, row)}' if mail else ""

    def _letter(self, when: str, row: Row) -> str:
        action, _, _ = row["text"].partition("\n")
        line = f"{when}<b>{escape(row['kind'])}</b> to {self._people(row['to'])}: {escape(action.strip())}"
        named = {"To": self._people(row["to"]), "Cc": self._people(row["cc"]), "Subject": escape(row["subject"])}
        file = self._files[row["message_id"]]
        named["File"] = f'<a href="{escape(file)}">{escape(file)}</a>'
        return _opened(line, named, row["text"])

    def _mail(self, when: str, mail: StoryMail, row: Row) -> str:
        sender = mail.sender_from.partition(" <")[0] or "Mail Delivery System"
        subject = mail.subject or ("a mail was not delivered" if mail.bounce else "a reply")
        line = f"{when}<b>{escape(sender)}</b>: {escape(subject)}"
        if row["disposition"] != "case":
            line += f" <i>({escape(row['disposition'].replace('_', ' '))}: {escape(row['why'])})</i>"
        named = {"To": self._people(mail.to or ()), "Cc": self._people(mail.cc)}
        return _opened(line, named, mail.text or f"Not delivered: {mail.bounce.recipient if mail.bounce else ''}")

    def _people(self, addresses: Iterable[str]) -> str:
        return ", ".join(escape(self._names.get(one, one)) for one in addresses)


def _opened(line: str, named: Mapping[str, str], text: str) -> str:
    heads = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in named.items() if value)
    body = escape(text.replace("\r\n", "\n").strip())
    return f"<details><summary>{line}</summary><article><dl>{heads}</dl><pre>{body}</pre></article></details>"
