"""A command as it was given: what the functions that act on one are handed; those that only ask, or only tell.

Where a mail says more than its word, it is read as words (says_more). A word that changes nothing where the case stands
is never swallowed: its sender hears why (Tell), and what would. Which word does that in which state is cells.py's.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.case.course import follow_up
from bot.case.dated import can_answer
from bot.case.making.draft import Draft
from bot.case.making.notices import has_reached, has_words, passed_on, relay
from bot.case.said import codes
from bot.mail.words.commands import command, is_another_paper, sent_to, yes_or_no
from bot.mail.words.promises import is_holding, sentences
from bot.model import (
    WAITING,
    Arrival,
    Command,
    Contact,
    EventKind,
    Mail,
    Meaning,
    Proof,
    Question,
    QuestionKind,
    Word,
    Wording,
    letters,
)
from bot.model.letters import Answer, Enclosed, Information, TheGuide, TheRegister, TheReport
from bot.model.letters.parts import Entered
from bot.rules import book
from bot.rules.authority import WORDS, Side


@dataclass(frozen=True, slots=True)
class Said:
    """By whom, in which mail, and on which sides of the case they stand."""

    word: Word
    note: str
    by: Contact
    mail: Mail
    fact: Arrival
    stand: Collection[Side]
    is_overtaken: bool = False  # it answers a letter that asked about an earlier answer
    since: datetime | None = None  # it waited for a YES since then


#: Words to which CLOSE agrees, where they are asked about; YES agrees to every one.
CLOSING = (Word.RESOLVED, Word.WITHDRAW)
#: Words that are also written over a paragraph of an answer; neither is the challenged side's.
HEADINGS = (Word.IMPACT, Word.THEME)
RECORD = "{record}"  # stands in a Tell for what the policy calls the record of whom it is about


@dataclass(frozen=True, slots=True)
class Tell:
    """Why a word changes nothing here, and what would change something, "" for nothing: whole sentences. They may name
    the RECORD."""

    why: str
    instead: str = ""


def nothing_changed(d: Draft, said: Said, because: Tell) -> None:
    """The word is written down as one that was not acted on, and its sender is told why."""
    d.event(EventKind.REFUSED, by=said.by.email, note=f"{said.word}: {_named(d, because.why)}")
    tell(d, said, because)


def tell(d: Draft, said: Said, because: Tell) -> None:
    if is_known(d, said.by):
        why, instead = _named(d, because.why), _named(d, because.instead)
        d.write(Information.NothingChanged(word=said.word.value, why=why, instead=instead), [said.by], mail=said.mail)


def _named(d: Draft, words: str) -> str:
    return words.replace(RECORD, book.own_record(d.rules.policy))


def told(d: Draft, fact: Arrival) -> Command | None:
    """The word of a mail, as the question that it answers lets it be read. DONE and NOT DONE, alone on the line, are
    YES and NO to whether an action is done; YES and NO with words after them answer whether it is resolved. Anywhere
    else an answer may well begin so, and what says more than YES or NO to no question is one."""
    said, question = fact.mail.command, replied_to(d, fact)
    if said is not None:
        is_word = said.word not in (Word.YES, Word.NO) or question is not None or d.case.state not in WAITING
        return said if is_word or len(sentences(fact.mail.new_text, writer(fact.mail))) < 2 else None
    if question is None:
        return None
    if question.task == follow_up.RECORD and any(not a.type.startswith("image/") for a in fact.mail.attachments):
        text = fact.mail.new_text  # a paper is the record unless the words deny it; a picture may be of a signature
        return yes_or_no(text) or (None if is_another_paper(text) else Command(Word.YES))
    if question.about in (QuestionKind.RESOLVED, QuestionKind.ALL_THE_SAME):
        return yes_or_no(fact.mail.new_text)
    if question.code or question.about in (QuestionKind.WORD, QuestionKind.WORD_AGAIN):
        text = fact.mail.new_text
        return command(codes.left_out(text)) or command(codes.behind_yes(text))
    line = next((line for line in fact.mail.new_text.split("\n") if line.strip()), "")[:40].strip(" \t.!").upper()
    meant = {"DONE": Word.YES, "NOT DONE": Word.NO}.get(line)
    return Command(meant) if question.about is QuestionKind.TASK and meant else None


def writer(mail: Mail) -> str:
    """The name that may stand alone under the words."""
    return (mail.sender.name or mail.sender.email.partition("@")[0]) if mail.sender else ""


def meaning_of(mail: Mail) -> Meaning:
    """What the mail room read, held to the certain lists: a holding reply never answers, and what is new cannot be told
    apart where answers are inline, a cut is unsure or nothing could be read. New risk is doubtful at most."""
    if mail.is_reaction or is_holding(mail.new_text, mail.attachments, writer(mail)):
        return Meaning.HOLDING
    unsure = mail.answers_inline or mail.is_unsure or mail.is_risk or not mail.is_readable
    return Meaning.DOUBTFUL if mail.meaning is Meaning.ANSWER and unsure else mail.meaning


def says_more(d: Draft, mail: Mail, stand: Collection[Side]) -> bool:
    """Who was asked says that they have answered, answers below RECEIVED or a heading, or says more than a word that is
    the raising side's alone: the raiser is asked, where there is one to ask."""
    given = mail.command
    if given is None or Side.RESPONDING not in stand or Side.RAISING in stand or not d.case.is_open or d.is_stranger:
        return False
    if given.word is Word.ANSWERED:
        return True
    if given.word is Word.RECEIVED:
        return not given.note and answers_below(d, mail, stand)
    lines = sentences(mail.new_text, writer(mail))
    if given.word in HEADINGS:
        return len(lines) > 1 or len(given.note.split()) > 1
    has_more = given.note or len(lines) > 1
    return bool(has_more) and WORDS[given.word].sides == (Side.RAISING,) and d.case.state in WAITING


