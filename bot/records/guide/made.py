"""The page as a document: a PDF laid out by guide.typ, and a Word document from a template of the partnership.

Values in (content.py), bytes out; the same values give the same bytes. The PDF declares PDF/UA. No value becomes
source of a layout. It reads no file but its own layout, and no clock.
"""

import json
from dataclasses import asdict
from datetime import datetime
from importlib.resources import files

from bot.records.forms import rendered
from bot.records.guide.content import Guide
from bot.records.pdf import pdf

#: The Word template's name among those of the forms; without it there is the PDF alone.
TEMPLATE = "one-page-guide.docx"


def as_pdf(page: Guide, now: datetime) -> bytes:
    """Raises typst.TypstError if it cannot be laid out."""
    layout = files("bot.records.guide").joinpath("guide.typ").read_bytes()
    return pdf(layout, {"guide": json.dumps(asdict(page), sort_keys=True)}, now)


def as_docx(page: Guide, template: bytes) -> bytes:
    """Raises whatever a template can raise."""
    return rendered(template, {"guide": page})
