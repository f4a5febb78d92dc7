"""What stands round a person's words and is not theirs: banners, mobile footers, disclaimers, signatures.

Tables of patterns, as UK public mail really carries them. Taking something off serves reading only; the mail itself is
kept whole. Where a signature begins is signatures.py's to say; it does not know quotations (quote.py).
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import re2

from bot.mail.cut import signatures

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
_APPS = (
    r"(?:typeapp|airmail|mailbird|spark|proton ?mail|boxer|bluemail|polymail|superhuman|front|missive|mailbox|k-9|nine"
    r"|edison|canary|em client|gmx|web\.de|aol|zoho|shortwave|thunderbird|mymail|acompli|newton|tutanota)"
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
    r"|(?:get|download|holen sie sich|télécharger|obtenir|obt(?:e|é)n(?:er)?|obter|ottieni|scarica|hent|få|skaffa|hämta"
    r"|pobierz|získat|cael)(?: \S+)* outlook \S+ (?:ios|android|mac|windows)\b.*"
    r"|outlook (?:für|voor|för|til) (?:ios|android|mac|windows)\b[^.!?]*(?:https?://\S*)?"
    r"|(?:download|get) the (?:all-new )?\w+ mail app\b.*"
    r"|(?:typed|sent) (?:on|with|from) (?:my|a) .*(?:excuse|forgive|apolog|typos|brevity).*"
    r"|sent from my [^.,;:!?]{1,40}"
    rf"|sent (?:from|via|with|using) (?:the )?{_APPS}\b[^.!?]*(?:https?://\S*)?"
    r"|sent (?:from|via|with|using) [^\s.,!?<(\[]+(?: [^\s.,!?<(\[]+)?\s*[<(\[]https?://\S*"
    r")\s*$"
)

_FOOTER_AT_END = re2.compile(
    rf"(?i)\s+(?:sent from my [^.,;:!?]{{1,40}}|sent from outlook for [a-z]+|get outlook for [a-z]+"
    rf"|anfonwyd o['’m ]+ ?{_DEVICES})\s*$"
)

#: They speak of "this e-mail": what a person says of another mail, or of information, is no disclaimer.
_DISCLAIMER = re2.compile(
    r"(?i)^\W*(?:"
    r"(?:disclaimer|confidential(?:ity)?(?: notice| note)|confidential and privileged|privacy notice|legal notice"
    r"|ymwadiad|important notice|data protection notice)\b\W*(?:$|.*)|confidentiality\W*$"
    r"|(?:this|unless)\b.*\b(?:e-?mail|message|communication|transmission)\b.*\b(?:confidential"
    r"|intended (?:solely|only|for)|privileged|may contain|for the (?:sole|exclusive) use|addressee)"
    r"|(?:the )?(?:information|content)s? (?:contained |transmitted )?(?:in|of|by|with) this (?:e-?mail|message"
    r"|communication|transmission).*"
    r"|if you (?:(?:have )?received?|are not (?:the|an) (?:intended|named)) .*(?:error|mistake|recipient|notify|delete)"
    r"|(?:please )?notify the sender\b.*\b(?:error|mistake|immediately)"
    r"|(?:any )?unauthori[sz]ed (?:use|disclosure|copying|review|access|distribution)\b.*\b(?:prohibited|unlawful)"
    r"|(?:please )?consider the environment\b.*|(?:please )?think before (?:you )?print.*|(?:save"
    r"|think of) (?:a |the )?(?:trees?|paper|planet)\b.*"
    r"|any (?:views|opinions)\b.*\b(?:expressed|presented|author|sender)"
    r"|.*(?:accepts? no (?:liability|responsibility)|virus[- ]free|monitors? (?:e-?mails|communications))"
    r"|.*\b(?:e-?mail|message|attachments?)\b.*\b(?:scanned|checked|swept) (?:for|by)\b"
    r"|.*\b(?:e-?mails?|correspondence|requests?|disclos\w+)\b.*\bfreedom of information act"
    r"|(?:diese|ce|cet|este|esta|dit|deze|questo|questa|la presente|denna|detta|denne|dette|ta|tato|tento)\b.*"
    r"\b(?:e-?mail|courriel|message|mensaje|correo|mensagem|bericht|nachricht|messaggio|meddelande|besked|e-?post"
    r"|wiadomość|zpráva)\b.*\b(?:vertraulich|confiden|riservat|vertrouwelijk|konfiden|fortrolig|poufn|důvěrn)"
    r"|you received this message because you are subscribed\b|to unsubscribe from this (?:group|list)\b"
    r"|mae'r (?:e-?bost|neges) (?:hwn|hon|yma)\b.*"
    r"|\*{5,}.*$"
    r")"
)

_SHORTEST_DISCLAIMER = 10
_LONGEST_FOOTER = 300
_RULED = " \t-_=*–—"

_LONDON = ZoneInfo("Europe/London")
_ENGLISH = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WELSH = ("ion", "chw", "maw", "ebr", "mai", "meh", "gor", "aws", "med", "hyd", "tac", "rha")
_MONTHS = {name: n for names in (_ENGLISH, _WELSH) for n, name in enumerate(names, 1)}
_SENT_AT = re2.compile(
    r"(?i)\b(?:(\d{1,2})(?:st|nd|rd|th)?\s+([a-z]+)|([a-z]+)\s+(\d{1,2})"
    r"|(\d{1,2})/(\d{1,2})/),?\s*(20\d\d),?\s+(?:at\s+)?"
    r"(\d{1,2}):(\d\d)(?::\d\d)?(?:\s*([ap])\.?m)?"
)


def trimmed(lines: list[str], writer: str = "") -> str:
    """A person's own words among `lines`. Where nothing but trimmings is found, nothing is left. `writer`: the sender's
    name, which begins a signature where it stands above titles."""
    rest = _without_banner(lines)
    rest = rest[: next((n for n, line in enumerate(rest) if _is_disclaimer(line)), len(rest))]
    footer = next((n for n, line in enumerate(rest) if len(line) < _LONGEST_FOOTER and _MOBILE.match(line)), len(rest))
    rest = rest[:footer] if any(line.strip() for line in rest[:footer]) else rest[footer + 1 :]
    kept = rest[: signatures.begins(rest, writer)]
    last = next((n for n in range(len(kept), 0, -1) if kept[n - 1].strip(_RULED)), 0)
    kept = kept[:last]
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


def _is_disclaimer(line: str) -> bool:
    return len(line) >= _SHORTEST_DISCLAIMER and bool(_DISCLAIMER.match(line))


def without_footer(line: str) -> str:
    """A line less the mobile footer at its end, where a gateway has taken out the line ends."""
    found = _FOOTER_AT_END.search(line)
    return line[: found.start()] if found else line


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
