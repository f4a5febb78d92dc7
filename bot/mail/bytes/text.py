"""Bytes and HTML to text that is safe to show.

Charsets are looked up in a list, because Python knows some (punycode, unicode_escape) that are no charsets of mail.
Controls that hide or turn text round are taken out. It does not decide which part of a mail is its text (parse.py),
nor which lines of it are new (cut/quote.py).
"""

import codecs
from html import unescape
from itertools import islice

import inscriptis
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig

from bot.mail import re2
from bot.mail.bytes import unseen
from bot.mail.patterns.topics import topic

MAX_TEXT = 512 * 1024
MAX_HTML = 512 * 1024
#: Beyond this many tags open inside one another a page is taken apart by its tags alone: the converter recurses.
MAX_HTML_DEPTH = 200

#: Where a quotation starts in HTML, carried into the text; a private-use letter that `cleaned` removes from mails.
QUOTE_MARK = "\ue000"
#: The same for what a mail program wrote as the signature.
SIGNATURE_MARK = "\ue001"
#: Where a quotation starts and ends whose end the HTML tells.
CITED_MARK, CITED_END = "\ue002", "\ue003"
_MARKS = re2.compile(f"[{QUOTE_MARK}-{CITED_END}]")

_CHARSETS = frozenset(
    (
        *(
            "utf-8",
            "utf-16",
            "utf-16-le",
            "utf-16-be",
            "utf-32",
            "utf-7",
            "koi8-r",
            "koi8-u",
            "gb2312",
            "gbk",
            "gb18030",
        ),
        *("hz", "big5", "big5hkscs", "shift_jis", "cp932", "euc_jp", "euc_kr", "iso2022_jp", "iso2022_jp_2", "cp949"),
        *("iso2022_kr", "johab", "tis-620", "mac-roman", "cp437", "cp850", "cp852", "cp866", "cp874"),
        *(f"iso8859-{n}" for n in range(2, 17)),
        *(f"cp125{n}" for n in range(9)),
    )
)
#: What people call Latin-1 or ASCII is Windows-1252 as soon as a dash or a curly quote is in it.
_REALLY_1252 = frozenset({"iso8859-1", "ascii", "latin-1"})

_HIDDEN = re2.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ue000-\uf8ff\U000e0000-\U000e007f]"
)
_TURNED = re2.compile("[\x00\u202a-\u202e\u2066-\u2069]")
#: Letters without width inside a Latin word stand there to part what is seen as one.
_PARTED = re2.compile("[A-Za-z][\u200b-\u200d\u2060\ufeff]+[A-Za-z]")
_LINES = {0x0B: "\n", 0x0C: "\n", 0x85: "\n", 0x2028: "\n", 0x2029: "\n"}
_DROPPED = re2.compile(
    r"(?is)<(?:style|script|head|title|noscript|template|svg)\b.*?</(?:style|script|head|title|noscript|template"
    r"|svg)\s*>|<!--.*?-->|<!\[[^\]]*\]>|<\?xml[^>]*>"
)
_QUOTE_START = topic("quotation").pattern("html")
_BLOCK = re2.compile(r"(?i)<blockquote\b[^>]*>|</blockquote\s*>")
#: What mail programs write into the tag of a quotation; without it somebody has indented words of their own.
_CITED = re2.compile(r"(?i)\b(?:type|cite|class)\s*=|border-left(?:-width)?:\s*[^n0;]|margin:\s*0px 0px 0px 0\.8ex")
_ATTRIBUTED = topic("quotation").pattern("html_attributed")
_ABOVE = 600
#: Round so many rules and quotations of a page the words are looked at; no person's mail has more.
_MOST_LOOKED_AT = 1000
_RULE = re2.compile(r"(?i)<hr\b[^>]*>")
_WROTE = re2.compile(
    r"(?i)^(?:on|ar|am|le|el|at)\b[^:\n]{0,80}\d[^\n]{0,80}?\b(?:wrote|schrieb|écrit|ysgrifennodd)\b[^:]{0,40}:"
)
_SIGNATURE_START = topic("quotation").pattern("html_signature")
_TAG = re2.compile(r"(?s)<[^<>]*>")
_OPEN = re2.compile(r"<[A-Za-z]")
_BLANKS = re2.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")
_CONFIG = ParserConfig(css=CSS_PROFILES["strict"].copy(), display_links=False, display_images=False)


def _as_1252(fault: UnicodeError) -> tuple[str, int]:
    """What is no UTF-8 read as Windows-1252: programs put their own bytes under that label."""
    if not isinstance(fault, UnicodeDecodeError):
        raise fault
    return fault.object[fault.start : fault.end].decode("cp1252", "replace"), fault.end


codecs.register_error("as-1252", _as_1252)


def decode(raw: bytes, charset: str) -> str:
    """Bytes as text, whatever is in them. An unknown charset is read as UTF-8, and what is none as Windows-1252."""
    name = _codec(charset)
    if name == "utf-8":
        return _whole(raw.decode(name, "as-1252"))
    if name in _CHARSETS:
        return _whole(raw.decode(name, "replace"))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def is_known(charset: str) -> bool:
    """Whether a charset label means something to us; an empty one does."""
    name = _codec(charset)
    return not charset or name in _CHARSETS or name in _REALLY_1252


