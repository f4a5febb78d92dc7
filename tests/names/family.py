"""Children who do not exist: a name, initials, a day of birth and an address each, from a seed.

Every part is one that no letter, policy or directory of ours can hold by chance, so that finding it is finding a leak.
It knows no mail.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

import re2

_BEGIN = ("Zorv", "Quax", "Vyth", "Jaxk", "Xand", "Wroq", "Këzv", "Myxq", "Dzuv", "Ghyq", "Ñuxv", "Bwyz")
_MIDDLE = ("umb", "eldr", "ingv", "ovst", "akzi", "ythm", "exqu", "ubwa", "ilvr", "orxe")
_END = ("und", "ythe", "akk", "ombe", "isk", "urtz", "elwy", "oxen", "avik", "ürgh")
_LETTERS = "QXZJVK"
_DAYS = (
    "{0:%d/%m/%Y}", "{0:%d.%m.%y}", "{0:%d/%m/%y}", "{0:%Y-%m-%d}", "{0.day} {0:%B} {0.year}", "{0.day} {0:%b} {0:%y}",
    "{0:%d-%m-%Y}", "{0:%B} {0.day}, {0.year}", "{0.day}.{0.month}.{0.year}",
)  # fmt: skip
_SEPARATES = re2.compile(r"[\s\p{Pd}'’`\x{ad}\x{200b}_]+")
_WORD = re2.compile(r"[\p{L}\p{N}]+")


def compact(text: str) -> str:
    """Text as it is compared: compatible forms of letters as one, no capitals, no spaces, hyphens or apostrophes."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return str(_SEPARATES.sub("", unicodedata.normalize("NFKC", folded)))


def runs(text: str) -> frozenset[str]:
    """The words of a text, single letters that follow one another as one: "Q. Z. X." and "QZX" are both "qzx"."""
    found, letters = set[str](), ""
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold()):
        if len(word) == 1 and word.isalpha():
            letters += word
            continue
        found |= {word, letters}
        letters = ""
    return frozenset(found | {letters}) - {""}


@dataclass(frozen=True, slots=True)
class Child:
    """`place` is where this child is written, and nowhere else: what is found says where it came from."""

    place: str
    given: str
    family: str
    initials: str
    born: date
    house: int
    street: str
    postcode: str

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"

    def texts(self) -> tuple[str, ...]:
        """What is looked for in compacted text."""
        own = (self.given, self.family, self.street, self.postcode)
        return tuple(dict.fromkeys(compact(text) for text in (*own, *(form.format(self.born) for form in _DAYS))))

    def found_in(self, text: str, *, has_words: bool = True) -> str:
        """What of this child can be read in it; "" for nothing. `has_words`: initials are looked for too, which in what
        is no text (an index, a digest) could stand by chance."""
        close = compact(text)
        seen = next((one for one in self.texts() if one in close), "")
        return seen or (self.initials if has_words and self.initials.casefold() in runs(text) else "")

    def said(self, chance: Random) -> str:
        """The child as somebody writes it: by name, initials, day of birth, address or several of them."""
        dotted = ". ".join(self.initials) + "."
        born = chance.choice(_DAYS).format(self.born)
        forms = (
            self.name, self.name.upper(), f"{self.family}, {self.given}", f"{self.family}-{self.given}", self.initials,
            dotted, f"{self.initials} (DOB {born})", f"{self.name} d.o.b. {born}", f"born {born}",
            f"{self.house} {self.street} Road, {self.postcode}", f"the child at {self.postcode}",
            f"{self.initials}, {self.house} {self.street} Lane", f"{self.given}'s family, {self.postcode}",
            unicodedata.normalize("NFD", self.name), " ".join(self.given), f"{self.given}_{self.family}",
        )  # fmt: skip
        return chance.choice(forms)


def children(seed: str, places: tuple[str, ...]) -> Iterator[Child]:
    """A child for each place."""
    chance = Random(seed)

    def word() -> str:
        return chance.choice(_BEGIN) + chance.choice(_MIDDLE) + chance.choice(_END)

    for place in places:
        initials = "".join(chance.choice(_LETTERS) for _ in range(3))
        born = date(2009, 1, 1) + timedelta(days=chance.randrange(4000))  # not in 2020: "20 Jan 20" begins our dates
        first, last = chance.choice(("QX", "ZV", "XJ", "JQ")), "".join(chance.choice("QZXJ") for _ in range(2))
        postcode = f"{first}{chance.randrange(1, 99)} {chance.randrange(1, 10)}{last}"
        yield Child(place, word(), word(), initials, born, chance.randrange(1, 200), word(), postcode)
