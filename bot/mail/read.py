"""Raw bytes -> Mail: the rooms of this house, one after the other.

`read` is what the sandbox runs; `headers_only` is for a mail that is set aside, and is safe to run outside: it looks at
capped headers only. Neither raises for an ugly mail. What to do about a mail is not known here.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice

from bot.mail import re2, subject, trust
from bot.mail.bytes import addresses, headers, parse, unreadable
from bot.mail.bytes.headers import Headers
from bot.mail.bytes.text import unmarked
from bot.mail.cut import boilerplate, quote
from bot.mail.forms import forms
from bot.mail.forms.labels import Shape
from bot.mail.machine import absence, automatic, notices
from bot.mail.trust import Trust
from bot.mail.words import commands, meaning, promises, risk
from bot.model import Flag, Mail, MailKind, Meaning, Proof, SubjectReading

MAX_SUBJECT = 2000
_MOST_ORIGINALS = 20
MAX_HEAD = 4000
_TO = re2.compile(r"(?im)^[>\s*]*(?:to|cc)\*?\s*:\*?\s*(\S.*)$")
_ONCE = ("subject", "date", "message-id", "to", "cc", "sender", "in-reply-to", "references", "content-type")
#: Part of the header block was not read: a second From may stand there.
_UNSEEN = frozenset({"header_block_cut", "too_many_headers", "header_without_colon"})
#: A Date further from the arrival than this is a wrong clock: "by Friday" is then counted from the arrival.
_DATE_BEHIND = timedelta(days=30)
_DATE_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader must be told; picklable. `id_domain`: the domain of our own Message-IDs, "" for not known."""

    phrases: tuple[subject.Phrase, ...] = ()
    trust: Trust = field(default_factory=Trust)
    own_addresses: tuple[str, ...] = ()
    id_domain: str = ""
    shapes: tuple[Shape, ...] = ()  # the forms of the policies
    with_model: bool = True  # False: lists alone decide what a reply means


def read(raw: bytes, reading: Reading, received: datetime, *, opens_files: bool = True) -> Mail:
    """The mail in `raw`. Raises only MemoryError; a parser that fails leaves a mail that speaks by its headers.

    `opens_files`: False for a mail that ended the reader before, whose attachments are then left closed.
    """
    try:
        return _read(raw, reading, received, opens_files=opens_files)
    except MemoryError:
        raise
    except Exception as fault:  # whatever it is, the mails behind this one must flow; the defect tells
        return headers_only(raw, reading, received, f"parser_failed: {type(fault).__name__}")


def headers_only(raw: bytes, reading: Reading, received: datetime, why: str) -> Mail:
    """What the headers say of a mail whose body is not to be read, and `why` among its defects. Never fails."""
    digest = hashlib.sha256(raw).hexdigest()
    unread = Mail(digest=digest, received=received, is_readable=False, defects=(why,), size=len(raw))
    try:
        found, _, defects = headers.split(raw)
        return _addressed(found, reading, unread, (*defects, why))
    except Exception as fault:  # this is the last resort: a bare row is better than a mail that blocks the inbox
        return replace(unread, defects=(why, f"headers_failed: {type(fault).__name__}"))


def writer(raw: bytes) -> str:
    """The address that the header block of this mail gives as its single sender; "" for none. Safe to run outside."""
    sender, _ = addresses.sender(headers.split(raw)[0])
    return sender.email if sender else ""


def _read(raw: bytes, reading: Reading, received: datetime, *, opens_files: bool) -> Mail:
    parsed = parse.parse(raw, opens_files=opens_files)
    why = _why_unreadable(parsed)
    is_readable = not why
    defects = parsed.defects if is_readable else (*parsed.defects, f"unreadable: {why}")
    blank = Mail(digest=hashlib.sha256(raw).hexdigest(), received=received, is_readable=is_readable, size=len(raw))
    mail = _addressed(parsed.headers, reading, blank, defects)
    is_challenge = mail.trigger.phrase is not None
    verdict = automatic.classify(
        parsed, mail.sender, reading.own_addresses, reading.id_domain, is_challenge=is_challenge
    )
    mail = replace(
        mail,
        attachments=parsed.attachments,
        kind=verdict.kind,
        kind_why=verdict.why,
        is_recall=verdict.is_recall,
        is_machine_by_looks=verdict.by_looks,
        is_list=verdict.is_list,
        bounce=verdict.bounce,
        absence=absence.told(parsed.text, _sent(mail), mail.subject) if verdict.kind is MailKind.AUTO_REPLY else None,
        text=unmarked(parsed.text).strip(),
    )
    if not is_readable:
        return _with_words_beside(mail, parsed) if _may_be_person(mail) else mail
    mail = _with_words(mail, parsed, reading)
    if not _may_be_person(mail):
        return mail
    return _with_forms(_meant(mail, with_model=reading.with_model), parsed, reading, opens_files=opens_files)


