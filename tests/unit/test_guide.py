"""The page to hand out: all of it is the policy's, on one side of paper, for a reader of any ability."""

import io
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject
from typer.testing import CliRunner

from bot.cli.check import guide_faults
from bot.cli.main import app
from bot.mail.forms import documents
from bot.model import Contact
from bot.model.errors import BotError
from bot.records.guide import made
from bot.records.guide.content import Guide, guide
from bot.rules import book
from bot.rules.authority import WORDS
from bot.rules.policy.policy import Policy
from bot.settings.settings import load

ROOT = Path(__file__).parents[2]
SHIPPED = load(ROOT / "config", os.environ, None)
TEMPLATE = SHIPPED.forms[made.TEMPLATE]
BOT = Contact("clock@council.example", "Challenge Clock")
AT = datetime(2027, 1, 11, 10, tzinfo=UTC)
TIME = re.compile(r"\d+ (?:hours?|(?:working |calendar )?days?|weeks?|months?)")

every = pytest.mark.parametrize("policy", SHIPPED.policies.values(), ids=lambda policy: policy.id)


def page_of(policy: Policy) -> Guide:
    return guide(policy, policy.areas, BOT)


def text_of(page: Guide) -> str:
    parts = [line for part in page.parts for line in (part.title, *part.steps, *(f"{w}: {m}" for w, m in part.words))]
    return "\n".join((page.title, page.partnership, *page.risk, *(c for row in page.stages for c in row), *parts))


def squeezed(text: str) -> str:
    return "".join(text.split())


def times_of(policy: Policy) -> set[str]:
    """Every time that the policy itself writes, and the one it is given where it writes none."""
    found = {str(book.CONFIRM)}
    for stage in policy.stages:
        found |= {str(stage.respond_within), str(stage.confirm_within)}
        found |= {str(track.at(stage.id)) for track in policy.tracks}
    found |= {str(tier.window) for tier in policy.intake.tiers} | {str(policy.intake.tier_when_missing)}
    found |= {str(policy.raise_within)} | {str(prompt.within) for prompt in policy.follow_up.prompts}
    return found


@every
def test_every_stage_with_its_time_and_every_number_stands_on_it(policy: Policy) -> None:
    """In the policy's own words, and no other time does."""
    page = page_of(policy)
    assert [name for name, _, _ in page.stages] == [stage.name for stage in policy.course()]
    for stage, (_, _, within) in zip(policy.course(), page.stages, strict=True):
        windows = [stage.respond_within]
        if stage.respond_within == "requested":
            windows = [tier.window for tier in policy.intake.tiers]
        assert all(str(window) in within for window in windows)
    text = text_of(page)
    own = [one for area, one in policy.emergency.items() if area in (policy.areas or policy.emergency)]
    lines = [line for one in own for line in (one.front_door, one.out_of_hours)]
    assert all(f"{line.name} on {line.phone}" in text for line in lines)
    assert policy.intake.subjects[0] in text and policy.title in text and policy.partnership in text
    assert set(TIME.findall(text)) - times_of(policy) == set()


@every
def test_every_word_on_it_is_its_readers(policy: Policy) -> None:
    """Each word to reply with is of the command table, and there a word of the side that is told of it."""
    page = page_of(policy)
    assert len(page.parts) == 3
    for part in page.parts:
        assert [word for word, _ in part.words if part.side not in WORDS[word].sides] == []  # type: ignore[index]
    stages = {name for stage in policy.stages for name in re.findall(r"\b[A-Z]{4,}\b", stage.name)}
    named = set(re.findall(r"\b[A-Z]{4,}\b", "\n".join(step for part in page.parts for step in part.steps)))
    assert named - stages - {bit for word in WORDS for bit in word.split()} == set()


