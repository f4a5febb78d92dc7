"""Non-delivery reports: whom a letter of ours did not reach, for good or for now, and which letter it was.

RFC 3464 reports first; then what mail systems without it write in words. Why, is said in words for people; the server's
own diagnostic stays with the operator. A report that a mail *was* delivered is a receipt. It knows no outbox: it hands
over the ids that the report cites.
"""

from email.message import Message

from flufl.bounce import all_failures

from bot.mail import re2
from bot.mail.bytes.addresses import addresses_in
from bot.mail.bytes.headers import Headers, decoded, ids
from bot.mail.bytes.parse import Parsed, Report
from bot.mail.patterns.topics import topic
from bot.model import Address, Bounce, MailKind

_FIELD = re2.compile(
    r"(?im)^(final-recipient|original-recipient|action|status|diagnostic-code)[ \t]*:[ \t]*((?:.*(?:\r?\n[ \t]+.*)*))$"
)
#: Class, subject (RFC 3463 has 0 to 7) and detail: no version of a mail program, no part of an IP address.
_STATUS = re2.compile(r"(?:^|[^\d.])([245]\.[0-7]\.\d{1,3})(?:$|[^\d.]|\.(?:$|\D))")
_CODE = re2.compile(r"\b([45])\d\d[ -]")
_ID_LINE = re2.compile(r"(?im)^(?:original-)?message-id:[ \t]*(?:\r?\n[ \t]+)?(<[^<>\s]+>)")
#: The returned mail's headers in the text.
_BLOCK = re2.compile(r"(?im)^[>\s]*(?:received|return-path|x-mailer|mime-version):[ \t]*\S")
_REFUSAL = "message/disposition-notification"
_MAX_WORDS = 400
_MAX_TEXT = 20_000

_LISTS = topic("bounce")
_DAEMON, NOBODY, _SYSTEMS = _LISTS.pattern("daemon"), _LISTS.pattern("nobody"), _LISTS.words("systems")
_SUBJECT, _FAILED = _LISTS.pattern("subject"), _LISTS.pattern("failed")
_CAME_BACK, _LATER = _LISTS.pattern("came_back"), _LISTS.pattern("later")
_BY_STATUS, _BY_WORDS = _LISTS.rows("by_status"), _LISTS.rows("by_words")
_WHY_WITHIN = 4000


def report(mail: Parsed, sender: Address | None, id_domain: str) -> tuple[MailKind, str, Bounce | None] | None:
    """What an RFC 3464 report says; None where the mail holds none."""
    status = next(
        (r for r in mail.reports if r.type in ("message/delivery-status", "message/global-delivery-status")), None
    )
    declared = "report-type=delivery-status" in mail.headers.get("content-type").lower().replace('"', "").replace(
        " ", ""
    )
    if status is None and not declared:
        return None
    groups = _recipients(status.text if status else mail.text[:_MAX_TEXT])
    actions = {group.get("action", "").strip().lower().split(" ")[0] for group in groups} - {""}
    if actions and actions <= {"delivered", "relayed", "expanded"}:
        return MailKind.RECEIPT, "delivery report: delivered (RFC 3464)", None
    failed = next((group for group in groups if group.get("action", "").strip().lower().startswith("failed")), None)
    named = next((group for group in groups if "final-recipient" in group or "original-recipient" in group), {})
    group = failed or named or (groups[0] if groups else {})
    if named and not group.keys() & {"final-recipient", "original-recipient"}:
        group = {**named, **group}  # some systems tell the action in the block of the whole mail
    found = _bounce(group, mail, id_domain)
    is_doubtful = not found.is_hard or found.status.startswith("4")
    if is_doubtful and sender is not None and NOBODY.match(sender.email):
        return MailKind.OTHER_AUTOMATED, "a gateway that wants something of the sender, no mail system", None
    return MailKind.BOUNCE, "delivery status notification (RFC 3464)", found


def is_refusal(mail: Parsed, sender: Address | None) -> bool:
    """A mail system that refuses in the form of a disposition notification (RFC 5429), as Dovecot and Sieve do."""
    if "(rejected)" in mail.headers.get("auto-submitted").lower():
        return True
    from_system = bool(sender and _is_daemon(sender.email)) or _is_system(mail.headers.get("from"))
    return from_system and bool(_FAILED.search(mail.text[:_MAX_TEXT]))


