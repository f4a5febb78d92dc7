"""What the words of the raiser's side and of either side do, in a state where they act.

They open, close and set clocks; the challenged side's stand in challenged.py, the business unit's in unit.py. In which
states each acts is cells.py's table, who may say it rules/authority.py's. The first sentence over a function is what
`challenge-bot flow` prints.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.case.course import closing, follow_up, hearing, unconfirmed
from bot.case.course.clock import (
    has_urgent,
    longest_tier,
    own_window,
    shortest_tier,
    stage_due,
    tops,
    track_window,
    wind,
)
from bot.case.course.stages import enter
from bot.case.making import ends_with
from bot.case.making.draft import Draft
from bot.case.making.telling import tell
from bot.case.said import answers, command, correct, protection
from bot.case.said.command import Said, Tell, nothing_changed
from bot.mail.words.commands import sent_to
from bot.model import (
    AlarmKind,
    ClosedAs,
    Contact,
    Due,
    EventKind,
    Flag,
    Proof,
    State,
    Unit,
    Window,
    Word,
)
from bot.model.letters import Answer, Information, Question, person
from bot.rules import workdays
from bot.rules.authority import Side
from bot.rules.policy.follow_up import IMPACTS
from bot.rules.policy.policy import Stage
from bot.rules.windows import granted

#: What URGENT leaves at least where it was confirmed late.
LEFT_TO_ACT = timedelta(hours=1)
_NOT_BEGUN = Tell(
    "The time of this stage begins when its letter is delivered, which is not known yet.",
    "Please send the word again when the letter is there.",
)
_KEPT = Tell("The note is kept with the case, and nobody is asked about it.")
_NO_IMPACT = Tell(
    "It does not say what changed in a word that can be counted.",
    "Please write IMPACT changed, IMPACT partly or IMPACT unchanged.",
)
_NEITHER_RECORD = Tell("What stands on {record} is asked of the raiser's and of the challenged agency alone.")
_MARKED = Tell("The challenge is marked as child protection already.")
_NO_FLAG = Tell("The challenge is not marked as child protection.")


def resolved(d: Draft, said: Said) -> None:
    """The outcome in writing is asked for: RESOLVED or DECIDED is the closing word."""
    command = said.mail.command
    wrote = command is not None and command.word is said.word  # else the mail only confirms a word said before
    closing.await_outcome(d, said.word.value, said.by, said.mail, said.mail.new_text if wrote else said.note)


def next_stage(d: Draft, said: Said) -> None:
    """The next stage is called in at once, or a later one that ESCALATE names; where none follows, everybody is told
    that it is not resolved."""
    named = sent_to(said.note) if said.word is Word.ESCALATE else ""
    following = _named(d, named) if named else d.following
    if named and following is None and d.following is not None:
        d.event(EventKind.ATTACHED, by=said.by.email, note=f"{said.word}: to no stage that follows")
        d.write(Question.Meaning(choices=_stages(d)), [said.by], mail=said.mail, human=d.first_responder)
        return
    d.event(EventKind.NOT_RESOLVED, by=said.by.email, note=said.word.value)
    if following is None or d.is_stranger:
        d.await_response()
        d.quiet(AlarmKind.ASK, AlarmKind.UNCONFIRMED)
        tell(d)
    else:
        enter(d, following, "asked", said.by)


def _named(d: Draft, name: str) -> Stage | None:
    """The one later stage of that id, of a name that begins so, or where somebody of that name answers."""
    wanted = _folded(name)
    later = _later(d)
    found = [s for s in later if wanted and wanted in (_folded(s.id), _folded(s.name))] or [
        s for s in later if wanted and any(_folded(part).startswith(wanted) for part in (s.name, *s.name.split(":")))
    ]
    people = {s.id: [_folded(c.name) for c in d.cast.acting(s, Side.RESPONDING)] for s in later}
    found = found or [s for s in later if any(wanted in (who, *who.split()) for who in people[s.id] if who)]
    return found[0] if len({s.id for s in found}) == 1 else None


def _folded(words: str) -> str:
    return " ".join(words.casefold().replace("-", " ").replace(":", " ").split()).removeprefix("the ")


def _later(d: Draft) -> list[Stage]:
    following = d.following
    return [following, *_after(d, following.id)] if following else []


def _after(d: Draft, stage: str) -> list[Stage]:
    found: list[Stage] = []
    while (after := d.rules.policy.after(found[-1].id if found else stage)) is not None and after not in found:
        found.append(after)
    return found


def _stages(d: Draft) -> tuple[tuple[str, str], ...]:
    return tuple((f"ESCALATE to {s.id}" if n else "ESCALATE", f"call in {s.name} now") for n, s in enumerate(_later(d)))


def stage_again(d: Draft, said: Said) -> None:
    """The closing word is taken back: the stage starts again with a fresh time."""
    d.event(EventKind.NOT_RESOLVED, by=said.by.email, note=said.word.value)
    d.take_back_word()
    closing.again(d, said.by)


def withdraw(d: Draft, said: Said) -> None:
    """The challenge closes as withdrawn."""
    d.event(EventKind.WITHDRAWN, by=said.by.email)
    closing.close(d, ClosedAs.WITHDRAWN, said.by, said.mail)


def reopen(d: Draft, said: Said) -> None:
    """The stage last reached starts again with a fresh time."""
    closing.reopen(d, said.by)


def extend(d: Draft, said: Said) -> None:
    """The time of the stage is longer, counted from the word or to the date it names. It is never made earlier, and may
    pass the ceiling. After an answer nobody else is asked before it."""
    case, cal = d.case, d.rules.calendar
    asked = granted(said.note, d.now, [t.window for t in d.rules.policy.intake.tiers])
    if asked.window is not None:
        asked = replace(asked, window=d.rules.policy.as_meant(asked.window))
    if case.due is None:
        nothing_changed(d, said, _NOT_BEGUN)
        return
    if asked.window is None and asked.by is None:
        choice = ("EXTEND 2 working days", "or name a date: EXTEND until Friday 5pm")
        d.write(Question.Meaning(choices=(choice,)), [said.by], mail=said.mail)
        return
    due = Due(asked.by, "the raiser's side named it") if asked.by else workdays.due(asked.window, d.now, cal)  # type: ignore[arg-type]
    before = (case.run.due if case.run else None) or case.due
    if due.at > before:
        if case.run is not None and case.run.began is not None:
            d.give_time(asked.window or case.run.window, asked.by)
        if case.state is State.AWAITING_CONFIRMATION:
            unconfirmed.extend(d, due)
        else:
            wind(d, due, d.now)
    d.event(EventKind.EXTENDED, by=said.by.email, note=str(asked.window or ""))
    after = (d.case.run.due if d.case.run else None) or before
    told = Information.Extended(before=before, after=after, past_ceiling=_is_past_ceiling(d, after))
    for to in d.sides:
        d.write(told, to, mail=said.mail)


def _is_past_ceiling(d: Draft, due: datetime) -> bool:
    return any(due > top.at for _, top in tops(d, d.stage))


def urgent(d: Draft, said: Said) -> None:
    """The shortest time runs, counted from the word, never later than the due time it replaces."""
    if d.case.due is None:
        nothing_changed(d, said, _NOT_BEGUN)
        return
    if has_urgent(d):
        d.flag(Flag.URGENT)
    tier = (track_window(d, d.stage) if has_urgent(d) else None) or shortest_tier(d, d.now)
    due = workdays.due(tier, said.since or d.now, d.rules.calendar)
    if said.since is not None:  # it waited for a YES: its own minute counts, and an hour is left to act in
        due = Due(max(due.at, d.now + LEFT_TO_ACT), due.why)
    is_sooner = due.at < d.case.due
    if tier.unit is Unit.HOURS:
        d.need(urgent=True, window=tier)  # what letters say it was raised as needing
    _change(d, said, due if is_sooner else Due(d.case.due, d.case.due_why), tier if is_sooner else None)


def not_urgent(d: Draft, said: Said) -> None:
    """The longest time runs where the subject chose it; at a later stage the due time is the policy's and stays."""
    if d.case.due is None:
        nothing_changed(d, said, _NOT_BEGUN)
        return
    d.unflag(Flag.URGENT)
    is_first = len(d.case.runs) == 1
    longest = own_window(d, d.stage, d.case.opened) or longest_tier(d, d.case.opened)
    due = stage_due(d, d.stage, d.case.opened, longest, None)
    is_later = is_first and due.at > d.case.due
    stays_urgent = is_first and longest.unit is Unit.HOURS  # a track's hours are not the raiser's to take away
    d.need(urgent=stays_urgent, window=longest if is_first else None)
    if not stays_urgent:
        d.quiet(AlarmKind.REPEAT)
    _change(d, said, due if is_later else Due(d.case.due, d.case.due_why), longest if is_later else None)


