"""What the words of the challenged side do, in a state where they act: answer, commit, hand on, write down the outcome.

None of them ends the raiser's question whether it is resolved. In which states each acts is cells.py's table, who may
say it rules/authority.py's. The first sentence over a function is what `challenge-bot flow` prints.
"""

from bot.case.course import closing, follow_up, hearing, subclocks
from bot.case.course.delivery import redirect_from
from bot.case.making.draft import Draft
from bot.case.making.notices import may_be_quoted
from bot.case.said import answers, transfer
from bot.case.said.command import Said, Tell, meaning_of, nothing_changed, tell
from bot.model import AlarmKind, EventKind, Flag, Mail, Meaning
from bot.model.letters import Information, Question, person
from bot.rules.authority import Side, sides

_NOBODY_ASKED = Tell(
    "Nobody asked your team to take the challenge over.",
    "To hand it on, forward the challenge to the other team's address.",
)
_WITH_RAISER = Tell(
    "The raiser has your mail, and is asked whether the challenge is resolved. Until then it is kept.",
    "When the raiser says RESOLVED, you are asked whether it stands as the outcome.",
)
_NO_OUTCOME = Tell("The challenge ended without a decision, so it has no outcome.", "REOPEN of the raiser opens it.")
_NOTED = Tell("It is noted already that the challenge belongs to somebody else.")


def received(d: Draft, said: Said) -> None:
    """Its sender commits to answer and is the owner: the reminders that nobody has seen it end, never the clock."""
    given = hearing.by_when(said.note, said.mail.received, d)
    if given is None:
        d.event(EventKind.ATTACHED, by=said.by.email, note=f"{said.word}: no time, or a past one")
        past = bool(said.note.strip(" .:").casefold() != "by")
        d.write(Question.ByWhen(past=past), [said.by], mail=said.mail, human=d.case.raiser)
        return
    d.own(said.by.email)
    subclocks.stop(d, "received")
    chasers = [a for a in d.case.deadlines if a.kind is AlarmKind.CHASER]
    d.drop_alarms(lambda row: row in chasers[:-1])
    hearing.commits(d, said.note, said.by, said.mail)
    d.event(EventKind.RECEIVED, by=said.by.email, note=said.note)
    if not answers.reached_raiser(d, said.mail) and not d.is_stranger:
        is_quoted = may_be_quoted(d, said.mail, said.by, d.case.raiser)
        told = Information.Received(who=person(said.by), words=said.note if is_quoted else "", by=given.at)
        d.write(told, [d.case.raiser], mail=said.mail, human=said.by)
    if given.at is not None and d.case.due is not None and given.at > d.case.due:
        d.write(Information.TooLate(at=given.at), [said.by], mail=said.mail, human=d.case.raiser)


def outcome_answers(d: Draft, said: Said) -> None:
    """Before any answer it is one, and is kept: the raiser is asked whether it is resolved."""
    closing.keep_outcome(d, said.mail, said.by)
    answers.responded(d, said.mail, said.by, said.mail.received)


def outcome_kept(d: Draft, said: Said) -> None:
    """While the raiser is asked it is kept and passed on to them; it closes nothing before their word."""
    closing.keep_outcome(d, said.mail, said.by)
    d.event(EventKind.ATTACHED, by=said.by.email, note=f"{said.word}: before the raiser's word")
    if answers.reached_raiser(d, said.mail):
        tell(d, said, _WITH_RAISER)
    else:
        answers.pass_on(d, said.mail, said.by)


def outcome_closes(d: Draft, said: Said) -> None:
    """The outcome stands in writing: the challenge closes."""
    closing.outcome_written(d, said.mail, said.by)


def outcome_again(d: Draft, said: Said) -> None:
    """What is agreed, or an outcome that was missing, is written down; the challenge stays closed."""
    if d.case.closed_as in follow_up.ENDED:
        follow_up.outcome_again(d, said.mail, said.by)
    else:
        nothing_changed(d, said, _NO_OUTCOME)


def not_mine(d: Draft, said: Said) -> None:
    """The directory's next is written to and the raiser is told; the clock is unmoved. Who was asked to take the
    challenge over declines by it."""
    question = transfer.asked(d, said.by)
    if question is not None:
        transfer.decline(d, question, said.by)
        return
    before = d.case
    d.event(EventKind.NOT_MINE, by=said.by.email)
    d.flag(Flag.WRONG_PERSON)
    redirect_from(d, said.by.email)
    if not d.is_stranger:
        d.write(Information.NotMine(who=person(said.by)), [d.case.raiser], mail=said.mail, human=said.by)
    elif d.case is before:
        tell(d, said, _NOTED)


def accept(d: Draft, said: Said) -> None:
    """The team that was asked takes the challenge over, whatever side its sender stands on."""
    question = transfer.asked(d, said.by)
    if question is None:
        nothing_changed(d, said, _NOBODY_ASKED)
    else:
        transfer.accept(d, question, said.by)


def decline(d: Draft, said: Said) -> None:
    """The team that was asked does not take the challenge over: it stays where it is, and both sides are told."""
    question = transfer.asked(d, said.by)
    if question is None:
        nothing_changed(d, said, _NOBODY_ASKED)
    else:
        transfer.decline(d, question, said.by)


# --- what they write among themselves ---------------------------------------------------------------------------------


def delegates(d: Draft, mail: Mail) -> bool:
    """Whether it hands the challenge on among the challenged side in words that answer nothing. What hands on their own
    side's words may hand on the answer."""
    is_holding = bool(mail.new_text.strip()) and meaning_of(mail) is Meaning.HOLDING
    is_own = mail.trigger.is_forward and Side.RESPONDING in sides(d.case, mail.quoted_from or "", d.rules)
    return is_holding and not is_own and is_aside(d, mail)


def is_aside(d: Draft, mail: Mail) -> bool:
    """Handed on or talked over among the challenged side: written to others, and neither to the raiser's side nor us.

    It answers nobody, and what it says is not the raiser's to read.
    """
    addressed = {a.email for a in (*mail.to, *mail.cc)}
    if d.rules.bot.email in addressed or answers.reached_raiser(d, mail):
        return False
    others = addressed - {d.case.inbox, *(address for _, address in d.rules.inboxes)}
    return bool(others) and not any(Side.RAISING in sides(d.case, email, d.rules) for email in others)
