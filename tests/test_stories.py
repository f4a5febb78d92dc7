"""Stories: behaviour end to end on the real App, a virtual clock, Maildirs and SQLite.

The project's own stand in tests/stories, each policy's whole course in tests/walks, the demo's in config/demo;
CHALLENGE_BOT_STORIES may name a folder of further ones.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
import re2

from bot.cli.rehearsal import rehearse, story
from bot.settings import settings

ROOT = Path(__file__).parent.parent
FOLDERS = ("tests/stories", "tests/walks", "config/demo")
OWN = sorted(path for folder in FOLDERS for path in (ROOT / folder).glob("*.yaml"))
NAMED = os.environ.get("CHALLENGE_BOT_STORIES", "")
FURTHER = sorted(Path(NAMED).glob("*.yaml")) if NAMED else []


@pytest.fixture(scope="session")
def shipped() -> settings.Settings:
    return settings.load(ROOT / "config", dict(os.environ))


@pytest.mark.timeout(300)  # a month of four challenges is half a minute, and more where others compute
@pytest.mark.parametrize("path", [*OWN, *FURTHER], ids=lambda p: p.stem)
def test_story(path: Path, shipped: settings.Settings) -> None:
    """Every expectation of the story holds, nothing happens that must never be, and no template fails."""
    result = rehearse.rehearse(story.load(path), shipped)
    assert result.faults == ()
    assert [row["text"] for row in result.rows if "template failed" in str(row.get("subject"))] == []


def test_two_hundred_automatic_replies_cause_one_letter_each_to_deputy_and_raiser(shipped: settings.Settings) -> None:
    """Two hundred automatic replies of one person are facts; the deputy is written to once, the raiser told once."""
    told = story.load(ROOT / "tests" / "stories" / "60-manager-away.yaml")
    first, away, *_ = told.mail
    storm = [away.model_copy(update={"id": f"s{n}", "at": away.at + timedelta(seconds=n)}) for n in range(200)]
    expect = (
        {"letter": "redirect", "case": 1, "at_most": 1},
        {"letter": "information", "case": 1, "to": ["helen.visser@health.example"], "at_most": 1},
        {"case": 1, "state": "awaiting_response", "due": first.at + timedelta(days=1)},
    )
    changes = {"mail": (first, *storm), "expect": expect, "never": ({"fact": "responded"}, {"letter": "alert"})}
    result = rehearse.rehearse(told.model_copy(update=changes), shipped)
    assert result.faults == ()
    assert sum(row.get("kind") == "absent" for row in result.rows) == 200


def test_thirty_megabytes_are_an_ordinary_challenge(shipped: settings.Settings, tmp_path: Path) -> None:
    """A challenge with 30 MB of attachments opens its case, and none of them leaves in a letter."""
    told = story.load(ROOT / "tests" / "stories" / "60-manager-away.yaml")
    (tmp_path / "minutes.pdf").write_bytes(b"%PDF-1.7\n" + bytes(15 << 20))
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff" + bytes(15 << 20))
    opening = told.mail[0].model_copy(update={"attach": ("minutes.pdf", "photo.jpg")})
    expect = (
        {"mail": "m1", "disposition": "case", "case": 1},
        {"letter": "notice", "case": 1, "to": ["fay.marsh@csc.example"]},
    )
    changes = {"mail": (opening,), "expect": expect, "never": (), "path": tmp_path / "story.yaml"}
    result = rehearse.rehearse(told.model_copy(update=changes), shipped)
    assert result.faults == ()
    assert not any(row.get("attachments") for row in result.rows)


def test_story_that_is_wrong_is_found(shipped: settings.Settings) -> None:
    """An expectation that does not hold, and one that must never be, are both named."""
    told = story.load(ROOT / "tests" / "stories" / "01-answered-and-confirmed.yaml")
    wrong = told.model_copy(update={"expect": ({"letter": "escalation"},), "never": ({"fact": "opened"},)})
    found = rehearse.rehearse(wrong, shipped).faults
    assert [f.split(":")[0] for f in found] == ["expected and not found", "must never be and is"]


def counted(text: str) -> int:
    """The words of a letter's body: the box, list signs, telephone numbers and the footer apart."""
    parts = text.replace("\r\n", "\n").split("\n--\n")[0].split("\n\n")
    lines = re2.sub(r"(?m)^(?:- |\d\. )", "", "\n".join((parts[0], *parts[2:])))
    return len(re2.sub(r"\b0\d{2,4}(?: ?\d{3,4}){1,2}\b", "", lines).split())


def test_a_challenge_that_nobody_answers_costs_five_letters(shipped: settings.Settings) -> None:
    """With hours, to its second lapse: the lead and the raiser read five letters at most, the lead
    six hundred words."""
    played = rehearse.rehearse(story.load(ROOT / "tests" / "stories" / "02-three-mornings.yaml"), shipped)
    assert played.faults == ()
    sent = [row for row in played.rows if row["what"] == "letter"]
    lead, raiser = (
        [str(row["text"]) for row in sent if who in (*row["to"], *row["cc"])]
        for who in ("dev.patel@csc.example", "helen.visser@health.example")
    )
    assert (len(lead), len(raiser)) == (5, 5)
    assert sum(map(counted, lead)) <= 600


def test_a_mail_that_no_header_can_hold_is_a_fault_of_its_line(shipped: settings.Settings) -> None:
    """It is named, with what to write instead, and the story plays on."""
    told = story.load(ROOT / "tests" / "stories" / "60-manager-away.yaml")
    odd = told.mail[0].model_copy(update={"id": "odd", "sender_from": "Eva Gr\u00fcn <eva@gr\u00fcn.example>"})
    result = rehearse.rehearse(told.model_copy(update={"mail": (odd, *told.mail)}), shipped)
    (fault,) = result.faults
    assert fault.startswith("mail odd: an address in its from, sender, to or cc has letters beyond ASCII")
