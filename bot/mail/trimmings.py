"""What stands round a person's words and is not theirs: banners, mobile footers, disclaimers, signatures.

Tables of patterns, as UK public mail really carries them. Taking something off serves reading only; the mail itself is
kept whole. It does not know quotations (quote.py).
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import re2

_BANNER = re2.compile(
    r"(?i)^\W*(?:"
    r"(?:caution|warning|external|security (?:notice|warning)|attention|rhybudd"
    r"|important)\b[^a-z]{0,6}.*(?:external|originated|outside|sender|e-?mail|e-?bost)"
    r"|external(?: e-?mail| sender| message)?\W*$"
    r"|\[external\b[^\]]*\]\W*$"
    r"|(?:this|the) (?:e-?mail|message|sender)\b.*(?:originated|came|comes|sent|is|was)\b.*\b(?:outside|external)"
    r"|you don'?t often get e-?mail from\b"
    r"|(?:some people who received this message|you have not previously corresponded)"
    r"|(?:please )?do not click (?:on )?(?:any )?(?:links?|on links)\b"
    r"|(?:don'?t|never) (?:click|open)\b.*(?:links?|attachments?)\b"
    r"|(?:be cautious|exercise caution|take care|think before you click)\b.*"
    r"|(?:report (?:any )?suspicious|if you (?:suspect|are unsure|have any doubts)|unless you (?:recogni[sz]e"
    r"|know|trust|are expecting))\b.*"
    r"|learn why this is important"
    r"|(?:classification|marking|sensitivity)?\W*official(?:\W{0,3}sensitive)?(?:\W+(?:personal|commercial"
    r"|locsen))?\W*$"
    r")"
)
_BANNER_GOES_ON = re2.compile(
    r"(?i)\b(?:click|links?|attachments?|sender|recogni[sz]e|suspicious|phishing|spam|content is safe|safe\."
    r"|it service|trust the|organi[sz]ation|service desk)\b"
)

_DEVICES = (
    r"(?:i(?:phone|pad|os)|android|samsung|galaxy|blackberry|windows|phone|mobile|mobil|outlook|mail|yahoo|handset"
    r"|tablet"
    r"|huawei|nokia|htc|sony|pixel|nhs\S*|teams|telefon\w*|handy|t.l.phone|m.vil|celular|puhelime\w*)"
)
_MOBILE = re2.compile(
    r"(?i)^\W*(?:"
    r"(?:sent|send|sänt|skickat|sendt|envoyé|gesendet|enviado|inviato|verzonden|verstuurd|wysłan[eo]|odesláno|odoslané"
    r"|trimis|gönderildi|küldve|lähetetty|poslano|отправлено|надіслано|στάλθηκε|anfonwyd)(?:\s[^.,!?]{0,40}?)?"
    rf"\s(?:from|with|by|via|von|depuis|de"
    rf"|mit|desde|dal?|do|van(?:af)?|från|fra|z|ze|s|iz|с|з|από"
    rf"|o['’]m|o)\s(?:[^.,!?]{{0,40}}\s)?{_DEVICES}\b.*"
    rf"|(?:von|fra|från) (?:meinem|min) {_DEVICES}\b.{{0,20}}(?:gesendet|sendt|skickat)?.*"
    rf"|{_DEVICES}(?:’den|'den|mden|umdan|ımdan)? gönderildi.*"
    r"|发自我的.*|從我的.*傳送|.{0,30}から送信.*|나의 .{0,20}에서 보냄"
    r"|.{0,20}أ?ُ?رسلت من.*|.{0,6}تم الإرسال من.*|נשלח מ.*"
    r"|get outlook for (?:ios|android|mac|windows)\b.*"
    r"|(?:download|get) the (?:all-new )?\w+ mail app\b.*"
    r"|(?:typed|sent) (?:on|with|from) (?:my|a) .*(?:excuse|forgive|apolog|typos|brevity).*"
    r"|sent from my [^.,;:!?]{1,40}"
    r")\s*$"
)

_DISCLAIMER = re2.compile(
    r"(?i)^\W*(?:"
    r"(?:disclaimer|confidentiality(?: notice| note)?|privacy notice|legal notice|ymwadiad|important notice"
    r"|data protection notice)\b\W*(?:$|.*)"
    r"|(?:this|the|unless)\b.*\b(?:e-?mail|message|communication|transmission|information)\b.*\b(?:confidential"
    r"|intended (?:solely|only|for)|privileged|may contain|for the (?:sole|exclusive) use|addressee)"
    r"|(?:the )?(?:information|content)s? (?:contained )?in this (?:e-?mail|message|communication).*"
    r"|if you (?:have received|are not the intended|receive) .*(?:error|mistake|recipient|notify|delete)"
    r"|(?:please )?consider the environment\b.*|please think before (?:you )?print.*|(?:save"
    r"|think of) (?:the )?(?:trees|paper|planet)\b.*"
    r"|any (?:views|opinions)\b.*\b(?:expressed|presented|author|sender)"
    r"|.*(?:accepts? no (?:liability|responsibility)|scanned (?:for|by)|virus[- ]free|monitors? (?:e-?mails"
    r"|communications)|freedom of information act)"
    r"|mae'r (?:e-?bost|neges) (?:hwn|hon|yma)\b.*"
    r"|\*{5,}.*$"
    r")"
)

_MARKS = frozenset({"--", "__", "—", "––"})
_CLOSING = re2.compile(
    r"(?i)^\W*(?:(?:with )?(?:kind(?:est)?|best|warm(?:est)?|many|good) (?:regards|wishes|thanks)|kind rgds"
    r"|regards|k(?:ind)? ?r(?:e?gards|gds)?|br|rgds"
    r"|yours (?:sincerely|faithfully|truly)|(?:many )?thanks(?: (?:again|in advance|very much|a lot|so much"
    r"|and (?:kind |best )?regards))?|thank ?you(?: (?:very much|again|in advance))?|cheers|ta"
    r"|best|all the best|sincerely|cofion(?: (?:gorau|cynnes))?|diolch(?: yn fawr)?|cordially"
    r"|(?:mit )?(?:freundlichen|freundliche|liebe|viele|beste|schöne|herzliche)n? gr(?:ü|ue)(?:ß|ss)en?|lg|mfg|vg"
    r"|gruß|gruss"
    r"|(?:bien )?cordialement|salutations(?: distinguées)?|bien à vous|meilleures salutations|merci(?: d'avance)?"
    r"|(?:un )?(?:cordial )?saludos?(?: cordiales)?|atentamente|gracias|cordiali saluti|distinti saluti|saluti|grazie"
    r"|(?:met )?vriendelijke groet(?:en)?|groet(?:en|jes)?|atenciosamente|cumprimentos|obrigad[oa]"
    r"|(?:med )?(?:vänliga|vennlig(?:e)?|venlige?) (?:hälsningar|hilsen(?:er)?)|hilsen|mvh|vh|ystävällisin terveisin"
    r"|(?:z )?(?:poważaniem|pozdrowieniami)|pozdrawiam|s pozdravem|s úctou|cu stimă|üdvözlettel|tisztelettel"
    r"|с уважением|з повагою|saygılarımla|με εκτίμηση|lep pozdrav|lugupidamisega|pagarbiai|ar cieņu)\W*$"
)
_MAX_SIGNATURE = 25
_LONG = 110
_FEW_WORDS = 5
_LONGEST_CLOSING = 60
_SHORTEST_DISCLAIMER = 10

_LONDON = ZoneInfo("Europe/London")
_ENGLISH = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WELSH = ("ion", "chw", "maw", "ebr", "mai", "meh", "gor", "aws", "med", "hyd", "tac", "rha")
_MONTHS = {name: n for names in (_ENGLISH, _WELSH) for n, name in enumerate(names, 1)}
_SENT_AT = re2.compile(
    r"(?i)\b(?:(\d{1,2})(?:st|nd|rd|th)?\s+([a-z]+)|([a-z]+)\s+(\d{1,2})"
    r"|(\d{1,2})/(\d{1,2})/),?\s*(20\d\d),?\s+(?:at\s+)?"
    r"(\d{1,2}):(\d\d)(?::\d\d)?(?:\s*([ap])\.?m)?"
)


def trimmed(lines: list[str]) -> str:
    """A person's own words among `lines`. Where nothing but trimmings is found, nothing is left."""
    rest = _without_banner(lines)
    rest = _without_signature(rest)
    footer = next((n for n, line in enumerate(rest) if _MOBILE.match(line)), len(rest))
    kept = rest[:footer] if any(line.strip() for line in rest[:footer]) else rest[footer + 1 :]
    return "\n".join(line.rstrip() for line in kept).strip("\n").strip()