def _may_be_person(mail: Mail) -> bool:
    return mail.kind is MailKind.HUMAN or mail.is_machine_by_looks


def _why_unreadable(parsed: parse.Parsed) -> str:
    """In words why the body cannot be read: by its parts, a locked file or what its writer added. "" where it can."""
    if parsed.why_unreadable:
        return parsed.why_unreadable
    if parsed.is_locked and promises.only_covers(_new(parsed.text)):
        return "a file under a password"
    return unreadable.told(parsed.text, _new)


def _new(text: str) -> str:
    return quote.split(text).new


def _with_forms(mail: Mail, parsed: parse.Parsed, reading: Reading, *, opens_files: bool) -> Mail:
    """The same mail with the forms in it; one that is handed on may hold them in the words handed on."""
    text = mail.text if mail.trigger.is_forward else mail.new_text
    found, unopened = forms.read(text, parsed.files if opens_files else (), reading.shapes)
    if not opens_files and parsed.files:
        unopened = ("too_slow",)
    return replace(mail, forms=found, unopened=unopened)


def _with_words(mail: Mail, parsed: parse.Parsed, reading: Reading) -> Mail:
    """The same mail with its text cut into new and quoted, and what both say."""
    pieces = _pieces(parsed, mail)
    original, quoted_trigger = _original(pieces, parsed, mail, reading)
    return replace(
        mail,
        new_text=pieces.new,
        quoted=pieces.quoted,
        answers_inline=pieces.answers_inline or pieces.is_unsure,
        is_reaction=parsed.is_reaction or notices.is_reaction(pieces.new),
        is_notice=notices.is_notice(pieces.new, mail.sender),
        is_unsure=pieces.is_unsure,
        quoted_trigger=quoted_trigger,
        quoted_from=original.quoted_from,
        quoted_sent=original.quoted_sent,
        quoted_to=_quoted_to(original),
        command=commands.command(pieces.new, _names(mail)) if _may_be_person(mail) and not pieces.is_unsure else None,
    )


def _names(mail: Mail) -> tuple[str, ...]:
    """Of its writer and of those it is written to, as the headers give them: they may stand beside a word."""
    return tuple(one.name for one in (mail.sender, *mail.to, *mail.cc) if one and one.name)


def _with_words_beside(mail: Mail, parsed: parse.Parsed) -> Mail:
    """An unreadable mail with what its writer put in clear beside what is encrypted: shown, and never an answer."""
    words, why = _new(unreadable.beside(parsed.text)), "the rest of it is encrypted"
    return replace(mail, new_text=words, meaning=Meaning.DOUBTFUL, meaning_why=why) if words else mail


def _meant(mail: Mail, *, with_model: bool) -> Mail:
    """The same mail with what it means as a reply, and whether it speaks of a risk or in confidence."""
    is_risk = risk.is_risk(mail.new_text)
    said = meaning.Reply(
        mail.new_text,
        mail.attachments,
        (mail.sender.name or mail.sender.email.partition("@")[0]) if mail.sender else "",
        is_unsure=mail.is_unsure,
        is_reaction=mail.is_reaction,
        is_notice=mail.is_notice,
        is_inline=mail.answers_inline,
        is_risk=is_risk,
    )
    try:
        found = meaning.read(said, with_model=with_model)
    except Exception as fault:  # nobody's words are taken for an answer because a list or the model failed
        found = meaning.Read(Meaning.DOUBTFUL, f"fault: {type(fault).__name__}")
    return replace(
        mail,
        meaning=found.meaning,
        meaning_why=found.why,
        promised=found.promised,
        is_risk=is_risk,
        is_confidence=risk.is_confidence(mail.new_text),
    )


def _pieces(parsed: parse.Parsed, mail: Mail) -> quote.Split:
    """The text in two: of the plain version, or of HTML where the plain one says nothing of its writer's."""
    writer = addresses.called(mail.sender)
    pieces = quote.split(parsed.text, writer, mail.subject, is_forward=mail.trigger.is_forward)
    is_stub = pieces.is_unsure and boilerplate.is_known(pieces.new.split("\n"))
    is_stub = is_stub or boilerplate.is_stub(pieces.new) or not (pieces.new or pieces.quoted)
    if not is_stub or not (shown := parsed.rich()):
        return pieces
    rich = quote.split(shown, writer, mail.subject, is_forward=mail.trigger.is_forward)
    return rich if rich.new or rich.quoted else pieces