def _change(d: Draft, said: Said, due: Due, window: Window | None) -> None:
    before = d.case.due or d.now
    if window is not None:
        d.give_time(window, None)
        wind(d, due, d.now)
    d.event(EventKind.URGENCY, by=said.by.email, note=said.word.value)
    told = Information.Changed(before=before, after=due.at, word=said.word.value)
    for to in d.sides:
        d.write(told, to, mail=said.mail)


def answered(d: Draft, said: Said) -> None:
    """An answer that we did not see is recorded, and the raiser is asked whether it is resolved."""
    d.flag(Flag.REPORTED)
    d.event(EventKind.REPORTED, by=said.by.email)
    by = d.first_responder or Contact("")
    answers.responded(d, said.mail, by, said.mail.received, "reported by the raiser's side", is_reported=True)


def phone(d: Draft, said: Said) -> None:
    """A note of a telephone call is kept, passed on to the raiser and asked about; it resolves nothing."""
    d.event(EventKind.PHONE, by=said.by.email)
    if said.mail.proof is Proof.PROVEN and not said.mail.is_confidence:
        d.hear(said.mail.received, str(said.by), "phone")
    if not d.case.is_open or d.is_stranger:
        command.tell(d, said, _KEPT)
    elif d.rules.directory.same_person(said.by.email, d.case.raiser.email):
        d.write(Question.Meaning(choices=answers.CHOICES), [said.by], mail=said.mail)
    else:
        may_be_read = said.mail.proof is Proof.PROVEN and not said.mail.is_confidence
        told = Question.Phoned(who=person(said.by), words_noted=said.note if may_be_read else "")
        d.write(told, [d.case.raiser], mail=said.mail, human=said.by)


