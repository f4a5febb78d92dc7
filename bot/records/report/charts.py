"""Charts of a report's tables as SVG, each with words that say the same; the table stands beside it.

Only of ten challenges or more. One colour: no bar is good or bad.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import leather

from bot.records.register import Sheet
from bot.records.report.published import COURSE
from bot.records.report.tables import FEW, RUN

_INK, _GREY, _WIDE, _ROW = "#1f4e79", "#444444", 760, 34

leather.theme.background_color = "#ffffff"
leather.theme.label_color = leather.theme.axis_title_color = _GREY
for _part in ("title", "axis_title", "tick", "legend"):
    setattr(leather.theme, f"{_part}_font_family", "sans-serif")


@dataclass(frozen=True, slots=True)
class Chart:
    """`of`: the title of the table it shows; `alt`: what it shows, in words."""

    of: str
    alt: str
    svg: str


def charts(sheets: Sequence[Sheet]) -> tuple[Chart, ...]:
    """For each table that has enough to show, in their order."""
    return tuple(chart for sheet in sheets if (chart := _line(sheet) if sheet.title == RUN else _bars(sheet)))


#: Tables that have bars: a row each, of the sum of its numbers.
_BARS = ("Who challenges whom", "Stage reached", COURSE)


def _bars(sheet: Sheet) -> Chart | None:
    if sheet.title not in _BARS:
        return None
    counts = []
    for row in sheet.rows:
        label = ": ".join(str(value) for value in row if isinstance(value, str) and value)
        numbers = [value for value in row if isinstance(value, int)]
        has_total = sheet.headings[-1] == "All"
        if label != "All":
            counts.append((label, numbers[-1] if has_total else sum(numbers)))
    if sum(n for _, n in counts) < FEW:
        return None
    drawn = leather.Chart()
    drawn.add_x_scale(0, max(n for _, n in counts))
    drawn.add_bars([(n, label[:44]) for label, n in reversed(counts)], fill_color=_INK)
    alt = f"Bar chart, {sheet.title}: {'; '.join(f'{label} {n}' for label, n in counts)}."
    return Chart(sheet.title, alt, _svg(drawn, 90 + _ROW * len(counts), alt))


def _line(sheet: Sheet) -> Chart | None:
    points = [(n, row[3], str(row[0])) for n, row in enumerate(sheet.rows) if isinstance(row[3], int)]
    if len(points) < 2:
        return None
    names = [str(row[0]) for row in sheet.rows]
    drawn = leather.Chart()
    drawn.add_x_scale(0, len(names) - 1)
    drawn.add_y_scale(0, 100)
    drawn.add_x_axis(ticks=list(range(len(names))), tick_formatter=lambda n, _i, _all: names[int(n)])
    drawn.add_line([(n, value) for n, value, _ in points], stroke_color=_INK)
    drawn.add_dots([(n, value) for n, value, _ in points], fill_color=_INK)
    alt = f"Line chart, {sheet.title}, per cent: {'; '.join(f'{name} {value}' for _, value, name in points)}."
    return Chart(sheet.title, alt, _svg(drawn, 300, alt))


def _svg(drawn: leather.Chart, height: int, alt: str) -> str:
    """As it is drawn, with its words, and as wide as the page lets it."""
    made = str(drawn.to_svg(width=_WIDE, height=height))
    words = f'role="img" aria-label="{escape(alt, quote=True)}" viewBox="0 0 {_WIDE} {height}" '
    return made.replace("<svg ", f"<svg {words}", 1)
