"""One Authentication-Results field -> who says it, and what of which method, by the grammar of RFC 8601.

A stranger's words stand in such fields (a local part, a helo), and not every border quotes them. So a field is cut at
the semicolons that stand outside quotes and comments; if a piece is no result, or something in the field closes that
was never opened, the field has said nothing; a result whose properties cannot be read is "unreadable"; and where an
envelope sender is none, what follows it may be its words, so no pass of DMARC in the field counts. It does not know
whom to believe (trust.py). One pass over a field that headers.py has cut to size.
"""

from dataclasses import dataclass, replace

from bot.mail import re2

MAX_RESULTS = 100
MAX_PROPERTIES = 50
UNREADABLE = "unreadable"
_VERSION = "1"
_SERVER = re2.compile(r"^([^\s;()<>@,:\\\"\[\]?=]+)(?:\s+(\d+))?$")
_METHOD = re2.compile(r"(?i)^([a-z0-9_.-]+)(?:\s*/\s*\d+)?\s*=\s*([a-z0-9_.-]+)(?:\s+(.*))?$")
_KEY = re2.compile(r"(?i)^([a-z0-9_-]+(?:\s*\.\s*[a-z0-9_.-]+)?)\s*=")
_VALUE = re2.compile(r'^(?:"((?:[^"\\]|\\.)*)"(@[^\s"]*)?|([^\s"]*))(?:\s+|$)')
_DOMAIN = re2.compile(r"(?i)^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z0-9]$")
_FROM = re2.compile(r"(?i)^(?:[^\s\"@<>;]*@)?([a-z0-9_.-]+)$")
#: An envelope sender as a border may write it: nobody, a domain, or an address.
_ENVELOPE = re2.compile(r'^(?:<?>?|<?[^\s@;"()]+\.[^\s@;"()]+>?|<?(?:[^\s@;"()]*|"[^"]*")@[^\s@;"()]+>?)$')


@dataclass(frozen=True, slots=True)
class Result:
    """`header_from`: the domain of the one plain header.from, lower-case; "" where there is no such."""

    method: str
    result: str
    header_from: str


def read(value: str) -> tuple[str, list[Result]]:
    """Who says it and what, both lower-case. A field that is none: nobody says nothing."""
    server, *pieces = _pieces(value) or [""]
    named = _SERVER.match(server)
    if not named or named.group(2) not in (None, _VERSION) or len(pieces) > MAX_RESULTS:
        return "", []
    results, is_sound = [], True
    for piece in pieces:
        if piece.lower() in ("", "none"):
            continue
        begun = _METHOD.match(piece)
        if not begun:  # a ";" in somebody's words
            return "", []
        properties = _properties(begun.group(3) or "")
        is_sound = is_sound and _is_sender(properties)
        results.append(_result(begun.group(1), begun.group(2), properties))
    if not is_sound:
        results = [replace(one, result=UNREADABLE) if _is_pass(one) else one for one in results]
    return named.group(1).lower(), results


def _is_pass(one: Result) -> bool:
    return (one.method, one.result) == ("dmarc", "pass")


def _result(method: str, result: str, properties: list[tuple[str, str]] | None) -> Result:
    """Without its evidence where that cannot be read."""
    if properties is None:
        return Result(method.lower(), UNREADABLE, "")
    given = [value for name, value in properties if name == "header.from"]
    found = _FROM.match(given[0]) if len(given) == 1 else None
    domain = found.group(1).lower() if found else ""
    return Result(method.lower(), result.lower(), domain if _DOMAIN.match(domain) else "")


def _is_sender(properties: list[tuple[str, str]] | None) -> bool:
    """Whether whatever is called an envelope sender is one."""
    return all(_ENVELOPE.match(value) for name, value in properties or () if name == "smtp.mailfrom")


def _properties(text: str) -> list[tuple[str, str]] | None:
    """`name=value` one behind the other, names lower-case; None where something else stands there."""
    found: list[tuple[str, str]] = []
    text = text.strip()
    while text:
        key = _KEY.match(text)
        if not key or len(found) >= MAX_PROPERTIES:
            return None
        text = text[key.end() :]
        if text[:1].isspace():
            text = text.strip()
            if _KEY.match(text):  # it was empty, and this is the next
                found.append((_name(key.group(1)), ""))
                continue
        value = _VALUE.match(text)
        if not value:
            return None
        quoted, domain, plain = value.groups()
        found.append((_name(key.group(1)), plain or "" if quoted is None else _quoted(quoted, domain)))
        text = text[value.end() :].strip()
    return found


def _name(key: str) -> str:
    return "".join(key.split()).lower()


def _quoted(words: str, domain: str | None) -> str:
    """A quoted local part keeps its quotes; a quoted value by itself is the value."""
    return f'"{words}"{domain}' if domain else words


def _pieces(value: str) -> list[str]:
    """The field at its semicolons, without comments; empty where a bracket closes that was never opened."""
    pieces, current, depth, is_quoted, is_escaped = [], [], 0, False, False
    for letter in value:
        if is_escaped:
            is_escaped = False
        elif letter == "\\" and (is_quoted or depth):
            is_escaped = True
        elif letter == '"' and not depth:
            is_quoted = not is_quoted
        elif letter in "()" and not is_quoted:
            depth += 1 if letter == "(" else -1
            current.append(" ")
            if depth < 0:
                return []
            continue
        elif letter == ";" and not is_quoted and not depth:
            pieces.append("".join(current).strip())
            current = []
            continue
        if not depth:
            current.append(letter)
    return [*pieces, "".join(current).strip()]
