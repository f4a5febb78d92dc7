"""CHILD PROTECTION and NOT CHILD PROTECTION: the flag, and the clock of the policy's shorter track; words of new risk.

Any party may set it, for that only shortens; whose word takes it away is asked in rules/authority.py before this.
Copies that the policy makes depend on the flag go when it is set. Words of new risk are no alarm of ours: who wrote
them is told to ring, and both sides' managers that they wrote; no clock moves. Who writes in confidence or of how a
person acts is told where that belongs. Which words they are it does not know.
Where no sender can be proven, what a relaxing word did is told to that side's manager, and UNDO takes it back.
"""

from dataclasses import replace
from datetime import timedelta

from bot.case.course import closing, subclocks, unconfirmed
from bot.case.course.clock import own_window, shortened, stage_due, was_shortened, wind
from bot.case.course.stages import repeat
from bot.case.making.draft import Draft
from bot.case.making.notices import notify
from bot.case.said.command import Said, Tell, is_known, nothing_changed
from bot.case.said.unit.others import is_third
from bot.mail.words.child_status import signs
from bot.model import (
    WAITING,
    AlarmKind,
    Case,
    Contact,
    Due,
    EventKind,
    Flag,
    How,
    Letter,
    Mail,
    MailKind,
    Proof,
    QuestionKind,
    State,
    Unit,
    Window,
    Word,
)
from bot.model import Question as Asked
from bot.model.flags import OF_CHILD
from bot.model.letters import Information, Question, person
from bot.model.letters.parts import Choice
from bot.rules import book
from bot.rules.authority import Side

FLAG = Flag.CHILD_PROTECTION


def signalled(d: Draft, word: str, by: Contact, mail: Mail) -> None:
    """The flag is set; where its track ends sooner it counts from the word, never later than the due it replaces."""
    is_new = not d.case.has(FLAG)
    d.flag(FLAG)
    d.event(EventKind.PROTECTION, by=by.email, note=word)
    if is_new and d.case.is_open:
        notify(d, d.stage, "enter", only_conditional=True)
    if is_new and d.case.is_open:
        subclocks.shorten(d)
    if (sooner := shortened(d)) is not None:
        due, window = sooner
        if len(d.case.runs) == 1:
            d.need(urgent=window.unit is Unit.HOURS, window=window)
        elif window.unit is Unit.HOURS and not d.case.urgent:
            d.need(urgent=True, window=window)
            repeat(d)
        _retime(d, word, mail, due, window)


def noticed(d: Draft, mail: Mail, by: str) -> None:
    """A party tells of the child's plan or care where the policy asks for it: flagged, and the copies go that depend
    on it. Words alone shorten nothing here: that is CHILD PROTECTION's."""
    if "child_status" not in d.rules.policy.intake.asks or d.is_stranger or not d.case.is_open:
        return
    new = [flag for flag in signs(mail.new_text) if not d.case.has(flag)]
    shortens = {track.flag for track in d.rules.policy.tracks}
    if told := [flag for flag in new if flag not in shortens]:
        was_known = any(map(d.case.has, OF_CHILD))
        d.flag(*told)
        d.event(EventKind.CHILD_STATUS, by=by, note=", ".join(told))
        if not was_known:
            notify(d, d.stage, "enter", only_conditional=True)


def cleared(d: Draft, word: str, by: Contact, mail: Mail) -> None:
    """The flag goes; a running stage that had the track's window has its own again, counted from when it began."""
    d.event(EventKind.PROTECTION, by=by.email, note=word)
    was_short = was_shortened(d, FLAG)
    d.unflag(FLAG)
    run = d.case.run
    if not was_short or run is None or d.case.state not in WAITING or d.case.due is None:
        return
    start = run.began or d.now
    window = own_window(d, d.stage, start)
    due = stage_due(d, d.stage, start, window, run.by)
    if window is None or due.at <= d.case.due:
        return
    d.need(urgent=False, window=window)
    d.quiet(AlarmKind.REPEAT)
    _retime(d, word, mail, due, window)


def _retime(d: Draft, word: str, mail: Mail, due: Due, window: Window) -> None:
    before = d.case.due or d.now
    d.give_time(window, d.case.runs[-1].by)
    wind(d, due, d.now)
    told = Information.Changed(before=before, after=due.at, word=word)
    for to in d.sides:
        d.write(told, to, mail=mail)


