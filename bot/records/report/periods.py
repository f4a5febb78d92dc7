"""Of which months a report speaks: a quarter of the calendar year, or the year. It reads no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import re2

_NTH = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "last": 4}
_SPANS = (
    re2.compile(r"(?P<year>20\d\d)[ -]*q(?P<n>[1-4])"),
    re2.compile(r"q(?P<n>[1-4])[ ,-]*(?:of )?(?P<year>20\d\d)"),
    re2.compile(rf"(?P<nth>{'|'.join(_NTH)}) quarter,? ?(?:of )?(?P<year>20\d\d)"),
    re2.compile(r"(?:year )?(?P<year>20\d\d)"),
)


@dataclass(frozen=True, slots=True)
class Quarter:
    """Three months of the calendar year, in the office's days; `n` 0: the whole year."""

    year: int
    n: int

    @classmethod
    def parse(cls, words: str) -> Quarter:
        """ "2026Q4", "Q4 2026", "fourth quarter of 2026"; "2026" is the year. Raises ValueError with what to write."""
        said = " ".join(words.casefold().split())
        for pattern in _SPANS:
            if found := pattern.fullmatch(said):
                named = found.groupdict()
                return cls(int(named["year"]), int(named.get("n") or _NTH.get(named.get("nth", ""), 0)))
        raise ValueError(f'"{words}" is no quarter: write it as 2026Q4')

    @classmethod
    def of(cls, day: date) -> Quarter:
        """The one that this day is in."""
        return cls(day.year, (day.month + 2) // 3)

    @classmethod
    def before(cls, day: date) -> Quarter:
        """The last one that was over on that day."""
        n = (day.month - 1) // 3
        return cls(day.year, n) if n else cls(day.year - 1, 4)

    def __str__(self) -> str:
        return f"{self.year}Q{self.n}" if self.n else str(self.year)

    @property
    def words(self) -> str:
        """As a sentence says it."""
        return f"the {_ORDER[self.n - 1]} quarter of {self.year}" if self.n else f"the year {self.year}"

    @property
    def first(self) -> date:
        return date(self.year, 3 * self.n - 2 if self.n else 1, 1)

    @property
    def last(self) -> date:
        return (
            (self.first + timedelta(days=93)).replace(day=1) - timedelta(days=1) if self.n else date(self.year, 12, 31)
        )

    @property
    def year_before(self) -> Quarter:
        """The same months a year earlier."""
        return Quarter(self.year - 1, self.n)

    @property
    def parts(self) -> tuple[Quarter, ...]:
        """The quarters it is made of: itself, or the four of a year."""
        return (self,) if self.n else self.to_date

    @property
    def to_date(self) -> tuple[Quarter, ...]:
        """The quarters of its year up to its end."""
        return tuple(Quarter(self.year, n) for n in range(1, (self.n or 4) + 1))

    @property
    def run(self) -> tuple[Quarter, ...]:
        """The eight quarters that end with it, the oldest first."""
        end = self.year * 4 + (self.n or 4)
        return tuple(Quarter((n - 1) // 4, (n - 1) % 4 + 1) for n in range(end - 7, end + 1))


_ORDER = ("first", "second", "third", "fourth")
