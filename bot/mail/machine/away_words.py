"""The words of which an absence is made: tables for away.py, and whether a sentence keeps to them.

An automatic reply speaks of being away, of coming back, of mail and of who is there instead. A sentence with one word
that is not here may say something else, and is a person's: a closed list loses an absence now and then, an open one a
person.
"""

from __future__ import annotations

import re2


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TIME = _words(
    """
    today tomorrow quarter further week weeks weekend day days month months next end early late start starting
    beginning new year christmas easter summer half term bank inset morning afternoon noon midday midnight am pm
    monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays mon tue
    tues wed thu thur thurs fri sat sun january february march april may june july august september october november
    december jan feb mar apr jun jul aug sep sept oct nov dec
    """
)
#: What alone, with a time, is an answer and no absence: "On Monday at 2."
_LINKS = _words("on at in by from to the a and or of until till this")
#: Of being away and back, and of mail.
_AWAY = _TIME | _words(
    """
    i i'm i'll i've we we're we'll we've will be is are have has been my our the a an this it of on in at to from
    for with until till through by between during as and or while when then before after not only now currently also
    shall won't don't cannot can't unable able temporarily out away off unavailable absent back returning return
    office work working desk leave annual sick maternity paternity parental study special holiday holidays vacation
    pto sabbatical secondment training course conference travel travelling traveling business trip limited access
    accessing intermittent internet slow slower delayed delay response responses responding respond reply replying
    read reading answer message messages mail mails e-mail e-mails email emails mailbox inbox account monitor
    monitoring check checking monitored your soon upon once any all urgent urgently emergency emergencies absence
    meantime meanwhile regularly occasionally automatically otherwise am that which these those over hours period
    throughout inclusive due illness compassionate part-time non-working following few several but however so though
    connectivity intermittently sporadically notice
    """
)
#: Of the condition under which somebody else is to be asked.
_NEED = _words(
    """
    if you need require requires requiring needs should immediate immediately assistance help support please kindly
    anything something else regarding about further information other general can must hesitate feel free either
    attention discuss speak someone case assist wait enquiry enquiries inquiry inquiries query queries question
    questions request requests matter matters
    """
)
#: Of whom to ask, and how.
_WHOM = _words(
    """
    team duty manager managers service services desk line department switchboard colleague colleagues social worker
    workers director head deputy assistant admin local directly number phone telephone mobile ext extension tel via
    following address instead out who she he they reached contact call ring touch secretary supervisor practitioner
    cover designated safeguarding reception hub
    """
)
_GROUP = frozenset({"team", "department", "desk", "line", "service", "services", "hub", "manager", "office", "address"})
_POLITE = _words(
    """
    hi hello dear good morning afternoon day all everyone sir madam or colleague colleagues many thanks thank you
    for your the this e-mail email mail message enquiry contacting e-mailing emailing writing getting in touch with
    us me very much patience understanding and kind best warm regards wishes yours sincerely faithfully to
    """
)
_GREETS = frozenset({"hi", "hello", "dear"})
_WORD = re2.compile(r"[\pL\pN][\pL\pN'’@._+/-]*")
#: Turns of phrase that are one word here. "No" by itself, or "I can do Monday", is an answer.
_TURNS = (
    (re2.compile(r"(?i)\bas soon as (?:i can|we can|possible|practicable|i am able|i return)\b"), "soon"),
    (re2.compile(r"(?i)\b(?:get|come|be) back to you\b|\b(?:reply|respond|responding|replying) to you\b"), "reply"),
    (re2.compile(r"(?i)\bnot (?:be )?(?:available|contactable)\b"), "unavailable"),
    (re2.compile(r"(?i)\bno (?:access|internet)\b|\bno longer\b"), "limited access"),
    (re2.compile(r"(?i)\bdo not\b"), "don't"),
    (re2.compile(r"(?i)\b(?:hope|plan|aim|expect) to\b"), "will"),
    (
        re2.compile(
            r"(?i)\b(?:any|urgent|all|your|other|general)(?: urgent)? (?:requests?|questions?|quer(?:y|ies)"
            r"|[ei]nquir(?:y|ies)|matters?)\b"
        ),
        "your message",
    ),
    (re2.compile(r"(?i)\bwill be (?:answered|read|forwarded|redirected|deleted|replied to)\b"), "will reply"),
    (re2.compile(r"(?i)\bif (?:it|this|the matter|your \w+) (?:is|cannot|can't|will not|won't)\b"), "if"),
    (re2.compile(r"(?i)\b(?:deal|dealt) with\b"), "answer"),
    (re2.compile(r"(?i)\bplease (?:note|be (?:aware|advised))(?: that)?\b"), ""),
)
#: Of the matter itself such words can be said too: "The request is not urgent."
_ABOUT = re2.compile(
    r"(?i)\b(?:(?:the|this|that|your|all|any) (?:requests?|matters?|questions?|quer(?:y|ies)|[ei]nquir(?:y|ies)|answer"
    r"|response|reply|plan|study|course|trip)|it|this|that) (?:is|are|has|have|will|would|cannot|can't)\b"
)
_ASKS = re2.compile(
    r"(?i)^(.*?)\b(?:contact|e-?mail|mail|call|ring|phone|speak (?:to|with)|direct|redirect|forward|reach(?: out)?"
    r"|get in touch with|write to|use)\b(.*)$"
)
#: Elsewhere a sentence is known by its beginning: greeting, thanks, who is asked instead, closing; and its length.
_ELSEWHERE_ROWS = (
    (
        90,
        r"(?:je (?:vous )?r.pondrai|je traiterai|ich (?:werde|melde|beantworte|antworte)|(?:le |te )?responder."
        r"|risponder.|ik (?:zal|beantwoord)|e-?maily budu|odpow(?:iem|iadam)|jag (?:svarar|återkommer)"
        r"|jeg (?:svarer|vender)|byddaf yn ateb) [^,;?]*(?:nach meiner r.ckkehr|wenn ich zur.ck bin|. mon retour"
        r"|a mi (?:regreso|vuelta)"
        r"|al mio rientro|ao meu regresso|terugkomst|po n.vratu|po powrocie|tilbage|tillbaka|pan ddychwel)",
    ),
    (
        40,
        r"(?:guten (?:tag|morgen)|hallo|sehr geehrte|bonjour|buenos d.as|hola|buongiorno|salve|goedendag|beste\b"
        r"|dobr. den|dzie. dobry|hej\b|annwyl|helo\b)"
        r"(?: (?-i:\p{Lu})[^\s,;?]*| (?:und|frau|herr|damen|alle|allen|zusammen|tous|todos|tutti|a|à))*$",
    ),
    (
        80,
        r"(?:(?:vielen |herzlichen )?dank\w* f.r (?:ihre|die|deine)|merci (?:de|pour) (?:votre|vos)"
        r"|gracias por (?:su|tu)|grazie per (?:la|il)|bedankt voor|d.kuji za|dzi.kuj. za|tak for din"
        r"|tack f.r|diolch am)",
    ),
    (
        160,
        r"(?:in dringenden f.llen|bitte (?:wenden|kontaktieren) sie|ihre? (?:e-?mail|nachricht) wird|en cas d.urgence"
        r"|pour toute urgence|veuillez contacter|en caso de urgencia|para (?:asuntos|temas) urgentes"
        r"|per (?:urgenze|questioni urgenti)|voor dringende|v urgentn.ch|w pilnych sprawach|ved hast|vid br.dskande"
        r"|os yw(?:'n| yn) (?:fater )?brys)",
    ),
    (
        50,
        r"(?:(?:mit )?(?:freundlichen|besten|viele|herzliche) gr|cordialement|(?:un )?saludos?\b"
        r"|(?:cordiali|distinti) saluti|met vriendelijke groet|s pozdravem|pozdrawiam|z powa.aniem|med v.nlig"
        r"|(?:med )?venlig hilsen|mvh\b|cofion|yn gywir|d.kuji za)",
    ),
)
_ELSEWHERE = tuple((longest, re2.compile(rf"(?i)^{begins}(?:[^,;?]*)$")) for longest, begins in _ELSEWHERE_ROWS)


