"""Mail + candidate keys -> which case, how sure, and why; or a new case, the holding pen, or none of our business.

Strongest first: our own Message-ID, the original mail's Message-ID, the ref. The policy makes subjects identical, so
subject, topic and conversation ids never suffice: a wrong merge shows one family's data to another's workers. The keys
attach a mail; they never give it authority, and no ref swallows a challenge: a second case is the cheaper error. It
asks no database: candidates are handed in.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from bot.mail.subject import is_probe
from bot.model import Address, Attachment, Case, Flag, How, IdKind, Inbox, Mail, MailKind, Proof
from bot.rules.directory import Directory

#: How far what a quotation says of its time may lie from the opening: a mail program's zone may be another.
_SAME_TIME = timedelta(hours=1, minutes=10)
#: What an id is that is no letter's.
_OF_MAILS = (IdKind.ORIGINAL, IdKind.MAIL)


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of the ids and refs a mail cites: `ids` (message id, case, what), `refs` (ref, case).

    `what` is an IdKind, or the key of a letter of ours. `is_own`: the mail itself bears an id of ours.
    `below`: refs that stand only in a signature or quotation; `named`: the cases that all these lead to.
    """

    ids: tuple[tuple[str, int, str], ...] = ()
    refs: tuple[tuple[str, int], ...] = ()
    is_own: bool = False
    below: tuple[tuple[str, int], ...] = ()
    named: tuple[Case, ...] = ()


@dataclass(frozen=True, slots=True)
class Attach:
    """It belongs to this case. `letter`: the key of our letter it answers, "" for none."""

    case: int
    how: str
    letter: str = ""


@dataclass(frozen=True, slots=True)
class Open:
    """It opens a case. `same_as`: the ref of the open one that it may be written of again, "" for none."""

    flags: tuple[Flag, ...] = ()
    same_as: str = ""


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
    """The same mail, as a person's where only looks speak of a machine and the directory lists its proven sender; of
    one that nothing proves only the names that the directory holds."""
    mail = mail if mail.proof is Proof.PROVEN else _unnamed(mail, directory)
    is_known = (
        mail.sender is not None and mail.proof is Proof.PROVEN and directory.person(mail.sender.email) is not None
    )
    if not (mail.is_machine_by_looks and is_known):
        return mail
    return replace(mail, kind=MailKind.HUMAN, kind_why="", is_machine_by_looks=False, bounce=None, absence=None)


def _unnamed(mail: Mail, directory: Directory) -> Mail:
    """A name is text of whoever sent the mail, and letters print it."""

    def held(one: Address) -> Address:
        known = directory.person(one.email)
        return Address(one.email, known.name if known else "")

    return replace(
        mail,
        sender=held(mail.sender) if mail.sender else None,
        on_behalf=held(mail.on_behalf) if mail.on_behalf else None,
        to=tuple(map(held, mail.to)),
        cc=tuple(map(held, mail.cc)),
    )


def place(mail: Mail, inbox: Inbox, known: Known, directory: Directory, is_old: bool = False) -> Placement:
    """Where the mail goes. `is_old`: it lay in the inbox long before we first looked, and can open nothing."""
    if known.is_own:
        return Ignore("our own letter")
    if any("withheld: " in defect for defect in mail.defects):
        return Pen("the mail server could not hand over the mail that this one stands for: look in the mailbox")
    found = None if _is_new(mail, inbox, known, directory) else _by_key(mail, known, directory)
    if found is not None:
        return found
    if mail.trigger.phrase is not None or has_form(mail, inbox.policy):
        return _triggered(mail, inbox, directory, is_old)
    return _untriggered(mail, inbox)


def _is_new(mail: Mail, inbox: Inbox, known: Known, directory: Directory) -> bool:
    """Whether a person challenges: a trigger subject that is no reply, whatever ref stands in it. What the challenged
    team itself writes, or what passes a mail of the case on, is none."""
    said = mail.trigger
    if said.phrase is None or said.is_reply or Flag.ANNOUNCES in said.flags:
        return False
    if mail.kind is not MailKind.HUMAN or mail.is_list or _is_team(mail, inbox, directory):
        return False
    cited = {case for message_id, case, what in known.ids if message_id in mail.cited and what not in _OF_MAILS}
    return not cited and not any(_belongs(mail, case, known, directory) for case in known.named)


def _belongs(mail: Mail, case: Case, known: Known, directory: Directory) -> bool:
    """Whether a mail with a trigger subject is of that case all the same: the challenged side cites a mail of it, or
    somebody of it passes on the challenge itself, or what answers it."""
    sender = mail.sender.email if mail.sender else ""
    is_cited = any(number == case.number for message_id, number, _ in known.ids if message_id in mail.cited)
    if is_cited and directory.agency_of(sender, case.area) == case.responder_agency != "":
        return True
    quoted = mail.quoted_trigger
    if not mail.trigger.is_forward or quoted is None or not is_of(case, sender, directory):
        return False
    is_answer = directory.agency_of(mail.quoted_from or "", case.area) == case.responder_agency != ""
    return quoted.is_reply or is_answer or is_original(mail, case, directory)


