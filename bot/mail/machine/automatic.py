"""Who or what wrote a mail: a person, or a machine in a person's name.

It reads the standard headers (RFC 3834, 8098, list headers) and Exchange's own, then the signs of single programs
(marks.py), newsletters and portals (robots.py); bounces are read in bounce.py.
X-Auto-Response-Suppress asks others for silence and identifies nobody. It knows no case, and never says that a robot
answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import re2

from bot.mail import subject
from bot.mail.bytes.headers import Headers, decoded, ids
from bot.mail.bytes.parse import Parsed
from bot.mail.cut import quote
from bot.mail.machine import away, bounce, marks, robots
from bot.model import Address, Bounce, MailKind

_METHODS = frozenset({"REQUEST", "REPLY", "CANCEL", "COUNTER", "DECLINECOUNTER", "REFRESH", "ADD"})
_METHOD_LINE = re2.compile(r"(?im)^METHOD:\s*([A-Z]+)\s*$")
_MEETING_CLASS = re2.compile(r"(?i)^urn:content-classes:calendarmessage|^IPM\.Schedule\.Meeting")

_MAY_BE_A_BOUNCE = frozenset({MailKind.HUMAN, MailKind.AUTO_REPLY, MailKind.OTHER_AUTOMATED, MailKind.BOUNCE})

#: How ids of our letters are made: 128 bits that name, 128 that seal. A forwarder may change From, but keeps the id.
_OURS = re2.compile(r"<[0-9a-f]{32}\.[0-9a-f]{32}@")

_REPLY_HEADERS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoreply-from",
    "x-auto-reply-from",
    "x-mail-autoreply",
    "x-autoresponder",
)
_BULK = frozenset({"bulk", "list", "junk"})
_LIST_HEADERS = ("list-id", "list-unsubscribe", "list-post", "x-mailing-list", "x-mailman-version")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The kind of a mail, why, whether it came by a list, and what it says if it is a bounce."""

    kind: MailKind = MailKind.HUMAN
    why: str = ""
    is_list: bool = False
    bounce: Bounce | None = None


def classify(mail: Parsed, sender: Address | None, own: Sequence[str], id_domain: str) -> Verdict:
    """`own`: our own addresses; `id_domain`: of our Message-IDs, "" to take every id a bounce cites for ours."""
    headers = mail.headers
    is_list = _is_list(headers)
    found = bounce.report(mail, sender, id_domain)
    if found is not None:
        return Verdict(*found[:2], is_list=is_list, bounce=found[2])
    kind, why = _kind(mail, sender, own)
    if kind in _MAY_BE_A_BOUNCE:
        told = bounce.without_report(mail, sender, id_domain, kind is MailKind.BOUNCE, kind is not MailKind.HUMAN)
        if told is not None:
            return Verdict(MailKind.BOUNCE, "from a mail system, without a standard report", is_list, told)
    return Verdict(kind, why, is_list)


def _kind(mail: Parsed, sender: Address | None, own: Sequence[str]) -> tuple[MailKind, str]:
    headers = mail.headers
    if any(report.type == "message/disposition-notification" for report in mail.reports):
        if bounce.is_refusal(mail, sender):
            return MailKind.BOUNCE, "refused by a mail system (RFC 5429)"
        return MailKind.RECEIPT, "disposition notification (RFC 3798)"
    if any(report.type == "message/feedback-report" for report in mail.reports):
        return MailKind.OTHER_AUTOMATED, "feedback report (RFC 5965)"
    if _is_meeting(headers, mail):
        return MailKind.MEETING, "calendar message"
    if (sender is not None and sender.email in own) or _OURS.search(headers.get("message-id")):
        return MailKind.OTHER_AUTOMATED, "our own letter came back"
    title = decoded(headers.get("subject"))
    return (
        _by_headers(headers, sender, title, mail.text)
        or kind_of(title)
        or robots.robot(headers, sender, title, mail.text)
        or _by_absence(mail.text, title, sender)
        or _by_envelope(headers, title)
        or (MailKind.HUMAN, "")
    )


def _by_absence(text: str, title: str, sender: Address | None) -> tuple[MailKind, str] | None:
    names = away.names_of(sender.name, sender.email) if sender else frozenset()
    is_all = away.is_all(quote.split(text).new, title, names)
    return (MailKind.AUTO_REPLY, "says only that its writer is away") if is_all else None