def _recipients(text: str) -> list[dict[str, str]]:
    """The per-recipient fields: one dictionary for each Final- or Original-Recipient group."""
    groups: list[dict[str, str]] = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        fields = {m.group(1).lower(): " ".join(m.group(2).split()) for m in _FIELD.finditer(block)}
        if fields:
            groups.append(fields)
    return groups


def _bounce(group: dict[str, str], mail: Parsed, id_domain: str) -> Bounce:
    recipient = next(iter(_named_in(group)), None)
    words = group.get("diagnostic-code", "")
    status = _first_status(group.get("status", "")) or _first_status(words)
    status = status or ("" if group else _first_status(mail.text[:_MAX_TEXT]))
    action = group.get("action", "").lower()
    # "failed" means that nobody tries any more (RFC 3464, 2.3.3), also where the last answer was a 4xx.
    is_hard = not action.startswith("delayed") and (action.startswith("failed") or not status.startswith("4"))
    why = reason(status, words or mail.text, is_hard)
    return Bounce(recipient or _in_words(mail), status, is_hard, cited(mail, id_domain), words[:_MAX_WORDS], why)


def _named_in(group: dict[str, str]) -> tuple[str, ...]:
    keys = ("final-recipient", "original-recipient")
    return tuple(a for key in keys for a in addresses_in(group.get(key, "").rpartition(";")[2]))


def without_report(
    mail: Parsed, sender: Address | None, id_domain: str, is_sure: bool = False, is_machine: bool = False
) -> Bounce | None:
    """A bounce told in words only: from a mail system, and saying that it failed. `is_sure`: its subject said so."""
    headers = mail.headers
    from_system = (
        bool(sender and _is_daemon(sender.email))
        or _is_system(headers.get("from"))
        or headers.get("return-path").strip() == "<>"
    )
    names_failed = headers.has("x-failed-recipients")
    title = decoded(headers.get("subject"))
    text = mail.text[:_MAX_TEXT]
    says_so = bool(_SUBJECT.match(title)) or bool(_FAILED.search(text))
    if not (is_sure or names_failed or (from_system and says_so)) and not (from_system or is_machine):
        return None
    temporary, permanent = failures(headers, text)
    if not (is_sure or names_failed or (from_system and says_so) or temporary or permanent):
        return None
    status = _first_status(text)
    code = _CODE.search(text)
    status = status or (f"{code.group(1)}.0.0" if code else "")
    says_later = bool(_LATER.search(title) or _LATER.search(text)) or bool(temporary and not permanent)
    later = says_later or (status.startswith("4") and not _CAME_BACK.search(title))
    refused = (a for r in mail.reports if r.type == _REFUSAL for g in _recipients(r.text) for a in _named_in(g))
    named = (*addresses_in(headers.get("x-failed-recipients")), *refused, *permanent, *temporary)
    why = reason(status, text, not later)
    return Bounce(named[0] if named else _in_words(mail), status, not later, cited(mail, id_domain), "", why)


def is_layout(mail: Parsed) -> bool:
    """Whether a mail that tells in words of a failure has a mail server's form: what came back or its headers, a form
    that detectors know, a code beside an address, or a header that names who failed."""
    text = mail.text[:_MAX_TEXT]
    returned = _returned(tuple(r for r in mail.reports if not r.is_attachment))
    if mail.headers.has("x-failed-recipients") or returned or _ID_LINE.search(text):
        return True
    temporary, permanent = failures(mail.headers, text)
    if temporary or permanent:
        return True
    return bool((_first_status(text) or _CODE.search(text)) and addresses_in(text)) or bool(_BLOCK.search(text))


def _is_daemon(email: str) -> bool:
    return email == "<>" or bool(_DAEMON.match(email))


def _is_system(value: str) -> bool:
    lowered = value.lower()
    return any(name in lowered for name in _SYSTEMS)


def _first_status(text: str) -> str:
    match = _STATUS.search(text)
    return str(match.group(1)) if match else ""


