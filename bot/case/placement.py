"""Mail + candidate keys -> which case, how sure, and why; or a new case, the holding pen, or none of our business.

Strongest first: our own Message-ID, the original mail's Message-ID, the ref in subject or footer. The policy makes
subjects identical, so subject, topic and conversation ids never suffice: a wrong merge shows one family's data to
another's workers. The keys attach a mail; they never give it authority. It asks no database: candidates are handed in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.mail.subject import is_probe
from bot.model import WAITING, Attachment, Case, Flag, Inbox, Mail, MailKind, Proof
from bot.rules.directory import Directory

#: How a mail was matched that cites an id of ours.
BY_LETTER = "our letter"
#: Why a mail waits that may be an answer, and how its case hears of it: it does not join it.
MAY_ANSWER = "it may answer an open challenge"
#: How far what a quotation says of its time may lie from the opening: a mail program's zone may be another.
_SAME_TIME = timedelta(hours=1, minutes=10)
_MOST = 3
#: How a challenge joins the open case that its sender has already begun with the same words.
AGAIN = "the same challenge again"


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of the ids and refs a mail cites: `ids` (message id, case, what), `refs` (ref, case).

    `what` is "original", "mail", or the key of a letter of ours. `is_own`: the mail itself bears an id of ours.
    """

    ids: tuple[tuple[str, int, str], ...] = ()
    refs: tuple[tuple[str, int], ...] = ()
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Attach:
    """It belongs to this case. `letter`: the key of our letter it answers, "" for none."""

    case: int
    how: str
    letter: str = ""


