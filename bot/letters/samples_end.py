"""Samples of what is asked when a challenge ends and afterwards; samples.py shows them among the others.

People and places that do not exist, as there. It renders nothing and knows no policy file.
"""

from __future__ import annotations

from typing import Any

from bot.model import LetterKind

_FAY = {
    "name": "Fay Marsh",
    "email": "fay.marsh@childrens-services.example",
    "role": "line_manager",
    "agency": "Childrens Services",
    "phone": "01632 960201",
}
_CLOSED: dict[str, Any] = {
    "closed_as": "resolved",
    "by": _FAY,
    "at": "2027-01-13T15:30:00+00:00",
    "outcome_missing": False,
    "original_of_outcome": {"from": "Fay Marsh", "sent": "2027-01-13T15:30:00+00:00"},
}
_MANIFEST = [{"name": "XX-2027-0007-record.pdf", "sha256": "9f" * 32, "size": 48_213}]
_VISIT: dict[str, Any] = {
    "n": 1,
    "owner": _FAY,
    "has_owner": True,
    "day": "2027-01-20T09:00:00+00:00",
    "words": "a joint visit with the school",
}
_PLAN: dict[str, Any] = {"n": 2, "owner": None, "has_owner": False, "day": "", "words": ""}
_BY = "2027-01-15T17:00:00+00:00"
_SAYS = ["who writes the record of what was agreed, and sends it to both sides"]
_PROMPT = {"words": "send the outcome and the learning to all parties", "by": "2027-02-12T17:00:00+00:00"}

_PROMPTS = [_PROMPT, {"words": "record the use of the procedure", "by": ""}]
_AFTER: dict[str, Any] = {
    "ask_child_file": True,
    "actions": [_VISIT, _PLAN],
    "prompts": [{"words": "think of a debrief together", "by": ""}],
}
_NOTHING_AFTER: dict[str, Any] = {"ask_child_file": False, "actions": [], "prompts": []}
COMMITMENT: dict[str, Any] = {"who": _FAY, "at": "2027-01-12T12:00:00+00:00", "by": "2027-01-12T15:00:00+00:00"}
REPRESENTATION: dict[str, Any] = {"by": "2027-01-18T17:00:00+00:00", "to": _FAY | {"name": "Kit Rowe"}}

_OPEN: dict[str, Any] = {
    "ref": "XX-2027-0007",
    "stage": "Step 1: Line Managers",
    "due": _BY,
    "waiting_for": "Fay Marsh (Childrens Services)",
    "asks": 1,
    "elsewhere": False,
    "watched": False,
    "forms": [],
}

#: (kind, variant, values beside the case's own)
ENDS: tuple[tuple[LetterKind, str, dict[str, Any]], ...] = (
    (LetterKind.OUTCOME, "closed", _CLOSED | _AFTER),
    (
        LetterKind.OUTCOME,
        "closed",
        _CLOSED | _NOTHING_AFTER | {"closed_as": "withdrawn", "outcome_missing": True, "original_of_outcome": None},
    ),
    (
        LetterKind.RECORD,
        "minimal",
        {"manifest": _MANIFEST, "where": "in this service's own store", "prompts": _PROMPTS},
    ),
    (LetterKind.RECORD, "full", {"manifest": _MANIFEST, "part": 1, "parts": 2, "prompts": []}),
    (LetterKind.QUESTION, "outcome", {"word": "RESOLVED", "by": _BY, "outcome_says": []}),
    (LetterKind.QUESTION, "outcome", {"word": "RESOLVED", "by": _BY, "outcome_says": _SAYS}),
    (LetterKind.QUESTION, "outcome", {"word": "DECIDED", "by": _BY, "outcome_says": []}),
    (LetterKind.CHASER, "outcome", {"word": "RESOLVED", "by": _BY, "outcome_says": _SAYS}),
    (LetterKind.QUESTION, "child_file", {"closed": "2027-01-13T15:30:00+00:00"}),
    (LetterKind.ANSWER, "register", {}),
    (LetterKind.ANSWER, "report", {}),
    (LetterKind.ANSWER, "help", {}),
    (LetterKind.ANSWER, "open", {"area": "XX", "rows": []}),
    (LetterKind.ANSWER, "open", {"area": "XX", "rows": [_OPEN]}),
    (LetterKind.ANSWER, "spoc", {"area": "XX", "rows": []}),
    (
        LetterKind.ANSWER,
        "spoc",
        {"area": "XX", "rows": [{"team": "Riverside", "stage": "Step 1", "does": "answers", "who": _FAY}]},
    ),
    (LetterKind.ANSWER, "corrected", {"line": "stage step-2", "why": "", "stages": ["step-1", "step-2"]}),
    (LetterKind.ANSWER, "corrected", {"line": "it all", "why": "nothing is named", "stages": ["step-1", "step-2"]}),
    (LetterKind.QUESTION, "correct", {"who": _FAY, "line": "due Friday 5pm"}),
    (LetterKind.QUESTION, "shadowed", {}),
    (LetterKind.QUESTION, "call_time", {}),
    (LetterKind.CHASER, "prompt", {"prompt": _PROMPT, "passed": False}),
    (LetterKind.CHASER, "prompt", {"prompt": _PROMPT, "passed": True}),
    (LetterKind.QUESTION, "action", {"action": _VISIT, "others": True}),
    (LetterKind.QUESTION, "action", {"action": _VISIT | {"owner": None, "words": ""}, "others": False}),
    (LetterKind.QUESTION, "actions", {"actions": [_VISIT, _PLAN]}),
    (LetterKind.INFORMATION, "represented", {"who": _FAY, "when": "2027-01-14T11:00:00+00:00"}),
    (LetterKind.INFORMATION, "meeting", {"who": _FAY, "day": "2027-01-19T09:00:00+00:00"}),
    (
        LetterKind.QUESTION,
        "confirm_manager",
        {"word": "RESOLVED", "said": "2027-01-13T09:12:00+00:00", "who": _FAY},
    ),
)
