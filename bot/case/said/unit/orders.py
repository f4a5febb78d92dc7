"""What the business unit's words do: confirm, dismiss, hold, let go, leave alone, remind, file.

Each is answered in its minute with what was done and what was not. Who may say one is in rules/authority.py; YES, NO
and NOT OURS stand here because they answer the same letter, whoever else may give them. What a digest's answer places
is mail/words/orders.py's.
"""

from bot.case.course import approval, closing, hearing
from bot.case.course.opening import confirmed
from bot.case.making.agreed import THEME
from bot.case.making.draft import Draft
from bot.case.making.notices import file_record
from bot.case.said import answers
from bot.case.said.command import Said, Tell, nothing_changed, tell
from bot.case.said.unit import shadow
from bot.model import (
    WAITING,
    Case,
    ClosedAs,
    EventKind,
    Flag,
    Hold,
    Letter,
    LetterKind,
    QuestionKind,
    State,
    Task,
)
from bot.model import Question as Put
from bot.model.letters import Answer, Chaser, Question, person
from bot.model.letters.parts import Choice
from bot.rules.authority import Side
from bot.rules.book import Mode
from bot.rules.workdays import say

_NO_QUESTION = Tell(
    "It answers no open question that was put to you.", "Please reply with YES or NO to the letter that asks."
)
#: The words that answer an open question, where YES and NO are best not sent by themselves.
_ANSWERED_BY = {
    QuestionKind.RESOLVED: "is it resolved? RESOLVED or NOT RESOLVED answers it",
    QuestionKind.WHOSE_ANSWER: "is the mail it names the answer? IT IS or IT IS NOT answers it",
    QuestionKind.SAME: "is it the same challenge as another? SAME or DIFFERENT answers it",
    QuestionKind.SEND: "shall your words go on? Please reply to it with SEND or NO",
    QuestionKind.UNDO: "a word acted without proof. UNDO, in reply to it, takes it back",
}
_IS_CONFIRMED = Tell("The sender of the challenge is confirmed already.")
_NONE_WAITS = Tell("No letter of this challenge waits.")
_NO_GO = Tell("Nothing of this challenge waits for a GO.")
_GO_GIVEN = Tell("A GO was given already, and is remembered until the time of the stage ends.")
_NOT_WATCHED = Tell("This challenge was not only watched: its letters go.", "HOLD lets them wait for a while.")
_LEFT = Tell("This challenge is left alone already.", "GO lets its letters go.")
_HELD_BEFORE = Tell(
    "Letters were held once at this stage already, and a stage can be held only once.",
    "The operator of this service can hold a single letter.",
)
_NOBODY = Tell("Nobody who can be reached is to reply.", "CORRECT responder names somebody else.")
_NO_WORDS = Tell("Nothing stood behind the word.", "Please write LEARNING and what was learned on the same line.")
_NO_THEME = "Please write THEME and one or more of: {}."
RELEASE: Choice = ("RELEASE", "letters go again at once")

#: Kinds of letter that no HOLD keeps back.
_NEVER_HELD = (LetterKind.ESCALATION, LetterKind.REDIRECT, LetterKind.ANSWER, LetterKind.ALERT)


def yes(d: Draft, said: Said) -> None:
    """A challenge whose sender was in doubt is confirmed and becomes an ordinary one."""
    if d.case.unproven and d.case.is_open:
        confirmed(d, said.by.email)
        done(d, said, "The challenge is confirmed and runs as usual")
    else:
        nothing_changed(d, said, no_question(d, said))


def no(d: Draft, said: Said) -> None:
    """It is kept for a person, and its sender is told which letter to answer."""
    d.event(EventKind.ATTACHED, by=said.by.email, note=f"{said.word}: for a person")
    d.flag(Flag.WORD_FOR_A_PERSON)
    tell(d, said, no_question(d, said))


def no_question(d: Draft, said: Said) -> Tell:
    """What they answered asks nothing; the last question that was put to them, and is open, is named."""
    live = {
        QuestionKind.RESOLVED: d.case.state is State.AWAITING_CONFIRMATION,
        QuestionKind.WHOSE_ANSWER: d.case.state in WAITING,
    }

    def is_theirs(q: Put) -> bool:
        is_of_side = q.about in live and Side.RAISING in said.stand
        return live.get(q.about, True) and (is_of_side or d.rules.directory.same_person(q.asked, said.by.email))

    last = next((q for q in reversed(d.case.questions) if is_theirs(q)), None)
    if last is None or last.at is None:
        return _NO_QUESTION
    words = _ANSWERED_BY.get(last.about, "please reply to it with YES or NO")
    asked = f"The letter of {say(last.at, d.rules.calendar)} asks you something that is open: {words}."
    return Tell("As it was sent, it answers no open question.", asked)


