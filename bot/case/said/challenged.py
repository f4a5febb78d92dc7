"""What the words of the challenged side do, in a state where they act: answer, commit, hand on, write down the outcome.

None of them ends the raiser's question whether it is resolved. In which states each acts is cells.py's table, who may
say it rules/authority.py's. The first sentence over a function is what `challenge-bot flow` prints.
"""

from bot.case.course import closing, follow_up, hearing, subclocks
from bot.case.course.delivery import redirect_from
from bot.case.course.opening import notice_of
from bot.case.making.draft import Draft
from bot.case.making.notices import may_be_quoted
from bot.case.said import answers
from bot.case.said.command import Said, Tell, meaning_of, nothing_changed, tell
from bot.model import WAITING, AlarmKind, Contact, EventKind, Flag, Mail, Meaning, Proof, QuestionKind
from bot.model import Question as Put
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
    question = asked(d, said.by)
    if question is not None:
        _stay(d, question, said.by)
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
    question = asked(d, said.by)
    if question is None:
        nothing_changed(d, said, _NOBODY_ASKED)
    else:
        _take_over(d, question, said.by)


def decline(d: Draft, said: Said) -> None:
    """The team that was asked does not take the challenge over: it stays where it is, and both sides are told."""
    question = asked(d, said.by)
    if question is None:
        nothing_changed(d, said, _NOBODY_ASKED)
    else:
        _stay(d, question, said.by)


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


# --- to another team --------------------------------------------------------------------------------------------------
# Handing on is no answer and moves no clock: the other team is asked, and until it accepts, by a proven word, the case
# stays where it is. Then its people answer at this stage and the stages after, counted from the original receipt.


def offered(d: Draft, mail: Mail, by: Contact) -> bool:
    """The challenged side forwarded the mail to another team's address: that team is asked. False: it did not."""
    if not mail.trigger.is_forward or mail.proof is not Proof.PROVEN or d.case.state not in WAITING or d.is_stranger:
        return False
    found = _other_team(d, mail)
    if found is None:
        return False
    d.event(EventKind.TRANSFER_OFFERED, by=by.email, note=found.team)
    if any(q.about is QuestionKind.TRANSFER and q.asked == found.email for q in d.case.questions):
        return True
    letter = d.write(Question.Transfer(who=person(by), team_asked=found.team), [found], mail=mail, human=by)
    if letter:
        about = QuestionKind.TRANSFER
        d.ask(Put(letter.key, about, found.email, mail.digest, agency=found.agency, team=found.team))
        _tell(d, [d.case.raiser], "asked", by, found.team)
    return True


def _other_team(d: Draft, mail: Mail) -> Contact | None:
    """Who answers at this stage for the first other team that the mail addresses; the addressee where nobody does."""
    case, directory = d.case, d.rules.directory
    for address in (*mail.to, *mail.cc):
        if Side.RAISING in sides(case, address.email, d.rules):
            continue
        rows = [c for c in directory.roles_of(address.email, case.area) if c.team and c.agency]
        rows = [c for c in rows if (c.agency, c.team) != (case.responder_agency, case.team)]
        if rows and directory.team_of(address.email, case.area) == rows[0].team:
            held = d.holders(d.stage.responding_role, rows[0].agency, rows[0].team)
            return next((c for c in held if c.team == rows[0].team), rows[0])
    return None


def asked(d: Draft, by: Contact) -> Put | None:
    """The question of a transfer that was put to this person or to their team."""
    directory = d.rules.directory
    for question in d.case.questions:
        if question.about is QuestionKind.TRANSFER and (
            directory.same_person(question.asked, by.email)
            or directory.team_of(by.email, d.case.area) == question.team != ""
        ):
            return question
    return None


def _take_over(d: Draft, question: Put, by: Contact) -> None:
    """The case is that team's: it answers from now on; the clock goes on from the original."""
    case = d.case
    before, left = d.responders, case.team
    agency, team = question.agency, question.team
    held = d.holders(d.stage.responding_role, agency, team)
    new = tuple(c for c in held if c.team == team) or (by,)
    inboxes = [address for name, address in d.rules.inboxes if name == team]
    inboxes += [c.email for c in d.rules.directory.holders("team_inbox", case.area, agency, team) if c.team == team]
    d.assign(team, agency, next(iter(inboxes), ""))
    d.serve(new, d.now)
    d.own(by.email)
    d.settle(lambda one: one.about is QuestionKind.TRANSFER)
    d.joined(Side.RESPONDING, *new)
    d.event(EventKind.TRANSFERRED, by=by.email, note=team)
    is_second = case.has(Flag.TRANSFERRED)
    d.flag(Flag.TRANSFERRED_AGAIN if is_second else Flag.TRANSFERRED)
    d.write(notice_of(d), new, d.inbox)
    for to in ([case.raiser], before):
        _tell(d, to, "accepted", by, team, left)
    if is_second:
        _tell(d, d.unit, "again", by, team, left)


def _stay(d: Draft, question: Put, by: Contact) -> None:
    """It stays where it is; raiser and responders are told."""
    d.settle(lambda one: one is question)
    d.event(EventKind.TRANSFER_DECLINED, by=by.email, note=question.team)
    for to in ([d.case.raiser], d.responders):
        _tell(d, to, "declined", by, question.team)


def _tell(
    d: Draft, to: list[Contact] | tuple[Contact, ...], event: str, by: Contact, team: str, left: str = ""
) -> None:
    d.write(Information.Transfer(event=event, who=person(by), team_asked=team, left=left), to, human=by)
