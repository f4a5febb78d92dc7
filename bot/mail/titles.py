"""Subjects that only mail programs write, in the languages they are sold in: away, undelivered, read.

The English beginnings are subject.py's; here stand the other languages and the free forms of vacation programs.
A reply prefix in front makes any of them a person's answer to such a mail. It knows no header and no body.
"""

from __future__ import annotations

import re2

from bot.mail import subject
from bot.model import MailKind

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
