"""Words that act on nothing: each person whom the directory knows hears what became of their mail.

The partnership's own people are told why it changes nothing and who may. Words of either side, or of a colleague, for
which no letter named a reader are asked about: SEND passes them on. A third agency's people learn nothing of a case,
not even that it is there: what they are told is the same for every ref, and is written by whoever places mail
(engine/reading/office.py). It judges no word: that is said/words.py's.
"""

from collections.abc import Collection
from dataclasses import replace

from bot.case.dated import can_answer
from bot.case.making.draft import Draft
from bot.case.making.notices import has_reached, has_words, may_be_shown, may_read, once, relay
from bot.case.said.command import Said, Tell, is_known, nothing_changed, tell
from bot.model import Arrival, Case, Contact, EventKind, Flag, LetterKind, Mail, Proof, QuestionKind, Word
from bot.model import Question as Asked
from bot.model.letters import Answer, Information, Question, person
from bot.model.letters.parts import Choice
from bot.rules.authority import Side, sides
from bot.rules.book import Rules
from bot.rules.directory import UNIT, Directory

INBOXES = ("team_inbox", "agency_inbox")
OF_UNIT: tuple[Choice, ...] = (
    ("STATUS", "where it stands"),
    ("NUDGE", "those who are to reply are reminded, in your name"),
    ("HOLD", "its letters wait while you look"),
    ("HELP", "every word you can send"),
)
_DECIDES = (Word.DECIDED, Word.APPOINT)
#: Words that do not show whose a challenge is; YES does where it is given (said/words.py).
_OPEN_STILL = (Word.YES, Word.NO, Word.NOT_MINE, Word.STATUS, Word.WITHDRAW)
_ENDS = (Word.NOT_OURS, Word.YES, Word.ADMIT, Word.DECIDED)
UNCONFIRMED = Tell(
    "The person in whose name you handed it in has not said yet whether it is theirs.",
    "Their YES or NO is awaited; after a NO you can end it with NOT OURS.",
)


def is_third(case: Case, email: str, rules: Rules) -> bool:
    """Whether it is somebody who may not learn that there is such a case: of neither agency, nor of the partnership."""
    roles = rules.directory.roles_of(email, case.area)
    is_partnership = any(not role.agency for role in roles)
    is_near = rules.directory.agency_of(email) in {case.raiser.agency, case.responder_agency} - {""}
    return not is_partnership and not is_near and set(sides(case, email, rules)) == {Side.NONE}


def told(d: Draft, fact: Arrival, by: Contact) -> None:
    """Words of theirs that change nothing are answered, once a day; a mailbox's are not, nor what answers an answer."""
    is_unit = any(role.role in UNIT for role in d.rules.directory.roles_of(by.email, d.case.area))
    unit = next(iter(d.unit), d.rules.operator)
    asks = "" if is_unit else f". If it should change, please ask {d.case.raiser} or {unit}"
    lacks = f"No word that acts was read in it, so nothing has changed{asks}"
    answered(d, fact, by, undone=(lacks,), choices=OF_UNIT if is_unit else ())


def answered(
    d: Draft,
    fact: Arrival,
    by: Contact,
    done: tuple[str, ...] = (),
    undone: tuple[str, ...] = (),
    choices: tuple[Choice, ...] = (),
) -> None:
    """What a mail without a word has done, and what not: one letter for each person and day. A mail that answers such a
    letter gets none, and later letters name it."""
    mail = fact.mail
    if mail.proof is Proof.FAILED or is_third(d.case, by.email, d.rules) or not may_be_answered(d, by):
        return
    if fact.answered == LetterKind.ANSWER.value:
        if may_be_shown(mail) and by.agency == d.case.responder_agency != "":
            d.hear(mail.received, str(by), "kept")
        return
    if not has_letter(d, by):
        letter = d.write(Answer.Done(done=done, undone=undone, choices=choices), [by], mail=mail)
        once(d, letter, f"answered:{by.email}:{d.now:%Y%m%d}")


def may_be_answered(d: Draft, by: Contact) -> bool:
    """A person whom the directory knows: a mailbox that many use is answered only to a word."""
    addresses = [address for _, address in d.rules.inboxes]
    return is_known(d, by) and not is_inbox(d.rules.directory, addresses, by.email)


def has_letter(d: Draft, by: Contact) -> bool:
    """Whether this decision writes to them already."""
    return any(c.email == by.email for letter in d.letters for c in letter.to)


def is_inbox(directory: Directory, watched: Collection[str], email: str) -> bool:
    """Whether it is a mailbox that many people use: it is answered only to a word."""
    known = directory.person(email)
    return email in watched or (known is not None and known.role in INBOXES)


