"""Microsoft's own schema, held against everything that the EWS test server hears and says.

The environment variable CHALLENGE_BOT_EWS_SCHEMA names the folder with messages.xsd and types.xsd. One difference is
known and put right before judging: the schema has `t:Notification` where Microsoft's documentation, its servers and
its clients write `m:Notification`.
"""

from __future__ import annotations

import copy
import os
import threading
from functools import cache
from pathlib import Path

from lxml import etree

VARIABLE = "CHALLENGE_BOT_EWS_SCHEMA"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"

#: The schema of the attributes xml:lang and so on, as far as EWS uses it.
XML = b"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://www.w3.org/XML/1998/namespace">
<xs:attribute name="lang" type="xs:language"/></xs:schema>"""

LONGEST = 40_000  # characters, a multiple of four as base64 is

_one_at_a_time = threading.Lock()  # a compiled schema keeps the faults of its last document


class _Beside(etree.Resolver):
    """Finds the imported files beside the first, and the one of the xml namespace here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def resolve(self, url: str, _id: str, context: object) -> object:
        name = url.rpartition("/")[2]
        if name == "xml.xsd":
            return self.resolve_string(XML, context)
        return self.resolve_filename(str(self._folder / name), context)


def folder() -> Path | None:
    """Where the schema lies; None: nobody said."""
    named = os.environ.get(VARIABLE, "")
    return Path(named) if named else None


@cache
def _compiled(where: Path) -> etree.XMLSchema:
    parser = etree.XMLParser()
    parser.resolvers.add(_Beside(where))
    return etree.XMLSchema(etree.parse(str(where / "messages.xsd"), parser))


def faults(envelope: etree._Element) -> list[str]:
    """What the schema says against the headers and the body of a SOAP message; nothing where there is no schema."""
    where = folder()
    if where is None:
        return []
    found = []
    for part in (f"{{{SOAP}}}Header", f"{{{SOAP}}}Body"):
        for element in envelope.iterfind(f"{part}/*"):
            if not element.tag.startswith(f"{{{SOAP}}}"):
                found += _held_against(_compiled(where), element)
    return found


def _held_against(schema: etree.XMLSchema, element: etree._Element) -> list[str]:
    alone = copy.deepcopy(element)
    for content in alone.iter(f"{{{TYPES}}}MimeContent"):
        content.text = (content.text or "")[:LONGEST]  # of a large mail the beginning is judged: it is all alike
    for notification in alone.iter(f"{{{MESSAGES}}}Notification"):
        notification.tag = f"{{{TYPES}}}Notification"
    # Through bytes: what is judged is what travels, not what lxml holds.
    document = etree.fromstring(etree.tostring(alone))
    with _one_at_a_time:
        if schema.validate(document):
            return []
        return [f"{etree.QName(element).localname}: {error.message}" for error in schema.error_log]