@every
def test_it_is_one_page_that_says_what_it_holds(policy: Policy) -> None:
    """A4, one page, tagged, with title and language, PDF/UA declared; the Word document says the same."""
    page = page_of(policy)
    reader = PdfReader(io.BytesIO(made.as_pdf(page, AT)))
    assert len(reader.pages) == 1
    assert [round(float(side)) for side in reader.pages[0].mediabox[2:]] == [595, 842]
    catalogue: Any = reader.trailer["/Root"]
    assert catalogue["/Lang"] == "en-GB" and catalogue["/MarkInfo"]["/Marked"].value
    assert b"pdfuaid:part" in catalogue["/Metadata"].get_data()
    assert reader.metadata is not None and reader.metadata.title == f"{policy.title}: one page"
    tags = list(kinds(catalogue["/StructTreeRoot"]))
    assert tags.count("/H1") == 1 and tags.count("/H2") == 4 and "/TH" in tags
    printed = squeezed(reader.pages[0].extract_text())
    assert [line for line in text_of(page).split("\n") if squeezed(line) not in printed] == []
    word = squeezed("\n".join(cell.text for cell in documents.cells(made.as_docx(page, TEMPLATE))))
    assert [line for line in text_of(page).split("\n") if squeezed(line) not in word] == []


def kinds(node: DictionaryObject) -> Iterator[str]:
    """The kinds of a PDF's tags, in the order of reading."""
    if "/S" in node:
        yield str(node["/S"])
    below = node.get("/K", [])
    for one in below if isinstance(below, list) else [below]:
        held = one.get_object()
        if isinstance(held, DictionaryObject):
            yield from kinds(held)


def test_of_an_area_its_own_numbers_alone_stand_on_it() -> None:
    """The answer to HELP of one area names no other area's."""
    policy = SHIPPED.policies["pan-cheshire"]
    (risk,) = guide(policy, ("HA",), BOT).risk
    assert "0151 907 8305" in risk and "01244 977 277" not in risk


def test_the_page_is_made_by_a_command(tmp_path: Path) -> None:
    """Both files, and what stands in docs/ is what the command makes; without its template there is the PDF alone."""
    told = CliRunner().invoke(app, ["guide", "--policy", "cheshire-east", "--out", str(tmp_path)])
    assert told.exit_code == 0, told.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cheshire-east.docx", "cheshire-east.pdf"]
    kept = ROOT / "docs" / "one-page-guide"
    assert (kept / "cheshire-east.docx").read_bytes() == (tmp_path / "cheshire-east.docx").read_bytes()
    printed = [PdfReader(place / "cheshire-east.pdf").pages[0].extract_text() for place in (kept, tmp_path)]
    assert printed[0] == printed[1]
    unknown = CliRunner().invoke(app, ["guide", "--policy", "cheshire-eats", "--out", str(tmp_path)])
    assert unknown.exit_code == 2 and "did you mean cheshire-east" in " ".join(unknown.output.split())


def test_a_template_that_fails_is_named(tmp_path: Path) -> None:
    """Nothing is written, and its file is said."""
    config = copytree(ROOT / "config", tmp_path / "config")
    copytree(ROOT / "mail_templates", tmp_path / "mail_templates")
    (config / "forms" / made.TEMPLATE).write_bytes(b"no document")
    out = tmp_path / "out"
    told = CliRunner().invoke(app, ["guide", "--policy", "cheshire-east", "--out", str(out), "--config", str(config)])
    assert isinstance(told.exception, BotError) and made.TEMPLATE in str(told.exception)
    assert not out.exists()


def test_check_names_a_template_that_fails(tmp_path: Path) -> None:
    """Once, as a warning: the page goes as PDF all the same. One that is not there is no fault."""
    config = copytree(ROOT / "config", tmp_path / "config")
    template = config / "forms" / made.TEMPLATE
    assert list(guide_faults(load(config, os.environ, None))) == []
    template.write_bytes(b"no document")
    (fault,) = guide_faults(load(config, os.environ, None))
    assert fault.is_warning and fault.file == str(template)
    assert "mend it or take it away" in fault.text
    template.unlink()
    assert list(guide_faults(load(config, os.environ, None))) == []
