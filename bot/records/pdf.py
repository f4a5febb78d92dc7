"""A layout and its words as PDF, which declares PDF/UA where every sign of it can be shown.

A name in a script that no font here has is shown as a blank by typst, and PDF/UA allows none: such a page is made all
the same, without the declaration. The same values give the same bytes. It reads no clock and knows no document.
"""

from collections.abc import Mapping
from datetime import datetime

import typst

from bot.model import aware


def pdf(layout: bytes, inputs: Mapping[str, str], now: datetime, *, own_fonts: bool = True) -> bytes:
    """`inputs`: what the layout reads, as JSON. `own_fonts`: typst's alone, so that the machine's make no difference.
    Raises typst.TypstError if it cannot be laid out."""
    try:
        return _made(layout, inputs, now, own_fonts=own_fonts, is_ua=True)
    except typst.TypstError:  # of a layout that is at fault, the second try says why
        return _made(layout, inputs, now, own_fonts=own_fonts, is_ua=False)


def _made(layout: bytes, inputs: Mapping[str, str], now: datetime, *, own_fonts: bool, is_ua: bool) -> bytes:
    second = aware(now).replace(microsecond=0)
    return typst.compile(
        layout,
        ignore_system_fonts=own_fonts,
        sys_inputs=dict(inputs),
        timestamp=second,
        pdf_standards=["ua-1"] if is_ua else [],
    )
