"""The built-in plain letter that goes when a template fails.

It uses no template and takes nothing for granted: whatever values are missing, it says what it can, in the order of
every letter. It must not fail, so it looks nothing up that may not be there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.case import wording
from bot.model import WANTS_ANSWERS, LetterKind
from bot.rules.workdays import Calendar

_ACTIONS = {
    LetterKind.ACKNOWLEDGEMENT: "For information: your challenge is recorded",
    LetterKind.RESPONSE: "Please reply: is your challenge resolved?",
    LetterKind.RELAY: "Please read this reply: is your challenge resolved?",
    LetterKind.QUESTION: "Please reply: a question about this challenge is open",
    LetterKind.ALERT: "Please look: something has stopped or cannot be delivered",
    LetterKind.NOTICE: "Please reply to this challenge",
    LetterKind.CHASER: "Reminder: please reply to this challenge",
    LetterKind.ESCALATION: "Please take this challenge up and reply",
    LetterKind.REDIRECT: "Please take this challenge up and reply",
}


def fallback(kind: LetterKind, values: Mapping[str, Any], calendar: Calendar) -> str:
    """The built-in plain letter: action, emergency line, due time, what was to be passed on, human, ref."""
    due = _said(values.get("due"), calendar)
    action = _ACTIONS.get(kind, "For information: news of this challenge")
    dated = f"{action} by {due}" if kind in WANTS_ANSWERS else f"{action} (due {due})"
    ref = values.get("ref", "")
    human = values.get("human")
    lines = values.get("lines")
    parts = (
        wording.fit(dated if due else action, action),
        _emergency(values.get("emergency")),
        f"This is a short form of a letter of the kind {kind.value}; its full form could not be made.",
        f"Stage: {values['stage_name']}." if values.get("stage_name") else "",
        f"By when: {due}." if due else "",
        wording.quoted(str(values["text"])) if values.get("text") else "",
        "\n".join(f"- {line}" for line in lines) if isinstance(lines, list) else "",
        f"To answer, reply to this letter and keep [{ref}] in the subject." if ref else "",
        f"Ring: {wording.contact(human)}." if human else "",
        f"Ref: [{ref}]." if ref else "",
        f"Sent automatically by {values.get('bot_name') or 'the challenge clock'}."
        " No person reads this mailbox out of hours.",
    )
    return "\n\n".join(p for p in parts if p.strip())


def _emergency(line: Any) -> str:
    text, say = (str(line.get(k, "")) for k in ("text", "say")) if isinstance(line, Mapping) else ("", "")
    return say if text in say else f"{text} {say}"


def _said(value: Any, calendar: Calendar) -> str:
    """A due time in words; as it stands when it is no instant."""
    try:
        return wording.short(str(value or ""), calendar)
    except ValueError:
        return str(value)