@dataclass(frozen=True, slots=True)
class Open:
    """It opens a case."""

    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class Pen:
    """A person must place it. `asks`: the cases whose raiser is asked whether it answers them, with the refs of that
    raiser's other cases that it may answer instead."""

    why: str
    guesses: tuple[str, ...] = ()
    asks: tuple[tuple[int, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Ignore:
    """None of our business, or our own; the reason is kept and nothing else."""

    why: str


Placement = Attach | Open | Pen | Ignore


def weighed(mail: Mail, directory: Directory) -> Mail:
    """The same mail, as a person's where only looks speak of a machine and the directory lists its proven sender."""
    is_known = (
        mail.sender is not None and mail.proof is Proof.PROVEN and directory.person(mail.sender.email) is not None
    )
    if not (mail.is_machine_by_looks and is_known):
        return mail
    return replace(mail, kind=MailKind.HUMAN, kind_why="", is_machine_by_looks=False, bounce=None, absence=None)


def place(mail: Mail, inbox: Inbox, known: Known, directory: Directory, is_old: bool = False) -> Placement:
    """Where the mail goes. `is_old`: it lay in the inbox long before we first looked, and can open nothing."""
    if known.is_own:
        return Ignore("our own letter")
    if any("withheld: " in defect for defect in mail.defects):
        return Pen("the mail server could not hand over the mail that this one stands for: look in the mailbox")
    found = _by_key(mail, known)
    if found is not None:
        return found
    if mail.trigger.phrase is not None or has_form(mail, inbox.policy):
        return _triggered(mail, inbox, directory, is_old)
    return _untriggered(mail, inbox)


def _by_key(mail: Mail, known: Known) -> Placement | None:
    order = {message_id: n for n, message_id in enumerate(mail.cited)}
    cited = sorted((row for row in known.ids if row[0] in order), key=lambda row: order[row[0]])
    ours = [row for row in cited if row[2] not in ("original", "mail")]
    others = [row for row in cited if row[2] in ("original", "mail")]
    for rows, how in ((ours, BY_LETTER), (others, "the challenge or a mail of the case")):
        cases = {case for _, case, _ in rows}
        if len(cases) == 1:
            return Attach(rows[0][1], how, rows[0][2] if rows is ours else "")
        if cases:
            return Pen("it cites more than one case", tuple(str(c) for c in sorted(cases)))
    if mail.bounce is not None:
        return _bounced(mail, known)
    cases = {case for _, case in known.refs}
    if len(cases) == 1:
        return Attach(known.refs[0][1], "the ref")
    if cases:
        return Pen("it names more than one ref", tuple(ref for ref, _ in known.refs))
    return None


def _bounced(mail: Mail, known: Known) -> Placement:
    """A bounce counts only for an id that we sent; a forged one has no effect."""
    cited = set(mail.bounce.message_ids) if mail.bounce else set()
    rows = [row for row in known.ids if row[0] in cited and row[2] not in ("original", "mail")]
    if len({case for _, case, _ in rows}) == 1:
        return Attach(rows[0][1], "a bounce of our letter", rows[0][2])
    if mail.trigger.phrase is not None:
        return Pen("a bounce of nothing we sent, with a challenge in its subject")
    return Ignore("a bounce of nothing we sent")


def _triggered(mail: Mail, inbox: Inbox, directory: Directory, is_old: bool) -> Placement:
    if mail.kind is not MailKind.HUMAN or mail.is_list:
        return Pen("automatic or list mail with a challenge in its subject")
    sender = mail.sender.email if mail.sender else ""
    announces = Flag.ANNOUNCES in mail.trigger.flags and not mail.trigger.is_reply and not has_form(mail, inbox.policy)
    if announces and directory.is_known_domain(sender):  # a stranger's opens a provisional case, as everything does
        return Pen("it seems to announce a course or a document about challenges")
    if is_old:
        return Pen("already in flight: it lay in the inbox before the first reading")
    is_team = bool(sender) and (
        sender == inbox.address or (bool(inbox.team) and directory.team_of(sender, inbox.area) == inbox.team)
    )
    if mail.trigger.is_reply or is_team:
        quoted = mail.quoted_trigger
        if (
            quoted is not None
            and quoted.phrase is not None
            and mail.quoted_from
            and not quoted.is_reply
            and directory.team_of(mail.quoted_from, inbox.area) != (inbox.team or None)
        ):
            return Open((Flag.REPORTED_START,))
        why = (
            "a reply to a challenge that we have not seen"
            if mail.trigger.is_reply
            else "a challenge from the team itself"
        )
        return Pen(why)
    if mail.trigger.is_forward and _is_handed_up(mail, inbox, directory):
        return Open((Flag.REPORTED_START,))
    flags = [Flag.FORWARDED] if mail.trigger.is_forward else []
    flags += [Flag.OPENED_BY_FORM] if mail.trigger.phrase is None else []
    return Open(tuple(flags))


def has_form(mail: Mail, policy: str) -> bool:
    """Whether a completed form of that policy came with the mail: it opens a case as a subject does."""
    return any(form.is_completed and policy in form.policies for form in mail.forms)


def _is_handed_up(mail: Mail, inbox: Inbox, directory: Directory) -> bool:
    """Whether somebody of the challenged agency passes on what another agency's professional wrote to them: the
    challenge is that person's, and none of theirs."""
    if mail.sender is None or mail.quoted_trigger is None or mail.quoted_trigger.is_reply or not mail.quoted_from:
        return False
    challenged = directory.agency_of_team(inbox.team, inbox.area)
    writer = directory.agency_of(mail.quoted_from, inbox.area)
    return bool(challenged) and directory.agency_of(mail.sender.email, inbox.area) == challenged != writer != ""


def _untriggered(mail: Mail, inbox: Inbox) -> Placement:
    if is_probe(mail.subject):
        return Ignore("a probe of a door, or an answer to one")
    if mail.kind is not MailKind.HUMAN or mail.is_list:
        return Ignore("automatic mail that answers nothing of ours")
    if mail.quoted_trigger is not None and any(map(_is_mail, mail.attachments)):
        return Pen("a challenge that was handed on as an attachment")
    if mail.quoted_trigger is not None and mail.trigger.is_reply and inbox.is_bot:
        return Pen("it quotes a challenge that we have not seen")
    if any(form.is_completed for form in mail.forms):
        return Pen("a completed form of another policy")
    if inbox.is_bot:
        return Pen("written to our own mailbox and to no case")
    return Ignore("none of our business")


def _is_mail(file: Attachment) -> bool:
    return file.type == "message/rfc822" or file.name.lower().endswith(".eml")


def may_answer(mail: Mail, open_cases: Sequence[Case], directory: Directory) -> Pen | None:
    """A mail of the challenged agency to the raiser that cites nothing: a guess for a person, and never more."""
    sender = mail.sender.email if mail.sender else ""
    addressed = [a.email for a in (*mail.to, *mail.cc)]
    return _guess(
        case
        for case in open_cases
        if case.state in WAITING
        and case.responder_agency == directory.agency_of(sender, case.area) != case.raiser.agency
        and any(directory.same_person(case.raiser.email, email) for email in addressed)
    )


def may_concern(mail: Mail, open_cases: Sequence[Case], directory: Directory) -> Pen | None:
    """A mail from outside the directory to the raiser of a challenge that waits, citing nothing: a person looks at it.
    Nobody is asked about it, for nobody knows who wrote it."""
    addressed = [a.email for a in (*mail.to, *mail.cc)]
    refs = [
        case.ref
        for case in open_cases
        if case.state in WAITING and any(directory.same_person(case.raiser.email, email) for email in addressed)
    ]
    return (
        Pen("somebody outside the directory writes to the raiser of an open challenge", tuple(refs)) if refs else None
    )


def may_quote(mail: Mail, open_cases: Sequence[Case], directory: Directory) -> Pen | None:
    """A mail that cites nothing and quotes a challenge of an open case, handed on by the challenged side, or what they
    answered, passed on by the raiser: a guess for a person again. Whatever else quotes one goes its own way."""
    if mail.sender is None or mail.quoted_from is None or mail.quoted_trigger is None:
        return None
    return _guess(case for case in open_cases if case.state in WAITING and _quotes(mail, case, directory))


def _quotes(mail: Mail, case: Case, directory: Directory) -> bool:
    sender, writer = mail.sender.email if mail.sender else "", mail.quoted_from or ""
    handing_on, original = directory.agency_of(sender, case.area), mail.quoted_trigger
    if not case.responder_agency or case.responder_agency == case.raiser.agency or original is None:
        return False
    if directory.same_person(sender, case.raiser.email):
        return directory.agency_of(writer, case.area) == case.responder_agency
    is_then = mail.quoted_sent is None or abs(mail.quoted_sent - case.opened) <= _SAME_TIME
    is_its = directory.same_person(writer, case.raiser.email) and not original.is_reply and is_then
    return is_its and handing_on == case.responder_agency


def _guess(found: Iterable[Case]) -> Pen | None:
    """Each raiser is asked about their own cases, unless these are too many to be asked about."""
    cases = list(found)
    if not cases:
        return None
    own = {case.number: [c.ref for c in cases if c.raiser.email == case.raiser.email] for case in cases}
    asks = ((c.number, tuple(r for r in own[c.number] if r != c.ref)) for c in cases if len(own[c.number]) <= _MOST)
    return Pen(MAY_ANSWER, tuple(case.ref for case in cases), tuple(asks))