def meeting(d: Draft, said: Said) -> None:
    """The day of a meeting is written down and both sides hear of it; words that name none are asked about."""
    hearing.meeting(d, said.note, said.by, said.mail)


def on_file(d: Draft, said: Said) -> None:
    """The entry on the person's own record is confirmed, for the side its sender speaks for."""
    before = d.case
    follow_up.on_file(d, said.stand, said.by)
    if d.case is before:
        command.tell(d, said, _NEITHER_RECORD)


def impact(d: Draft, said: Said) -> None:
    """What changed is kept with the case, for the side that says it."""
    word = next(iter(said.note.casefold().replace(":", " ").split()), "").strip(".,;!")
    if word not in IMPACTS:
        command.tell(d, said, _NO_IMPACT)
        return
    side = Side.RAISING if Side.RAISING in said.stand else Side.UNIT
    follow_up.answered(d, follow_up.IMPACT, side, word, said.by)
    kept = f"What changed is kept with the case: {word}, {IMPACTS[word]}"
    d.write(Answer.Done(done=(kept,), undone=(), choices=()), [said.by], mail=said.mail)


def child_protection(d: Draft, said: Said) -> None:
    """The challenge is marked as child protection, and a shorter time of the policy runs from the word."""
    before, letters = d.case, len(d.letters)
    protection.signalled(d, said.word.value, said.by, said.mail)
    if d.case is before and len(d.letters) == letters:
        command.tell(d, said, _MARKED)


def not_child_protection(d: Draft, said: Said) -> None:
    """The mark goes, and the stage has its own time again, counted from its beginning."""
    before = d.case
    protection.cleared(d, said.word.value, said.by, said.mail)
    if d.case == before:
        command.tell(d, said, _NO_FLAG)


def appoint(d: Draft, said: Said) -> None:
    """The person named decides at this stage in the decider's place."""
    ends_with.appointed(d, said.note, said.by, said.mail)


def correct_line(d: Draft, said: Said) -> None:
    """Stage, due time or responder is put right; of the challenged side's line the business unit is asked."""
    may_act = Side.UNIT in said.stand or (Side.RAISING in said.stand and Side.RESPONDING not in said.stand)
    correct.act(
        d, said.note, said.by, said.mail, may_act=may_act, named=said.fact.named
    )  # by a later due time the challenged side gains
