"""The page of `letters`: every letter as a mail program shows it and as text, side by side, and lists of mails.

One file that needs nothing from anywhere: no script, no font, no picture. Values in, HTML out; every value is escaped,
each letter stands in a frame of its own that may do nothing, and the page may load nothing. Its frame and its looks are
gallery.html. It renders no letter and writes no file.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from importlib.resources import files
from itertools import groupby
from string import Template

from bot.rules.workdays import LONDON

#: What tells a gallery from any other page.
MARK = '<meta name="generator" content="challenge-bot letters">'
#: Characters of a letter's beginning that a list of mails shows at most.
_PREVIEW = 140


@dataclass(frozen=True, slots=True)
class Listed:
    """A letter as a list of mails shows it. `preview`: its text from the first word."""

    sender: str
    to: str
    subject: str
    preview: str
    is_high: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    """A rendered letter. `fault`: which template failed and how, "" when none did."""

    kind: str
    variant: str
    n: str
    listed: Listed
    html: str
    text: str
    raw: bytes
    fault: str

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.variant}"


@dataclass(frozen=True, slots=True)
class Step:
    """A policy's stage and its letters."""

    name: str
    letters: Sequence[Shown]


@dataclass(frozen=True, slots=True)
class Course:
    """A policy and its stages in order."""

    id: str
    title: str
    steps: Sequence[Step]


@dataclass(frozen=True, slots=True)
class Inbox:
    """The letters of one case, in the order in which they went."""

    title: str
    letters: Sequence[Listed]


def page(each: Sequence[Shown], courses: Sequence[Course], inboxes: Sequence[Inbox]) -> str:
    """The whole page."""
    kinds = [(kind, list(some)) for kind, some in groupby(sorted(each, key=_order), lambda one: one.kind)]
    links = [
        *((f"kind-{kind}", f"{kind} ({len(some)})") for kind, some in kinds),
        *((f"policy-{one.id}", one.title) for one in courses),
        *((f"case-{n}", f"A case in a list of mails: {one.title}") for n, one in enumerate(inboxes)),
    ]
    body = [
        f'<nav aria-label="What is here">{"".join(_link(*one) for one in links)}</nav>',
        "<h2>Every letter, by kind</h2>",
        *(_section(f"kind-{kind}", kind.capitalize(), map(_letter, some)) for kind, some in kinds),
        "<h2>Every policy, stage by stage</h2>",
        *(_section(f"policy-{one.id}", one.title, map(_step, one.steps)) for one in courses),
        "<h2>A whole case in a list of mails</h2>" if inboxes else "",
        *(_section(f"case-{n}", one.title, [_inbox(one)]) for n, one in enumerate(inboxes)),
    ]
    frame = Template(files("bot.cli.rehearsal").joinpath("gallery.html").read_text("utf-8"))
    return frame.substitute(mark=MARK, body="\n".join(body))


def _order(one: Shown) -> tuple[str, str, int]:
    return one.kind, one.variant, int(one.n)


def _link(to: str, words: str) -> str:
    return f'<a href="#{escape(to)}">{escape(words)}</a>'


def _section(name: str, title: str, parts: Iterable[str]) -> str:
    return f'<section id="{escape(name)}"><h3>{escape(title)}</h3>{"".join(parts)}</section>'


def _step(step: Step) -> str:
    return f"<h4>{escape(step.name)}</h4>{''.join(map(_letter, step.letters))}"


def _letter(one: Shown) -> str:
    """Closed, its name and first line; open, both its parts."""
    action, listed = one.text.partition("\n")[0], one.listed
    fault = f'<p class="fault">{escape(one.fault)}</p>' if one.fault else ""
    return (
        f"<details><summary><b>{escape(one.variant.replace('_', ' '))}</b> {escape(action)}</summary>"
        f'<p class="head">{escape(listed.sender)}<br>{_urgent(listed)}{escape(listed.subject)}</p>{fault}'
        f'<div class="both"><iframe sandbox="" loading="lazy" title="{escape(one.name)}, as a mail program shows it"'
        f' srcdoc="{escape(one.html)}"></iframe><pre>{escape(one.text)}</pre></div></details>'
    )


def _inbox(inbox: Inbox) -> str:
    return f'<ol class="inbox">{"".join(map(_row, inbox.letters))}</ol>'


def _row(one: Listed) -> str:
    at = one.at.astimezone(LONDON)
    preview = one.preview if len(one.preview) <= _PREVIEW else f"{one.preview[:_PREVIEW].rsplit(' ', 1)[0]} …"
    return (
        f'<li><span class="from">{escape(one.sender)}</span>'
        f'<time datetime="{at.isoformat()}">{at:%a %d %b, %H:%M}</time>'
        f'<span class="subject">{_urgent(one)}{escape(one.subject)}</span>'
        f'<span class="preview">{escape(preview)}</span><span class="to">to {escape(one.to)}</span></li>'
    )


def _urgent(one: Listed) -> str:
    return '<b class="high" title="Importance: high">!</b> ' if one.is_high else ""
