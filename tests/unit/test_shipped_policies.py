"""The five shipped policies: what their documents say, and what is still to be asked of the partnerships."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from bot.rules import book
from bot.rules.policy.file import load

SHIPPED = sorted(Path("config/policies").glob("*.yaml"))
TEXTS = {path.stem: (path.read_text("utf-8"), path.name) for path in SHIPPED}

#: Of the five shipped policies: stage, raising, responding, window, its source, ceiling.
TABLE = {
    "cheshire-east": [
        ("frontline", "practitioner line_manager", "line_manager", "requested", "policy", None),
        ("step-2", "designated_safeguarding_lead", "designated_safeguarding_lead", "6 working days", "policy", None),
        ("step-3", "designated_safeguarding_lead", "business_manager business_unit", "6 working days", "policy", None),
    ],
    "pan-cheshire": [
        ("step-1", "line_manager", "line_manager", "5 working days", "policy", 7),
        ("step-2", "designated_safeguarding_lead", "designated_safeguarding_lead", "6 working days", "policy", 13),
        ("step-3", "designated_safeguarding_lead", "business_manager business_unit", "6 working days", "policy", 19),
    ],
    "sandwell": [
        ("stage-1", "line_manager", "line_manager", "3 working days", "policy", 3),
        ("stage-2", "service_manager", "service_manager", "5 working days", "policy", 8),
        ("stage-3", "director", "director", "5 working days", "policy", 13),
        ("stage-4", "director", "business_manager business_unit", "7 working days", "policy", 20),
    ],
    "salford": [
        ("line-manager", "line_manager", "line_manager", "5 working days", "local", None),
        ("service-manager", "line_manager", "service_manager", "5 working days", "local", None),
    ],
    "cumberland": [
        ("level-1", "practitioner", "practitioner", "5 working days", "local", None),
        ("level-2", "line_manager", "line_manager", "5 working days", "local", None),
        ("level-3", "service_manager", "service_manager", "5 working days", "local", None),
        ("stage-two", "director", "director", "5 working days", "local", None),
        ("stage-three", "director", "chair deputy_chair", "7 working days", "policy", None),
    ],
}


def test_the_shipped_policies_say_what_their_documents_say() -> None:
    """Stages, roles, windows and ceilings of all five, as tabled from the documents."""
    said = {}
    for path in SHIPPED:
        policy, _ = load(path.read_text("utf-8"), path.name, None, TEXTS)
        assert policy is not None
        said[policy.id] = [
            (s.id, " ".join(s.raising_role), " ".join(s.responding_role), str(s.respond_within), s.source,
             s.ceiling.n if s.ceiling else None)
            for s in policy.stages
        ]  # fmt: skip
    assert said == TABLE


def test_only_the_policies_of_the_sample_with_true_numbers_are_silent() -> None:
    """A fictional emergency number and a review long past are said aloud, file by file."""
    said = {p.stem: load(p.read_text("utf-8"), p.name, date(2027, 1, 1), TEXTS)[1] for p in SHIPPED}
    assert {name: len(problems) for name, problems in said.items()} == {
        "cheshire-east": 0, "pan-cheshire": 0, "sandwell": 2, "salford": 3, "cumberland": 2,
    }  # fmt: skip
    assert all(p.is_warning for problems in said.values() for p in problems)


#: Where each document sends words about how a person acts, or in confidence; the line of a partnership's own says so.
CONFIDENCES = {
    "cheshire-east": ("allegations and whistleblowing policies", "This line is local"),
    "pan-cheshire": ("allegations and whistleblowing policies", "This line is local"),
    "cumberland": ("allegations and whistleblowing policies", "This line is local"),
    "sandwell": ("Talk it over with the managers concerned.", "https://www.gov.uk/whistleblowing"),
    "salford": ("your own line manager or safeguarding lead", "Local Authority Designated Officer"),
}


def test_confidences_go_where_the_documents_send_them() -> None:
    """As printed in Sandwell's and Salford's; those that say nothing have a line that says whose it is."""
    for path in SHIPPED:
        policy, _ = load(path.read_text("utf-8"), path.name, None, TEXTS)
        assert policy is not None
        said = book.conduct(policy, next(iter(policy.emergency)))
        assert all(part in said for part in CONFIDENCES[policy.id]), policy.id
        assert ("This line is local" in said) == (policy.id not in ("sandwell", "salford"))
