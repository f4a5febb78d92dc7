"""bytes -> what stands in a mail: headers, text, attachments, machine-readable parts, and what was wrong with it.

The header block is read by headers.py; here the standard library's parser (compat32, the fast one) builds the tree of
the body, after headers.py has shown that it is not too deep for it. It never raises for an ugly mail: defects say what
was wrong. It does not know what the text means (cut/quote.py, machine/automatic.py), and opens no archive.
"""

import hashlib
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

from bot.mail import re2
from bot.mail.bytes import contents, tnef, transfer, unreadable
from bot.mail.bytes.contents import MAX_NAME, bare
from bot.mail.bytes.headers import Headers, decoded, split, too_much
from bot.mail.bytes.text import MAX_TEXT, cleaned, decode, from_html, is_known, turns, unmarked
from bot.model import Attachment, Flag

MAX_REPORT = 64 * 1024
_FAULTS = transfer.FAULTS

_PARSER = BytesParser(policy=compat32)
_MIME = ("content-type", "content-transfer-encoding", "content-disposition", "content-id", "mime-version")
#: What Gmail tells other programs of a reaction, and what a mail is called here that was saved as a file.
REACTION, SAVED = "text/vnd.google.email-reaction+json", "message/saved"
_TEXTS = ("text/plain", "text/html", "text/enriched")
#: Of letters in a plain text beside HTML: a longer one is no stub.
_LONGEST_STUB = 1500
#: How gateways call the parts into which they cut a body.
_CUT_BODY = re2.compile(r"(?i)^(?:att\d{3,}|body|msg|message|mailbody|part[ _.-]?\d*)\.(?:txt|html?)$")
_REPORTS = ("message/", "text/rfc822-headers", "text/calendar")


@dataclass(frozen=True, slots=True)
class Report:
    """A part written for machines (delivery status, returned headers, calendar): its type, parameters and text."""

    type: str
    text: str
    method: str = ""  # the method parameter of a calendar part
    is_attachment: bool = False


@dataclass(frozen=True, slots=True)
class Parsed:
    """A mail taken apart. `why_unreadable` is "" where no part says that it is sealed: its words may still say so.

    `is_locked`: all that is attached, decoration aside, is under a password.
    """

    headers: Headers
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    reports: tuple[Report, ...] = ()
    why_unreadable: str = ""
    is_locked: bool = False
    defects: tuple[str, ...] = ()
    files: tuple[tuple[str, bytes], ...] = ()  # digest and bytes of those that may be a form
    is_reaction: bool = False  # a part tells of a reaction
    beside: tuple[Message, ...] = ()  # what stands beside a plain text so short that it may be a stub

    def rich(self) -> str:
        """The HTML version of such a text, "" where there is none: taken apart where somebody asks for it."""
        return next((text for text in map(_rich, self.beside) if unmarked(text).strip()), "")[:MAX_TEXT]


@dataclass(slots=True)
class _Gathering:
    """What the walk over the parts has found so far."""

    attachments: list[Attachment] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    files: list[tuple[str, bytes]] = field(default_factory=list)
    named: list[tuple[str, str]] = field(default_factory=list)  # name and text of texts that look like files
    hidden: str = ""  # words that stand in a winmail.dat only
    beside: tuple[Message, ...] = ()  # of a short plain text
    locked: int = 0
    opens_files: bool = True


def parse(raw: bytes, *, opens_files: bool = True) -> Parsed:
    """The mail in `raw`. Raises nothing by intent; the sandbox and read.py stand behind it for the rest."""
    headers, body, defects = split(raw)
    why = too_much(headers, body)
    if why:
        return Parsed(headers, why_unreadable=why, defects=(*defects, why))
    gathering = _Gathering(defects=list(defects), opens_files=opens_files)
    text = _visit(_tree(headers, body), gathering, in_related=False)
    if not unmarked(text).strip():
        text = _named(gathering) or cleaned(gathering.hidden)
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT]
        gathering.defects.append("text_cut")
    names = [a.name for a in gathering.attachments]
    others = sum(not contents.is_decoration(name) for name in names) - gathering.locked
    return Parsed(
        headers=headers,
        text=text,
        attachments=tuple(gathering.attachments),
        reports=tuple(gathering.reports),
        why_unreadable=unreadable.why(headers, gathering.types, names, has_text=bool(text.strip())),
        is_locked=bool(gathering.locked) and not others,
        defects=tuple(dict.fromkeys(gathering.defects)),
        files=tuple(gathering.files),
        is_reaction=REACTION in gathering.types,
        beside=gathering.beside,
    )


