"""A case goes to another team: the challenged side hands the mail on, that team says ACCEPT, and it is theirs.

Handing on is no answer and moves no clock: the other team is asked, and until it accepts the case stays where it is.
Then its people answer at this stage and the stages after, counted from the original receipt. It moves nothing without
a proven word of the team that was asked.
"""

from bot.case.course.opening import notice_of
from bot.case.making.draft import Draft
from bot.model import WAITING, Contact, EventKind, Flag, Mail, Proof, Question, QuestionKind, letters
from bot.model.letters import Information, person
from bot.rules.authority import Side, sides


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
    letter = d.write(letters.Question.Transfer(who=person(by), team_asked=found.team), [found], mail=mail, human=by)
    if letter:
        about = QuestionKind.TRANSFER
        d.ask(Question(letter.key, about, found.email, mail.digest, agency=found.agency, team=found.team))
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


def asked(d: Draft, by: Contact) -> Question | None:
    """The question of a transfer that was put to this person or to their team."""
    directory = d.rules.directory
    for question in d.case.questions:
        if question.about is QuestionKind.TRANSFER and (
            directory.same_person(question.asked, by.email)
            or directory.team_of(by.email, d.case.area) == question.team != ""
        ):
            return question
    return None


def accept(d: Draft, question: Question, by: Contact) -> None:
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


def decline(d: Draft, question: Question, by: Contact) -> None:
    """It stays where it is; raiser and responders are told."""
    d.settle(lambda one: one is question)
    d.event(EventKind.TRANSFER_DECLINED, by=by.email, note=question.team)
    for to in ([d.case.raiser], d.responders):
        _tell(d, to, "declined", by, question.team)


def _tell(
    d: Draft, to: list[Contact] | tuple[Contact, ...], event: str, by: Contact, team: str, left: str = ""
) -> None:
    d.write(Information.Transfer(event=event, who=person(by), team_asked=team, left=left), to, human=by)