def _codec(charset: str) -> str:
    label = charset.strip().strip("'\"").lower()
    if not label or not label.isascii() or "\0" in label or len(label) > 40:
        return ""
    if label in ("cp-850", "unicode-1-1-utf-7"):
        label = {"cp-850": "cp850"}.get(label, "utf-7")
    try:
        return codecs.lookup(label).name
    except (LookupError, ValueError):
        return ""


def cleaned(text: str, *, keeps_marks: bool = False) -> str:
    """The same text with plain line ends and no control, zero-width, direction-turning or private-use letters, the
    marks of from_html among them unless they are kept."""
    if keeps_marks:
        pieces, marks = _MARKS.split(text), [*_MARKS.findall(text), ""]
        return "".join(cleaned(piece) + mark for piece, mark in zip(pieces, marks, strict=True))
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isprintable():
        text = _whole(text)
        if _HIDDEN.search(text):
            text = _HIDDEN.sub("", text.translate(_LINES))
    return text


def _whole(text: str) -> str:
    """Without halves of letters (lone surrogates), which UTF-7 and escapes can make and no pattern can be run on."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def turns(text: str) -> bool:
    """Whether text holds NUL, letters that turn its direction round, or invisible ones inside a word: a sign of
    somebody who hides something."""
    return (not text.isascii() and bool(_TURNED.search(text) or _PARTED.search(text))) or "\0" in text


def from_html(html: str) -> str:
    """HTML as text with tables laid out. Before a quotation stands a line that is QUOTE_MARK alone, before a signature
    one that is SIGNATURE_MARK."""
    body = _DROPPED.sub("", unseen.shown(html[:MAX_HTML]))
    has_parts = "messageBodySection" in body
    body = _cited(_QUOTE_START.sub(lambda m: _marked(m.group(), has_parts), _ruled(body)))
    body = _SIGNATURE_START.sub(lambda m: f"<p>{SIGNATURE_MARK}</p>{m.group()}", body)
    text = _plain(body) if _is_deep(body) else _laid_out(body)
    spaced: str = _BLANKS.sub("\n\n", text.replace("\xa0", " "))
    return spaced.strip()


def unmarked(text: str) -> str:
    """The same text without the marks."""
    return str(_MARKS.sub("", text))


def _ruled(body: str) -> str:
    """With the mark before each <hr> under which somebody is said to have written something."""
    out, at = [], 0
    for match in islice(_RULE.finditer(body), _MOST_LOOKED_AT):
        below = unescape(_TAG.sub("", body[match.end() : match.end() + _ABOVE])).strip()
        out.append(body[at : match.start()] + (f"<p>{QUOTE_MARK}</p>" if _WROTE.match(below) else ""))
        at = match.start()
    return "".join((*out, body[at:]))


def _marked(tag: str, has_parts: bool) -> str:
    """The tag that begins a quotation, with the mark before it; as it is where it begins none."""
    is_all = "messageReplySection" in tag and not has_parts  # the answer alone bears that name, too
    return tag if is_all else f"<p>{QUOTE_MARK}</p>{tag}"


def _cited(body: str) -> str:
    """With marks round each <blockquote> that quotes: by its tag, or by the line above it that says who wrote when."""
    out: list[str] = []
    at, closes = 0, []
    for n, match in enumerate(_BLOCK.finditer(body)):
        out.append(body[at : match.start()])
        at, tag = match.end(), match.group()
        if not tag.startswith("</"):
            start = max(0, match.start() - _ABOVE) if n < _MOST_LOOKED_AT else match.start()
            above = unescape(_TAG.sub("", body[start : match.start()])).strip()
            is_cited = bool(_CITED.search(tag) or _ATTRIBUTED.search(above[-200:]))
            closes.append(is_cited)
            out.append(f"<p>{CITED_MARK}</p>{tag}" if is_cited else tag)
        else:
            out.append(f"{tag}<p>{CITED_END}</p>" if closes and closes.pop() else tag)
    return "".join((*out, body[at:]))


def _laid_out(body: str) -> str:
    text: str = inscriptis.get_text(body, _CONFIG)
    return "\n".join(line.strip() for line in text.split("\n"))


def _plain(body: str) -> str:
    return unescape(_TAG.sub("\n", body))


def _is_deep(body: str) -> bool:
    """A cheap upper bound: how many tags were opened and not closed at any point."""
    if len(_OPEN.findall(body)) < MAX_HTML_DEPTH:
        return False
    depth = deepest = 0
    for match in _TAG.finditer(body):
        tag = match.group()
        if tag.startswith("</"):
            depth -= 1
        elif not tag.endswith("/>") and not _VOID.match(tag):
            depth += 1
            deepest = max(deepest, depth)
    return deepest > MAX_HTML_DEPTH


_VOID = re2.compile(r"(?i)<(?:br|img|hr|meta|link|input|col|area|base|wbr|p|li|td|tr|th|dt|dd|o:p|!)\b|<!")
