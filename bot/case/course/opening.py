"""A mail opens a case: who raises, who is challenged, how long there is, and what is asked back.

Missing data never blocks the clock (R10): it makes a flag and one question, which rides in the acknowledgement.
An unproven or unknown sender opens a provisional case: fail towards the child, tell no more people than needed.
"""

from datetime import datetime, timedelta

from bot.case.course import entry, subclocks
from bot.case.course.clock import begin, longest_tier, own_window, set_by_subject, shortest_tier, stage_due
from bot.case.course.entry import entry_stage, note_held_before, pass_over
from bot.case.course.stages import copied
from bot.case.making import forms, incident
from bot.case.making.draft import Draft
from bot.case.making.notices import file_stage, notify
from bot.mail.words.child_status import signs
from bot.model import (
    Address,
    AlarmKind,
    Case,
    Contact,
    EventKind,
    Flag,
    Hold,
    Mail,
    Opening,
    Proof,
    Question,
    QuestionKind,
    Side,
    State,
    Unit,
    Unproven,
    Window,
)
from bot.model.letters import Acknowledgement, Notice
from bot.model.letters.parts import FormRow
from bot.rules import workdays
from bot.rules.book import Rules
from bot.rules.directory import Directory

#: Flags of a subject that is nearly, or otherwise, a policy's own phrase.
_UNCERTAIN = {"alias": Flag.SUBJECT_ALIAS, "misspelt": Flag.SUBJECT_MISSPELT}
#: An original quoted as older than this is counted from the mail that quotes it.
REPORTED_WITHIN = timedelta(days=14)
#: Characters of a Thread-Index that began a conversation: 22 octets. Of a longer one two challenges may be a part.
BEGINNING = 32


def open_case(opening: Opening, rules: Rules, now: datetime) -> Draft:
    """The case as it opens, with its acknowledgement and notice."""
    mail = opening.mail
    started = opening.day_zero or (_reported(mail) if Flag.REPORTED_START in opening.flags else day_zero(mail))
    raiser = raiser_of(mail, rules, mail.quoted_from if Flag.REPORTED_START in opening.flags else None)
    d = Draft(_bare(opening, raiser, started, rules), rules, now, mail.digest)
    team, flags = team_of(opening, rules)
    inbox = opening.inbox.address if not opening.inbox.is_bot else _inbox_of(team, rules)
    agency = agency_of_team(team, opening.inbox.area, rules) or _addressed_agency(mail, raiser, rules)
    d.assign(team, agency, inbox)
    d.event(EventKind.OPENED, by=raiser.email)
    if Flag.BROUGHT_IN in opening.flags and mail.sender is not None:
        d.event(EventKind.BROUGHT_IN, by=mail.sender.email)
    d.flag(*opening.flags, *flags, *mail_flags(mail))
    set_by_subject(d, mail.subject)
    incident.copied_at_opening(d, mail)
    doubts = forms.taken_in(d, mail, raiser)
    note_held_before(d, opening)
    pass_over(d, opening)
    if raiser.agency and raiser.agency == d.case.responder_agency:
        d.flag(Flag.INTRA_AGENCY)
    responders, copies = addressed(d, mail)
    d.serve(responders)
    d.joined(Side.RAISING, raiser)
    d.joined(Side.RESPONDING, *responders)
    _start(d, mail, started)
    is_dated_back = started == mail.date != mail.received  # a Date may be of the evening before, or wrong
    if Flag.BROUGHT_IN in opening.flags or is_dated_back:
        entry.not_too_soon(d, mail.received)
    elif Flag.REPORTED_START in opening.flags and d.case.due is not None and d.case.due <= mail.received:
        d.count_from(mail.received)  # no lapse out of hand: an answer may lie elsewhere
        _start(d, mail, mail.received)
    first = notify(d, d.stage, "enter")
    _tell(d, opening, copies, first, doubts)
    file_stage(d)
    return d


def _bare(opening: Opening, raiser: Contact, started: datetime, rules: Rules) -> Case:
    mail, policy = opening.mail, rules.policy
    stranger = not raiser.agency or mail.proof is Proof.FAILED  # a failed proof is worse than none
    wrote_it = mail.sender is not None and rules.directory.same_person(mail.sender.email, raiser.email)
    proven = mail.proof is Proof.PROVEN and wrote_it
    stage = entry_stage(opening, rules).id
    return Case(
        number=opening.number,
        ref=opening.ref,
        policy=policy.id,
        policy_version=policy.version,
        area=opening.inbox.area,
        state=State.AWAITING_RESPONSE if proven and not stranger else State.PROVISIONAL,
        stage=stage,
        opened=started,
        raiser=raiser,
        unproven=_unproven(proven=proven, stranger=stranger),
        opening_mail=mail.digest,
        opening_id=mail.message_id or "",
        opening_thread=mail.thread_index if len(mail.thread_index) == BEGINNING else "",
        phrase=policy.fixed_words or policy.intake.subjects[0],
        mails=(mail.digest,),
    )