def words_beside(said: Said) -> str:
    """What its sender wrote, whole, where it says more than the word; "" where it does not, or only gives a word that
    was written before."""
    given, mail = said.mail.command, said.mail
    if given is None or given.word is not said.word:
        return ""
    has_more = bool(given.note) and not sent_to(given.note)
    return mail.new_text if has_more or len(sentences(mail.new_text, writer(mail))) > 1 else ""


def words_went(d: Draft, said: Said, readers: Iterable[Contact | None]) -> tuple[str, ...]:
    """What stands beside a word that acts goes to those who must know it, where it has not reached them; words of new
    risk are for the telephone. Returns what its writer is told of that."""
    mail, words = said.mail, words_beside(said)
    if not words or mail.is_risk or not has_words(mail) or d.is_stranger:
        return ()
    found = {c.email: c for c in readers if c is not None and c.email != said.by.email and not has_reached(d, mail, c)}
    went = (c for c in found.values() if relay(d, said.by, c, words, mail.received, len(mail.attachments), mail))
    return tuple(passed_on(d, said.by, c) for c in went)


def went_on(d: Draft, said: Said, readers: Iterable[Contact | None]) -> None:
    """The same, and its writer hears to whom."""
    if done := words_went(d, said, readers):
        d.write(Answer.Done(done=done, undone=(), choices=()), [said.by], mail=said.mail)


def answers_below(d: Draft, mail: Mail, stand: Collection[Side]) -> bool:
    """Whether the challenged side answers in the lines below its word, which is then not all that they say."""
    is_theirs = Side.RESPONDING in stand and Side.RAISING not in stand and d.case.state in WAITING
    return is_theirs and mail.proof is Proof.PROVEN and meaning_of(mail) is Meaning.ANSWER


def replied_to(d: Draft, fact: Arrival) -> Question | None:
    """The question whose letter the mail cites: a ref alone answers none."""
    return next((q for q in d.case.questions if q.key == fact.answered_key), None)


def ask_back(d: Draft, said: Said, asking: Wording) -> None:
    """Whoever wrote the word is asked whether it is meant; of several such questions the last one counts."""
    d.event(EventKind.ATTACHED, by=said.by.email, note=f"{said.word}: asked whether it is meant")
    letter = d.write(asking, [said.by], mail=said.mail, human=d.first_responder)
    if letter:
        d.settle(lambda one: one.about is QuestionKind.ALL_THE_SAME and one.asked == said.by.email)
        about, word = QuestionKind.ALL_THE_SAME, said.word.value
        d.ask(Question(letter.key, about, said.by.email, said.mail.digest, command=word, words=said.note))


