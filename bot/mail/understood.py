"""What the bot reads in one raw mail, as the plain values that `challenge-bot understand` prints.

Needs no directory, database or clock: a relative time ("by Friday") is counted from the mail's own Date, else from the
moment that is handed in. The keys are a contract with other tools (section 9 of the design). It reads nothing itself.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.mail.bytes import headers
from bot.mail.read import Reading, read
from bot.mail.words import meaning
from bot.model import Flag, FormRead, Mail, MailKind, Meaning

_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)


def understand(raw: bytes, reading: Reading, now: datetime = _NO_DATE) -> dict[str, Any]:
    """kind, reply, trigger, window, trust, command, meaning, form, defects of the mail in `raw`."""
    found, _, _ = headers.split(raw)
    return described(read(raw, reading, headers.date(found.get("date")) or now))


def described(mail: Mail) -> dict[str, Any]:
    """The same of a mail that was already read."""
    is_human = mail.kind is MailKind.HUMAN
    trigger = mail.trigger
    if not is_human and Flag.ANNOUNCES in trigger.flags:  # a machine's course about challenges is no challenge
        trigger = replace(trigger, phrase=None, window=None, by=None)
    window = trigger.by.isoformat() if trigger.by else str(trigger.window) if trigger.window else None
    return {
        "kind": mail.kind.value,
        "reply": mail.new_text if is_human else "",
        "trigger": trigger.phrase is not None or any(form.is_completed for form in mail.forms),
        "window": window,
        "trust": mail.proof.value,
        "command": mail.command.word.value if mail.command and is_human else None,
        "meaning": mail.meaning.value if is_human else None,
        "holding": mail.meaning is not Meaning.ANSWER if is_human else True,
        "meant": _seen(mail) if is_human else None,
        "form": next((_form(one) for one in mail.forms if one.is_completed), None),
        "defects": list(mail.defects),
    }


def _seen(mail: Mail) -> dict[str, Any]:
    """By what it was read so, and the sentence and features that the model looked at most: the only place where its
    words are shown."""
    found = {"by": mail.meaning_why, "promised": mail.promised, "risk": mail.is_risk, "confidence": mail.is_confidence}
    if not mail.meaning_why.startswith("model"):
        return found
    scored = meaning.seen(mail.new_text)
    features = {name: weight for _, name, weight in scored.features}
    return {**found, "score": scored.score, "sentence": scored.sentence, "features": features}


def _form(form: FormRead) -> dict[str, Any]:
    """A completed form: which, of whom, what stands where, and what is left blank."""
    return {
        "id": form.form,
        "policies": list(form.policies),
        "attached": bool(form.source),
        "fields": [{"field": f.field, "value": f.value, "where": f.where} for f in form.fields],
        "blank": list(form.blank),
        "children": form.children,
    }