def admit(d: Draft, said: Said) -> None:
    """Whoever raised it is admitted: a challenge whose sender was in doubt becomes an ordinary one."""
    if d.case.unproven:
        confirmed(d, said.by.email)
        done(d, said, "The challenge is confirmed and runs as usual")
    else:
        nothing_changed(d, said, _IS_CONFIRMED)


def not_ours(d: Draft, said: Said) -> None:
    """The business unit dismisses what nobody has confirmed, the challenged side only what a stranger sent. Of a
    colleague's challenge the raiser decides, and is asked."""
    is_unit = Side.UNIT in said.stand
    if d.is_stranger or (is_unit and d.case.unproven):
        closing.close(d, ClosedAs.NOT_A_CHALLENGE, said.by, said.mail)
        return
    d.event(EventKind.REFUSED, by=said.by.email, note=f"{said.word}: the raiser decides")
    if not is_unit:
        d.write(Question.Meaning(choices=answers.CHOICES), [d.case.raiser], mail=said.mail, human=said.by)
        return
    letter = d.write(Question.Ended(who=person(said.by)), [d.case.raiser], mail=said.mail, human=said.by)
    if letter:
        d.ask(Put(letter.key, QuestionKind.ENDED, d.case.raiser.email, said.mail.digest))
    undone(d, said, f"It runs on: its end is for {d.case.raiser} to agree to, who was asked this minute")


def hold(d: Draft, said: Said) -> None:
    """Letters wait while a person looks, once a stage; the clock does not, nor does an escalation."""
    if d.case.hold_until is not None:
        until = say(d.case.hold_until, d.rules.calendar)
        nothing_changed(d, said, Tell(f"Letters wait already, until {until}.", "RELEASE lets them go before."))
        return
    if d.case.has(Flag.HELD, d.case.stage):
        nothing_changed(d, said, _HELD_BEFORE)
        return
    closing.hold(d, said.by.email)
    d.flag(Flag.HELD, of=d.case.stage)
    until = say(d.case.hold_until, d.rules.calendar) if d.case.hold_until else ""
    _answer(
        d,
        said,
        (f"Its letters wait until {until} at the latest; both sides are told that a person is looking",),
        ("The clock does not wait, and an escalation goes all the same",),
        (RELEASE,),
    )


def release(d: Draft, said: Said) -> None:
    """Letters that waited go."""
    if d.case.hold_until is None:
        nothing_changed(d, said, _NONE_WAITS)
    else:
        closing.release(d, said.by.email)
        done(d, said, "Its letters go again, as far as what they say is still true")


def go(d: Draft, said: Said) -> None:
    """Lets the letters go of a case that was only watched, else an escalation that waits, or will."""
    if d.case.has(Flag.SHADOWED) and d.rules.mode != Mode.SHADOW:
        shadow.go(d, said.by)
        done(d, said, "Its letters go from now on")
    elif d.case.has(Flag.AWAITING_GO) or (d.rules.mode == Mode.APPROVE and not d.case.has(Flag.GO_GIVEN)):
        approval.go(d, said.by.email)
        done(d, said, "The escalation of this stage goes, now or when its time has come")
    else:
        nothing_changed(d, said, _GO_GIVEN if d.rules.mode == Mode.APPROVE else _NO_GO)


def leave(d: Draft, said: Said) -> None:
    """Nothing is sent of a case that was only watched, to its end."""
    if not d.case.has(Flag.SHADOWED):
        nothing_changed(d, said, _NOT_WATCHED)
    elif d.case.has(Flag.SHADOW_LEFT):
        nothing_changed(d, said, _LEFT)
    else:
        shadow.leave(d, said.by)
        done(d, said, "Nothing is sent of this challenge, to its end")


