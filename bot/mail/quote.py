"""The new text above the quoted text.

It works on lines: it finds where the first quotation begins (Outlook blocks, "On ... wrote:", markers, `>` levels),
keeps what stands above it, and takes off banners, mobile footers, disclaimers and signatures (trimmings.py). Short
replies ("ok") survive. It never judges what the words mean (commands.py). Answers written into a quotation cannot be
told apart from it: it only says that they are there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import re2

from bot.mail import headers, trimmings
from bot.mail.addresses import addresses_in
from bot.mail.text import QUOTE_MARK

_LOOK_AHEAD = 8
_MAX_LINES = 20_000

# Labels of the header block that mail programs put above a quotation, English and Welsh first.
_FROM = (
    "from|oddi wrth|gan|von|de|da|van|från|fra|lähettäjä|od|от|feladó|de la|kimden|gönderen|від|από|šalje|pošiljatelj"
    "|saatja|nuo|no|expéditeur|absender|mittente|remitente|发件人|寄件者|寄件人|差出人|送信者|보낸 ?사람|من|מאת"
)
_SENT = (
    "sent|date|anfonwyd|dyddiad|gesendet|datum|envoyé|date d'envoi|enviado(?: el| em)?|fecha|inviato|data|verzonden"
    "|skickat|sendt|dato|wysłano|отправлено|дата|lähetetty|päivämäärä|päiväys|odesláno|datum odeslání|odoslané|küldve"
    "|dátum|trimis|gönderildi|gönderme tarihi|tarih|надіслано|στάλθηκε|ημερομηνία|poslano|saadetud|kuupäev|išsiųsta"
    "|nosūtīts|发送时间|发送日期|傳送時間|日期|送信日時|送信日|日時|보낸 날짜|날짜|تاريخ الإرسال|التاريخ|נשלח|תאריך"
)
_TO = (
    "to|cc|at|an|à|para|a|aan|till|til|do|кому|vastaanottaja|kopio|komu|pre|címzett|către|kime|alıcı|προς|za|prima|saaja"
    "|kam|收件人|收件者|宛先|받는 ?사람|إلى|אל"
)
_SUBJECT = (
    "subject|pwnc|betreff|objet|asunto|assunto|oggetto|onderwerp|ämne|emne|temat|тема|aihe|předmět|predmet|tárgy"
    "|subiect|konu|θέμα|naslov|zadeva|teema|tema|temats|主题|主旨|件名|제목|الموضوع|נושא"
)

_BLOCK_FROM = re2.compile(rf"(?i)^[>\s*_]*(?:{_FROM})\s*[:：]\*?\s*\S")
_BLOCK_OTHER = re2.compile(rf"(?i)^[>\s*_]*(?:({_SENT})|({_TO})|({_SUBJECT}))\s*[:：]")
_LABEL = re2.compile(rf"(?i)^[>\s*_]*(?:({_FROM})|({_SENT})|({_TO})|({_SUBJECT}))\s*[:：]\*?\s*(.*)$")
_RULE = re2.compile(r"^[>\s]*(?:_{10,}|-{10,}|\*{10,}|={10,})\s*$")

_MARKERS = (
    re2.compile(
        r"(?i)^[>\s]*[-_=*]{2,}\s*(?:original message|original email|original appointment|forwarded message"
        r"|forwarded by .*|reply message"
        r"|neges wreiddiol|neges a anfonwyd ymlaen|ursprüngliche nachricht|weitergeleitete nachricht|message d'origine"
        r"|(?:message|mail) original|(?:message|mail) transféré|originele bericht|doorgestuurd bericht"
        r"|původní zpráva|eredeti üzenet|alkuperäinen viesti|opprinnelig melding|ursprungligt meddelande|orijinal mesaj"
        r"|原始邮件|原始郵件|元のメッセージ|원본 메시지"
        r"|mensaje original|mensagem original|messaggio originale|oorspronkelijk bericht|originalmeddelande"
        r"|oprindelig meddelelse"
        r"|wiadomość oryginalna|исходное сообщение)\s*[-_=*]{0,}[ .:]*$"
    ),
    re2.compile(r"(?i)^\s*begin forwarded message:\s*$"),
    re2.compile(r"(?i)^[\s#=_*-]*(?:please )?(?:reply|type your reply|write) above this line\b.*$"),
    re2.compile(rf"^\s*{QUOTE_MARK}\s*$"),
)

_ATTRIBUTION = re2.compile(
    r"(?is)^[>\s]*(?:-+\s*)?(?:"
    r"on\b.*\b(?:wrote|sent|said|writes)(?:\s+the following)?"
    r"|ar\b.*\bysgrifennodd\b.*"
    r"|(?:am|den)\b.*\b(?:schrieb|skrev)\b.*"
    r"|(?:le|el|em|il|op|w dniu|dnia|den|tor|pe)\b.*\b(?:a écrit|escribió|escreveu|ha scritto|schreef.*|pisze"
    r"|napisał(?:\(a\)|a)?|skrev.*|kirjoitti)"
    r"|(?:mensagem de|\d{4}[-/]\d{1,2}[-/]\d{1,2}\b.*<[^<>@\s]+@[^<>\s]+>)"
    r"|[^\n]+<[^<>@\s]+@[^<>\s]+>\s+(?:wrote|writes|schrieb|a écrit)\b.*"
    r"|[^\n]+\b(?:wrote|schrieb) on \S.*"
    r"|(?s:.*)\b(?:19|20)\d\d\b(?s:.*)(?:írta|napsala?|napísala?|napsal\(a\)|yazdı|şunu yazdı|написала?|написал\(а\)"
    r"|пише|писал\(а\)?|έγραψε|a scris|je napisala?o?|je napisal\(a\)|rašė|rakstīja|kirjutas|écrivait|a écrit|schrieb"
    r"|escribió|escreveu|ha scritto|schreef|skrev|kirjoitti|napisała?|написа|כתב(?:ה)?|كتب|写道|寫道|님이 작성)"
    r")\s*(?:[:：]|-{2,}:?)\s*$"
)

#: Whatever its language: a line that ends like an attribution and names an address, a year and a time.
_NAMES = (
    re2.compile(r"\b(?:19|20)\d\d\b"),
    re2.compile(r"\b\d{1,2}[:.h]\d\d\b"),
    re2.compile(r"[^<>@\s]@[^<>@\s]+\.\pL"),
)
_NO_SENTENCE = 300
_MARKS = ">-_=*" + QUOTE_MARK
_LABEL_WITHIN = 24
_DATE_WORDS = frozenset(
    (
        *("on", "ar", "am", "den", "le", "el", "em", "il", "op", "w", "dnia", "tor", "pe", "in", "begin", "at"),
        *("mon,", "tue,", "wed,", "thu,", "fri,", "sat,", "sun,", "man.", "tir.", "ons.", "tor.", "fre."),
    )
)

_INLINE = re2.compile(
    r"(?i)\b(?:see|find|added|put|given|with|made|inserted)?\s*(?:(?:my|our|the|some)\s+)?(?:comments?|answers?"
    r"|responses?|repl(?:y|ies)|notes?)"
    r"\s+(?:are\s+|is\s+)?(?:(?:written|given|inserted|added|marked|highlighted)\s+)?"
    r"(?:in[- ]?line|(?:below\s+)?in\s+(?:red|blue|green|purple|bold|capitals|italics|yellow|colou?r|the text"
    r"|the body|your e-?mail|your message)|within (?:your|the) (?:e-?mail|text|message)|interspersed|embedded)"
    r"|\bsee\s+(?:my\s+|our\s+)?(?:comments?|answers?|responses?)\s+below\b"
    r"|\b(?:please )?see (?:below )?in (?:red|blue|green|bold|capitals)\b"
    r"|\bin[- ]line (?:below|comments?|answers?|responses?)\b"
    r"|\b(?:answered|responded|commented|replied) (?:in[- ]?line|below in|in red|in blue)\b"
)


@dataclass(frozen=True, slots=True)
class Split:
    """New text, the rest, and what the first quoted header block says (`sent` without a zone is London's)."""

    new: str
    quoted: str = ""
    answers_inline: bool = False
    quoted_subject: str = ""
    quoted_from: str | None = None
    quoted_sent: datetime | None = None


def split(text: str) -> Split:
    """The text of a mail in two. With no quotation all of it is new, less banners, footers and signature."""
    lines = text.split("\n")[:_MAX_LINES]
    cut = _cut(lines)
    above, below = lines[:cut], lines[cut:]
    inline = False
    new = trimmings.trimmed(above)
    if not new:
        new = trimmings.trimmed(_below_the_quote(below))
    else:  # announced without a quotation that is known as one, it is no answer either
        inline = _is_interleaved(below) or bool(_INLINE.search(new))
    subject, sender, sent = _quoted_header(below)
    quoted = "\n".join(line for line in below if line.strip() != QUOTE_MARK).strip()
    return Split(new, quoted, inline, subject, sender, sent)


def _cut(lines: list[str]) -> int:
    """The index of the line where the first quotation begins; len(lines) where there is none."""
    for n, line in enumerate(lines):
        if not _may_start(line):
            continue
        if line.lstrip().startswith(">") and _is_quote_block(lines, n):
            return n
        if any(marker.match(line) for marker in _MARKERS):
            return n
        if _RULE.match(line) and _block_follows(lines, n + 1):
            return n
        if _BLOCK_FROM.match(line) and _is_block(lines, n):
            return n
        if _is_sent_first(lines, n):
            return n
        if _is_attribution(lines, n):
            return n
    return len(lines)


def _may_start(line: str) -> bool:
    """A cheap look that spares most lines the patterns: a mark in front, a label, a colon behind, a word of date."""
    head = line.lstrip()
    if not head:
        return False
    if head[0] in _MARKS or _has_colon(head[:_LABEL_WITHIN]) or head.rstrip()[-1] in ":-：":
        return True
    return head[0].isdigit() or head[:14].lower().split(" ")[0] in _DATE_WORDS or "above this line" in head


def _has_colon(words: str) -> bool:
    return ":" in words or "：" in words


def _is_quote_block(lines: list[str], n: int) -> bool:
    """A line that begins with `>` is a quotation unless it is one line of prose among others. The first words of all,
    with a blank line below them, are what is answered underneath."""
    if not any(line.strip() for line in lines[:n]) and not any(line.strip() for line in lines[n + 1 : n + 2]):
        return True
    around = [line for line in lines[n : n + 3] if line.strip()]
    return len(around) < 2 or sum(line.lstrip().startswith(">") for line in around) > 1 or not lines[n].strip("> \t")


def _is_sent_first(lines: list[str], n: int) -> bool:
    """Whether a block begins whose time stands above its sender, as some webmail writes it."""
    found = _BLOCK_OTHER.match(lines[n])
    return (
        bool(found and found.group(1))
        and any(_BLOCK_FROM.match(x) for x in lines[n + 1 : n + 2])
        and _is_block(lines, n + 1)
    )


def _block_follows(lines: list[str], n: int) -> bool:
    following = [k for k in range(n, min(n + 4, len(lines))) if lines[k].strip()]
    return bool(following) and bool(_BLOCK_FROM.match(lines[following[0]])) and _is_block(lines, following[0])


def _is_block(lines: list[str], n: int) -> bool:
    """Whether the From: line is the first of a header block: two more labels among the next lines."""
    seen: set[int] = set()
    for line in lines[n + 1 : n + 1 + _LOOK_AHEAD]:
        match = _BLOCK_OTHER.match(line) if _has_colon(line) else None
        if match:
            seen |= {k for k in (1, 2, 3) if match.group(k)}
    return len(seen) >= 2


def _is_attribution(lines: list[str], n: int) -> bool:
    """ "On ... wrote:", which mail programs fold over up to four lines."""
    joined = lines[n]
    for following in (*lines[n + 1 : n + 4], ""):
        if joined.rstrip().rstrip("-").rstrip().endswith((":", "：", "wrote")):
            return _reads_as_attribution(joined)
        if not following.strip() or len(joined) > _NO_SENTENCE:
            return False
        joined = f"{joined}\n{following.lstrip('> ')}"
    return False


def _reads_as_attribution(words: str) -> bool:
    if len(words) > 2 * _NO_SENTENCE:
        return False
    return bool(_ATTRIBUTION.match(words)) or all(name.search(words) for name in _NAMES)


def _below_the_quote(below: list[str]) -> list[str]:
    """What stands under a `>` quotation when nothing stands above it: some people answer below."""
    marked = [n for n, line in enumerate(below) if line.lstrip().startswith(">")]
    if not marked:
        return []
    return [line for line in below[marked[0] :] if not line.lstrip().startswith(">")]


def _is_interleaved(below: list[str]) -> bool:
    """Whether words of the sender's own stand between lines of a `>` quotation."""
    marked = [line.lstrip().startswith(">") for line in below]
    if True not in marked:
        return False
    first, last = marked.index(True), len(marked) - 1 - marked[::-1].index(True)
    between = [
        line for line, quoted in zip(below[first:last], marked[first:last], strict=True) if line.strip() and not quoted
    ]
    after = [line for line in below[last + 1 :] if line.strip()]
    gaps = sum(1 for line in between if len(line.split()) > 1)
    return (gaps > 0 and not _is_only_wrapping(below[first : last + 1])) or bool(trimmings.trimmed(after).strip())


def _is_only_wrapping(lines: list[str]) -> bool:
    """Whether the unmarked lines are the ends of long quoted ones that a gateway has broken."""
    alone = 0
    for before, line, after in zip(lines, lines[1:], lines[2:], strict=False):
        if line.strip() and not line.lstrip().startswith(">"):
            if not before.lstrip().startswith(">") or not after.lstrip().startswith(">") or len(before) < 60:
                return False
            alone += 1
    return alone > 0


def _quoted_header(below: list[str]) -> tuple[str, str | None, datetime | None]:
    """Subject, address and instant of the first header block in the quotation, as far as they stand there."""
    subject, sender, sent = "", None, None
    for n, line in enumerate(below[:400]):
        if not _has_colon(line[:_LABEL_WITHIN]) or not _BLOCK_FROM.match(line) or not _is_block(below, n):
            continue
        for k in range(n, min(n + _LOOK_AHEAD + 1, len(below))):
            match = _LABEL.match(below[k])
            if not match:
                continue
            value = match.group(5).strip(" *")
            if match.group(1) and sender is None:
                sender = next(iter(addresses_in(value.replace("[mailto:", "<").replace("]", ">"))), None)
            elif match.group(2) and sent is None:
                sent = trimmings.instant(value) or headers.date(value)
            elif match.group(4) and not subject:
                subject = value
        return subject, sender, sent
    return "", None, None