def is_party(case: Case, email: str, directory: Directory) -> bool:
    """Whether the address, or its agency, is of either side of the case."""
    if not email:
        return False
    if directory.agency_of(email, case.area) in {case.raiser.agency, case.responder_agency} - {""}:
        return True
    people = (case.raiser, *(who for _, _, who in case.people), *(one.contact for one in case.served))
    return email == case.inbox or any(directory.same_person(who.email, email) for who in people)


def is_of(case: Case, email: str, directory: Directory) -> bool:
    """Whether the address is a party's or the partnership's: a ref that stands below their words is no accident."""
    return is_party(case, email, directory) or any(not c.agency for c in directory.roles_of(email, case.area))


def _by_key(mail: Mail, known: Known, directory: Directory) -> Placement | None:
    order = {message_id: n for n, message_id in enumerate(mail.cited)}
    cited = sorted((row for row in known.ids if row[0] in order), key=lambda row: order[row[0]])
    ours = [row for row in cited if row[2] not in _OF_MAILS]
    others = [row for row in cited if row[2] in _OF_MAILS]
    for rows, how in ((ours, How.LETTER), (others, How.MAIL)):
        cases = {case for _, case, _ in rows}
        if len(cases) == 1:
            return Attach(rows[0][1], how, rows[0][2] if rows is ours else "")
        if cases:
            return Pen("it cites more than one case", tuple(str(c) for c in sorted(cases)))
    if mail.bounce is not None:
        return _bounced(mail, known)
    return _by_ref(mail, known, directory)


def _by_ref(mail: Mail, known: Known, directory: Directory) -> Placement | None:
    """What a person wrote leads to the case; what stands below it only where they are of the case."""
    sender = mail.sender.email if mail.sender else ""
    own = {case.number for case in known.named if is_of(case, sender, directory)}
    refs = known.refs or tuple(row for row in known.below if row[1] in own)
    cases = {case for _, case in refs}
    if len(cases) == 1:
        return Attach(refs[0][1], How.REF)
    if cases:
        return Pen("it names more than one ref", tuple(ref for ref, _ in refs))
    if known.below and mail.kind is MailKind.HUMAN and not mail.is_list and mail.trigger.phrase is None:
        return Pen("a ref stands below the words of somebody who is no party of that case")
    return None


def _bounced(mail: Mail, known: Known) -> Placement:
    """A bounce counts only for an id that we sent; a forged one has no effect."""
    cited = set(mail.bounce.message_ids) if mail.bounce else set()
    rows = [row for row in known.ids if row[0] in cited and row[2] not in _OF_MAILS]
    if len({case for _, case, _ in rows}) == 1:
        return Attach(rows[0][1], How.BOUNCE, rows[0][2])
    if mail.trigger.phrase is not None:
        return Pen("a bounce of nothing we sent, with a challenge in its subject")
    return Ignore("a bounce of nothing we sent")


def _triggered(mail: Mail, inbox: Inbox, directory: Directory, is_old: bool) -> Placement:
    if mail.kind is not MailKind.HUMAN or mail.is_list:
        return Pen("automatic or list mail with a challenge in its subject")
    sender = mail.sender.email if mail.sender else ""
    is_team = _is_team(mail, inbox, directory)
    announces = Flag.ANNOUNCES in mail.trigger.flags and not mail.trigger.is_reply and not has_form(mail, inbox.policy)
    if announces and directory.is_known_domain(sender):  # a stranger's opens a provisional case, as everything does
        return Pen("it seems to announce a course or a document about challenges")
    if is_old:
        return Pen("already in flight: it lay in the inbox before the first reading")
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


def _is_team(mail: Mail, inbox: Inbox, directory: Directory) -> bool:
    """Whether the challenged team itself writes."""
    sender = mail.sender.email if mail.sender else ""
    is_listed = bool(inbox.team) and directory.team_of(sender, inbox.area) == inbox.team
    return bool(sender) and (sender == inbox.address or is_listed)


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


def is_original(mail: Mail, case: Case, directory: Directory) -> bool:
    """Whether what it quotes is the challenge that opened the case."""
    quoted = mail.quoted_trigger
    is_then = mail.quoted_sent is None or abs(mail.quoted_sent - case.opened) <= _SAME_TIME
    is_its = directory.same_person(mail.quoted_from or "", case.raiser.email)
    return quoted is not None and not quoted.is_reply and is_its and is_then
