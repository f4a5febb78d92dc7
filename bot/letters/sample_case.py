"""The case that the sample letters are about: people and places that do not exist, and the values of every letter.

What each letter adds stands in samples.py.
"""

from __future__ import annotations

from typing import Any


def person(name: str, role: str, agency: str, phone: str = "01632 960000") -> dict[str, str]:
    email = f"{name.lower().replace(' ', '.')}@{agency.lower().replace(' ', '-')}.example"
    return {"name": name, "email": email, "role": role, "agency": agency, "phone": phone}


HELEN = person("Helen Visser", "practitioner", "North Health", "01632 960101")
MO = person("Mo Reid", "line_manager", "North Health", "01632 960102")
FAY = person("Fay Marsh", "line_manager", "Childrens Services", "01632 960201")
TOM = person("Tom Lee", "line_manager", "Childrens Services", "01632 960202")
DEV = person("Dev Patel", "designated_safeguarding_lead", "Childrens Services", "01632 960203")
RUTH = person("Ruth Okoye", "designated_safeguarding_lead", "North Health", "01632 960103")
UNIT = person("Business Unit", "business_unit", "Partnership", "01632 960300")
CHAIR = person("Ann Shaw", "chair", "Partnership", "01632 960301")

#: One row for whatever a letter may have to say of a form.
FORM = {"title": "Form for Submitting a Challenge", "state": "asked", "level": "must", "labels": []}
FORMS = [
    FORM,
    FORM | {"level": "should"},
    FORM | {"state": "missing"},
    FORM | {"state": "half", "labels": ["Date of Birth", "Brief details"]},
    *(FORM | {"state": state} for state in ("two_children", "other_policy", "macros", "locked", "too_large", "broken")),
]

CASE: dict[str, Any] = {
    "ref": "XX-2027-0007",
    "policy_title": "Professional Challenge Procedure",
    "partnership": "Sample Safeguarding Children Partnership",
    "fixed_words": "Professional Safeguarding Challenge",
    "stage_id": "step-1",
    "stage_name": "Step 1: Line Managers",
    "level": "agency",
    "window": "24 hours",
    "local_window": False,
    "timescales": "guideline",
    "due": "2027-01-13T10:05:00+00:00",
    "due_why": "24 hours after it was received on Tuesday 12 January 2027, 10:05am",
    "opened": "2027-01-12T10:05:00+00:00",
    "now": "2027-01-12T10:05:00+00:00",
    "raiser": HELEN,
    "responder": FAY,
    "team": "Riverside Assessment Team",
    "inbox": "riverside.assessment@childrens-services.example",
    "urgent": True,
    "next_stage_name": "Step 2: Designated Safeguarding Leads",
    "next_people": [DEV, RUTH],
    "emergency": {
        "text": "If a child is at immediate risk, ring 999.",
        "say": "For anything that cannot wait now, ring the Front Door on 01632 960999.",
    },
    "unconfirmed": False,
    "human": HELEN,
    "ring": HELEN,
    "bot_address": "clock@partnership.example",
    "late": "",
    "flags": [],
    "forms": [],
    "advice": "",
    "clocks": [],
    "decision_word": "decision",
    "decides": "",
}
