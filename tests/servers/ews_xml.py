"""SOAP as Exchange speaks it: building answers, naming errors, reading ids and shapes out of requests.

It knows no mailbox and no socket. Elements come in the order that the schema demands.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from email import message_from_bytes
from typing import Any

from lxml import etree

from tests.servers.ews_schema import MESSAGES, SOAP, TYPES
from tests.servers.ews_store import Folder, Item

ERRORS = "http://schemas.microsoft.com/exchange/services/2006/errors"
NAMES = {"s": SOAP, "m": MESSAGES, "t": TYPES}
#: What the server says it is; an Exchange Server 2019.
VERSION = {"MajorVersion": "15", "MinorVersion": "2", "MajorBuildNumber": "1544", "MinorBuildNumber": "4"}


class Refused(Exception):
    """One part of a request is refused; the others go on."""

    def __init__(self, code: str, text: str = "Refused.") -> None:
        self.code, self.text = code, text
        super().__init__(code)


class SoapFault(Exception):
    """The whole request is refused, by a fault with HTTP status 500."""

    def __init__(self, code: str, text: str = "Refused.", milliseconds: int = 0) -> None:
        self.code, self.text, self.milliseconds = code, text, milliseconds
        super().__init__(code)


def m(tag: str, *inside: Any, **attributes: Any) -> etree._Element:
    return _made(MESSAGES, tag, inside, attributes)


def t(tag: str, *inside: Any, **attributes: Any) -> etree._Element:
    return _made(TYPES, tag, inside, attributes)


def _made(space: str, tag: str, inside: tuple[Any, ...], attributes: dict[str, Any]) -> etree._Element:
    element = etree.Element(f"{{{space}}}{tag}", nsmap=NAMES)
    for name, value in attributes.items():
        element.set(name, str(value).lower() if isinstance(value, bool) else str(value))
    for one in inside:
        if isinstance(one, etree._Element):
            element.append(one)
        elif one is not None:
            element.text = str(one).lower() if isinstance(one, bool) else str(one)
    return element


# --- answers ----------------------------------------------------------------------------------------------------------


def envelope(body: etree._Element) -> etree._Element:
    header = etree.Element(f"{{{SOAP}}}Header", nsmap=NAMES)
    header.append(t("ServerVersionInfo", **VERSION, Version="V2017_07_11"))
    whole = etree.Element(f"{{{SOAP}}}Envelope", nsmap=NAMES)
    around = etree.SubElement(whole, f"{{{SOAP}}}Body")
    around.append(body)
    whole.insert(0, header)
    return whole


def fault(refused: SoapFault) -> etree._Element:
    """A SOAP fault, with the details that a client reads."""
    body = etree.Element(f"{{{SOAP}}}Fault", nsmap=NAMES)
    etree.SubElement(body, "faultcode").text = f"a:{refused.code}"
    etree.SubElement(body, "faultstring").text = refused.text
    detail = etree.SubElement(body, "detail")
    etree.SubElement(detail, f"{{{ERRORS}}}ResponseCode").text = refused.code
    etree.SubElement(detail, f"{{{ERRORS}}}Message").text = refused.text
    if refused.milliseconds:
        detail.append(t("MessageXml", t("Value", refused.milliseconds, Name="BackOffMilliseconds")))
    return envelope(body)


def response(operation: str, messages: list[etree._Element]) -> etree._Element:
    return m(f"{operation}Response", m("ResponseMessages", *messages))


def success(operation: str, *inside: Any) -> etree._Element:
    return m(f"{operation}ResponseMessage", m("ResponseCode", "NoError"), *inside, ResponseClass="Success")


def error(operation: str, refused: Refused) -> etree._Element:
    inside = [m("MessageText", refused.text), m("ResponseCode", refused.code), m("DescriptiveLinkKey", 0)]
    if operation == "SyncFolderItems":  # which says so even when it has nothing to say
        inside += [m("SyncState"), m("IncludesLastItemInRange", True)]
    if operation in ("CreateItem", "GetItem", "UpdateItem", "MoveItem", "CopyItem"):
        inside.append(m("Items"))
    return m(f"{operation}ResponseMessage", *inside, ResponseClass="Error")


# --- requests ---------------------------------------------------------------------------------------------------------


def tag(element: etree._Element) -> str:
    return str(etree.QName(element).localname)


def text(element: etree._Element, path: str, otherwise: str = "") -> str:
    found = element.findtext(path, namespaces=NAMES)
    return otherwise if found is None else found


def ids(element: etree._Element, path: str) -> list[str]:
    return [str(one.get("Id")) for one in element.iterfind(f"{path}/t:ItemId", NAMES)]


def shape(request: etree._Element, path: str) -> tuple[str, set[str]]:
    """The base shape and the further fields asked for."""
    uris = request.iterfind(f"{path}/t:AdditionalProperties/t:FieldURI", NAMES)
    return text(request, f"{path}/t:BaseShape", "IdOnly"), {str(uri.get("FieldURI")) for uri in uris}


def addresses(element: etree._Element) -> tuple[str, ...]:
    return tuple(str(one.text) for one in element.iterfind("t:Mailbox/t:EmailAddress", NAMES))


def equals(request: etree._Element) -> dict[str, str]:
    """What a restriction demands: field -> value; only equality is understood here."""
    found = {}
    for one in request.iterfind("m:Restriction//t:IsEqualTo", NAMES):
        uri, constant = one.find("t:FieldURI", NAMES), one.find("t:FieldURIOrConstant/t:Constant", NAMES)
        if uri is None or constant is None:
            raise Refused("ErrorUnsupportedPathForQuery")
        found[str(uri.get("FieldURI"))] = str(constant.get("Value"))
    return found


# --- what there is ----------------------------------------------------------------------------------------------------


def instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def item_id(item: Item) -> etree._Element:
    return t("ItemId", Id=item.id, ChangeKey=item.key)


def folder_id(folder: Folder, name: str = "FolderId") -> etree._Element:
    return t(name, Id=folder.id, ChangeKey="AQAAAA==")


def folder_element(folder: Folder, children: int) -> etree._Element:
    known = t("DistinguishedFolderId", folder.well_known) if folder.well_known else None
    inside = [
        folder_id(folder),
        folder_id(folder.parent, "ParentFolderId") if folder.parent else None,
        t("FolderClass", "IPF.Note"),
        t("DisplayName", folder.name),
        t("TotalCount", len(folder.items)),
        t("ChildFolderCount", children),
        known,
        t("UnreadCount", sum(not item.is_read for item in folder.items.values())),
    ]
    return t("Folder", *inside)


def item_element(item: Item, base: str, fields: set[str]) -> etree._Element:
    """The item in the shape asked for; the subject comes undecoded, and of the body nothing."""
    if base != "IdOnly":
        fields = fields | {
            "item:ParentFolderId", "item:Subject", "item:DateTimeReceived", "item:Size", "message:ToRecipients",
            "message:InternetMessageId", "message:IsRead", "item:IsDraft",
        }  # fmt: skip
    head = message_from_bytes(item.raw)

    def recipients(name: str, given: tuple[str, ...]) -> etree._Element | None:
        return t(name, *(t("Mailbox", t("EmailAddress", one)) for one in given)) if given else None

    made = {
        "item:MimeContent": t("MimeContent", base64.b64encode(item.raw).decode(), CharacterSet="UTF-8"),
        "": item_id(item),
        "item:ParentFolderId": folder_id(item.folder, "ParentFolderId"),
        "item:ItemClass": t("ItemClass", "IPM.Note"),
        "item:Subject": t("Subject", " ".join(str(head.get("Subject", "")).split())[:255]),
        "item:DateTimeReceived": t("DateTimeReceived", instant(item.received)),
        "item:Size": t("Size", len(item.raw)),
        "item:IsDraft": t("IsDraft", item.is_draft),
        "item:DateTimeCreated": t("DateTimeCreated", instant(item.received)),
        "message:ToRecipients": recipients("ToRecipients", item.to),
        "message:CcRecipients": recipients("CcRecipients", item.cc),
        "message:BccRecipients": recipients("BccRecipients", item.bcc),
        "message:InternetMessageId": t("InternetMessageId", item.message_id) if item.message_id else None,
        "message:IsRead": t("IsRead", item.is_read),
    }
    return t("Message", *(part for uri, part in made.items() if part is not None and (not uri or uri in fields)))