def _without_banner(lines: list[str]) -> list[str]:
    """Less the warning that gateways put first: its first line is known, what follows belongs to it."""
    start = next((n for n, line in enumerate(lines) if line.strip()), len(lines))
    while start < len(lines) and _BANNER.match(lines[start]):
        start += 1
        while start < len(lines) and lines[start].strip() and _BANNER_GOES_ON.search(lines[start]):
            start += 1
        while start < len(lines) and (not lines[start].strip() or not lines[start].strip("-_=*| \t")):
            start += 1
    return lines[start:]


def _without_signature(lines: list[str]) -> list[str]:
    """Less everything from a signature mark or a disclaimer on, and a closing formula with what follows it."""
    end = next((n for n, line in enumerate(lines) if line.strip() in _MARKS or _is_disclaimer(line)), len(lines))
    for n, line in enumerate(lines[:end]):
        if n and len(line) <= _LONGEST_CLOSING and _CLOSING.match(line) and _is_signature(lines[n + 1 : end]):
            return lines[:n]
    return lines[:end]


def _is_disclaimer(line: str) -> bool:
    return len(line) >= _SHORTEST_DISCLAIMER and bool(_DISCLAIMER.match(line))


def _is_signature(below: list[str]) -> bool:
    """Whether what follows a closing formula is a name and its titles: short lines, no sentence."""
    said = [line.rstrip() for line in below if line.strip()]
    is_prose = any(len(line) > _LONG or (line[-1] in ".!?" and len(line.split()) > _FEW_WORDS) for line in said)
    return not is_prose and len(said) <= _MAX_SIGNATURE


def instant(words: str) -> datetime | None:
    """The time that Outlook writes after `Sent:` ("15 January 2027 16:45"); it carries no zone and is London's."""
    match = _SENT_AT.search(words)
    if not match:
        return None
    day, month, us_month, us_day, number_day, number_month, year, hour, minute, half = match.groups()
    try:
        in_year = int(number_month) if number_month else _MONTHS[(month or us_month)[:3].lower()]
        in_day = int(hour) % 12 + 12 * (half.lower() == "p") if half else int(hour)
        return datetime(
            int(year), in_year, int(day or us_day or number_day), in_day, int(minute), tzinfo=_LONDON
        ).astimezone(UTC)
    except (ValueError, KeyError):
        return None