# --- words of new risk ------------------------------------------------------------------------------------------------

_URGENT = {
    False: (("URGENT", "the risk has grown: the shortest time counts from your word"),),
    True: (("URGENT", "the raiser and their manager are asked whether the shortest time counts"),),
}
#: Of the raising side, where no reply is awaited: what calls somebody in again.
_AGAIN: dict[State, tuple[Choice, ...]] = {
    State.AWAITING_CONFIRMATION: (("NOT RESOLVED", "the answer does not hold: call in the next stage now"),),
    State.AWAITING_OUTCOME: (("NOT RESOLVED", "it is not settled: this stage starts again now"),),
    State.CLOSED: (("REOPEN", "open it again at the stage last reached"),),
}


def risk_told(d: Draft, mail: Mail, by: Contact, *, responding: bool, aside: bool) -> None:
    """Of a party, also once the case is closed: who wrote it is told to ring; their managers, and the other side's
    where it was not said among themselves (`aside`), that they wrote, without the words."""
    if not mail.is_risk or mail.proof is Proof.FAILED or d.is_stranger or not by.agency:
        return
    choices = _choices(d, mail, responding=responding)
    theirs, others = (d.first_responder, d.case.raiser) if responding else (d.case.raiser, d.first_responder)
    told = {c.email: c for one in (theirs, *(() if aside else (others,))) for c in _managers(d, one or by, by)}
    for values, to in ((Question.Risk(choices=choices), [by]), (Information.Risk(who=person(by)), told.values())):
        d.write(values, to, mail=mail, human=by)


def _choices(d: Draft, mail: Mail, *, responding: bool) -> tuple[Choice, ...]:
    said = mail.command.word if mail.command is not None else None
    if d.case.state in WAITING:
        return _URGENT[responding] if said is not Word.URGENT else ()
    return _AGAIN.get(d.case.state, ()) if said is None and not responding else ()


def bears_words(d: Draft) -> bool:
    """Whether the letter of new risk names what its reader may answer: no other letter of the minute asks them."""
    return any(isinstance(one.values, Question.Risk) and one.values.choices for one in d.letters)


def risk_moved(d: Draft, mail: Mail, before: Case, *, responding: bool) -> None:
    """What else the mail says has moved the case since its letters of new risk were written: all letters of one minute
    name one stage and time."""
    is_same = (before.state, before.due, before.runs[-1:]) == (d.case.state, d.case.due, d.case.runs[-1:])
    for n, letter in enumerate([] if is_same else d.letters):
        values = letter.values
        if isinstance(values, Question.Risk) and not values.choices:
            values = Question.Risk(choices=_choices(d, mail, responding=responding))
        if isinstance(values, Question.Risk | Information.Risk):
            d.letters[n] = replace(d.as_it_stands(letter), values=values)


def in_confidence(d: Draft, mail: Mail) -> None:
    """Words in confidence or about how a person acts are nobody else's: their writer is told where they belong, in the
    letter that goes to them alone anyway, else in one of its own."""
    by = d.known(mail.sender.email) if mail.sender else None
    is_persons = mail.is_confidence and mail.kind is MailKind.HUMAN and not mail.is_list
    if by is None or not is_persons or mail.proof is Proof.FAILED or d.is_stranger or not is_known(d, by):
        return
    if is_third(d.case, by.email, d.rules):  # who learns nothing of a case, not even that there is one
        return
    route = book.conduct(d.rules.policy, d.case.area)
    if not any(_alone(one, by) for one in d.letters):
        d.write(Information.InConfidence(when=mail.received), [by], mail=mail)
    n = next((n for n, one in enumerate(d.letters) if _alone(one, by)), None)
    if n is not None and (standing := d.letters[n].standing) is not None:
        d.letters[n] = replace(d.letters[n], standing=replace(standing, conduct=route))


def _alone(letter: Letter, by: Contact) -> bool:
    return letter.standing is not None and not letter.cc and [c.email for c in letter.to] == [by.email]


