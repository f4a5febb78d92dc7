"""How letters speak: dates, people, and the plain letter that goes when a template fails.

Values are cleaned before a template sees them: no value can bring a mark (marked.py), a line break or a control
character of its own. It knows no template, no header and no clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta

from bot.letters.marked import box, foot, quoted, ring
from bot.model.letters import WANTS_ANSWERS, LetterKind
from bot.model.times import aware
from bot.rules.workdays import Calendar, say

ACTION_LIMIT = 90  # characters of the first line: what a phone's list of mails shows

_STEER = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF])
_CONTROL = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029], " ")
_MARKS = dict.fromkeys([*range(0xE000, 0xF900), *range(0xD800, 0xE000)])
_FLAT: dict[int, str | None] = {**_STEER, **_CONTROL, **_MARKS}
_LINED = {k: v for k, v in _FLAT.items() if k != 0x0A}


#: What a template is given: instants as ISO text, everything else as it is.
Shown = str | int | list["Shown"] | dict[str, "Shown"] | None


def clean(text: str, *, keep_lines: bool = False) -> str:
    """Text without control characters, writing-direction tricks and marks; on one line unless `keep_lines`."""
    if keep_lines:
        return text.replace("\r\n", "\n").replace("\r", "\n").translate(_LINED)
    return " ".join(text.translate(_FLAT).split())


def shown(value: object) -> Shown:
    """A value of a wording as its template sees it, cleaned. Raises TypeError for what no wording holds."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, tuple):
        return [shown(one) for one in value]
    return shown_fields(value)


def shown_fields(value: object) -> dict[str, Shown]:
    """The fields of a wording or of a part of one, under the names that templates know; `text` keeps its lines."""
    if not is_dataclass(value):
        raise TypeError(f"no letter holds a {type(value).__name__}")
    own = {field.name.rstrip("_"): getattr(value, field.name) for field in fields(value)}
    return {key: clean(one, keep_lines=True) if key == "text" else shown(one) for key, one in own.items()}


# --- filters ----------------------------------------------------------------------------------------------------------


def name(who: object) -> str:
    """A person's name, else address; a plain string stands for itself."""
    if isinstance(who, Mapping):
        return str(who.get("name") or who.get("email") or who.get("agency") or "the contact for this stage")
    return str(who)


def person(who: object) -> str:
    """ "Helen Visser (Cheshire Health)"."""
    agency = who.get("agency") if isinstance(who, Mapping) else ""
    return f"{name(who)} ({agency})" if agency and agency != name(who) else name(who)


def contact(who: object) -> str:
    """A person and how to reach them: "Helen Visser (Cheshire Health), 01270 000000"."""
    phone, email = (str(who.get(key) or "") for key in ("phone", "email")) if isinstance(who, Mapping) else ("", "")
    reach = ring(phone) if phone else email
    return f"{person(who)}, {reach}" if reach and reach != name(who) else person(who)


def reach(who: object) -> str:
    """The same of whom the letter has named already: "Helen Visser, 01270 000000"."""
    return contact({**who, "agency": ""}) if isinstance(who, Mapping) else contact(who)


def people(several: Sequence[object]) -> str:
    """ "A, B and C"."""
    names = [person(w) for w in several]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def sentence(words: str) -> str:
    """Words as a sentence: capital first, a full stop at the end. "" stays ""."""
    words = words.strip()
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "!", "?")) else ".") if words else ""


def fit(*candidates: str) -> str:
    """The first candidate that fits the action line, else the last, cut at a word."""
    for candidate in candidates:
        if len(candidate) <= ACTION_LIMIT:
            return candidate
    return candidates[-1][: ACTION_LIMIT - 1].rsplit(" ", 1)[0] + "…"


def instant(iso: str | None, cal: Calendar) -> str:
    """An instant (ISO text) in the office's zone: "Wednesday 13 January 2027, 10:05am"; none is ""."""
    return say(datetime.fromisoformat(iso), cal) if iso else ""


