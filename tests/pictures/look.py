"""Which letters are looked at, on which screens, and what must hold of each. It keeps no picture."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.letters.render import Office, Templates, render
from bot.model import Contact, Letter
from bot.rules.workdays import calendar
from tests.letters import FOLDER, samples
from tests.pictures.browser import Tab

OFFICE = Office(Contact("clock@partnership.example", "Challenge Clock"), calendar())
TEMPLATES = Templates.from_texts({path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.j2")})
#: Of each the first sample: together they have every kind of block there is.
PICTURED = (
    "notice-opened", "chaser-last", "escalation-lapsed", "response-responded", "relay-reply", "information-sent_on",
    "question-form", "outcome-closed", "digest-daily",
)  # fmt: skip
PHONE, DESK = 360, 1000
SCREENS = tuple((width, dark) for width in (PHONE, DESK) for dark in (False, True))
#: A finger's width, by WCAG 2.2 (2.5.5) and Apple.
TAP = 44

BUTTONS = "[...document.querySelectorAll('.button a')].map(a => a.getBoundingClientRect().height)"
WIDTH = "document.documentElement.scrollWidth"
MAINS = "document.querySelectorAll('main, [role=main]').length"
AXE = """axe.run(document, {resultTypes: ['violations', 'incomplete']}).then(found => [
  ...found.violations, ...found.incomplete.filter(one => one.id == 'color-contrast')
].map(one => one.id + ': ' + one.help + ' ' + one.nodes.map(node => node.html.slice(0, 120)).join(' | ')))"""


@dataclass(frozen=True)
class Page:
    """A letter's HTML part, and its text part as the HTML part should read."""

    name: str
    html: str
    text: str


def pages() -> list[Page]:
    """Every sample."""
    return [_page(letter) for letter in samples()]


def pictured(every: list[Page]) -> list[Page]:
    return [next(page for page in every if page.name == name) for name in PICTURED]


def _page(letter: Letter) -> Page:
    made = render(letter, OFFICE, TEMPLATES)
    part = email.message_from_bytes(made.raw, policy=email.policy.default).get_body(("html",))
    return Page(letter.values.name, part.get_content() if part else "", made.text)


def words(text: str) -> list[str]:
    """Without what only one part has: marks of lists, the colon behind a button's word, capitals of headings."""
    bare = re.sub(r"(?m)^(?:[->](?: |$)|--$|\d\. )", "", text)
    return re.sub(r"\s*([.,:;?)])", r"\1 ", bare.replace("(", " ( ")).replace(":", " ").casefold().split()


def faults(tab: Tab, page: Page, width: int) -> Iterator[str]:
    """What does not hold of the page that is shown."""
    if (wide := tab.run(WIDTH)) > width:
        yield f"is {wide} points wide on a screen of {width}"
    if low := [height for height in tab.run(BUTTONS) if height < TAP]:
        yield f"has buttons of {low} points"
    if tab.run(MAINS) != 1:
        yield "has not one main landmark"
    said, written = words(tab.spoken()), words(page.text)
    if said != written:
        at = next((n for n, (one, two) in enumerate(zip(said, written, strict=False)) if one != two), 0)
        yield f"reads {said[at : at + 6]} where its text part says {written[at : at + 6]}"


def accessible(tab: Tab, axe: Path) -> list[str]:
    """What axe-core finds on the page that is shown, and contrasts that it could not judge."""
    tab.run(axe.read_text("utf-8"))
    found: list[str] = tab.run(AXE)
    return found