def _by_headers(headers: Headers, sender: Address | None, title: str, text: str) -> tuple[MailKind, str] | None:
    submitted = headers.get("auto-submitted").split(";")[0].strip().lower()
    if submitted.startswith("auto-replied"):
        return MailKind.AUTO_REPLY, "Auto-Submitted: auto-replied (RFC 3834)"
    for name in _REPLY_HEADERS:
        if headers.has(name) and headers.get(name).strip().lower() not in ("no", "false", "0"):
            return MailKind.AUTO_REPLY, f"header {name}"
    if headers.get("precedence").strip().lower() == "auto_reply":
        return MailKind.AUTO_REPLY, "Precedence: auto_reply"
    if "mailbox rules agent" in headers.get("x-ms-exchange-generated-message-source").lower():
        return MailKind.AUTO_REPLY, "made by a mailbox rule"
    why = marks.in_a_name(headers, sender)
    if why:
        return MailKind.AUTO_REPLY, why
    if submitted not in ("", "no"):
        named = kind_of(title)
        if named:
            return named
        suppressed = headers.get("x-auto-response-suppress") or robots.acknowledges(text)
        answers = headers.has("in-reply-to") and suppressed
        return (MailKind.AUTO_REPLY if answers else MailKind.OTHER_AUTOMATED), f"Auto-Submitted: {submitted[:40]}"
    return None


def _by_envelope(headers: Headers, title: str) -> tuple[MailKind, str] | None:
    """By a sender that nobody reads, and by bulk precedence without a list: no person's program writes that."""
    returned = headers.get("return-path").strip("<> ")
    if bounce.NOBODY.match(returned):
        return MailKind.OTHER_AUTOMATED, "an address that nobody reads"
    if headers.get("precedence").strip().lower() in ("bulk", "junk") and not _has_list_headers(headers):
        is_reply = (headers.has("return-path") and not returned) or bool(ids(headers.get("in-reply-to")))
        is_reply = is_reply or robots.is_answer_title(title)
        return (MailKind.AUTO_REPLY if is_reply else MailKind.OTHER_AUTOMATED), "Precedence: bulk, and no list"
    return None


def _is_meeting(headers: Headers, mail: Parsed) -> bool:
    """Whether the mail is itself an invitation or its answer; a person's mail with a calendar file attached is not."""
    if _MEETING_CLASS.match(headers.get("content-class").strip()):
        return True
    is_calendar = headers.get("x-mail-calendar-part").strip().lower() == "yes"
    for report in mail.reports:
        if report.type == "text/calendar" and (
            report.method or is_calendar or not report.is_attachment or not mail.text.strip()
        ):
            line = _METHOD_LINE.search(report.text)
            if (report.method or (line.group(1).upper() if line else "")) in _METHODS:
                return True
    return False


def _has_list_headers(headers: Headers) -> bool:
    return any(headers.has(name) for name in _LIST_HEADERS)


def _is_list(headers: Headers) -> bool:
    return _has_list_headers(headers) or headers.get("precedence").strip().lower() in _BULK


# Subjects that only mail programs write, in the languages they are sold in: away, undelivered, read. The English
# beginnings are subject.py's; here stand the other languages and the free forms of vacation programs. A reply prefix
# in front makes any of them a person's answer to such a mail. It knows no header and no body.

#: What subject.automatic_prefix says, as a kind. A recall takes nothing back: it is only noted.
_KINDS = {
    "auto_reply": MailKind.AUTO_REPLY,
    "receipt": MailKind.RECEIPT,
    "bounce": MailKind.BOUNCE,
    "recall": MailKind.OTHER_AUTOMATED,
    "meeting": MailKind.MEETING,
}
_MARKING = r"(?:\W*(?:external|ext|official(?:[- ]sensitive)?|caution|secure|e-?mail|spam)\b\W*)*\W*"