def short(iso: str | None, cal: Calendar) -> str:
    """The same without its year, for the action line."""
    year = datetime.fromisoformat(iso).astimezone(cal.zone).year if iso else ""
    return instant(iso, cal).replace(f" {year},", ",", 1)


def day(iso: str | None, cal: Calendar) -> str:
    """The day alone: "Wednesday 13 January 2027"."""
    return instant(iso, cal).partition(",")[0]


#: What stands before the sender's name, so that a list of mails with one sender and one subject can be told apart.
_SHOWN = {
    LetterKind.ACKNOWLEDGEMENT: "Received",
    LetterKind.NOTICE: "Please reply",
    LetterKind.CHASER: "Reminder",
    LetterKind.ESCALATION: "Act now",
    LetterKind.RESPONSE: "Please confirm",
    LetterKind.RELAY: "Passed on",
    LetterKind.REDIRECT: "Please reply",
    LetterKind.QUESTION: "Question",
    LetterKind.INFORMATION: "Please read",
    LetterKind.OUTCOME: "Closed",
    LetterKind.RECORD: "Record",
    LetterKind.DIGEST: "Daily letter",
    LetterKind.ANSWER: "Answer",
    LetterKind.ALERT: "Alert",
}
_NOTHING_ASKED = "For information"


def kind_shown(kind: LetterKind, text: str) -> str:
    """The kind of a letter in two or three words, for its sender's name. `text`: its text part, which alone knows
    whether anything is asked: then it is never shown as information, and else always."""
    return _NOTHING_ASKED if text.startswith(_NOTHING_ASKED) else _SHOWN[kind]


def is_pressing(kind: LetterKind, due: datetime | None, at: datetime) -> bool:
    """Whether a letter that goes at `at` asks for what is due within a day, or was."""
    return kind in WANTS_ANSWERS and isinstance(due, datetime) and aware(due) - at <= timedelta(days=1)


# The built-in plain letter that goes when a template fails. It uses no template and takes nothing for granted:
# whatever values are missing, it says what it can, in the order of every letter. It must not fail, so it looks
# nothing up that may not be there.

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


def fallback(kind: LetterKind, values: Mapping[str, object], calendar: Calendar) -> str:
    """The built-in plain letter: action, emergency line, due time, what was to be passed on, human, ref."""
    due = _due(values.get("due"), calendar)
    action = _ACTIONS.get(kind, "For information: news of this challenge")
    dated = f"{action} by {due}" if kind in WANTS_ANSWERS else f"{action} (due {due})"
    ref = values.get("ref", "")
    human = values.get("human")
    lines = values.get("lines")
    parts = (
        fit(dated if due else action, action),
        _emergency(values.get("emergency")),
        f"This is a short form of a letter of the kind {kind.value}; its full form could not be made.",
        f"Stage: {values['stage_name']}." if values.get("stage_name") else "",
        f"By when: {due}." if due else "",
        quoted(str(values["text"])) if values.get("text") else "",
        "\n".join(f"- {line}" for line in lines) if isinstance(lines, list) else "",
        f"To answer, reply to this letter and keep [{ref}] in the subject." if ref else "",
        f"Ring: {contact(human)}." if human else "",
        foot(
            f"{f'[{ref}]. ' if ref else ''}Sent by {values.get('bot_name') or 'a machine'}."
            " No person reads this mailbox out of hours."
        ),
    )
    return "\n\n".join(p for p in parts if p.strip())


def _emergency(line: object) -> str:
    text, say = (str(line.get(k, "")) for k in ("text", "say")) if isinstance(line, Mapping) else ("", "")
    return box(say if text in say else f"{text} {say}") if say or text else ""


def _due(value: object, calendar: Calendar) -> str:
    """A due time in words; as it stands when it is no instant."""
    try:
        return short(str(value or ""), calendar)
    except ValueError:
        return str(value)
