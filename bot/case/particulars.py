"""What the raiser is asked for about the challenge: the call before it, the reason for the time, what the policy adds.

Read from their own words where these leave no doubt, else asked in the acknowledgement; nothing waits for an answer.
Which of it a policy asks for is its own (intake: tiers.needs and asks).
"""

from __future__ import annotations

import re2

from bot.case.draft import Draft
from bot.case.tracks import KNOWN, flagged
from bot.mail.calls import call
from bot.model import Arrival, Contact, LetterKind, Mail, Proof
from bot.rules import workdays

#: Flags of a subject that the raiser is asked about.
ASKED = (
    "window_assumed",
    "nonstandard_window",
    "two_times",
    "time_in_the_past",
    "bare_days",
    "team_unknown",
    "unreadable",
)
NO_REASON = "rationale_missing"
#: A reason is known by its name, or where it stands beside the time itself.
_REASON = re2.compile(
    r"(?i)\brationale\b|\b(?:24|twenty[- ]four) ?h(?:ou)?rs?\b[^.\n]{0,80}\b(?:because|due to|as|since)\b"
)
_FEWEST = 4  # words that may be a reason


def needed(d: Draft) -> tuple[str, ...]:
    """What the policy asks for with a challenge of this time."""
    asked = (d.case.window.n, d.case.window.unit) if d.case.window else None
    tier = next((t for t in d.rules.policy.intake.tiers if (t.window.n, t.window.unit) == asked), None)
    return tier.needs if tier else ()


def note(d: Draft, mail: Mail) -> tuple[str, ...]:
    """Writes down what the opening mail says, and returns the questions that are left, as the templates name them."""
    needs = needed(d)
    if "call_time" in needs:
        _heard(d, mail, d.case.raiser)
    has_reason = bool(_REASON.search(mail.new_text[:20_000]))
    if "rationale" in needs and not has_reason:
        d.flag(NO_REASON)
    open_ = {"call_time": d.case.called is None, "rationale": not has_reason}
    flags = ["which_team" if f == "team_unknown" else f for f in d.case.flags if f in ASKED]
    known = ["child_status"] if KNOWN & set(d.case.flags) else []
    extra = [code for code in d.rules.policy.intake.asks if code not in known]
    return (*flags, *(code for code in needs if open_.get(code, True)), *flagged(d), *extra)


def told(d: Draft, fact: Arrival, by: Contact) -> bool:
    """A proven mail of the raiser's side in words may answer what was asked. True where its call time must be asked
    again: it names a call and no time that can be placed."""
    mail, needs = fact.mail, needed(d)
    if mail.proof is not Proof.PROVEN or not mail.is_readable or not d.case.is_open:
        return False
    is_answer = fact.answered == LetterKind.ACKNOWLEDGEMENT.value
    names_call = "call_time" in needs and d.case.called is None and _heard(d, mail, by)
    if is_answer and NO_REASON in d.case.flags and len(mail.new_text.split()) >= _FEWEST * (3 if names_call else 1):
        d.unflag(NO_REASON)
        d.event("rationale", by=by.email)
    return is_answer and names_call and d.case.called is None


def _heard(d: Draft, mail: Mail, by: Contact) -> bool:
    """Whether the mail names a call that was made; its time and whether a message was left are written down."""
    read = call(mail.new_text, mail.date or mail.received, d.case.opened)
    d.set(message_left=read.message or d.case.message_left)
    if read.at is not None:
        d.set(called=read.at)
        d.event("called", by=by.email, note=workdays.say(read.at, d.rules.calendar))
    return read.is_named
