"""A mail that belongs to a case: whose side it comes from, and whether it answers.

A reply is not a response and a response is no resolution: a proven, human, readable mail of the responding side that
is an answer is `responded`, and then the raiser is asked; of a doubtful one the raiser is asked whether it is the
answer, and a holding one stops nothing. Commands act in words.py.
"""

from collections.abc import Collection
from dataclasses import replace

from bot.case import dated
from bot.case.course import entry, hearing, subclocks
from bot.case.course.closing import outcome_written
from bot.case.course.delivery import on_absent
from bot.case.course.opening import confirmed
from bot.case.making import claims, forms, incident
from bot.case.making.draft import Draft
from bot.case.making.notices import may_be_shown, pass_back, passed_on
from bot.case.said import challenged, codes, command, protection, words
from bot.case.said.answers import CHOICES, may_answer, pass_on, reached_raiser, responded
from bot.case.said.cells import borne, is_ours
from bot.case.said.challenged import delegates, is_aside
from bot.case.said.command import is_known
from bot.case.said.unit import others
from bot.mail.words import promises
from bot.mail.words.commands import opens_with_command
from bot.mail.words.promises import disclaims, meanings, says_wrong_person
from bot.model import (
    WAITING,
    Absence,
    Arrival,
    Contact,
    EventKind,
    Flag,
    How,
    Mail,
    MailKind,
    Meaning,
    Proof,
    State,
    Unproven,
    Word,
    letters,
)
from bot.rules.authority import Side, sides

EXTEND = ("EXTEND 2 working days", "they may have longer; name a window or a day")
ANSWERED = ("ANSWERED", "they have answered you; you may add when and how")
#: What somebody may mean who says in words that a challenge is not theirs.
THEIRS = (
    ("NOT MINE", "it belongs to somebody else: the next contact of the directory is written to"),
    ("RECEIVED by 3pm", "you will answer it after all; say by when"),
)
REOPEN: tuple[tuple[str, str], ...] = (("REOPEN", "open it again at the stage last reached"),)


def on_mail(d: Draft, fact: Arrival) -> None:
    """Attaches the mail and lets it do what it may."""
    mail, case = fact.mail, d.case
    if mail.digest in case.mails:
        return
    if fact.how == How.MAY_ANSWER:
        _may_answer(d, fact)
        return
    d.attach(mail)
    sender = mail.sender.email if mail.sender else ""
    if mail.proof is not Proof.FAILED and mail.bounce is None:
        name = mail.sender.name if mail.sender and mail.kind is MailKind.HUMAN and mail.proof is Proof.PROVEN else ""
        d.wrote(lambda email: d.rules.directory.same_person(email, sender), name)
    if mail.kind is MailKind.AUTO_REPLY:
        on_absent(d, sender, mail.absence or Absence(), mail.proof is Proof.PROVEN)
        incident.replied_elsewhere(d, fact, sender)
    elif mail.kind is not MailKind.HUMAN or (mail.is_list and not is_ours(d, who(d, mail))):
        d.event(EventKind.ATTACHED, by=sender, note=mail.kind.value)
        if mail.kind is MailKind.MEETING and mail.proof is Proof.PROVEN:
            d.hear(mail.received, str(who(d, mail)), "meeting")
        elif mail.kind is MailKind.MEETING:
            d.hear(mail.received, "", "unread")
        _recalled(d, mail, sender)
        incident.bounced_elsewhere(d, fact)
    else:
        _human(d, fact, sender)
    codes.leaked(d, mail)


def _recalled(d: Draft, mail: Mail, sender: str) -> None:
    """A recall deletes nothing and closes nothing: the raiser is asked."""
    if mail.is_recall and sender == d.case.raiser.email and d.case.is_open:
        d.write(letters.Question.Recall(), [d.case.raiser], mail=mail)


def _may_answer(d: Draft, fact: Arrival) -> None:
    """Written to the raiser by the other side, or quoting the challenge, and citing nothing: it stays out of the case,
    and the raiser is asked. What the raiser passes on themselves is asked about as its writer's."""
    by = who(d, fact.mail)
    if by.email and d.rules.directory.same_person(by.email, d.case.raiser.email):
        by = d.known(fact.mail.quoted_from or "")
    d.event(EventKind.SUGGESTED, by=by.email)
    may_answer(d, fact.mail, by, is_aside=is_aside(d, fact.mail), others=fact.others)


def who(d: Draft, mail: Mail) -> Contact:
    """The sender as the case or the directory knows them."""
    if mail.sender is None:
        return Contact("")
    known = d.known(mail.sender.email)
    return known if known.name else replace(known, name=mail.sender.name)