def disowns(d: Draft, mail: Mail) -> bool:
    """Whether a mail of who is named as raiser leaves open that what was handed in for them is theirs."""
    shows = mail.command is not None and mail.command.word not in _OPEN_STILL
    return d.case.has(Flag.BROUGHT_IN) and not shows


def is_barred(d: Draft, said: Said) -> bool:
    """Whether the business unit would end or confirm what it handed in itself: the raiser was asked, and has not said
    whether it is theirs."""
    waits = any(q.about is QuestionKind.PROVISIONAL for q in d.case.questions)
    is_theirs = Side.UNIT in said.stand and Side.RAISING not in said.stand
    return is_theirs and waits and not d.may_read and said.word in _ENDS


def too_early(d: Draft, said: Said) -> bool:
    """A decision before its stage: its sender hears where it can be given."""
    if said.word not in _DECIDES or d.stage.decider is not None:
        return False
    deciding = next((stage for stage in d.rules.policy.stages if stage.decider is not None), None)
    instead = f"It can be given at {deciding.name}." if deciding else "No stage of this policy names who decides."
    tell(d, said, Tell(f"The case is at {d.stage.name}, where nobody gives a final decision.", instead))
    return True


def hands(d: Draft, mail: Mail | None, by: Contact) -> tuple[Contact, ...]:
    """Who of the same agency wrote it for them, in their name."""
    if mail is None or mail.on_behalf is None or mail.proof is not Proof.PROVEN:
        return ()
    hand = d.known(mail.on_behalf.email)
    return (hand,) if hand.agency == by.agency != "" and hand.email != by.email else ()


def taken(d: Draft, fact: Arrival, by: Contact, as_: str) -> None:
    """Whoever wrote what is no answer yet hears how it is taken, as does who wrote it for them; once a day. Of what
    nothing proves only an address that the directory or the case holds hears, while the raiser is asked about it."""
    mail = fact.mail
    if mail.is_confidence:  # their writer is told where such words belong
        return
    if mail.proof is not Proof.PROVEN and not (d.case.is_open and is_known(d, by)):
        return
    addresses = [address for _, address in d.rules.inboxes]
    if not by.agency or is_inbox(d.rules.directory, addresses, by.email) or d.is_stranger or has_letter(d, by):
        return
    told = Information.Taken(when=mail.received, as_=as_)
    letter = d.write(told, [by, *hands(d, mail, by)], mail=mail, human=d.case.raiser)
    once(d, letter, f"taken:{as_}:{by.email}:{d.now:%Y%m%d}")


# --- words for which no letter named a reader -------------------------------------------------------------------------

_UNASKED = Tell(
    "Nobody asked you whether to send anything.", "What you write in reply to a letter goes to whom it names."
)
_NO_PROOF = Tell("It could not be proven that your mail comes from your mailbox, so nothing was sent on.")
_NO_READER = Tell("There is nobody now to whom it could be sent.")
_WHICH = Tell(
    "More than one letter asks you whether words of yours shall be sent, and nothing was.",
    "Please reply SEND to the letter that speaks of them.",
)
_ANOTHER_READER = Tell(
    "Somebody else would read your words by now than was named to you, and nothing was sent.",
    "Please write them anew in reply to the latest letter: it says to whom they go.",
)


def heard(d: Draft, fact: Arrival, by: Contact, choices: tuple[Choice, ...] = (), sent: Contact | None = None) -> None:
    """Words of somebody near the case: they were passed on (`sent`), or their writer is asked whether they shall be, or
    hears why not. `choices`: the words that they may mean."""
    mail = fact.mail
    to = None if sent else _may_go_to(d, fact, by)
    if choices:
        more = (("SEND", f"your words go to {to}"),) if to else ()
        told = Question.Meaning(choices=(*choices, *more), sent=person(sent) if sent else None)
        letter = d.write(told, [by], mail=mail)
        if letter and to:
            _ask(d, mail, by, to, letter.key)
    elif sent:
        answered(
            d, fact, by, (passed_on(d, by, sent),), ("No word that acts was read in it, so the clock runs as it did",)
        )
    elif to:
        _ask_whether(d, mail, by, to)
    else:
        kept(d, fact, by)


def passed_on(d: Draft, by: Contact, to: Contact) -> str:
    """What became of words that went on, as their writer is told."""
    return f"Your words went to {to}" if may_read(d, by, to) else f"{to} was told that you wrote, and to ring you"