def _managers(d: Draft, of: Contact, by: Contact) -> list[Contact]:
    """The line managers of somebody, of the writer's where the writer is one of them; the unit where nobody is known.
    While the front door is closed their deputies too."""
    directory, area, today = d.rules.directory, d.case.area, d.now.date()
    found = [d.manager] if of.email == d.case.raiser.email and d.manager else directory.managers(of, area, today)
    if any(directory.same_person(one.email, by.email) for one in found):
        found = directory.managers(by, area, today)
    line = d.rules.policy.emergency.get(area) or next(iter(d.rules.policy.emergency.values()))
    is_night = not book.is_open(line.front_door, d.now, d.rules.calendar)
    deputies = [d.known(one.deputy) for one in found if is_night and one.deputy]
    return [one for one in (*(found or d.unit), *deputies) if not directory.same_person(one.email, by.email)]


# --- a word that nothing proves has acted -----------------------------------------------------------------------------

#: Words of the raiser's side that are told so, and how long UNDO takes them back.
RELAXING = (Word.RESOLVED, Word.WITHDRAW, Word.EXTEND, Word.NOT_URGENT, Word.ANSWERED, Word.IT_IS)
UNDO_FOR = timedelta(hours=24)
_NOTHING_TO_UNDO = Tell(
    "No word of your side that acted without proof in the last 24 hours can be taken back by this mail.",
    "Please reply to the letter that told you of it, or say REOPEN, NOT RESOLVED or URGENT.",
)
_TAKEN_BACK = Tell("What the word did does not stand any more.", "STATUS says where the challenge stands.")


def relaxed(d: Draft, said: Said, before: Case) -> None:
    """Told in its minute to the manager of whose word it was, else to the raiser, else to the business unit."""
    word, by = said.word, said.by
    is_same = (d.case.state, d.case.due) == (before.state, before.due)
    if word not in RELAXING or said.mail.proof is not Proof.NONE or is_same:
        return
    manager = d.manager_of(by)
    others = (d.case.raiser, *d.unit)
    to = manager or next((c for c in others if not d.rules.directory.same_person(c.email, by.email)), None)
    told = Question.Undo(who=person(by), word=word.value, until=d.now + UNDO_FOR)
    letter = d.write(told, [to] if to else [], mail=said.mail, human=by)
    if letter and to:
        due = before.run.due if before.run else before.due
        d.ask(Asked(letter.key, QuestionKind.UNDO, to.email, said.mail.digest, command=word.value, came=due))


def undo(d: Draft, said: Said) -> None:
    """What a word without proof has relaxed within 24 hours is taken back: the earlier time counts, or the stage starts
    again."""
    asked = [q for q in d.case.questions if q.about is QuestionKind.UNDO and q.at and d.now - q.at <= UNDO_FOR]
    is_cited = said.fact.how == How.LETTER and not said.fact.outdated
    cited = [q for q in asked if is_cited and q.key == said.fact.answered_key]
    is_theirs = said.mail.proof is Proof.PROVEN and Side.RAISING in said.stand
    found = next(reversed(cited or (asked if is_theirs else [])), None)
    if found is None or not (is_theirs or d.rules.directory.same_person(found.asked, said.by.email)):
        nothing_changed(d, said, _NOTHING_TO_UNDO)
        return
    d.settle(lambda q: q is found)
    gave_time = found.command in (Word.EXTEND, Word.NOT_URGENT)
    is_over = gave_time and d.case.run is not None and found.at is not None and d.case.run.entered > found.at
    if d.case.state is State.CLOSED:
        closing.reopen(d, said.by)
    elif gave_time and d.case.state in (*WAITING, State.AWAITING_CONFIRMATION) and not is_over:
        _take_back_time(d, said, found)
    elif gave_time or d.case.state in WAITING:
        nothing_changed(d, said, _TAKEN_BACK)
    else:
        d.event(EventKind.REOPENED, by=said.by.email)
        d.take_back_word()
        closing.again(d, said.by)


def _take_back_time(d: Draft, said: Said, of: Asked) -> None:
    """The due time is what it was before the word, and not past."""
    before = (d.case.run.due if d.case.run else None) or d.case.due or d.now
    due = Due(min(before, max(of.came or before, d.now)), f"{of.command} was taken back")
    if of.command == Word.NOT_URGENT:
        d.need(urgent=True)
    if d.case.state is State.AWAITING_CONFIRMATION:
        unconfirmed.extend(d, due)
    else:
        wind(d, due, d.now)
    d.event(EventKind.URGENCY, by=said.by.email, note=said.word.value)
    for to in d.sides:
        d.write(Information.Changed(before=before, after=due.at, word=said.word.value), to, mail=said.mail)