def _unproven(*, proven: bool, stranger: bool) -> Unproven:
    if stranger:
        return Unproven.STRANGER
    return Unproven.NO if proven else Unproven.KNOWN


def day_zero(mail: Mail) -> datetime:
    """The earlier of receipt and the Date header, if that is not later and less than a day before."""
    sent = mail.date
    if sent is not None and timedelta() <= mail.received - sent < timedelta(days=1):
        return sent
    return mail.received


def _reported(mail: Mail) -> datetime:
    """When the quoted original was sent, unless what the quotation says of it cannot be."""
    sent = mail.quoted_sent
    return sent if sent is not None and timedelta() <= mail.received - sent < REPORTED_WITHIN else mail.received


def raiser_of(mail: Mail, rules: Rules, quoted: str | None = None) -> Contact:
    """The single From, or who wrote the quoted original; their agency by exact address, alias, then domain."""
    sender = Address(quoted.lower()) if quoted else mail.sender
    if sender is None:
        return Contact("")
    email = sender.email
    known = rules.directory.person(email)
    if known is not None and known.agency:
        return Contact(email, known.name or sender.name, known.role, known.agency, known.team, known.phone,
                       known.deputy, known.is_secure, known.sector)  # fmt: skip
    return Contact(email, sender.name, agency=rules.directory.agency_of(email))


def team_of(opening: Opening, rules: Rules) -> tuple[str, tuple[Flag, ...]]:
    """The mailbox's team, else the one whose address stands in To or Cc; none or two: unknown, and the raiser asked."""
    if opening.inbox.team:
        return opening.inbox.team, ()
    area = opening.inbox.area
    emails = [a.email for a in (*opening.mail.to, *opening.mail.cc)]
    teams = {team for e in emails if (team := rules.directory.team_of(e, area))}
    if len(teams) == 1:
        return teams.pop(), ()
    holds_role = any(rules.directory.holders(r, area) for r in rules.policy.first.responding_role)
    return "", () if holds_role and not teams else (Flag.TEAM_UNKNOWN,)


def agency_of_team(team: str, area: str, rules: Rules) -> str:
    return next((r.agency for r in rules.directory.rows if team and r.team == team and r.area == area), "")


def _addressed_agency(mail: Mail, raiser: Contact, rules: Rules) -> str:
    agencies = [rules.directory.agency_of(a.email) for a in (*mail.to, *mail.cc)]
    return next((a for a in agencies if a and a != raiser.agency), next((a for a in agencies if a), ""))


def _inbox_of(team: str, rules: Rules) -> str:
    return next((address for name, address in rules.inboxes if name == team and team), "")


def addressed(d: Draft, mail: Mail) -> tuple[tuple[Contact, ...], tuple[Contact, ...]]:
    """Responders: addressees who hold the stage's responding role in the watched team (deputies too), else the
    directory's contact. Other addressees of that agency get a copy of the notice only; anybody else gets nothing."""
    case, directory = d.case, d.rules.directory
    held = d.cast.acting(d.stage, Side.RESPONDING)
    everybody = [a for a in (*mail.to, *mail.cc) if a.email != case.raiser.email]
    if not case.team:  # the addressees say whose it is, whichever team they hold the role in
        roles = [c for a in everybody for c in directory.roles_of(a.email, case.area)]
        held = tuple(c for c in roles if c.role in d.stage.responding_role) or held
    chosen = [c for a in everybody if (c := _holder(a, held, directory)) is not None]
    responders = tuple({c.email: c for c in chosen}.values()) or held or d.unit
    taken = {*(c.email for c in responders), *(a.email for a in everybody if _holder(a, held, directory))}
    taken |= {case.inbox, d.rules.bot.email}
    copies = tuple(
        Contact(a.email, a.name, agency=case.responder_agency)
        for a in everybody
        if a.email not in taken and case.responder_agency and directory.agency_of(a.email) == case.responder_agency
    )
    if not held:
        d.flag(Flag.NO_CONTACT)
    return responders, copies


def _holder(address: Address, held: tuple[Contact, ...], directory: Directory) -> Contact | None:
    for contact in held:
        if directory.same_person(address.email, contact.email):
            return contact
        if contact.deputy and address.email == contact.deputy:
            return Contact(address.email, address.name, contact.role, contact.agency, contact.team, contact.phone,
                           "", contact.is_secure, contact.sector)  # fmt: skip
    return None


