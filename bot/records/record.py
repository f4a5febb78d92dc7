"""The record of one case: what a person files, and what an auditor can check.

Values in, documents out: a PDF (record.typ lays it out; no value ever becomes its source), the journal as JSON with
the hashes of its chain, and, for a full record, every mail as it came, in ZIP parts that pass a mail server. Minimal
is the rule: who, when, which stage, in time or not, and hashes; no narrative and no mail. The same values give the
same bytes. It reads no database, no mailbox and no clock.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any

import re2

from bot.letters.wording import clean
from bot.model import Case, FormState, JournalRow, StageRun, aware
from bot.records import parts, plain
from bot.records.pdf import pdf
from bot.rules.policy.policy import Policy
from bot.rules.workdays import Calendar, say

Gap = tuple[str, datetime, datetime | None, str]  # mailbox, from, to (None: it lasts), why
#: Where things lie on a server is nobody's business who reads a record.
_PATH = re2.compile(r"(?:[A-Za-z]+:)?[^\s:]*[/\\][^\s:]*(?:\s+[^\s:]*[/\\][^\s:]*)*")


@dataclass(frozen=True, slots=True)
class MailRow:
    """A mail of the case: SHA-256 of its bytes, arrival, whom it says it is from or their token after a purge ("" where
    unknown), the bytes for a full record."""

    digest: str
    received: datetime
    sender: str = ""
    raw: bytes | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """The finished documents. `manifest`: (name, SHA-256, size) of each, and of each mail inside the ZIP parts."""

    pdf: bytes
    journal_json: bytes
    zip_parts: tuple[bytes, ...]
    manifest: tuple[parts.Entry, ...]


def record(
    case: Case,
    journal: Sequence[JournalRow],
    mails: Sequence[MailRow],
    gaps: Sequence[Gap],
    policy: Policy,
    calendar: Calendar,
    now: datetime,
    *,
    full: bool,
) -> Record:
    """The record as it stands at `now`; `policy` is the version the case opened under. Mails of a full record whose
    bytes are not kept stand in the list by their hash only. Raises typst.TypstError if the layout cannot be made."""
    values = _values(case, journal, mails, gaps, policy, calendar, now, full)
    page = _pdf(values, now)
    rows = _journal_json(case, journal, full)
    kept = [(m.digest, m.received, m.raw) for m in mails if m.raw is not None] if full else []
    zips, inside = parts.zipped(case.ref, kept)
    made = [(f"{case.ref}-record.pdf", page), (f"{case.ref}-journal.json", rows)]
    made += [(f"{case.ref}-mails-{n}.zip", part) for n, part in enumerate(zips, 1)]
    return Record(page, rows, zips, (*(parts.entry(name, raw) for name, raw in made), *inside))


# --- the values -------------------------------------------------------------------------------------------------------


def _values(
    case: Case,
    journal: Sequence[JournalRow],
    mails: Sequence[MailRow],
    gaps: Sequence[Gap],
    policy: Policy,
    calendar: Calendar,
    now: datetime,
    full: bool,
) -> dict[str, Any]:
    """What the layout shows, every instant already in words."""
    stages = {s.id: s.name for s in policy.stages}
    names = _names(case)
    in_words = _InWords(calendar)
    values = {
        "ref": case.ref,
        "content": "Full record" if full else "Minimal record: no narrative, no mails",
        "facts": _facts(case, policy, in_words, stages),
        "runs": [_run(run, in_words, stages) for run in case.runs],
        "people": [
            [
                stages.get(stage, stage),
                plain.SIDES.get(side, side),
                who.name or who.email,
                plain.role(who.role),
                who.agency,
            ]
            for stage, side, who in case.people
        ],
        "timeline": _timeline(journal, names, stages, in_words, full),
        "mails": [[in_words(m.received), names.get(m.sender, m.sender), m.digest] for m in mails],
        "gaps": [
            [box, in_words(start), in_words(end) if end else "not yet read again", _PATH.sub("a folder", why)]
            for box, start, end, why in gaps
        ],
        "commitments": _commitments(case, names) if full else [],
        "flags": [flag.words for flag in case.flags],
        "forms": [_form(state, policy, in_words, stages) for state in case.forms],
        "head": journal[-1].hash if journal else "",
        "rows": len(journal),
        "made": in_words(now),
    }
    return {name: _clean(value) for name, value in values.items()}


def _commitments(case: Case, names: Mapping[str, str]) -> list[list[str]]:
    """By whom, in which words."""
    promised = [(task.owner.email if task.owner else "", task.what) for task in case.commitments]
    return [[names.get(who, who), words] for who, words in promised]


class _InWords:
    """Instants in words, "" for none."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar

    def __call__(self, at: datetime | None) -> str:
        return say(at, self._calendar) if at else ""


