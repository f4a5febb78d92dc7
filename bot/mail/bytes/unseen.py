"""HTML less what no mail program shows: a word hidden there is nobody's word.

Elements are left out with everything in them: by the attribute `hidden`, by style (none, invisible, no size, off the
page, letters in the colour of their ground) and by such styles of a `<style>` block's plain classes and ids. In doubt
it leaves out, for what is not read can do nothing, and the mail is kept whole. It lays nothing out (text.py).
"""

from dataclasses import dataclass
from html import unescape

from bot.mail import re2

_TAG = re2.compile(r"""<(/?)([A-Za-z][\w:-]*)((?:"[^"]*"|'[^']*'|[^'"<>])*|[^<>]*)>""")
_ATTRIBUTE = re2.compile(r"""([A-Za-z:-]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?""")
_STYLES = re2.compile(r"(?is)<style\b[^>]*>(.*?)</style")
_RULE = re2.compile(r"(?s)([^{}]+)\{([^{}]*)\}")
_SELECTOR = re2.compile(r"(?:^|[\s>+~])[\w-]*([.#][\w-]+)\s*$")
_COMMENT = re2.compile(r"(?s)/\*.*?\*/|<!--|-->")
_ESCAPE = re2.compile(r"\\([0-9A-Fa-f]{1,6})\s?")
#: What makes a look at every tag worth its time.
_SUSPECT = re2.compile(
    r"(?i)\bhidden\b|display|visibility|mso-hide|font-size\s*:\s*[01](?:\D)|font\s*:|opacity|height|text-indent|-\d{3}|colou?r"
    r"|background|clip|scale|transparent|\\|&#"
)

_NOTHING = re2.compile(r"^[-+]?(?:0*\.?0+\w*%?|[01](?:\.\d+)?p[xt]|0?\.[01]\d*r?em)$")
_OFF = re2.compile(r"^-\d{3,}")
_NUMBERS = re2.compile(r"\d+")
_NAMED = {"white": (255, 255, 255), "black": (0, 0, 0), "snow": (255, 250, 250), "ivory": (255, 255, 240),
          "red": (255, 0, 0), "whitesmoke": (245, 245, 245), "ghostwhite": (248, 248, 255)}  # fmt: skip
_WHITE, _BLACK = _NAMED["white"], _NAMED["black"]
_NEAR = 24
_VOID = frozenset(("br", "hr", "img", "input", "meta", "link", "col", "area", "base", "wbr", "source", "track"))
#: These end a paragraph or their own like without an end tag.
_BLOCKS = frozenset(("p", "div", "table", "ul", "ol", "h1", "h2", "h3", "h4", "blockquote", "pre", "hr", "form"))
_OWN = frozenset(("p", "li", "td", "th", "tr", "dt", "dd", "option"))
_MAX_TAGS = 30_000

Colour = tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class _Look:
    """What one start tag asks for by itself."""

    ink: Colour
    ground: Colour
    is_hidden: bool


class _Looks(dict[str, _Look]):
    """Looks by the text of their tag: a mail program writes the same one thousands of times."""

    def __init__(self, by_name: frozenset[str]) -> None:
        self._by_name = by_name

    def __missing__(self, rest: str) -> _Look:
        self[rest] = found = _look(rest, self._by_name)
        return found


@dataclass(frozen=True, slots=True)
class _Element:
    name: str
    ink: Colour
    ground: Colour
    is_hidden: bool


_PAGE = _Element("", _BLACK, _WHITE, False)


def shown(html: str) -> str:
    """The same HTML without the elements that are not shown, start tag to end tag."""
    if not _SUSPECT.search(html):
        return html
    looks = _Looks(_hidden_names(html))
    open_: list[_Element] = [_PAGE]
    kept: list[str] = []
    at = 0
    for n, tag in enumerate(_TAG.finditer(html)):
        if n > _MAX_TAGS:
            return "".join(kept)
        if not open_[-1].is_hidden:
            kept.append(html[at : tag.start()])
        was_hidden, at = open_[-1].is_hidden, tag.start()
        if tag.group(1):
            _close(open_, tag.group(2).lower())
        else:
            _open(open_, tag.group(2).lower(), tag.group(3), looks)
        if was_hidden or open_[-1].is_hidden:
            at = tag.end()  # the tag goes with its element
    return "".join(kept) + ("" if open_[-1].is_hidden else html[at:])


def _close(open_: list[_Element], name: str) -> None:
    """Down to the element that this tag ends; an end tag of nothing ends nothing."""
    for n in range(len(open_) - 1, 0, -1):
        if open_[n].name == name:
            del open_[n:]
            return