_AWAY = r"""
ateb awtomatig|allan o'r swyddfa|automatische antwort|abwesenheit\w*|abwesend\b|nicht im b.ro|au.er haus
r.ponse automatique|absen(?:ce|t) du bureau|message d.absence|respuesta autom.tica|fuera de (?:la )?oficina
risposta automatica|fuori (?:sede|ufficio)|automatisch antwoord|afwezig(?:heid)?\w*|resposta autom.tica
aus.ncia tempor.ria|fora do escrit.rio|automatiskt? svar|auto-?svar|fr.nvaro|frav.r(?:ende)?\b|ikke til stede
automaattinen vastaus|poissa(?:olo)?\b|odpowied. automatyczna|automatyczna odpowied.
autoodpowied.|nieobecno..|automatick. odpov.[dď]
automatikus v.lasz|h.zon k.v.l|r.spuns automat|otomatik (?:yan.t|cevap)|автоматический ответ|автоответ
автоматична відповідь|автоматичен отговор|αυτόματη απάντηση|自動応答|自動返信|不在|自动答复|自动回复|自動回覆
자동 ?(?:회신|응답)|رد تلقائي|תשובה אוטומטית|automatski odgovor|samodejni odgovor|automatinis atsakymas
autom.tiska atbilde|automaatvastus|autoreply\b
t. ..ng tr. l.i|tr. l.i t. ..ng|(?:jawaban|balasan) (?:otomatis|automatik)|auto-?resposta|ตอบกลับอัตโนมัติ
स्वचालित (?:उत्तर|जवाब)|پاسخ خودکار|freagra uathoibríoch|erantzun automatikoa|absente? du bureau|per.odo de vacaciones
auto(?:mat(?:ed|ic))?[- ]?(?:re(?:ply|sponse|sponder)|answer|acknowledge?ment)\b
vacation (?:reply|message|notice|notification|response)|away (?:message|notice)
out of (?:the )?office\W*(?:re|aw|fwd?)\s*:
away from (?:my |the )?(?:e-?mail|mail|office|desk)\W*$
your e-?mail(?: message)? will not be (?:read|answered|forwarded)
(?:i am|i'm|i will be) (?:currently )?(?:away|out of (?:the )?office|off (?:work|sick)|on holiday|on vacation)TIME
(?:i am|i'm|i will be) (?:currently )?on (?:annual |maternity |sick )?leaveTIME
""".replace("TIME", r"(?:\W*$|\W+(?:until|till|back|returning)\b[\w ,./:-]{0,40}$|\W+(?:re|aw|fwd?)\s*:)")
_UNDELIVERED = r"""
unzustellbar\w*|nicht zustellbar\w*|(?:.ber)?zustellung\w* fehlgeschlagen|non ?-?(?:remis|livr|distribu)\w*
.chec de (?:la )?(?:remise|distribution|livraison)|no se puede entregar|no entregado|error de entrega
non recapitabile|mancato recapito|onbestelbaar|niet bezorgd|n.o (?:foi )?entregue|falha na entrega
kan ikke (?:leveres|afleveres)|g.r inte att leverera|ikke levert|niedostarcz\w*|nie mo.na dostarczy.|недоставлен
не удается доставить|配信不能|無法傳遞|无法送达|배달되지 않음|anghyflawnadwy|methwyd (?:ag|.) anfon
"""
_READ = r"""
(?:un)?gelesen|zugestellt|le.do|no le.do|letto|non letto|(?:on)?gelezen|lido|l.st|ol.st|ul.st|lest|ulest
przeczytan[eo]|p.e.teno|прочитано|darllenwyd|开封|已读|開封済み|lu|non lu|remis|entregado
accus. de (?:lecture|r.ception)|lesebest.tigung|empfangsbest.tigung|read-?receipt|confirmaci.n de lectura
ricevuta di (?:lettura|ritorno)
"""


def _any_of(lines: str) -> str:
    return "|".join(lines.split("\n")[1:-1])


_AWAY_TITLE = re2.compile(
    rf"(?i)^{_MARKING}(?:{_any_of(_AWAY)})|\bis (?:currently )?(?:out of (?:the )?office"
    rf"|away from (?:the )?office)\W*$"
    r"|^\W*yahoo!? auto[- ]?(?:response|reply)"
    r"|[(\[]\s*(?:auto-?reply|automatic reply|autoresponse|out of office)\s*[)\]]\W*$"
)
_UNDELIVERED_TITLE = re2.compile(rf"(?i)^{_MARKING}(?:{_any_of(_UNDELIVERED)})")
_READ_TITLE = re2.compile(rf"(?i)^{_MARKING}(?:(?:{_any_of(_READ)})\s*:|return receipt \(\w+\))")


def kind_of(title: str) -> tuple[MailKind, str] | None:
    """The kind that a decoded subject gives away, and why; None where a person may have written it."""
    if _AWAY_TITLE.search(title):
        return MailKind.AUTO_REPLY, "the subject of an automatic reply"
    prefix = subject.automatic_prefix(title)
    if prefix in _KINDS:
        return _KINDS[prefix], f"the subject of a mail program: {prefix}"
    if _UNDELIVERED_TITLE.match(title):
        return MailKind.BOUNCE, "the subject of a bounce"
    if _READ_TITLE.match(title):
        return MailKind.RECEIPT, "the subject of a receipt"
    return None