def record(d: Draft, said: Said) -> None:
    """The record goes, as it stands, to where the policy has it filed; RECORD full asks for the whole of it."""
    words = said.note.lower().split()
    wanted = "full" if "full" in words else d.rules.policy.filing.content
    letter = file_record(d, wanted)
    if letter is None:
        undone(d, said, "The record went to nobody: the directory names no business unit for the area")
        return
    went = letter.values.variant
    lacks = ["It is the minimal one: the address it goes to is not marked as secure"] if went != wanted else []
    lacks += [f"{word}: the record is there as it stands, and there is no other choice than full" for word in words
              if word not in ("full", "minimal")]  # fmt: skip
    has_it = any(d.rules.directory.same_person(to.email, said.by.email) for to in letter.to)
    if lacks or not has_it:
        _answer(d, said, (f"The record was sent to {', '.join(map(str, letter.to))}",), tuple(lacks))


def nudge(d: Draft, said: Said) -> None:
    """Those who are to reply are reminded in the unit's name."""
    if not d.responders or d.is_stranger:
        nothing_changed(d, said, _NOBODY)
        return
    d.event(EventKind.NUDGED, by=said.by.email)
    d.write(Chaser.Nudged(asked_by=person(said.by), commitment=hearing.commitment(d)), d.responders, human=said.by)
    done(d, said, f"{', '.join(map(str, d.responders))} was reminded this minute, in your name")


def nudge_outcome(d: Draft, said: Said) -> None:
    """Those who owe the outcome in writing are reminded of it."""
    d.event(EventKind.NUDGED, by=said.by.email)
    closing.on_outcome_chaser(d)
    done(d, said, "Who owes the outcome in writing was reminded this minute")


def learning(d: Draft, said: Said) -> None:
    """What was learned is kept with the case."""
    if not said.note:
        nothing_changed(d, said, _NO_WORDS)
        return
    d.event(EventKind.LEARNING, by=said.by.email, note=said.note)
    done(d, said, "What was learned is kept with the case, and stands in its full record")


def theme(d: Draft, said: Said) -> None:
    """What the challenge was about is kept with the case, in the words of the policy's list; the last word counts."""
    known = {one.casefold(): one for one in d.rules.policy.themes}
    named = [" ".join(one.split()).strip(" .") for one in said.note.replace(";", ",").split(",") if one.strip(" .")]
    found = tuple(dict.fromkeys(known[one.casefold()] for one in named if one.casefold() in known))
    listed = _NO_THEME.format(", ".join(d.rules.policy.themes))
    if not found:
        nothing_changed(d, said, Tell("No theme of the list stood behind the word.", listed))
        return
    # What stood there besides may be a name: it is not said again.
    strange = (
        (f"What else stood behind the word is no theme. {listed}",)
        if len(found) < len(set(map(str.casefold, named)))
        else ()
    )
    d.put_task(Task(THEME, said=tuple((Side.UNIT, one, d.now) for one in found)))
    d.event(EventKind.TASK, by=said.by.email, note=f"{THEME}: {', '.join(found)}")
    _answer(d, said, (f"What it was about is kept with the case: {', '.join(found)}",), strange)


# What was done is said to whoever asked, and what was not; and what holds a letter.


def done(d: Draft, said: Said, *lines: str) -> None:
    """Its sender hears what the word has done, unless they are reminded themselves."""
    reminders = (letter for letter in d.letters if letter.kind is LetterKind.CHASER)
    if said.by.email not in {c.email for letter in reminders for c in (*letter.to, *letter.cc)}:
        _answer(d, said, lines)


def undone(d: Draft, said: Said, *lines: str) -> None:
    """Its sender hears what was not done, and why."""
    _answer(d, said, (), lines)


def _answer(
    d: Draft, said: Said, did: tuple[str, ...], lacks: tuple[str, ...] = (), choices: tuple[Choice, ...] = ()
) -> None:
    if Side.UNIT in said.stand:
        d.write(Answer.Done(done=did, undone=lacks, choices=choices), [said.by], mail=said.mail)


def held_by_case(case: Case, letter: Letter) -> Hold | None:
    """What the case as it stands holds this letter for. Who has asked something is answered now; an escalation, and
    whoever stands in for somebody who is away, waits for no HOLD."""
    if case.hold_until is not None and letter.values.waits and letter.kind not in _NEVER_HELD:
        return Hold.HOLD
    if case.has(Flag.AWAITING_GO) and letter.kind is LetterKind.ESCALATION:
        return Hold.APPROVAL
    return None