def all_the_same(d: Draft, said: Said, text: str) -> None:
    """Asks whether it is meant with what stands beside it. `text`: their own words, "" for unproven ones."""
    agree = Word.CLOSE if said.word in CLOSING else Word.YES
    asking = letters.Question.AllTheSame(word=said.word, text=text, agree=agree, newer=said.is_overtaken)
    ask_back(d, said, asking)


def unsettled(d: Draft, mail: Mail, by: Contact, cited: Question | None) -> Question | None:
    """The question that CLOSE answers: the one cited, else the last that was put to this person."""
    same = d.rules.directory.same_person
    found = [q for q in d.case.questions if q.about is QuestionKind.ALL_THE_SAME and same(q.asked, by.email)]
    known = [q for q in found if can_answer(mail, q.at)]
    return cited if cited in found else next(reversed(known), None)


def is_known(d: Draft, who: Contact) -> bool:
    """Whether the directory or the case knows the address: then its words are answered. A stranger's are not, nor
    those of somebody else at a known domain."""
    if d.rules.directory.person(who.email) is not None:
        return True
    inboxes = {d.case.inbox, *(address for _, address in d.rules.inboxes)} - {""}
    return who.email in inboxes or (bool(who.agency) and any(c.email == who.email for _, _, c in d.case.people))


# What somebody asks of this service itself, answered by a letter: where the case stands, and what the unit may see.
# STATUS is anybody's of the case; the rest is the business unit's alone. It changes no case. Who may ask is
# rules/authority.py's; what a letter says of more than this case is put in when it goes (engine/registers.py).

#: Words that are answered with or without a case, each in a letter of its own.
HANDED_OUT = (Word.REGISTER, Word.REPORT, Word.OPEN, Word.SPOC, Word.HELP)


def answer(word: Word, area: str) -> tuple[Wording, tuple[Enclosed, ...]]:
    """The letter that answers one of HANDED_OUT alone on its line, and what it carries of that area. Raises KeyError
    for another word."""
    match word:
        case Word.REGISTER:
            return Answer.Register(), (TheRegister(area),)
        case Word.REPORT:
            return Answer.Report(), (TheReport(area),)
        case Word.OPEN:
            return Answer.Open(area=area), ()
        case Word.SPOC:
            return Answer.Spoc(area=area), ()
        case Word.HELP:
            return Answer.Help(), (TheGuide(area),)
    raise KeyError(word)


def status(d: Draft, said: Said) -> None:
    """Its sender is told the state, and the stages so far."""
    _status(d, said, named=True)


def may_see_state(d: Draft, said: Said) -> bool:
    """Whether somebody who is on no side may have STATUS: the partnership's own people, and who decides at a later
    stage."""
    if said.word is not Word.STATUS or set(said.stand) - {Side.NONE} or said.mail.proof is Proof.FAILED:
        return False
    decide = (c for stage in d.rules.policy.stages for c in d.cast.deciders(stage))
    roles = d.rules.directory.roles_of(said.by.email, d.case.area)
    same = d.rules.directory.same_person
    return any(not role.agency for role in roles) or any(same(c.email, said.by.email) for c in decide)


def state_alone(d: Draft, said: Said) -> None:
    """The same without a person's name; the business unit says more."""
    _status(d, said, named=False)


def stages_so_far(d: Draft) -> tuple[Entered, ...]:
    """When which stage began, in order."""
    return tuple(Entered(r.entered, d.rules.policy.stage(r.stage).name) for r in d.case.runs)


def _status(d: Draft, said: Said, *, named: bool) -> None:
    told = Answer.Status(state=d.case.state.value, history=stages_so_far(d), named=named)
    d.write(told, [said.by], mail=said.mail, human=None if named else next(iter(d.unit), d.rules.operator))


def why(d: Draft, said: Said) -> None:
    """Its sender is told how the due time is worked out."""
    run = d.case.run
    told = Answer.Why(state=d.case.state.value, began=run.began if run else None, cause=run.why if run else "")
    d.write(told, [said.by], mail=said.mail)


def handed_out(d: Draft, said: Said) -> None:
    """Its sender is sent what they ask for, of the case's area."""
    values, carried = answer(said.word, d.case.area)
    d.write(values, [said.by], mail=said.mail, attach=carried)
