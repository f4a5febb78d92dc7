"""Who can answer every stage: gaps refuse a first start by name, and what only weakens a course is a warning."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.model.errors import Problem
from bot.rules.answering.coverage import gaps
from bot.rules.directory import Directory
from bot.rules.directory_file import from_rows
from bot.rules.policy.blocks import Decider
from bot.settings.settings import Settings, coverage, load
from tests.unit.case_samples import rules, shipped
from tests.unit.config_samples import DIRECTORY, ENV, TODAY, edit, refused, small


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return small(tmp_path / "config")


# --- who can answer ---------------------------------------------------------------------------------------------------

STEP_2 = "cheshire-east, stage step-2 (Step 2: Designated Safeguarding Leads)"
STEP_3 = "cheshire-east, stage step-3 (Step 3: Delegated Safeguarding Partners)"


def rows_without(role: str) -> str:
    return "".join(line for line in DIRECTORY.splitlines(keepends=True) if f",{role}," not in line)


@pytest.mark.parametrize(
    ("role", "said"),
    [
        ("designated_safeguarding_lead", f"{STEP_2}: nobody is designated_safeguarding_lead for agency CSC; add a row"),
        ("business_unit", f"{STEP_3}: nobody is business_manager or business_unit for area CE; add a row"),
        ("business_unit", "nobody is business_unit for area CE: records and undelivered letters go there; add a row"),
    ],
)
def test_a_stage_that_nobody_can_answer_is_named(root: Path, role: str, said: str) -> None:
    """A first start is refused with policy, stage, role, place, and what to do."""
    (root / "directory.csv").write_text(rows_without(role), "utf-8")
    assert said in [p.text for p in refused(root)]


def test_who_is_valid_later_does_not_answer_today(root: Path) -> None:
    """Coverage asks for the day of the start."""
    text = DIRECTORY.replace("domains\n", "domains,valid_from\n", 1).replace(
        "dev@csc.example,,", "dev@csc.example,,,2027-02-01"
    )
    (root / "directory.csv").write_text(text, "utf-8")
    assert any(STEP_2 in p.text for p in refused(root, today=date(2027, 1, 31)))
    assert heard(load(root, ENV, date(2027, 2, 1))) == []


def test_a_mailbox_without_a_team_needs_the_partnership_only(root: Path) -> None:
    """Which team is challenged is not known before a mail says so; that the partnership answers must hold."""
    edit(root, "bot.yaml", "    team: Crewe Assessment Team\n", "")
    (root / "directory.csv").write_text(rows_without("designated_safeguarding_lead"), "utf-8")
    assert heard(load(root, ENV, TODAY)) == []
    (root / "directory.csv").write_text(rows_without("business_unit"), "utf-8")
    assert any(STEP_3 in p.text for p in refused(root))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("dev@csc", "fay@csc", f"{STEP_2}: is answered by the person who had the stage before"),
        ("CE,,,delegated_safeguarding_partner", "CE,,,chair", f"{STEP_3}: nobody is delegated_safeguarding_partner"),
    ],
)  # fmt: skip
def test_what_weakens_a_course_is_a_warning(root: Path, old: str, new: str, said: str) -> None:
    """The same person twice running, or a decider whom nobody is, is said and does not stop a start."""
    edit(root, "directory.csv", old, new)
    settings = load(root, ENV, TODAY)
    (warning,) = heard(settings)
    assert warning.is_warning
    assert said in warning.text
    assert coverage(settings, TODAY) == ()


def test_a_role_to_be_told_that_nobody_holds_is_said_before_a_start() -> None:
    """The reviewing officer of a child with a plan is missed before there is such a child; a role that is told only
    where its own agency is a party may be nobody's."""
    settings = shipped()
    policy, said = settings.policies["sandwell"], {}
    for role in ("iro", "director_quality_review"):
        rows = tuple(row for row in settings.directory.rows if row.role != role)
        said[role] = [p for p in gaps(policy, Directory(rows), "SW") if f"nobody is {role}" in p.text]
    assert all(p.is_warning for p in said["iro"])
    assert len(said["iro"]) == 4
    assert said["director_quality_review"] == []


@pytest.mark.parametrize(("decider", "is_known"), [("director", True), ("service_manager", False), ("chair", False)])
def test_a_decider_of_another_agency_decides_nothing(decider: str, is_known: bool) -> None:
    """Who holds the role in an agency that is not challenged does not decide there: said before it comes to that."""
    policy = rules("cheshire-east").policy
    stage = policy.stages[0].model_copy(update={"decider": Decider(role=decider)})
    book = policy.model_copy(update={"stages": (stage, *policy.stages[1:])})
    rows = [
        {"area": "CE", "agency": "CSC", "team": "Crewe", "role": "line_manager", "email": "fay@csc.example"},
        {"area": "CE", "agency": "CSC", "role": "director", "email": "dir@csc.example"},
        {"area": "CE", "agency": "Health", "role": "service_manager", "email": "sm@health.example"},
    ]
    said = [p.text for p in gaps(book, from_rows(rows)[0], "CE", "Crewe") if "nobody can decide" in p.text]
    assert any(f"nobody is {decider} for agency CSC" in text for text in said) is not is_known


def test_no_proof_of_senders_is_said_aloud(root: Path) -> None:
    """Without a trust profile no word can close anything: the operator hears it at the start."""
    edit(root, "bot.yaml", "profile: rfc8601, authserv_ids: [mx.council.example]", "profile: none")
    (warning,) = heard(load(root, ENV, TODAY))
    assert (warning.line, warning.text.partition(":")[0]) == (3, "senders.trust is none")


def heard(settings: Settings) -> list[Problem]:
    """The warnings, but for the one that the small directory's unit has another address than the document prints."""
    printed, others = [], []
    for warning in settings.warnings:
        (printed if "prints another address for business_unit" in warning.text else others).append(warning)
    assert len(printed) == 1
    return others