def _originals(pieces: quote.Split, parsed: parse.Parsed) -> Iterator[quote.Split]:
    """The quotations that name an original: in the text, then the mails that were handed on as attachments."""
    if pieces.quoted_subject:
        yield pieces
    for attached in (r.text for r in parsed.reports if r.type in ("message/rfc822", parse.SAVED) and r.text):
        inner, _, _ = headers.split(attached.encode("utf-8", "replace"))
        sender, _ = addresses.sender(inner)
        yield quote.Split(
            new=pieces.new,
            quoted="\n".join(f"To: {headers.decoded(one)}" for one in (*inner.all("to"), *inner.all("cc"))),
            quoted_subject=headers.decoded(inner.get("subject"))[:MAX_SUBJECT],
            quoted_from=sender.email if sender else None,
            quoted_sent=headers.date(inner.get("date")),
        )


def _original(
    pieces: quote.Split, parsed: parse.Parsed, mail: Mail, reading: Reading
) -> tuple[quote.Split, SubjectReading | None]:
    """The first original that is a challenge, and what its subject says; else the first there is."""
    found = [(one, _quoted_trigger(one, mail, reading)) for one in islice(_originals(pieces, parsed), _MOST_ORIGINALS)]
    return next((one for one in found if one[1] is not None), found[0] if found else (pieces, None))


def _quoted_to(original: quote.Split) -> str:
    """The words behind To and Cc in the header block of the original."""
    return " ".join(found.group(1) for found in _TO.finditer(original.quoted[:MAX_HEAD]))[:MAX_SUBJECT]


def _quoted_trigger(original: quote.Split, mail: Mail, reading: Reading) -> SubjectReading | None:
    if not original.quoted_subject:
        return None
    sent = original.quoted_sent or _sent(mail)
    found = subject.read(original.quoted_subject[:MAX_SUBJECT], reading.phrases, sent)
    return found if found.phrase else None


def _addressed(found: Headers, reading: Reading, mail: Mail, defects: tuple[str, ...]) -> Mail:
    """The same mail with everything that its headers say."""
    sender, wrong = addresses.sender(found)
    to, too_many = addresses.people(found.all("to"))
    cc, too_many_cc = addresses.people(found.all("cc"))
    behalf, _ = addresses.one(found.get("sender")) if found.has("sender") else (None, ())
    title = headers.decoded(found.get("subject"))[:MAX_SUBJECT]
    given_date = found.get("date")
    date = headers.date(given_date) if given_date else None
    careless = addresses.careless(found) if sender is None else None
    if careless and (
        reading.trust.profile == "none" or trust.prove(found.seen, careless, reading.trust)[0] is Proof.PROVEN
    ):
        sender, wrong = careless, ("careless_from",)
    proof, proof_why = trust.prove(found.seen, sender, reading.trust)
    doubts = (*(one for one in wrong if one != "careless_from"), *(defect for defect in defects if defect in _UNSEEN))
    if doubts and proof is Proof.PROVEN:
        proof, proof_why = Proof.UNPROVEN, f"From is doubtful: {doubts[0]}"
    own_id = headers.ids(found.get("message-id"))
    mail = replace(
        mail,
        message_id=own_id[0] if own_id else None,
        sender=sender,
        on_behalf=behalf if behalf and (sender is None or behalf.email != sender.email) else None,
        to=to,
        cc=cc,
        subject=title,
        date=date,
        in_reply_to=headers.ids(found.get("in-reply-to")),
        references=headers.ids(found.get("references")),
        thread_index=found.get("thread-index").strip()[:MAX_SUBJECT],
        proof=proof,
        proof_why=proof_why,
        defects=_defects(found, (*defects, *wrong, *too_many, *too_many_cc), own_id, date),
    )
    return replace(mail, trigger=subject.read(title, reading.phrases, _sent(mail)))


def _defects(found: Headers, known: tuple[str, ...], own_id: tuple[str, ...], date: datetime | None) -> tuple[str, ...]:
    counts = Counter(name for name, _ in found.fields)
    more = [f"repeated_{name}" for name in _ONCE if counts[name] > 1]
    if not own_id:
        more.append("no_message_id")
    if date is None:
        more.append("bad_date" if counts["date"] else "no_date")
    if headers.hides(found.get("subject")):
        more.append(Flag.HIDDEN_CHARACTERS.value)
    return tuple(dict.fromkeys((*known, *more)))


def _sent(mail: Mail) -> datetime:
    """When it was written, as far as its Date can be believed."""
    if mail.date and mail.received - _DATE_BEHIND <= mail.date <= mail.received + _DATE_AHEAD:
        return mail.date
    return mail.received