def _human(d: Draft, fact: Arrival, sender: str) -> None:
    mail, before = fact.mail, d.case
    if fact.how == How.AGAIN:
        d.event(EventKind.ATTACHED, by=sender, note=How.AGAIN)
        d.flag(Flag.SENT_AGAIN)
        return
    if Flag.HIDDEN_CHARACTERS in mail.defects:
        d.flag(Flag.HIDDEN_CHARACTERS)
    stand = sides(d.case, sender, d.rules)
    given, is_theirs = command.told(d, fact), Side.RESPONDING in stand and Side.RAISING not in stand
    word, is_awaited = given.word if given else None, d.case.state in WAITING
    fact = dated.at_face_value(fact, word, command.replied_to(d, fact), may_answer=is_theirs and is_awaited)
    mail = fact.mail
    incident.watch(d, fact, sender, stand)
    incident.handed_outside(d, mail, stand)
    if mail.on_behalf is not None:
        d.event(EventKind.ON_BEHALF, by=sender, note=f"sent by {mail.on_behalf.email}")
    if mail.proof is Proof.PROVEN and command.meaning_of(mail) is not Meaning.HOLDING:
        subclocks.wrote(d, sender, stand)
    if {Side.RAISING, Side.RESPONDING} & set(stand):
        protection.noticed(d, mail, sender)
        protection.risk_told(d, mail, who(d, mail), responding=is_theirs, aside=is_theirs and is_aside(d, mail))
    proven = mail.proof is Proof.PROVEN
    is_raiser = d.rules.directory.same_person(sender, d.case.raiser.email)
    is_known_raiser = is_raiser and (d.case.unproven is Unproven.KNOWN or bool(d.case.raiser.agency))
    if proven and d.case.unproven and is_known_raiser and d.case.is_open and not others.disowns(d, mail):
        confirmed(d, sender)
    if stand and Side.NONE not in stand:
        forms.question(d, forms.taken_in(d, mail, who(d, mail)), mail, who(d, mail))
    mail, asked = borne(d, fact, replace(mail, command=command.told(d, fact))), d.case.questions
    fact = replace(fact, mail=mail)
    beside = mail.command if command.says_more(d, mail, stand) else None
    if beside is not None:
        mail = replace(mail, command=None)
        fact = replace(fact, mail=mail)
    if mail.command is not None:
        words.on_command(d, fact, mail.command, who(d, mail), stand)
        if mail.command.word is Word.RECEIVED and command.answers_below(d, mail, stand):
            _doubtful(d, fact, who(d, mail))
    elif Side.RESPONDING in stand and not (Side.RAISING in stand and is_raiser):
        if beside is not None and beside.word not in (Word.ANSWERED, Word.RECEIVED, *command.HEADINGS):
            words.not_yours(d, beside.word, who(d, mail), mail)  # else they hear how the mail is taken
        _from_responders(d, fact, who(d, mail), proven)
    elif Side.RAISING in stand:
        _from_raisers(d, fact, who(d, mail))
    else:
        _from_others(d, fact, who(d, mail))
    protection.risk_moved(d, mail, before, responding=is_theirs)
    if is_theirs:
        claims.remember(d, fact, who(d, mail), before, is_shown=may_be_shown(mail) and mail.is_readable)
    if mail.command is None and not d.letters and d.case.questions == asked:
        others.kept(d, fact, who(d, mail))


def _from_responders(d: Draft, fact: Arrival, by: Contact, proven: bool) -> None:
    """The challenged side writes in words."""
    mail, case = fact.mail, d.case
    if challenged.offered(d, mail, by) or hearing.represented(d, mail, by):
        return
    is_certain = proven and mail.is_readable and not opens_with_command(mail.new_text)
    meaning = command.meaning_of(mail)
    if is_certain and case.state in WAITING and delegates(d, mail):
        _holding(d, mail, by)
        others.taken(d, fact, by, "aside")
    elif is_aside(d, mail):
        d.event(EventKind.ATTACHED, by=by.email, note="not written to the raiser")
        if case.state in WAITING:
            may_answer(d, mail, by, is_aside=True)
    elif not is_certain:
        lacks = fact.outdated or ("not proven" if not proven else "unreadable or an unusable word")
        d.event(EventKind.ATTACHED, by=by.email, note=lacks)
        may_answer(d, mail, by)
        others.taken(d, fact, by, _lack(fact))
    elif case.state in WAITING and disclaims(mail.new_text, mail.attachments, command.writer(mail)):
        d.event(EventKind.ATTACHED, by=by.email, note="says that it is not theirs")
        may_answer(d, mail, by)
        if not d.is_stranger:
            d.write(letters.Question.Meaning(choices=THEIRS), [by], mail=mail)
    elif case.state in WAITING and meaning is Meaning.HOLDING:
        _holding(d, mail, by)
        others.taken(d, fact, by, "holding")
    elif case.state in WAITING and meaning is Meaning.DOUBTFUL:
        _doubtful(d, fact, by)
    elif case.state in WAITING:
        responded(d, mail, by, mail.received)
    elif case.state is State.AWAITING_OUTCOME:
        outcome_written(d, mail, by)
    else:
        d.event(EventKind.ATTACHED, by=by.email)
        _after_an_answer(d, fact, by)