def kept(d: Draft, fact: Arrival, by: Contact) -> None:
    """What caused nothing and was written to no person: its writer hears that, and why; of words in confidence
    protection.py tells them."""
    mail = fact.mail
    watched = {d.rules.bot.email, d.case.inbox, *(address for _, address in d.rules.inboxes)}
    if {a.email for a in (*mail.to, *mail.cc)} - watched or d.is_stranger or mail.is_confidence:
        return
    if mail.proof is not Proof.PROVEN:
        why = "It could not be proven that it comes from your mailbox, so it was shown to nobody"
    elif not mail.is_readable:
        why = "It could not be read here. Please write it as plain text"
    elif mail.is_unsure:
        why = "It could not be told which words of it are new, so it was shown to nobody. Please write them alone"
    else:
        told(d, fact, by)
        return
    answered(d, fact, by, undone=(why,))


def _other_side(d: Draft, by: Contact) -> Contact | None:
    """Who of the other side would read it; a colleague of either agency counts as of that side. None for nobody, for
    both sides, and while a challenge is not confirmed."""
    case = d.case
    stand = sides(case, by.email, d.rules)
    neither = not {Side.RAISING, Side.RESPONDING} & set(stand)
    raising = Side.RAISING in stand or (neither and by.agency == case.raiser.agency)
    responding = Side.RESPONDING in stand or (neither and by.agency == case.responder_agency)
    if raising is responding or not by.agency or case.unproven:
        return None
    return d.first_responder if raising else case.raiser


def _may_go_to(d: Draft, fact: Arrival, by: Contact) -> Contact | None:
    """The same, where the mail has words to be shown and reached nobody of that side."""
    to, mail = _other_side(d, by), fact.mail
    answers_ours = fact.answered == LetterKind.ANSWER.value
    if to is None or answers_ours or not may_be_answered(d, by) or has_reached(d, mail, to) or not has_words(mail):
        return None
    return to


def _ask_whether(d: Draft, mail: Mail, by: Contact, to: Contact) -> None:
    """Shall it go there? Of one day one letter, which later mails join where it says so; it rides in a letter of new
    risk, which speaks of its own mail alone."""
    open_ = [q for q in _pending(d, by) if q.command == Word.SEND]
    today = [q for q in open_ if q.at is not None and q.at.date() == d.now.date()]
    for n, letter in enumerate(d.letters):
        if isinstance(letter.values, Question.Risk):
            choices = (*letter.values.choices, ("SEND", f"your words go to {to}"))
            d.letters[n] = replace(letter, values=replace(letter.values, choices=choices))
            _ask(d, mail, by, to, letter.key)
            return
    if today:
        _ask(d, mail, by, to, today[-1].key, takes_more=True)
    else:
        asking = d.write(Question.Send(goes=person(to), when=mail.received), [by], mail=mail)
        _ask(d, mail, by, to, asking.key if asking else "", takes_more=True)


def _ask(d: Draft, mail: Mail, by: Contact, to: Contact, key: str, *, takes_more: bool = False) -> None:
    if key:
        row = Asked(
            key, QuestionKind.SEND, by.email, mail.digest, words=mail.new_text, came=mail.received, whose=to.email
        )
        d.ask(replace(row, command=Word.SEND.value) if takes_more else row)


def _pending(d: Draft, by: Contact) -> list[Asked]:
    same = d.rules.directory.same_person
    return [q for q in d.case.questions if q.about is QuestionKind.SEND and same(q.asked, by.email)]


def send(d: Draft, said: Said) -> None:
    """What its sender wrote, and was asked about, goes to the other side."""
    rows = _pending(d, said.by)
    cited = [q for q in rows if q.key == said.fact.answered_key]
    rows = cited or [q for q in rows if can_answer(said.mail, q.at)]
    to = _other_side(d, said.by)
    same = d.rules.directory.same_person
    if not rows:
        nothing_changed(d, said, _UNASKED)
    elif said.mail.proof is not Proof.PROVEN:
        nothing_changed(d, said, _NO_PROOF)
    elif to is None:
        nothing_changed(d, said, _NO_READER)
    elif len({q.key for q in rows}) > 1:
        nothing_changed(d, said, _WHICH)
    elif any(q.whose and not same(q.whose, to.email) for q in rows):
        d.settle(lambda q: q in rows)
        nothing_changed(d, said, _ANOTHER_READER)
    else:
        d.settle(lambda q: q in rows)
        d.event(EventKind.ATTACHED, by=said.by.email, note="SEND")
        relay(d, said.by, to, "\n\n".join(q.words for q in rows), rows[-1].came or d.now)
        d.write(Answer.Done(done=(passed_on(d, said.by, to),), undone=(), choices=()), [said.by], mail=said.mail)