def mail_flags(mail: Mail) -> tuple[Flag, ...]:
    """What was doubtful about the mail and its subject."""
    flags: list[Flag] = [f for f in mail.trigger.flags if f is not Flag.WINDOW_ASSUMED]
    if mail.trigger.certainty in _UNCERTAIN:
        flags.append(_UNCERTAIN[mail.trigger.certainty])
    if not mail.is_readable:
        flags.append(Flag.UNREADABLE)
    if Flag.HIDDEN_CHARACTERS in mail.defects:
        flags.append(Flag.HIDDEN_CHARACTERS)
    if not mail.message_id:
        flags.append(Flag.NO_MESSAGE_ID)
    return (*flags, *signs(f"{mail.subject}\n{mail.text}"))


def _start(d: Draft, mail: Mail, started: datetime) -> None:
    """The first clock counts from receipt: the manager has the challenge itself."""
    asked, by, stage = mail.trigger.window, mail.trigger.by, d.stage
    entry.day_heard(d, mail)
    if asked is not None and (meant := d.rules.policy.as_meant(asked)) != asked:
        d.unflag(Flag.NONSTANDARD_WINDOW)  # the policy has its own words for it
        asked = meant
    if asked is None and by is None and stage.respond_within == "requested":
        asked = d.rules.policy.intake.tier_when_missing or shortest_tier(d, started)
        d.flag(Flag.WINDOW_ASSUMED)
    if by is not None and by <= started:
        by, asked = None, shortest_tier(d, started)
        d.flag(Flag.TIME_IN_THE_PAST)
    own = own_window(d, stage, started) or longest_tier(d, started)
    window = _shorter(asked, own, started, d) if asked else own
    d.first_run(window, started, by)
    due = stage_due(d, stage, started, window, by)
    quick = workdays.due(shortest_tier(d, started), started, d.rules.calendar).at
    d.need(urgent=window.unit is Unit.HOURS or (by is not None and due.at <= quick))
    begin(d, started)


def _shorter(asked: Window, own: Window, started: datetime, d: Draft) -> Window:
    cal = d.rules.calendar
    return asked if workdays.due(asked, started, cal).at <= workdays.due(own, started, cal).at else own


def _tell(
    d: Draft, opening: Opening, copies: tuple[Contact, ...], first: tuple[str, ...], doubts: tuple[FormRow, ...]
) -> None:
    """Acknowledgement to the raiser, notice to the responders; a stranger's goes to team inbox and unit only."""
    case, mail = d.case, opening.mail
    same_as = "" if case.has(Flag.REPORTED_START) else opening.same_as  # who reports it is not who is asked
    if d.is_stranger:
        is_answered = mail.proof is not Proof.FAILED and not mail.is_list and not case.has(Flag.REPORTED_START)
        if case.raiser.email and is_answered:  # a forged address is not written to
            d.write(Acknowledgement.Stranger(), [case.raiser], mail=mail, to_stranger=True)
        d.write(Notice.Provisional(original=d.original()), (*d.inbox, *d.unit), mail=mail)
        return
    asks = entry.note(d, mail)
    cc = [d.manager] if d.manager else []
    raising, responding = forms.ask(d, Side.RAISING), forms.ask(d, Side.RESPONDING)
    told = entry.receipt(d, mail, asks, (*raising.rows, *doubts), same_as)
    receipt = d.write(told, [case.raiser], cc, mail=mail, human=d.first_responder, attach=raising.attach)
    if receipt and case.unproven:
        d.ask(Question(receipt.key, QuestionKind.PROVISIONAL, case.raiser.email))
    if receipt and same_as:
        d.ask(Question(receipt.key, QuestionKind.SAME, case.raiser.email, other=same_as))
    notice = Notice.Opened(
        original=d.original(),
        ask_commitment=case.urgent,
        asks=tuple(code for code in asks if code == "child_status"),
        forms=responding.rows,
    )
    to, cc = d.responders, [*d.inbox, *copies, *copied(d)]
    d.write(notice, to, cc, mail=mail, attach=responding.attach, after=first)


def notice_of(d: Draft) -> Notice.Opened:
    """The notice of a challenge that runs already, for whom it is new to."""
    return Notice.Opened(original=d.original(), ask_commitment=d.case.urgent, asks=())


def confirmed(d: Draft, by: str) -> None:
    """YES, or a second proven mail: a provisional case becomes an ordinary one."""
    was_stranger = d.is_stranger
    d.confirm()
    d.event(EventKind.CONFIRMED, by=by)
    d.frees += (Hold.STRANGERS,)
    if was_stranger:
        d.quiet(AlarmKind.TELLING)
        run = d.case.run
        if run is None or run.due is None or run.due <= d.now or run.ended is not None:
            d.run_again()
            begin(d, d.now)
        else:
            subclocks.start(d, "enter")
        notify(d, d.stage, "enter")
        d.write(notice_of(d), d.responders, d.inbox)
