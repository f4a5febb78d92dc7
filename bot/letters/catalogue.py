"""Every letter there is, and which values its template may count on.

CATALOGUE names the extra keys of `Letter.about` per (kind, variant), beside the COMMON ones that every letter of a
case carries; NO_CASE letters carry none of those. It renders nothing and knows no policy file.
"""

from __future__ import annotations

from bot.model import LetterKind

#: In every letter of a case. Instants are ISO text in UTC; a person is {name, email, role, agency, phone}.
COMMON = frozenset(
    [
        "ref",
        "policy_title",
        "partnership",
        "fixed_words",
        "stage_id",
        "stage_name",
        "level",
        "window",
        "local_window",
        "timescales",
        "due",
        "due_why",
        "opened",
        "now",
        "raiser",
        "responder",
        "team",
        "inbox",
        "urgent",
        "next_stage_name",
        "next_people",
        "emergency",
        "unconfirmed",
        "human",
        "ring",
        "bot_address",
        "late",
        "flags",
        "forms",
        "advice",
        "clocks",
        "decision_word",
        "decides",
    ]
)

#: Questions that ride in an acknowledgement: its template has a sentence for each.
ASKS = [
    "rationale",
    "call_time",
    "window_assumed",
    "window_nonstandard",
    "two_times",
    "time_in_the_past",
    "bare_days",
    "which_team",
    "unreadable",
    "privacy",
    "no_message_id",
    "child_protection",
    "child_status",
    "concern_date",
    "problem",
    "aim",
    "record_writer",
]

_RECEIPT = "asks held_before raise_within exclusions"
_LAPSED = "from_stage_name lapsed holding outer_limit out_of_hours original attached representation"

_EXTRA: dict[LetterKind, dict[str, str]] = {
    LetterKind.ACKNOWLEDGEMENT: {"opened": _RECEIPT, "provisional": _RECEIPT, "stranger": ""},
    LetterKind.NOTICE: {"opened": "original ask_commitment asks", "provisional": "original"},
    LetterKind.CHASER: {
        "half": "left commitment",
        "last": "left commitment",
        "raiser": "left commitment",
        "provisional": "left original",
        "outcome": "word by outcome_says",
        "clock": "says passed local",
        "prompt": "prompt passed",
        "form": "",
    },
    LetterKind.ESCALATION: {
        "lapsed": _LAPSED,
        "asked": f"{_LAPSED} asked_by",
        "repeat": f"{_LAPSED} n",
        "reopened": _LAPSED,
        "live": _LAPSED,
    },
    LetterKind.RESPONSE: {"responded": "who when readable reported", "again": "n who when", "manager": "who when"},
    LetterKind.RELAY: {"reply": "who when text attachments"},
    LetterKind.REDIRECT: {"away": "absent until of gone", "bounced": "absent of", "not_mine": "absent of"},
    LetterKind.QUESTION: {
        "not_yours": "word who_may may_ask",
        "confirm_word": "word said",
        "meaning": "choices",
        "whose_answer": "who when others reached text",
        "confirm_manager": "word said who",
        "action": "action others",
        "actions": "actions",
        "child_file": "closed",
        "call_time": "",
        "outcome": "word by outcome_says",
        "recall": "",
        "transfer": "who team_asked",
        "unreadable": "who when",
        "provisional": "",
        "approve": "",
        "shadowed": "",
        "correct": "who line",
        "form": "",
    },
    LetterKind.INFORMATION: {
        "away": "absent until deputies named gone",
        "transfer": "event who team_asked left",
        "received": "who words",
        "appointed": "who decider",
        "not_mine": "who",
        "represented": "who when",
        "meeting": "who day",
        "extended": "before after past_ceiling",
        "changed": "before after word",
        "parent_note": "parent_title window",
        "notify": "event original attached",
        "clock": "says passed local side",
        "telling": "n decider lapsed",
        "nobody": "tried",
        "spoc_wrong": "contact status why goes_on manager",
        "raiser_lost": "why answered",
        "held": "until by",
        "corrected": "what before after by",
        "nothing_changed": "word why instead",
        "duplicate": "other_ref",
        "in_flight": "items",
        "unreachable": "contact times days",
        "record_kept": "where why",
    },
    LetterKind.OUTCOME: {
        "closed": "closed_as by at outcome_missing original_of_outcome ask_child_file actions prompts"
    },
    LetterKind.RECORD: {
        "minimal": "manifest where prompts",
        "full": "manifest part parts prompts",
        "form": "form who when goes",
    },
    LetterKind.DIGEST: {"daily": "open pen set_aside letters_open mailboxes head withheld"},
    LetterKind.ANSWER: {
        "status": "state history",
        "register": "",
        "report": "",
        "open": "area rows",
        "spoc": "area rows",
        "help": "",
        "pen": "done unclear",
        "corrected": "line why stages",
    },
    LetterKind.ALERT: {"plain": "subject lines", "incident": "subject case what whom at fields until"},
}

CATALOGUE: dict[tuple[LetterKind, str], frozenset[str]] = {
    (kind, variant): frozenset(keys.split()) for kind, variants in _EXTRA.items() for variant, keys in variants.items()
}

#: Letters that belong to no case and so carry no COMMON values.
NO_CASE = frozenset(
    {
        (LetterKind.DIGEST, "daily"),
        (LetterKind.ALERT, "plain"),
        (LetterKind.ALERT, "incident"),
        (LetterKind.ANSWER, "pen"),
        (LetterKind.ANSWER, "register"),
        (LetterKind.ANSWER, "report"),
        (LetterKind.ANSWER, "open"),
        (LetterKind.ANSWER, "spoc"),
        (LetterKind.ANSWER, "help"),
        (LetterKind.INFORMATION, "in_flight"),
        (LetterKind.INFORMATION, "unreachable"),
    }
)