def _lack(fact: Arrival) -> str:
    """How whoever wrote what is no certain answer hears that: the raiser is asked, and why."""
    if fact.mail.proof is Proof.PROVEN:
        return "asked"
    return "outdated" if fact.outdated else "unproven"


def _after_an_answer(d: Draft, fact: Arrival, by: Contact) -> None:
    """More words of whoever was challenged: they go to the raiser, and of a closed case where their writer says so."""
    raiser = d.case.raiser
    if not d.case.is_open:
        others.heard(d, fact, by)
    elif not reached_raiser(d, fact.mail):
        pass_on(d, fact.mail, by)
        is_shown = d.case.unproven is not Unproven.STRANGER and may_be_shown(fact.mail)
        others.heard(d, fact, by, sent=raiser if is_shown else None)


def _doubtful(d: Draft, fact: Arrival, by: Contact) -> None:
    """It may be an answer: the raiser is asked, and its writer told so."""
    d.event(EventKind.DOUBTFUL, by=by.email)
    may_answer(d, fact.mail, by)
    others.taken(d, fact, by, "asked")


def _holding(d: Draft, mail: Mail, by: Contact) -> None:
    """It stops nothing; by when an answer is promised is kept as what RECEIVED says is."""
    if may_be_shown(mail):
        d.hear(mail.received, str(by), "holding")
    d.event(EventKind.HOLDING, by=by.email, note=mail.promised)
    if is_aside(d, mail):  # what they say among themselves is neither promised to the raiser nor theirs to read
        return
    if mail.promised:
        hearing.commits(d, mail.promised, by, mail)
    pass_on(d, mail, by)


def _from_raisers(d: Draft, fact: Arrival, by: Contact) -> None:
    """The raiser's side in words: never a state change; a question where the words may mean one."""
    mail = fact.mail
    if mail.proof is Proof.PROVEN:
        d.hear(mail.received, str(by), "raiser")
    d.event(EventKind.ATTACHED, by=by.email)
    if d.is_stranger or not by.agency:
        return
    sent = pass_back(d, fact, by)
    asked = challenged.named(d, mail, by)
    if asked is not None:
        went = (passed_on(d, by, sent),) if sent else ()
        others.answered(d, fact, by, (challenged.is_asked(asked), *went), ("The clock runs as it did",))
        return
    meant = meanings(mail.new_text)
    if entry.told(d, fact, by) and not meant:
        d.write(letters.Question.CallTime(), [by], mail=mail, human=d.first_responder)
        return
    choices = _choices(d, mail, meant)
    if (choices or not _brings_form(mail)) and (d.case.state in WAITING or not protection.bears_words(d)):
        others.heard(d, fact, by, choices, sent)


def _brings_form(mail: Mail) -> bool:
    return any(form.is_completed for form in mail.forms)


def _choices(d: Draft, mail: Mail, meant: Collection[str]) -> tuple[tuple[str, str], ...]:
    """The words that they may mean; before an answer there may be none."""
    if d.case.state is State.CLOSED:
        return REOPEN
    if d.case.state in WAITING and (_shows_an_answer(d, mail) or promises.ANSWERED in meant):
        return (ANSWERED, *CHOICES)
    if d.case.state in WAITING and promises.MORE_TIME in meant:
        return (EXTEND, *CHOICES)
    is_quiet = mail.is_readable and not meant and (d.case.state in WAITING or _brings_form(mail))
    return () if is_quiet else CHOICES


def _shows_an_answer(d: Draft, mail: Mail) -> bool:
    """The raiser forwards to us what the other side wrote to them alone."""
    return mail.trigger.is_forward and Side.RESPONDING in sides(d.case, mail.quoted_from or "", d.rules)


def _from_others(d: Draft, fact: Arrival, by: Contact) -> None:
    """A colleague of the challenged agency may have answered: the raiser is asked. A stranger's mail is only kept."""
    mail = fact.mail
    d.event(EventKind.ATTACHED, by=by.email, note="from neither side")
    if says_wrong_person(mail.new_text, is_outside=not by.agency):
        incident.misdirected(d, fact, by.email)
    elif hearing.represented(d, mail, by):
        return
    elif by.agency and by.agency == d.case.responder_agency and d.case.state in WAITING:
        may_answer(d, mail, by, is_aside=is_aside(d, mail))
        if not is_aside(d, mail):
            others.taken(d, fact, by, _lack(fact))
    elif is_known(d, by):
        others.heard(d, fact, by)
    elif not by.agency:
        d.flag(Flag.MAIL_FROM_A_STRANGER)
