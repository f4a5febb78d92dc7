"""A quarter or a year as tables: the working copy, or the edition that may be published."""

from __future__ import annotations

from bot.records.register import Sheet
from bot.records.report.periods import Quarter
from bot.records.report.published import published
from bot.records.report.source import Source
from bot.records.report.tables import tables


def report(source: Source, quarter: Quarter, *, public: bool) -> tuple[Sheet, ...]:
    """The tables in their order."""
    return published(source, quarter) if public else tables(source, quarter)
