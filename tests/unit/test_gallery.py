"""`letters`: a page on which every letter can be read before anybody receives one, and a case in a list of mails."""

from __future__ import annotations

import os
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli.main import app
from bot.cli.rehearsal import gallery
from bot.settings import settings
from tests.letters import samples

ROOT = Path(__file__).parents[2]


def written(out: Path, *more: str, config: Path = ROOT / "config") -> Result:
    return CliRunner().invoke(app, ["letters", "--out", str(out), "--config", str(config), *more])


class Page(HTMLParser):
    """A page's tags, what they would fetch, its frames, and the words of its own."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.wanted: list[str] = []
        self.frames: list[dict[str, str]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        held = {name: value or "" for name, value in attrs}
        self.wanted += [held[name] for name in ("src", "href", "action", "data") if name in held]
        if tag == "iframe":
            self.frames.append(held)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Page]:
    out = tmp_path_factory.mktemp("out") / "letters"
    result = written(out)
    assert result.exit_code == 0, result.output
    assert f"{len(samples())} letters are in {out / 'letters'}" in result.output
    return out, Page((out / "index.html").read_text("utf-8"))


def test_every_letter_stands_there_in_both_its_parts(shown: tuple[Path, Page]) -> None:
    """Each sample is a frame and a text on the page, and an .eml and an .html beside it."""
    out, page = shown
    names = {one.values.name for one in samples()}
    assert {frame["title"].partition(",")[0] for frame in page.frames} == names
    assert page.tags.count("pre") == len(page.frames) > len(samples())
    for ending in ("eml", "html"):
        assert len(list((out / "letters").glob(f"*.{ending}"))) == len(samples())
    told = {" ".join(words.split()) for words in page.words}
    for frame in page.frames:
        words = Page(frame["srcdoc"].partition("<body")[2].partition(">")[2]).words
        first = " ".join(" ".join(words).split())[:40]
        assert any(text.startswith(first) for text in told), first


def test_the_page_needs_nothing_and_may_do_nothing(shown: tuple[Path, Page]) -> None:
    """No script, no address to fetch from, and every letter in a frame that may do nothing."""
    _, page = shown
    assert {"script", "img", "link", "object", "form"} & set(page.tags) == set()
    assert all(one.startswith("#") for one in page.wanted)
    assert all(frame["sandbox"] == "" and "src" not in frame for frame in page.frames)


def test_every_stage_of_every_policy_is_there(shown: tuple[Path, Page]) -> None:
    """Each that a challenge comes to when nobody answers, under its policy's own title."""
    _, page = shown
    text = " ".join(" ".join(page.words).split())
    part = text.partition("Every policy, stage by stage")[2]
    for policy in settings.load(ROOT / "config", dict(os.environ), None).policies.values():
        assert f"{policy.partnership}: {policy.title}" in part
        assert [stage.name for stage in policy.course() if stage.name not in part] == []


def test_a_case_is_listed_as_an_inbox_shows_it(shown: tuple[Path, Page]) -> None:
    """From, subject, how the letter begins, importance and time; each case apart."""
    out, page = shown
    lists = (out / "index.html").read_text("utf-8").split('<ol class="inbox">')[1:]
    assert len(lists) == 2
    for one in lists:
        rows = one.partition("</ol>")[0].split("<li>")[1:]
        assert len(rows) > 8
        for row in rows:
            assert re.search(r'class="from">[A-Z][a-z ]+: Safeguarding Challenge Clock', row)
            assert re.search(r"\w{3} \d\d \w{3}, \d\d:\d\d</time>", row)
            assert re.search(r'class="subject">.*\[[A-Z]+-2027-\d{4}\]<', row)
            assert re.search(r'class="preview">[^<]{40,}<', row)
        assert len({re.findall(r"\[[A-Z]+-2027-\d{4}\]", row)[0] for row in rows}) == 1
    assert page.tags.count("ol") >= 2
    assert any("Importance: high" in one for one in lists)


def test_an_earlier_gallery_is_replaced_and_nothing_else(shown: tuple[Path, Page]) -> None:
    """A folder that holds something else, or a file, is left as it is, with a sentence."""
    out, _ = shown
    (out / "letters" / "notice-gone-7.eml").write_text("of an earlier version")
    assert written(out, "--json").exit_code == 0
    assert not (out / "letters" / "notice-gone-7.eml").exists()
    other = out.parent / "other"
    other.mkdir()
    (other / "index.html").write_text("my own page")
    for taken in (other, other / "index.html"):
        refused = written(taken)
        assert refused.exit_code == 2
        assert "holds something that is no gallery" in " ".join(refused.output.replace("│", " ").split())
    assert (other / "index.html").read_text() == "my own page"


def test_a_template_that_fails_is_named(tmp_path: Path) -> None:
    """The letter stands there in the short form, and the operator reads which file it was."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    shutil.copytree(ROOT / "mail_templates", tmp_path / "mail_templates")
    (tmp_path / "mail_templates" / "relay-reply.txt.j2").write_text("{{ nobody }}")
    result = written(tmp_path / "out", config=tmp_path / "config")
    assert result.exit_code == 1
    assert "relay-reply.txt.j2: UndefinedError" in result.output
    assert gallery.MARK in (tmp_path / "out" / "index.html").read_text("utf-8")
