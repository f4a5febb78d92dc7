"""The forms of a policy file: what a good one gives, and each fault named with its line."""

from __future__ import annotations

import pytest

from bot.rules.policy.file import load
from tests.unit.form_samples import POLICIES

GOOD = """\
id: sample
title: A Policy
version: "1"
partnership: Sample Partnership
source: The document
emergency:
  XX:
    front_door: {name: Front Door, phone: 0300 123 5012}
    out_of_hours: {name: Duty Team, phone: 0300 123 5022}
intake: {subjects: [Professional Challenge]}
forms:
  - id: referral
    title: Referral
    send_to: business_unit
    opens_at: two
    template: referral.docx
    fields:
      - {id: child_name, label: "Name of Child:", child: true}
      - {id: manager, label: "Manager, Role and Agency:", prefill: [raising.one, raiser.name]}
      - {id: level, label: Level, kind: choice, choices: [Early, Protection], flags: {Protection: child_protection}}
      - {id: actions, label: "Actions:", kind: table, columns: [What, Who]}
    printed:
      - {area: XX, address: unit@scp.example, link: "mailto:Unit@scp.example"}
stages:
  - id: one
    name: "Step 1"
    raising_role: line_manager
    responding_role: line_manager
    respond_within: 5 working days
    forms: [{form: referral, required: must, by: raising, when: exit}]
    next: two
  - id: two
    name: "Step 2"
    raising_role: director
    responding_role: director
    respond_within: 5 working days
"""

FAULTS = [
    ("    send_to: business_unit\n", "", "- id: referral", "forms.referral has no send_to: name the role"),
    ("form: referral,", "form: referal,", "form: referal", "stages.one asks for an unknown form: referal; did"),
    ("Manager, Role and Agency:", "name of  child:", "manager", "has the label of forms.referral.fields.child_name"),
    ("id: manager", "id: child_name", "Manager, Role", "another field of the form has this id"),
    ("raising.one", "raising.won", "manager", "nothing of a case is called raising.won; did you mean raising."),
    ("raiser.name]", "referral.level]", "manager", "nothing of a case is called referral.level"),
    ("choices: [Early, Protection], ", "", "id: level", "level is a choice without choices"),
    ("flags: {Protection:", "flags: {Protecton:", "id: level", "flags names no choice of its own"),
    (", columns: [What, Who]", "", "id: actions", "actions is a table without columns"),
    ("opens_at: two", "opens_at: too", "opens_at", "forms.referral: opens_at names no stage: too; did you mean two?"),
    ("Unit@scp.example", "unit@scp.invalid", "link", "prints unit@scp.example, but its link leads to unit@scp.invalid"),
    ("id: referral\n", "id: Re ferral\n", "Re ferral", "write an id of small letters, digits and hyphens"),
    ("id: level", "id: Level", "id: Level", "write a name of small letters, digits and _"),
    ("required: must", "required: may", "required", "must be 'no', 'should' or 'must'"),
]  # fmt: skip


def test_a_good_file_gives_its_forms() -> None:
    """A form stands in the policy with its fields, and a stage says when it asks for it."""
    policy, problems = load(GOOD, "sample.yaml")
    assert problems == ()
    assert policy is not None
    form = policy.form("referral")
    assert [f.id for f in form.fields] == ["child_name", "manager", "level", "actions"]
    assert policy.stage("one").forms[0].required == "must"
    assert form.field("level") is form.fields[2]
    with pytest.raises(KeyError):
        policy.form("other")


@pytest.mark.parametrize(("old", "new", "at", "said"), FAULTS, ids=lambda v: str(v)[:30])
def test_each_fault_is_named_with_its_line(old: str, new: str, at: str, said: str) -> None:
    """Each thing that cannot be is a sentence with the line to look at, and the file is refused."""
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    policy, problems = load(text, "sample.yaml")
    assert policy is None
    found = [p for p in problems if said in p.text]
    assert found, [str(p) for p in problems]
    assert at in text.splitlines()[found[0].line - 1]


def test_two_forms_of_one_name_are_a_fault() -> None:
    """An id is one form's."""
    text = GOOD.replace(
        "stages:\n", "  - {id: referral, title: B, send_to: iro, fields: [{id: a, label: A}]}\nstages:\n", 1
    )
    assert "two forms are called referral" in str(load(text, "sample.yaml")[1][0])


def test_what_the_documents_print_stands_to_the_letter() -> None:
    """The labels of the shipped forms are the documents' own."""
    for name, form, labels in (
        ("pan-cheshire", "appendix-a", APPENDIX_A),
        ("cheshire-east", "appendix-a", APPENDIX_A),
        ("sandwell", "appendix-3", APPENDIX_3),
        ("salford", "escalation-notice", NOTICE),
    ):
        assert [field.label for field in POLICIES[name].form(form).fields] == labels


APPENDIX_A = [
    "Name of Child/Young Person:",
    "Date of Birth:",
    "Address:",
    "Name of Manager who escalated concern at Step 1, Role and Agency:",
    "Name of Manager who escalated concern at Step 2, Role and Agency:",
    "Date that Step 2 was concluded",
    "Name of Board Members, Roles and Agencies Involved:",
    "Brief details about the inter-agency disagreement:",
    "What was the methodology used to resolve the disagreement?",
]
APPENDIX_3 = [
    "Name of child/young person:",
    "D.O.B:",
    "Address:",
    "Name of Professional and email contact details of the person escalating a concern",
    "Role and Agency:",
    "Name(s) of other professionals involved: (Including SCSP Members where appropriate) Role and Agency:",
    "Current level of need",
    "Please indicate perceived level of need:",
    "Brief details of agency disagreement (including agreed outcomes)",
    "Date of discussion/ Meeting re disagreement:",
    "Methodology used to resolve conflict:",
    "Disagreement resolved at: Level Date",
    "Please indicate lessons learned from this disagreement resolution (e.g. Individual agency review of procedure, "
    "requirement for staff training, understanding of agency referral criteria/thresholds of need);",
    "Please identify any further actions taken by your agency following the resolution of this issue:",
    "Form completed by:",
    "Date:",
    "Date received by SCSP Business Manager:",
    "Concerned referred to SCSP Chair for immediate action",
    "Issues referred to SCSP/ Outcome:",
]
NOTICE = [
    "Name of Child/Young Person:",
    "D.O.B",
    "Please document any information of concern.",
    "Signed:",
    "Role",
    "Dated:",
    "Who has a copy of this notice been sent to?",
]
