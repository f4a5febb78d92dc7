"""Whether what a mail is signed with proves its words now, and here: a signature tells who wrote it and when, once.

It seldom covers what a mail cites and to whom it goes, so whoever holds an old one can send it again, under another id,
to another letter. Such a mail counts as one that nothing proves: it joins its case, its words are asked about, and no
clock moves. A Date alone is held against what relaxes (at_face_value), for clocks are wrong and mails lie in outboxes.
It knows no case's state; that the very same mail came before is known where mail is placed.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from bot.model import Arrival, Case, How, Mail, MailKind, Proof, Question, QuestionKind, Word
from bot.rules.authority import WORDS, Side, sides
from bot.rules.book import Rules

#: How far its writer's clock may be behind ours: as far as a clock that is set by the net. One that is wrong by more is
#: asked about, and the digits of that letter count, for the time of a word is what tells it from an older one.
BEHIND = timedelta(minutes=5)
#: The same where no case's clock hangs on it: in answers to a digest, and to tell which questions had been put.
SLOW = timedelta(minutes=60)
#: How long a mail may be under way and still speak of today.
UNDER_WAY = timedelta(hours=24)
#: From then on a Date tells of an old mail, and not of a wrong clock.
OLD = timedelta(days=3)
#: A text shorter than this may be the same by chance.
SAME_FROM = 40
#: Words that need proof and relax nothing: they call somebody in, say no, keep letters back for hours while the clock
#: runs, or show their sender's own words.
_ADDS = (Word.ESCALATE, Word.NOT_RESOLVED, Word.NO, Word.HOLD, Word.SEND)
#: Questions whose YES relaxes nothing either.
_ADDING = (QuestionKind.PROVISIONAL, QuestionKind.SEND)


def outdated(mail: Mail, since: datetime | None, *, is_seen: bool, behind: timedelta = BEHIND) -> str:
    """Why its proof counts no more, in the journal's words; "" where it counts, or where there is none.

    `since`: when what it answers was written, None where a person has said what it belongs to. `is_seen`: what its
    sender signed came before, under another id; `behind`: how far back their clock may be.
    """
    if mail.proof is not Proof.PROVEN or mail.kind is not MailKind.HUMAN:
        return ""
    if is_seen:
        return "the same words of the same minute came before"
    if mail.date is None:
        return "it bears no date"
    if since is not None and mail.date < since - behind:
        return "it was written before what it answers"
    if mail.received - mail.date > UNDER_WAY:
        return "it came more than a day after it was written"
    return ""


def at_face_value(fact: Arrival, word: Word | None, question: Question | None, *, may_answer: bool) -> Arrival:
    """The mail as its sender's own where its Date alone speaks against that and binds nothing: a word that relaxes
    needs one, an answer that `may_answer` none, where it cites what only readers of the case have. With a ref, which
    can be guessed, an old mail of theirs could be sent on as one; so could one that would not be known again, and a
    bare word of weeks ago.

    `word`: None for other words; `question`: the one that it answers.
    """
    if not fact.is_misdated:
        return fact
    is_cited = fact.how in (How.LETTER, How.MAIL)
    is_held = not (may_answer and is_cited and is_told_apart(fact.mail)) if word is None else _relaxes(word, question)
    is_old = word is not None and fact.mail.date is not None and fact.mail.received - fact.mail.date > OLD
    if is_held or is_old:
        return fact
    why = fact.mail.proof_why.removeprefix(_because(fact.outdated))
    return replace(fact, mail=replace(fact.mail, proof=Proof.PROVEN, proof_why=why), outdated="", is_misdated=False)


def unproven(mail: Mail, why: str) -> Mail:
    """The mail as one that nothing proves; behind the reason stands what proved it."""
    return replace(mail, proof=Proof.UNPROVEN, proof_why=_because(why) + mail.proof_why)


def _because(why: str) -> str:
    return f"{why}; "


def _relaxes(word: Word, question: Question | None) -> bool:
    """YES relaxes as what it is asked about does."""
    if word is Word.YES and question is not None and question.about in _ADDING:
        return False
    if word is Word.YES and question is not None and question.command:
        return _relaxes(Word(question.command), None)
    return WORDS[word].relaxes and word not in _ADDS


def is_told_apart(mail: Mail) -> bool:
    """Whether it would be known when it came again under another id: by its minute, else by words that are enough."""
    is_long = mail.command is None and len(" ".join(mail.new_text.split())) >= SAME_FROM
    return mail.date is not None or is_long


def can_answer(mail: Mail, asked: datetime | None, since: datetime | None = None) -> bool:
    """Whether it was written when this had been asked: a word that cites no letter means no later question. `since`:
    when the word came, where it waited for a YES: then the mail that confirms it is not what tells its time."""
    if since is not None and asked is not None:
        return asked <= since
    return mail.date is None or asked is None or mail.date >= asked - SLOW


def elsewhere(case: Case, mail: Mail, went_to: Collection[str], rules: Rules) -> str:
    """Why the proof of a word counts no more: the letter that it answers went neither to its sender nor to their own
    side. "" where it did."""
    if mail.proof is not Proof.PROVEN or mail.command is None or mail.sender is None or not went_to:
        return ""
    email, directory = mail.sender.email, rules.directory
    known = [(to, directory.person(to)) for to in went_to]
    if any(directory.same_person(to, email) or (who and who.deputy == email) for to, who in known):
        return ""
    own = sides(case, email, rules) - {Side.NONE}
    if not own or any(own & sides(case, to, rules) for to in went_to):
        return ""
    return "the letter that it answers went to neither them nor their side"