def _named(found: _Gathering) -> str:
    """The first text that has a name, where no other text has words: it is the body, and no attachment."""
    name, text = next(((name, text) for name, text in found.named if unmarked(text).strip()), ("", ""))
    found.attachments[:] = [a for a in found.attachments if a.name != name or not name]
    return text


def _tree(headers: Headers, body: bytes) -> Message:
    """The body as the standard library sees it, under the few headers it needs: never the sender's whole block."""
    block = "".join(f"{name}: {headers.get(name)}\n" for name in _MIME if headers.has(name)).encode("utf-8", "replace")
    top = _PARSER.parsebytes(block + b"\n", headersonly=True)
    if top.get_content_maintype() in ("multipart", "message"):
        return _PARSER.parsebytes(block + b"\n" + body)
    top.set_payload(body.decode("ascii", "surrogateescape"))
    return top


def _visit(part: Message, found: _Gathering, in_related: bool) -> str:
    """The text of a part; attachments, reports and defects go into `found`."""
    kind = transfer.kind(part)
    found.types.append(kind)
    for defect in part.defects:
        found.defects.append(f"mime_{type(defect).__name__.removesuffix('Defect')}")
    if kind.startswith("message/") and part.is_multipart():
        return _embedded(part, kind, found)
    if not part.is_multipart():
        return _leaf(part, kind, found, in_related)
    children = [child for child in part.get_payload() if isinstance(child, Message)]
    if kind == "multipart/alternative":
        return _alternative(children, found)
    related = kind == "multipart/related"
    texts = [_visit(child, found, in_related or related) for child in children]
    if kind == "multipart/report":
        return next((text for text in texts if text.strip()), "")
    return "\n".join(text for text in texts if text.strip())


def _alternative(children: list[Message], found: _Gathering) -> str:
    """The plain version where there is one with words in it, else the richest."""
    plain = [child for child in children if transfer.kind(child) == "text/plain"]
    first = _visit(plain[0], found, in_related=False) if plain else ""
    rest = [child for child in children if not plain or child is not plain[0]]
    if 0 < len(first.strip()) <= _LONGEST_STUB:
        found.beside = tuple(rest)
    texts = [
        _visit(child, found, in_related=True) for child in rest if not first.strip() or _is_rich_only(child, found)
    ]
    return first if first.strip() else next((text for text in reversed(texts) if text.strip()), "")


def _rich(part: Message) -> str:
    """What the HTML in a part says, without anything of it being listed."""
    beside = _Gathering()
    texts = (
        _html(_decoded_text(one, _content(one, beside), beside), beside)
        for one in part.walk()
        if transfer.kind(one) == "text/html" and one.get_content_disposition() != "attachment"
    )
    return next(texts, "")


def _is_rich_only(child: Message, found: _Gathering) -> bool:
    """Whether a part beside a plain text still has to be looked into: anything but the same words in HTML."""
    if child.get_content_type() in ("text/html", "text/enriched", "text/x-amp-html") and not child.is_multipart():
        found.types.append(child.get_content_type())
        return False
    return True


def _embedded(part: Message, kind: str, found: _Gathering) -> str:
    """A mail or report inside the mail. Its words are not the sender's: it is listed, and its headers kept."""
    inner = [child for child in part.get_payload() if isinstance(child, Message)]
    text = "\n\n".join("".join(f"{name}: {_raw(value)}\n" for name, value in child.items()) for child in inner)
    is_file = part.get_content_disposition() == "attachment"
    found.reports.append(Report(kind, text[:MAX_REPORT], is_attachment=is_file))
    if kind == "message/rfc822":
        raw = transfer.whole(inner[0], MAX_REPORT) if inner else b""
        _attach(part, kind, raw, found, "message.eml")
    return ""


def _raw(value: object) -> str:
    return str(value)[:MAX_REPORT]