def _open(open_: list[_Element], name: str, rest: str, looks: _Looks) -> None:
    """One element more, which may end the one before it, as `<p>` ends `<p>`."""
    last = open_[-1].name
    if (last == name and name in _OWN) or (last == "p" and name in _BLOCKS):
        open_.pop()
    if name not in _VOID and not (":" in name and rest.endswith("/")):
        open_.append(_element(name, looks[rest], open_[-1]))


def _element(name: str, look: _Look, parent: _Element) -> _Element:
    ink, ground = look.ink or parent.ink, look.ground or parent.ground
    is_same = (ink, ground) != (parent.ink, parent.ground) and _is_near(ink, ground)
    return _Element(name, ink, ground, parent.is_hidden or look.is_hidden or is_same)


def _look(rest: str, by_name: frozenset[str]) -> _Look:
    """What the attributes of a start tag say."""
    given: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(rest):
        value = unescape((match.group(2) or "").strip("\"'"))
        given.setdefault(match.group(1).lower(), value)
    style = _declared(given.get("style", ""))
    names = {f".{one}" for one in given.get("class", "").split()} | {f"#{given.get('id', '')}"}
    ink = _colour(style.get("color") or given.get("color", ""))
    ground = _ground(style) or _colour(given.get("bgcolor", ""))
    return _Look(ink, ground, "hidden" in given or _is_unseen(style) or bool(names & by_name))


def _letter(escape: re2.Match) -> str:
    """The letter of a CSS escape; a space for what is none, halves of letters included."""
    letter = chr(min(int(escape.group(1), 16), 0xFFFF))
    return letter if letter.isprintable() else " "


def _declared(style: str) -> dict[str, str]:
    """Properties and values, lower-case, without comments, escapes and `!important`."""
    plain = _ESCAPE.sub(_letter, _COMMENT.sub("", style)).lower()
    pairs = (one.partition(":") for one in plain.split(";"))
    return {key.strip(): value.replace("!important", "").strip() for key, colon, value in pairs if colon}


def _is_unseen(style: dict[str, str]) -> bool:
    """By one declaration that hides whatever stands in the element."""
    get = style.get
    size = get("font-size", "") or next(iter(get("font", "").split("/")), "").rpartition(" ")[2]
    return (
        get("display") == "none"
        or get("visibility") in ("hidden", "collapse")
        or get("mso-hide") == "all"
        or get("color") == "transparent"
        or (bool(size) and bool(_NOTHING.match(size)))
        or (bool(get("opacity")) and bool(_NOTHING.match(get("opacity", ""))))
        or bool(_NOTHING.match(get("max-height", "1em")))
        or (get("overflow") == "hidden" and any(_NOTHING.match(get(one, "1em")) for one in ("height", "width")))
        or any(_OFF.match(get(one, "")) for one in ("left", "top", "right", "text-indent", "margin-left", "margin-top"))
        or get("clip", "").replace(" ", "").startswith(("rect(0", "rect(1px"))
        or "scale(0" in get("transform", "")
    )


def _hidden_names(html: str) -> frozenset[str]:
    """Classes and ids that a style block hides."""
    found = set()
    for block in _STYLES.finditer(html):
        for selectors, body in _RULE.findall(_COMMENT.sub("", block.group(1))):
            style = _declared(body)
            if _is_unseen(style) or (_is_near(_colour(style.get("color", "")), _ground(style) or _WHITE)):
                found |= {m.group(1) for one in selectors.split(",") if (m := _SELECTOR.search(one.strip()))}
    return frozenset(found)


def _ground(style: dict[str, str]) -> Colour:
    words = style.get("background-color") or style.get("background", "")
    return next((c for word in words.replace(", ", ",").split() if (c := _colour(word))), None)


def _colour(word: str) -> Colour:
    """Red, green and blue of a name, `#fff`, `#ffffff` or `rgb(255, 255, 255)`; None for what is no plain colour."""
    word = word.strip().lower()
    if word.startswith("#"):
        digits = word[1:]
        digits = "".join(2 * d for d in digits[:3]) if len(digits) in (3, 4) else digits[:6]
        try:
            return tuple(bytes.fromhex(digits)) if len(digits) == 6 else None
        except ValueError:
            return None
    if word.startswith("rgb"):
        numbers = tuple(int(n) for n in _NUMBERS.findall(word[:60])[:3])
        return numbers if len(numbers) == 3 else None
    return _NAMED.get(word)


def _is_near(one: Colour, other: Colour) -> bool:
    return one is not None and other is not None and all(abs(a - b) < _NEAR for a, b in zip(one, other, strict=True))
