"""A policy that stands on another: what it takes, what it gives itself, and what cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.rules.policy.file import load
from bot.rules.policy.overlay import kept
from bot.rules.policy.policy import Policy
from tests.unit.config_samples import edit, refused, small
from tests.unit.test_policy import GOOD

LOCAL = """\
id: local
parent: sample
areas: [XX]
title: A Local Policy
source: The page
emergency:
  XX: {text: Ring at once.}
stages:
  - id: front
    name: "Front line"
    raising_role: practitioner
    responding_role: line_manager
    respond_within: 3 working days
    next: two
  - id: two
    respond_within: 4 working days
    source:
    ceiling:
"""
PARENT = {"sample": (GOOD, "sample.yaml")}


def local(text: str = LOCAL) -> Policy:
    policy, problems = load(text, "local.yaml", None, PARENT)
    assert policy is not None, problems
    return policy


def test_fields_are_the_parents_unless_given() -> None:
    """Blocks are laid over one another, a stage with a parent's id takes its fields, an empty value takes one away."""
    policy = local()
    assert (policy.id, policy.title, policy.partnership) == ("local", "A Local Policy", "Sample Partnership")
    assert policy.intake.subjects == ("Professional Challenge",)
    assert (policy.emergency["XX"].text, policy.emergency["XX"].front_door.phone) == ("Ring at once.", "01270505100")
    assert [s.id for s in policy.stages] == ["front", "two"]
    assert (policy.stage("two").name, policy.stage("two").ceiling) == ("Step 2: Leads", None)
    assert str(policy.stage("two").respond_within) == "4 working days"
    assert policy.stage("two").source == "policy"


def test_what_a_case_keeps_reads_the_same_alone() -> None:
    """The kept text holds the parent as it was: a changed parent changes no open case."""
    text = kept("local", {"local": LOCAL, "sample": GOOD})
    alone, problems = load(text, "local.yaml as kept")
    changed, _ = load(text, "local.yaml", None, {"sample": (GOOD.replace("Step 2: Leads", "Other"), "sample.yaml")})
    assert (alone, problems) == (local(), ())
    assert changed == local()
    assert kept("sample", {"local": LOCAL, "sample": GOOD}) == GOOD


@pytest.mark.parametrize(
    ("old", "new", "file", "line", "says"),
    [
        (
            "parent: sample",
            "parent: sampel",
            "local.yaml",
            "parent:",
            "there is no policy sampel; did you mean sample?",
        ),
        ("parent: sample", "parent: local", "local.yaml", "parent:", "stands on this policy itself"),
        ("4 working days", "4", "local.yaml", "respond_within: 4", "is not a window"),
        ("next: two", "next: tow", "local.yaml", "next:", "next names no stage: tow; did you mean two?"),
        ("    ceiling:\n", "    ceeling: 3 working days\n", "local.yaml", "ceeling", "did you mean ceiling?"),
    ],
)
def test_faults_are_named_where_they_stand(old: str, new: str, file: str, line: str, says: str) -> None:
    """A fault of the local file has its line there."""
    text = LOCAL.replace(old, new)
    policy, problems = load(text, "local.yaml", None, PARENT)
    assert policy is None
    here = next(n for n, one in enumerate(text.splitlines(), 1) if line in one)
    assert any(says in p.text and (p.file, p.line) == (file, here) for p in problems), problems


def test_a_fault_of_the_parent_has_the_parents_line() -> None:
    """What comes from above is mended above."""
    broken = GOOD.replace("phone: 0300", "fone: 0300")
    policy, problems = load(LOCAL, "local.yaml", None, {"sample": (broken, "sample.yaml")})
    line = next(n for n, one in enumerate(broken.splitlines(), 1) if "fone" in one)
    assert policy is None
    assert any(p.file == "sample.yaml" and p.line == line for p in problems)


def test_circles_of_parents_end() -> None:
    """Two policies that stand on one another are named, and reading ends."""
    _, problems = load(LOCAL, "local.yaml", None, {"sample": (GOOD + "parent: local\n", "sample.yaml")})
    assert any("stands on this policy itself" in p.text and p.file == "sample.yaml" for p in problems)
    assert "the policy it stands on" in kept("local", {"local": LOCAL, "sample": GOOD + "parent: local\n"})


def test_two_overlays_that_contradict_are_named_with_both_lines(tmp_path: Path) -> None:
    """For one area one field has one value; for two areas each its own."""
    root = small(tmp_path)
    own = (root / "policies/cheshire-east.yaml").read_text("utf-8")
    other = own.replace("id: cheshire-east", "id: crewe", 1).replace("10 working days", "8 working days")
    (root / "policies/crewe.yaml").write_text(other, "utf-8")
    (found,) = refused(root)
    line = next(n for n, text in enumerate(own.splitlines(), 1) if "{window: 10 working days}" in text)
    assert (Path(found.file).name, found.line) == ("cheshire-east.yaml", line)
    assert f"10 working days here and 8 working days in crewe.yaml, line {line}" in found.text
    (root / "policies/crewe.yaml").write_text(other.replace("areas: [CE]", "areas: [CW]"), "utf-8")
    assert load(other, "crewe.yaml", None, {"pan-cheshire": (own_parent(root), "")})[0] is not None


def own_parent(root: Path) -> str:
    return (root / "policies/pan-cheshire.yaml").read_text("utf-8")


def test_a_mailbox_of_another_area_does_not_use_it(tmp_path: Path) -> None:
    """A local policy is for its own area's inboxes."""
    root = small(tmp_path)
    edit(root, "policies/cheshire-east.yaml", "areas: [CE]", "areas: [WA]")
    assert any("cheshire-east is for area WA, and this mailbox is in CE" in p.text for p in refused(root))