def _leaf(part: Message, kind: str, found: _Gathering, in_related: bool) -> str:
    content = _content(part, found)
    name = _name(part, found)
    disposition = part.get_content_disposition() or ""
    if kind.startswith("multipart/"):  # its boundary is missing or broken: the words are in there somewhere
        return cleaned(_decoded_text(part, content, found))
    if kind.startswith(_REPORTS):
        method = transfer.parameter(part, "method") if kind == "text/calendar" else ""
        is_file = disposition == "attachment"
        text = _decoded_text(part, content[:MAX_REPORT], found)
        found.reports.append(Report(kind, text, method.upper(), is_file))
        if is_file or name:
            _attach(part, kind, content, found, name)
        return ""
    if kind == REACTION:
        return ""
    if kind in _TEXTS and disposition != "attachment" and (not name or in_related):
        return _words(part, kind, content, found)
    if kind == "text/plain" and contents.is_words_below(name, found.types):
        return _words(part, kind, content, found)
    if kind in _TEXTS and (disposition != "attachment" or _CUT_BODY.match(name)):
        found.named.append((name, _words(part, kind, content, found)))
    if not (kind.startswith("image/") and part.get("content-id") and disposition != "attachment"):
        _attach(part, kind, content, found, name)
    return ""


def _words(part: Message, kind: str, content: bytes, found: _Gathering) -> str:
    text = _decoded_text(part, content, found)
    if kind == "text/html":
        return _html(text, found)
    is_flowed = transfer.parameter(part, "format").lower() == "flowed"
    drops = is_flowed and transfer.parameter(part, "delsp").lower() == "yes"
    return transfer.unescaped(cleaned(transfer.joined(text, drops_space=drops)))


def _html(text: str, found: _Gathering) -> str:
    try:
        converted = from_html(cleaned(text))
    except (ValueError, RecursionError, LookupError, AssertionError, TypeError):
        found.defects.append("html_not_converted")
        return ""
    return cleaned(converted, keeps_marks=True)


def _content(part: Message, found: _Gathering) -> bytes:
    """The decoded bytes of a leaf; () where its payload is no text at all."""
    content, is_whole = transfer.content(part)
    if not is_whole:
        found.defects.append("bad_transfer_encoding")
    return content


def _decoded_text(part: Message, content: bytes, found: _Gathering) -> str:
    try:
        charset = part.get_content_charset() or ""
    except _FAULTS:
        charset = "unknown"
    if not is_known(charset):
        found.defects.append("unknown_charset")
    text = decode(content[: 4 * MAX_TEXT], charset)
    if turns(text):
        found.defects.append(Flag.HIDDEN_CHARACTERS.value)
    return text


def _name(part: Message, found: _Gathering) -> str:
    """The file name as a bare name; "" where there is none."""
    try:
        given = part.get_filename()
    except _FAULTS:
        given = None
        found.defects.append("bad_file_name")
    if given and turns(str(given)):
        found.defects.append(Flag.HIDDEN_CHARACTERS.value)
    return bare(decoded(str(given).replace("\0", " "))) if given else ""


def _attach(part: Message, kind: str, content: bytes, found: _Gathering, name: str) -> None:
    name = name or _name(part, found) or f"attachment.{kind.rpartition('/')[2]}"[:MAX_NAME]
    if name.lower().endswith(".eml") and kind != "message/rfc822":
        block = content[:MAX_REPORT].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
        found.reports.append(Report(SAVED, decode(block, "") + "\n", is_attachment=True))
    unpacked = tnef.unpack(content) if found.opens_files and tnef.is_named(kind, name) else None
    if unpacked is None or not (unpacked.text or unpacked.files):
        _list(name, kind, content, found)
        return
    found.hidden = found.hidden or unpacked.text
    for given, data in unpacked.files:
        _list(bare(cleaned(given)) or "attachment", "application/octet-stream", data, found)


def _list(name: str, kind: str, content: bytes, found: _Gathering) -> None:
    found.locked += contents.is_locked(content)
    kind, digest = contents.kind_of(content, name, kind), hashlib.sha256(content).hexdigest()
    found.attachments.append(Attachment(name, kind, len(content), digest))
    if contents.may_be_form(content):
        found.files.append((digest, content))