def is_of_absence(sentence: str, names: frozenset[str]) -> bool:
    """Whether the sentence has no word but those of an absence: of being away, of whom to ask, or of politeness; the
    writer's own `names` may stand there."""
    plain = sentence
    for pattern, one in _TURNS:
        plain = pattern.sub(one, plain)
    if _ABOUT.search(plain):
        return False
    words = _WORD.findall(plain)
    if (_keeps_to(words, _AWAY, names) and not _is_time(words)) or _is_polite(words, names):
        return True
    asks = _ASKS.match(plain)
    if asks and _keeps_to(_WORD.findall(asks.group(1)), _AWAY | _NEED, names) and _names_somebody(asks.group(2), names):
        return True
    bare = sentence.rstrip(", ")
    return any(len(bare) <= longest and pattern.match(bare) for longest, pattern in _ELSEWHERE)


def is_rest(text: str, names: frozenset[str]) -> bool:
    """The same of what follows a word about an office or an address: a time, or who is there instead."""
    return _names_somebody(text, names) or not _WORD.search(text)


def _is_time(words: list[str]) -> bool:
    return bool(words) and all(word[0].isdigit() or _plain(word) in _TIME | _LINKS for word in words)


def _plain(word: str) -> str:
    return word.lower().replace("’", "'").rstrip("'.-/")


def _keeps_to(words: list[str], known: frozenset[str], names: frozenset[str]) -> bool:
    return all(word[0].isdigit() or _plain(word) in known or _plain(word) in names for word in words)


def _is_polite(words: list[str], names: frozenset[str]) -> bool:
    """A greeting may name anybody, thanks for contacting any team."""
    unknown = [word for word in words if _plain(word) not in _POLITE and _plain(word) not in names]
    if not unknown:
        return True
    begins = _plain(words[0])
    return len(unknown) <= 4 and all(word[0].isupper() for word in unknown) and begins in (*_GREETS, "thank", "thanks")


def _names_somebody(text: str, names: frozenset[str]) -> bool:
    """Names, addresses, numbers and offices, and nothing else: "the procurement team", not "the mother"."""
    words = _WORD.findall(text)
    known = _AWAY | _NEED | _WHOM
    for at, word in enumerate(words):
        following = _plain(words[at + 1]) if at + 1 < len(words) else ""
        if not (
            word[0].isupper() or word[0].isdigit() or "@" in word or _plain(word) in known or _plain(word) in names
            or following in _GROUP
        ):  # fmt: skip
            return False
    return bool(words)
