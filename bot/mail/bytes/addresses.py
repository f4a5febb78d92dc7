"""Who a mail is from and to.

The sender is read twice, by a strict pattern of our own and by the standard library, and counts only where both see
the same single address: parsers that guess have been made to see `alice@good.uk` in `alice@good.uk <x@evil.example>`.
Recipients are read leniently; they carry no authority. It knows no directory and no proof (trust.py).
"""

from email.utils import getaddresses

from bot.mail import re2
from bot.mail.bytes.headers import Headers, decoded, hides
from bot.model import Address, Flag

MAX_ADDRESSES = 500

#: Words of a display name that carry a link, and runs of digits as long as a telephone number's parts.
_LEADS_AWAY = re2.compile(r"(?i)\S*(?:://|www\.|[^\s.]\.[^\s.]\S*/)\S*|\+?\d(?:[ ().-]{0,2}\d){4,}")

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LETTER = r"A-Za-z0-9\x{a1}-\x{10ffff}"
_LABEL = rf"[{_LETTER}](?:[{_LETTER}-]*[{_LETTER}])?"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})+"
_SPEC = rf"{_LOCAL}@{_DOMAIN}"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_WORD = r"[^\s<>@,;:\\\"()\[\]]+"
#: "(HEALTH TRUST)" in the middle of a name, as directories write it. It may hold nothing of which addresses are made.
_ASIDE = r"\([^()<>@,;:\\\"\[\]=]*\)"
_ONE = re2.compile(
    rf"\s*(?:(?:((?:{_QUOTED}|{_WORD})(?:\s*(?:{_QUOTED}|{_WORD}|{_ASIDE}))*)?\s*<\s*({_SPEC})\s*>|({_SPEC})))\s*"
)
_ANY = re2.compile(rf'({_QUOTED}|[^<>",;:]*)\s*<\s*({_SPEC})\s*>|({_SPEC})')


#: Forms in which only the name is careless: a comma in it, the address itself as the name, a bracket behind it.
_CARELESS = re2.compile(
    rf"\s*(?:([^<>@;:\\\"()\[\]=]+|{_SPEC})\s*<\s*({_SPEC})\.?\s*>|({_SPEC})\s*\([^()<>@,;:\\\"\[\]=]*\)"
    rf"|<?({_SPEC})\.?>?)[\s.]*"
)


def careless(headers: Headers) -> Address | None:
    """The one address of a From that is written carelessly; to be believed only where the border proves its domain.
    None for two addresses, a name that is another address, or letters that are not seen."""
    values = headers.all("from")
    match = _CARELESS.fullmatch(values[0]) if len(values) == 1 and not hides(values[0]) else None
    if match is None:
        return None
    name, spec = (match.group(1) or "").strip(), _normal(match.group(2) or match.group(3) or match.group(4))
    if spec is None or ("@" in name and name.lower() != spec):
        return None
    return Address(spec, "" if "@" in name else plain(" ".join(name.split())))


def sender(headers: Headers) -> tuple[Address | None, tuple[str, ...]]:
    """The single From, or None and what was wrong with it: `no_from`, `two_froms`, `bad_from`."""
    values = headers.all("from")
    if not any(value.strip() for value in values):
        return None, ("no_from",)
    if len(values) > 1:
        return None, ("two_froms",)
    return one(values[0])


def one(value: str) -> tuple[Address | None, tuple[str, ...]]:
    """A header that must hold exactly one plain address. Groups, comments and anything doubtful give None."""
    match = _ONE.fullmatch(value)
    if not match:
        return None, ("bad_from",)
    spec = _normal(match.group(2) or match.group(3))
    if spec is None or not _library_agrees(value, match.group(2) or match.group(3)):
        return None, ("bad_from",)
    name = _unquoted(match.group(1) or "")
    if hides(value):
        return Address(spec, name), (Flag.HIDDEN_CHARACTERS.value,)
    if "@" in name and name.lower() != spec:
        return Address(spec), ("name_looks_like_an_address",)
    return Address(spec, name), ()


def people(values: tuple[str, ...]) -> tuple[tuple[Address, ...], tuple[str, ...]]:
    """Recipients in order, each once, at most MAX_ADDRESSES; whatever is no address is left out."""
    found: dict[str, Address] = {}
    for value in values:
        for match in _ANY.finditer(value):
            spec = _normal(match.group(2) or match.group(3))
            if spec is None or spec in found:
                continue
            if len(found) >= MAX_ADDRESSES:
                return tuple(found.values()), ("too_many_addresses",)
            found[spec] = Address(spec, _unquoted(match.group(1) or ""))
    return tuple(found.values()), ()


def addresses_in(text: str) -> tuple[str, ...]:
    """Every address in a piece of text, lower-cased, in order."""
    found = (_normal(m.group(2) or m.group(3)) for m in _ANY.finditer(text))
    return tuple(dict.fromkeys(spec for spec in found if spec))


def _library_agrees(value: str, spec: str) -> bool:
    seen = [address for _, address in getaddresses([value]) if address]
    return seen == [spec]


def _normal(spec: str) -> str | None:
    """Lower-cased, domain in ASCII; None where it cannot be written so, or only by dropping or exchanging letters:
    `hea(zero width)lth.uk` is not `health.uk`."""
    local, _, domain = spec.rpartition("@")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return None
        if "xn--" not in domain:
            return None
    if len(local) > 64 or len(domain) > 253:
        return None
    return f"{local}@{domain}".lower()


def _unquoted(name: str) -> str:
    name = name.strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = name[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return plain(decoded(name))


def plain(name: str) -> str:
    """A name without what leads elsewhere: letters print names, and mail programs make links of such words."""
    return " ".join(_LEADS_AWAY.sub(" ", name).split()) if _LEADS_AWAY.search(name) else name


def called(sender: Address | None) -> str:
    """The words by which somebody may sign: of the display name, and those of the address; then its domain."""
    if sender is None:
        return ""
    account, _, domain = sender.email.partition("@")
    name = sender.name.replace("@", " ")
    return f"{name} {' '.join(account.replace('_', '.').split('.'))}@{domain}"