def _in_words(mail: Parsed) -> str | None:
    """The first address in the text that is neither the mail's own sender nor recipient."""
    own = set(addresses_in(" ".join((mail.headers.get("from"), mail.headers.get("to")))))
    return next((a for a in addresses_in(mail.text[:_MAX_TEXT]) if a not in own and not _is_daemon(a)), None)


def cited(mail: Parsed, id_domain: str) -> tuple[str, ...]:
    """Message ids of ours that the report cites: in the returned headers, in its own references, in its text."""
    found = [*ids(mail.headers.get("in-reply-to")), *ids(mail.headers.get("references"))]
    for returned in _returned(mail.reports):
        found += [i for m in _ID_LINE.finditer(returned) for i in ids(m.group(1))]
    found += [i for m in _ID_LINE.finditer(mail.text[: 4 * _MAX_TEXT]) for i in ids(m.group(1))]
    domain = f"@{id_domain.lower()}"
    ours = (i for i in found if not id_domain or i.lower().endswith(domain))
    return tuple(dict.fromkeys(ours))


def _returned(reports: tuple[Report, ...]) -> list[str]:
    return [
        r.text
        for r in reports
        if r.type in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", _REFUSAL)
    ]


def reason(status: str, words: str, is_hard: bool) -> str:
    """Why a letter did not arrive, for a reader who has never seen a mail server, from the enhanced status code
    (RFC 3463) or else from what servers usually write: half a sentence that follows "could not be delivered: ". For a
    delay it says that it is still being tried. It names no address and no host."""
    why = _of_words(words) if _says_little(status) else ""
    why = why or _of_status(status) or _of_words(words) or "no reason that we can read was given"
    return why if is_hard else f"{why}; their mail system is still trying"


def _says_little(status: str) -> bool:
    """Detail 0 of any subject is "other" (RFC 3463, 3), and 7.1 is written for every refusal: the words know more."""
    return status.endswith(".0") or status.partition(".")[2] == "7.1"


def _of_status(status: str) -> str:
    detail = status.partition(".")[2]
    if detail in ("", "0.0"):
        return ""
    return next((why for pattern, why in _BY_STATUS if pattern.search(detail)), "")


def _of_words(words: str) -> str:
    return next((why for pattern, why in _BY_WORDS if pattern.search(words[:_WHY_WITHIN])), "")


# flufl.bounce, asked for what mail systems write that follow no standard. Its detectors search for the forms of
# single programs, with patterns that are not linear: it is given a small copy of the mail, never the mail itself, and
# runs in the reading process with its limits. Whatever it raises counts as "found nothing". It does not decide alone:
# it is asked only about mail that no person seems to have written.

_WITHIN = 20_000
_MAX_LINE = 1000
_NEEDED = ("subject", "x-failed-recipients", "x-mailer")


def failures(headers: Headers, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Recipients that failed for now, and for good, as far as a detector recognises the form."""
    try:
        temporary, permanent = all_failures(_copy(headers, text))
    except Exception:  # a detector that stumbles over a stranger's mail has recognised nothing
        return (), ()
    return _addresses(temporary), _addresses(permanent)


def _copy(headers: Headers, text: str) -> Message:
    """Subject, sender and words, without leading blank lines and in ASCII: raw 8-bit letters make detectors raise."""
    words = Message()
    words["Content-Type"] = "text/plain"
    words.set_payload("\n".join(line[:_MAX_LINE] for line in _ascii(text[:_WITHIN]).lstrip("\n").split("\n")))
    copied = words
    if headers.get("content-type").lower().lstrip().startswith("multipart/"):
        copied = Message()
        copied["Content-Type"] = "multipart/mixed; boundary=q"
        copied.set_payload([words])
    copied["From"] = " ".join(_ascii(headers.get("from"))[:_MAX_LINE].split())
    for name in _NEEDED:
        if headers.has(name):
            copied[name] = " ".join(_ascii(headers.get(name))[:_MAX_LINE].split())
    return copied


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode("ascii")


def _addresses(found: object) -> tuple[str, ...]:
    """The detectors give bytes; only whole addresses are believed."""
    items = found if isinstance(found, (set, frozenset)) else ()
    words = " ".join(sorted(item.decode("ascii", "replace") for item in items if isinstance(item, bytes)))
    return addresses_in(words.replace(" ", ", "))