def _clean(value: Any) -> Any:
    """No control characters from anybody's name."""
    if isinstance(value, Mapping):
        return {k: _clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(v) for v in value]
    return clean(value) if isinstance(value, str) else value


def _names(case: Case) -> dict[str, str]:
    """Names by address, as far as the case knows them."""
    known = [case.raiser, *(who for _, _, who in case.people), *(s.contact for s in case.served)]
    return {"clock": "the clock"} | {c.email: c.name for c in reversed(known) if c.name}


def _facts(case: Case, policy: Policy, in_words: _InWords, stages: Mapping[str, str]) -> list[list[str]]:
    raised = ", ".join(p for p in (case.raiser.name or case.raiser.email, case.raiser.agency) if p)
    challenged = ", ".join(p for p in (case.team, case.responder_agency) if p)
    rows = [
        ["Policy", f"{policy.title}, version {case.policy_version}"],
        ["Partnership", policy.partnership],
        ["Raised by", raised],
        ["Challenged", challenged or "not known"],
        ["Received", in_words(case.opened)],
        ["Time asked for", in_words(case.requested_by) or str(case.window or "as the policy says")],
        ["Stage reached", stages.get(case.stage, case.stage)],
        ["State", plain.state(case)],
    ]
    if case.called or case.message_left:
        left = {"yes": "a message was left", "no": "no message was left"}.get(case.message_left, "")
        rows.append(["Telephone call before it", "; ".join(w for w in (in_words(case.called), left) if w)])
    if case.closed:
        rows.append(["Closed", in_words(case.closed)])
        rows.append(["Outcome in writing", f"recorded, mail {case.outcome[:12]}" if case.outcome else "none recorded"])
    elif case.due:
        rows.append(["Next due", in_words(case.due)])
    return rows


def _run(run: StageRun, in_words: _InWords, stages: Mapping[str, str]) -> dict[str, str]:
    return {
        "stage": stages.get(run.stage, run.stage),
        "window": str(run.window) if run.window else "",
        "began": in_words(run.began) or "did not begin",
        "due": in_words(run.due),
        "why": run.why,
        "ended": in_words(run.ended),
        "how": plain.ending(run),
        "in_time": plain.in_time(run),
    }


def _form(state: FormState, policy: Policy, in_words: _InWords, stages: Mapping[str, str]) -> list[str]:
    """A form's title, where it was asked for, when it came."""
    title = next((form.title for form in policy.forms if form.id == state.form), state.form)
    came = in_words(state.got) or ("with blank fields" if state.mail else "not received")
    return [title, stages.get(state.stage, state.stage), came]


def _timeline(
    journal: Sequence[JournalRow], names: Mapping[str, str], stages: Mapping[str, str], in_words: _InWords, full: bool
) -> list[list[str]]:
    """[when, what, detail] for every event and every row's letters, in order."""
    lines: list[list[str]] = []
    for row in journal:
        when = in_words(row.at)
        for kind, stage, by, note in row.events:
            detail = plain.note(kind, note) if full or plain.has_public_note(kind) else ""
            lines.append([when, plain.event(kind, names.get(by, by), stages.get(stage, stage)), detail])
        if row.letters:
            lines.append([when, "", plain.letters(row.letters, names)])
    return lines


# --- the documents ----------------------------------------------------------------------------------------------------


def _journal_json(case: Case, journal: Sequence[JournalRow], full: bool) -> bytes:
    """The journal as JSON; `body` is the text that the hashes were made of, with salted hashes for personal words."""
    rows = [
        {
            "seq": row.seq,
            "at": aware(row.at).isoformat(),
            "fact": row.fact,
            "events": [
                {"kind": kind, "stage": stage, "by": by, "note": note if full or plain.has_public_note(kind) else ""}
                for kind, stage, by, note in row.events
            ],
            "letters": list(row.letters),
            "body": row.body,
            "hash": row.hash,
        }
        for row in journal
    ]
    whole = {"case": case.ref, "policy": case.policy, "policy_version": case.policy_version, "rows": rows}
    return (json.dumps(whole, indent=1, ensure_ascii=True) + "\n").encode()


def _pdf(values: Mapping[str, Any], now: datetime) -> bytes:
    """Laid out with typst's own fonts: the machine's would make the same record look different elsewhere."""
    inputs = {"record": json.dumps(values, sort_keys=True)}
    return pdf(files("bot.records").joinpath("record.typ").read_bytes(), inputs, now)
