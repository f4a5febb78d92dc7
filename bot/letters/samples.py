"""A sample of every letter, for the operator's check and for whoever wants to see what people will read.

Each wording stands here at least once, with people and places that do not exist. It renders nothing and knows no
policy file; a caller may put a policy's own values in place of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.letters.catalogue import ASKS, NO_CASE
from bot.letters.sample_case import CASE, CHAIR, DEV, FAY, FORM, FORMS, HELEN, RUTH, TOM, UNIT
from bot.letters.samples_end import COMMITMENT, ENDS, REPRESENTATION
from bot.model import Contact, Letter, LetterKind

_ASKED = {"asks": ASKS, "held_before": ["Step 1"], "local_window": True, "timescales": "indicative"}
_AROUND = {
    "raise_within": "2 working days",
    "exclusions": ["Whistleblowing: your own agency's procedure", "Complaints"],
}
_PLAIN: dict[str, Any] = {"held_before": [], "raise_within": "", "exclusions": []}
_NOON = "2027-01-12T12:00:00+00:00"
_CLOCKS = [
    {"says": "speak with the person who raised it", "side": "responding", "by": _NOON, "source": "policy"},
    {"says": "say whether it is settled", "side": "raising", "by": _NOON, "source": "local"},
]
_PASSED = {"says": "speak with the person who raised it", "passed": "Tuesday 12 January 2027, 12 noon"}
_ORIGINAL = {"from": "Helen Visser", "sent": "2027-01-12T10:05:00+00:00", "inbox": "Riverside Assessment Team"}
_NOTICE: dict[str, Any] = {"original": _ORIGINAL, "ask_commitment": True, "asks": []}
_WHEN = "2027-01-13T09:12:00+00:00"
_STEP_2: dict[str, Any] = {
    "stage_id": "step-2",
    "stage_name": "Step 2: Designated Safeguarding Leads",
    "window": "6 working days",
    "due": "2027-01-21T17:00:00+00:00",
    "due_why": "6 working days after Wednesday 13 January 2027, to the end of the working day",
    "now": "2027-01-13T10:05:00+00:00",
    "responder": DEV,
    "next_stage_name": "Step 3: Delegated Partners",
    "next_people": [UNIT],
}
_STEP_3: dict[str, Any] = _STEP_2 | {
    "stage_id": "step-3",
    "stage_name": "Step 3: Delegated Partners",
    "level": "partnership",
    "responder": UNIT,
    "decides": "another",
    "next_stage_name": "",
    "next_people": [],
    "urgent": False,
}
_ESCALATED: dict[str, Any] = _STEP_2 | {
    "from_stage_name": "Step 1: Line Managers",
    "lapsed": "2027-01-13T10:05:00+00:00",
    "holding": [{"when": "2027-01-12T18:42:00+00:00", "who": FAY}],
    "outer_limit": True,
    "out_of_hours": False,
    "original": _ORIGINAL,
    "attached": True,
    "representation": None,
}
_AWAY = {"absent": FAY, "deputies": [TOM], "named": [{"name": "Priya Shah", "contact": "01632 960204"}]}
_GOING = {"absent": FAY, "of": "notice", "responder": TOM}
_WHOSE = {"who": TOM, "when": _WHEN, "others": ["XX-2027-0005"], "reached": True, "text": ""}
_WRONG: dict[str, Any] = {"contact": FAY, "status": "", "why": "", "goes_on": True, "manager": {}}
_TRANSFER = ("asked", "accepted", "again", "declined")
_MOVING = {"who": TOM, "team_asked": "Hillside Assessment Team", "left": "Riverside Assessment Team"}

#: (kind, variant, values beside CASE). A pair may stand twice: for its other wording.
_SAMPLES: tuple[tuple[LetterKind, str, dict[str, Any]], ...] = (
    (LetterKind.ACKNOWLEDGEMENT, "opened", _PLAIN | {"asks": []}),
    (LetterKind.ACKNOWLEDGEMENT, "opened", _ASKED | _AROUND),
    (LetterKind.ACKNOWLEDGEMENT, "provisional", _PLAIN | {"asks": ["rationale"], "unconfirmed": True}),
    (LetterKind.ACKNOWLEDGEMENT, "stranger", {}),
    (LetterKind.NOTICE, "opened", _NOTICE),
    (LetterKind.NOTICE, "opened", _NOTICE | {"asks": ["child_status"], "clocks": _CLOCKS}),
    (LetterKind.NOTICE, "opened", _NOTICE | {"ask_commitment": False} | _STEP_3),
    (LetterKind.NOTICE, "opened", _NOTICE | _STEP_3 | {"responder": CHAIR, "decides": "responder"}),
    (LetterKind.NOTICE, "provisional", {"original": _ORIGINAL, "unconfirmed": True}),
    (LetterKind.CHASER, "half", {"left": "12 hours", "commitment": None}),
    (LetterKind.CHASER, "last", {"left": "4 hours", "commitment": COMMITMENT}),
    (LetterKind.CHASER, "raiser", {"left": "4 hours", "commitment": COMMITMENT | {"by": ""}}),
    (LetterKind.CHASER, "provisional", {"left": "4 hours", "original": _ORIGINAL, "unconfirmed": True}),
    (LetterKind.CHASER, "form", {"forms": [FORM | {"state": "missing"}]}),
    (LetterKind.CHASER, "clock", _PASSED | {"local": False}),
    (LetterKind.CHASER, "clock", _PASSED | {"local": True}),
    (LetterKind.ESCALATION, "lapsed", _ESCALATED | {"clocks": _CLOCKS[:1]}),
    (LetterKind.ESCALATION, "lapsed", _ESCALATED | {"urgent": False, "outer_limit": False, "attached": False}),
    (LetterKind.ESCALATION, "lapsed", _ESCALATED | {"out_of_hours": True, "unconfirmed": True}),
    (LetterKind.ESCALATION, "lapsed", _ESCALATED | _STEP_3 | {"outer_limit": False, "timescales": "required"}),
    (LetterKind.ESCALATION, "asked", _ESCALATED | {"asked_by": HELEN}),
    (LetterKind.ESCALATION, "asked", _ESCALATED | _STEP_3 | {"asked_by": HELEN, "representation": REPRESENTATION}),
    (LetterKind.ESCALATION, "repeat", _ESCALATED | {"n": 2}),
    (LetterKind.ESCALATION, "reopened", _ESCALATED | {"holding": [], "outer_limit": False}),
    (LetterKind.ESCALATION, "live", _ESCALATED | {"outer_limit": False}),
    (LetterKind.RESPONSE, "responded", {"who": FAY, "when": _WHEN, "readable": True, "reported": False}),
    (LetterKind.RESPONSE, "responded", {"who": FAY, "when": _WHEN, "readable": False, "reported": False}),
    (LetterKind.RESPONSE, "responded", {"who": FAY, "when": _WHEN, "readable": True, "reported": True}),
    (LetterKind.RESPONSE, "again", {"n": 2, "who": FAY, "when": _WHEN}),
    (LetterKind.RESPONSE, "manager", {"who": FAY, "when": _WHEN}),
    (
        LetterKind.RELAY,
        "reply",
        {"who": FAY, "when": _WHEN, "text": "We have looked at this again.\n\nWe will visit today.", "attachments": 1},
    ),
    (LetterKind.REDIRECT, "away", _GOING | {"until": "Monday 18 January", "gone": False}),
    (LetterKind.REDIRECT, "not_mine", {"absent": FAY, "of": "notice", "responder": TOM}),
    (LetterKind.REDIRECT, "away", _GOING | {"until": "", "gone": True}),
    (LetterKind.REDIRECT, "bounced", {"absent": FAY, "of": "escalation", "responder": TOM}),
    (LetterKind.QUESTION, "not_yours", {"word": "RESOLVED", "who_may": "other people", "may_ask": False}),
    (LetterKind.QUESTION, "not_yours", {"word": "RESOLVED", "who_may": "Helen Visser", "may_ask": True}),
    (LetterKind.QUESTION, "confirm_word", {"word": "RESOLVED", "said": _WHEN}),
    (
        LetterKind.QUESTION,
        "meaning",
        {"choices": [["RESOLVED", "you are satisfied"], ["NOT RESOLVED", "you are not satisfied"]]},
    ),
    (LetterKind.QUESTION, "whose_answer", _WHOSE | {"others": []}),
    (LetterKind.QUESTION, "whose_answer", _WHOSE | {"reached": False}),
    (LetterKind.QUESTION, "whose_answer", _WHOSE | {"reached": False, "text": "It was seen to.\n\nWe visited."}),
    (LetterKind.QUESTION, "transfer", {"who": FAY, "team_asked": "Hillside Assessment Team"}),
    (LetterKind.QUESTION, "recall", {}),
    (LetterKind.QUESTION, "unreadable", {"who": FAY, "when": _WHEN}),
    (LetterKind.QUESTION, "provisional", {"unconfirmed": True}),
    (LetterKind.QUESTION, "approve", {}),
    (LetterKind.QUESTION, "form", {"forms": FORMS}),
    (LetterKind.INFORMATION, "away", _AWAY | {"until": "Monday 18 January", "gone": False}),
    (LetterKind.INFORMATION, "away", _AWAY | {"until": "", "named": [], "gone": True}),
    *((LetterKind.INFORMATION, "transfer", _MOVING | {"event": event}) for event in _TRANSFER),
    (LetterKind.INFORMATION, "spoc_wrong", _WRONG | {"status": "gone"}),
    (LetterKind.INFORMATION, "appointed", {"who": RUTH, "decider": CHAIR} | {"level": "partnership"}),
    (LetterKind.INFORMATION, "received", {"who": FAY, "words": "by 3pm today"}),
    (LetterKind.INFORMATION, "not_mine", {"who": FAY}),
    (LetterKind.INFORMATION, "extended", {"before": _WHEN, "after": "2027-01-15T17:00:00+00:00", "past_ceiling": True}),
    (
        LetterKind.INFORMATION,
        "changed",
        {"before": "2027-01-26T17:00:00+00:00", "after": "2027-01-13T10:05:00+00:00", "word": "URGENT"},
    ),
    (
        LetterKind.INFORMATION,
        "parent_note",
        {"parent_title": "Regional Escalation Procedure", "window": "5 working days"},
    ),
    (LetterKind.INFORMATION, "notify", {"event": "lapse", "original": _ORIGINAL, "attached": False}),
    (LetterKind.INFORMATION, "notify", {"event": "enter", "original": _ORIGINAL, "attached": True}),
    (LetterKind.INFORMATION, "clock", _PASSED | {"local": False, "side": "responding"}),
    (LetterKind.INFORMATION, "clock", _PASSED | {"local": True, "side": "raising"}),
    (LetterKind.INFORMATION, "telling", _STEP_3 | {"n": 2, "decider": CHAIR, "lapsed": "2027-01-21T17:00:00+00:00"}),
    (LetterKind.INFORMATION, "nobody", {"tried": [FAY, TOM]}),
    (LetterKind.INFORMATION, "spoc_wrong", _WRONG | {"status": "5.1.1", "why": "the mailbox is full"}),
    (LetterKind.INFORMATION, "spoc_wrong", _WRONG | {"contact": HELEN, "goes_on": False, "manager": RUTH}),
    (LetterKind.INFORMATION, "raiser_lost", {"why": "the address does not exist there", "answered": True}),
    (LetterKind.INFORMATION, "raiser_lost", {"why": "", "answered": False}),
    (LetterKind.INFORMATION, "held", {"until": "2027-01-12T14:05:00+00:00", "by": UNIT}),
    (
        LetterKind.INFORMATION,
        "corrected",
        {"what": "responder", "before": "Fay", "after": "Tom Lee", "by": UNIT},
    ),
    (
        LetterKind.INFORMATION,
        "nothing_changed",
        {"word": "WITHDRAW", "why": "The challenge is closed.", "instead": "REOPEN opens it again."},
    ),
    (LetterKind.INFORMATION, "nothing_changed", {"word": "RELEASE", "why": "No letter waits.", "instead": ""}),
    (LetterKind.INFORMATION, "duplicate", {"other_ref": "XX-2027-0005"}),
    (
        LetterKind.INFORMATION,
        "in_flight",
        {"items": [{"mailbox": "Riverside Assessment Team", "received": "2027-01-04T11:00:00+00:00", "entry": 147}]},
    ),
    (LetterKind.INFORMATION, "unreachable", {"contact": FAY, "times": 3, "days": 30}),
    (LetterKind.INFORMATION, "record_kept", {"where": "on the partnership's server", "why": "it is over 10 MB"}),
    *ENDS,
    (LetterKind.RECORD, "form", {"form": FORM["title"], "who": HELEN, "when": _WHEN, "goes": True}),
    (LetterKind.RECORD, "form", {"form": FORM["title"], "who": HELEN, "when": _WHEN, "goes": False}),
    (
        LetterKind.DIGEST,
        "daily",
        {
            "open": [
                {
                    "ref": "XX-2027-0007",
                    "stage": "Step 1: Line Managers",
                    "due": _WHEN,
                    "waiting_for": "Fay Marsh (Childrens Services)",
                    "asks": 0,
                    "elsewhere": True,
                    "watched": True,
                    "forms": ["Form for Submitting a Challenge"],
                }
            ],
            "pen": [
                {
                    "letter": "A",
                    "entry": 147,
                    "mailbox": "Riverside Assessment Team",
                    "received": _WHEN,
                    "sender": "office@elm.example",
                    "why": "two cases fit",
                    "guesses": "XX-2027-0007, XX-2027-0005",
                }
            ],
            "set_aside": [
                {
                    "letter": "B",
                    "entry": 148,
                    "mailbox": "Hill",
                    "received": _WHEN,
                    "sender": "",
                    "why": "unreadable",
                }
            ],
            "letters_open": 1,
            "withheld": [
                {"ref": "XX-2027-0007", "kind": kind, "to": ["Fay Marsh (Childrens Services)"], "when": _WHEN}
                for kind in ("notice", "information")
            ],
            "mailboxes": [{"name": "Riverside Assessment Team", "last_read": _WHEN, "last_sent": _WHEN}],
            "head": "4d" * 32,
        },
    ),
    (
        LetterKind.ANSWER,
        "status",
        {"state": "awaiting_response", "history": [{"at": _WHEN, "what": "The challenge was received"}]},
    ),
    (
        LetterKind.ANSWER,
        "pen",
        {
            "done": ["Mail 147 belongs to XX-2027-0007 now"],
            "unclear": ["D: no mail of that name waits"],
        },
    ),
    (
        LetterKind.ALERT,
        "plain",
        {
            "subject": "a mailbox cannot be read",
            "lines": ["Riverside: the login was refused for 10 minutes"],
        },
    ),
    (
        LetterKind.ALERT,
        "incident",
        {
            "subject": "A mail reached somebody it was not meant for",
            "case": "XX-2027-0007",
            "what": "A letter of this service (escalation) reached somebody who says that it is not theirs.",
            "whom": "j.jones@elsewhere.example",
            "at": "2027-01-13T10:05:00+00:00",
            "fields": "names, roles, agencies and telephone numbers of professionals; the ref, the stage and its time",
            "until": "2027-01-16T10:05:00+00:00",
        },
    ),
)


def samples(values: Mapping[str, Any] | None = None) -> tuple[Letter, ...]:
    """A letter of every wording; `values` replace those of the case (a policy's title, stage, emergency ...)."""
    return tuple(_sample(n, kind, variant, extra, values or {}) for n, (kind, variant, extra) in enumerate(_SAMPLES))


def _sample(n: int, kind: LetterKind, variant: str, extra: dict[str, Any], values: Mapping[str, Any]) -> Letter:
    has_case = (kind, variant) not in NO_CASE
    about = CASE | extra | dict(values) if has_case else {"now": CASE["now"]} | extra
    mail = "4f1c09@north-health.example"
    return Letter(
        kind=kind,
        occasion=f"sample/{n}",
        to=(Contact("fay.marsh@childrens-services.example", "Fay Marsh"),),
        about=about,
        stage=about.get("stage_id", ""),
        variant=variant,
        subject=f"{about['fixed_words']} – 24 hours" if has_case else "Professional challenges",
        in_reply_to=mail if has_case else "",
        references=(mail,) if has_case else (),
        message_id=f"sample-{n}@partnership.example",
    )
