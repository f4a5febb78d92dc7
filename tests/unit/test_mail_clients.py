"""The letters' HTML against what mail programs can show: nothing that a source does not list, and where one of Word's
engine, Gmail and Apple Mail lacks something, what stands in its place.

The list is mail_clients.yaml beside this file. What the pages look like is `make pictures`.
"""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from bot.letters.render import Office, Templates, render
from bot.model import Contact
from bot.rules.workdays import calendar
from tests.letters import FOLDER, samples

LIST = YAML(typ="safe").load((Path(__file__).parent / "mail_clients.yaml").read_text(encoding="utf-8"))
PROGRAMS = ("word", "gmail", "apple")
#: Where Word's engine heeds these; elsewhere something else must do.
ON_CELLS = {
    "padding": {"td", "ul", "ol", "a"},
    "width": {"td", "table"},
    "max-width": {"table"},
    "border-radius": {"td"},
}
BASE = (FOLDER / "base.html.j2").read_text(encoding="utf-8")


@dataclass
class Element:
    tag: str
    held: dict[str, str]
    inside: tuple[str, ...]

    @property
    def styles(self) -> dict[str, str]:
        pairs = (one.partition(":") for one in self.held.get("style", "").split(";") if one.strip())
        return {name.strip(): value.strip() for name, _, value in pairs}


@dataclass
class Page(HTMLParser):
    """A letter's elements, each with the tags it stands in, and its style sheet."""

    text: str
    elements: list[Element] = field(default_factory=list)
    sheet: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[str] = []
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}, tuple(self._open)))
        if tag != "meta":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["style"]:
            self.sheet += data


@cache
def pages() -> tuple[Page, ...]:
    """Every sample's, for Word too: what it alone reads stands there bare."""
    templates = Templates.from_texts({path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.j2")})
    office = Office(Contact("clock@partnership.example", "Clock"), calendar())
    found = []
    for letter in samples():
        raw = render(letter, office, templates).raw
        part = email.message_from_bytes(raw, policy=email.policy.default).get_body(("html",))
        assert part is not None
        found.append(Page(re.sub(r"<!--\[if mso\]>|<!\[endif\]-->", "", part.get_content())))
    return tuple(found)


def elements() -> list[Element]:
    return [one for page in pages() for one in page.elements]


def sheets() -> str:
    (sheet,) = {page.sheet for page in pages()}
    return sheet


def test_every_tag_and_attribute_is_on_the_list() -> None:
    """And the list has none that no letter uses, but for the headings that an own template may have."""
    assert {one.tag for one in elements()} | {"h2"} == set(LIST["tags"])
    assert {name for one in elements() for name in one.held} == set(LIST["attributes"])


def test_every_style_is_on_the_list() -> None:
    """Inline or in the sheet, and each rule of the sheet."""
    inline = {name for one in elements() for name in one.styles}
    in_sheet = set(re.findall(r"[{;]\s*([a-z-]+)\s*:", sheets()))
    assert inline | in_sheet == set(LIST["styles"])
    assert set(re.findall(r"@[^{]+(?= \{)", sheets())) == set(LIST["rules"])


@pytest.mark.parametrize(
    ("part", "name"), [(part, name) for part in LIST for name in LIST[part]], ids=lambda one: str(one)
)
def test_a_row_says_who_can_show_it_and_what_stands_in_its_place(part: str, name: str) -> None:
    """With the page it is taken from; what a program lacks has a sentence, what all can do needs none."""
    row = LIST[part][name]
    if row == {"basic": True}:
        return
    assert set(row) - {"then"} == {"page", "tested", *PROGRAMS}
    assert re.fullmatch(r"(html|css)-[a-z0-9-]+", row["page"])
    can = {row[program] for program in PROGRAMS}
    assert can <= {"yes", "part", "no", "unknown"}
    assert ("then" in row) is (can != {"yes"})


@pytest.mark.parametrize("name", ON_CELLS)
def test_words_engine_finds_a_style_where_it_heeds_it(name: str) -> None:
    """Padding, width and corners stand on cells and tables; of padding elsewhere, see the list."""
    assert {one.tag for one in elements() if name in one.styles and one.styles[name] != "0"} <= ON_CELLS[name]


def test_a_ground_is_an_attribute_too() -> None:
    """Of every cell and table that has one, in the same colour, but for the page's own."""
    grounds = [one for one in elements() if one.tag in ("td", "table") and "background-color" in one.styles]
    assert len(grounds) > 100
    coloured = [one for one in grounds if one.styles["background-color"] != "#ffffff"]
    assert [one.held for one in coloured if one.held.get("bgcolor") != one.styles["background-color"]] == []


def test_a_table_only_lays_out() -> None:
    """A screen reader is told so of each, and reads one main part, in British English."""
    assert {one.held.get("role") for one in elements() if one.tag == "table"} == {"presentation"}
    for page in pages():
        (main,) = (one for one in page.elements if one.held.get("role") == "main")
        assert main.held["lang"] == "en-GB"
        assert [one.tag for one in page.elements].count("h1") == 1


def test_word_gets_a_table_of_its_own_around_the_page() -> None:
    """The only thing that keeps its lines short there."""
    assert BASE.count("<!--[if mso]>") == BASE.count("<![endif]-->") == 2
    for page in pages():
        first = next(one for one in page.elements if one.tag == "table")
        assert first.held["width"] == "640"


def test_a_button_is_a_cell_with_a_link_in_it() -> None:
    """44 points high where padding counts, by mso-padding-alt in Word; without colours its link can be read still."""
    buttons = [one for one in elements() if one.tag == "a" and "inline-block" in one.styles.get("display", "")]
    assert len(buttons) > 100
    for one in buttons:
        up_and_down = int(one.styles["padding"].split()[0].removesuffix("px"))
        assert 2 * up_and_down + int(one.styles["line-height"].removesuffix("px")) >= 44
        assert one.inside[-1] == "td"
        assert one.held["href"].startswith("mailto:")
    cells = [one for one in elements() if one.held.get("class") == "button"]
    assert len(cells) == len(buttons)


def test_dark_colours_are_for_every_ground() -> None:
    """Whatever has a colour of its own in the light has one in the dark."""
    dark = sheets().partition("@media")[2]
    for name in ("page", "box", "button", "foot", "quote"):
        assert f".{name} " in dark
    assert dark.count("!important") == dark.count("color:")


def test_a_page_is_small() -> None:
    """Gmail cuts what is longer than 102 kB; ours are a fifth of it."""
    assert max(len(page.text.encode()) for page in pages()) < 20_000
