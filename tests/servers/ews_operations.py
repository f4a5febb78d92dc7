"""What the EWS test server does for each operation: from a request's element to the element that answers it.

It asks who may do it and what the mailboxes hold; it knows no HTTP, and of streams only who has subscribed to what.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.utils import parseaddr
from itertools import count

from lxml import etree

from tests.servers.ews_store import BadState, Folder, Item, Store, sent_copy
from tests.servers.ews_xml import (
    NAMES,
    Refused,
    addresses,
    equals,
    error,
    folder_element,
    folder_id,
    ids,
    item_element,
    item_id,
    m,
    response,
    shape,
    success,
    t,
    tag,
    text,
)

MOST_CHANGES = 512
#: One header field of a block whose lines all end in CRLF, folded lines and all.
FIELD = rb"(?im)^%s:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*"


@dataclass(frozen=True)
class Letter:
    """What left the organisation or was handed round in it."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes


@dataclass
class Subscription:
    folders: set[str] | None  # None: all of them
    kinds: set[str]
    place: int


@dataclass
class Office:
    """Mailboxes and what the server does to mail on its way. `strips`: headers that it takes out of a draft;
    `renames`: another Message-ID for each draft; `most`: bytes of a letter that may be sent."""

    store: Store = field(default_factory=Store)
    letters: list[Letter] = field(default_factory=list)
    strips: tuple[str, ...] = ()
    renames: bool = False
    most: int = 35_000_000
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)


@dataclass(frozen=True)
class Caller:
    """Who asks: the mailbox that is acted as, the others that it may open, and single folders of others (mailbox, known
    name) that it may look into."""

    mailbox: str
    delegate: frozenset[str] = frozenset()
    reviewer: frozenset[tuple[str, str]] = frozenset()


Operation = Callable[[Office, Caller, etree._Element], etree._Element]


# --- finding what is meant --------------------------------------------------------------------------------------------


def _may(caller: Caller, address: str, folder: str = "") -> None:
    if address != caller.mailbox and address not in caller.delegate and (address, folder) not in caller.reviewer:
        raise Refused("ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def _mailbox(office: Office, caller: Caller, address: str, folder: str = "") -> Folder:
    if address not in office.store.mailboxes:
        raise Refused("ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it.")
    _may(caller, address, folder)
    return office.store.mailboxes[address]


def _folder(office: Office, caller: Caller, named: etree._Element) -> Folder:
    if tag(named) == "DistinguishedFolderId":
        address = text(named, "t:Mailbox/t:EmailAddress", caller.mailbox).lower()
        name = str(named.get("Id"))
        top = _mailbox(office, caller, address, name)
        found = top if name in ("root", "msgfolderroot") else office.store.known(address, name)
    else:
        found = office.store.folders.get(str(named.get("Id")))
    if found is None:
        raise Refused("ErrorFolderNotFound", "The specified folder could not be found in the store.")
    _mailbox(office, caller, found.mailbox, found.well_known)
    return found


def _item(office: Office, caller: Caller, wanted: str) -> Item:
    found = office.store.items.get(wanted)
    if found is None:
        raise Refused("ErrorItemNotFound", "The specified object was not found in the store.")
    _may(caller, found.folder.mailbox, found.folder.well_known)
    return found


def _each(operation: str, parts: list[Callable[[], etree._Element]]) -> etree._Element:
    """One response message a part, refused parts among them."""
    told = []
    for part in parts:
        try:
            told.append(part())
        except Refused as refused:
            told.append(error(operation, refused))
    return response(operation, told)


def _inside(request: etree._Element, path: str) -> list[etree._Element]:
    found = request.find(path, NAMES)
    return [] if found is None else list(found)


# --- folders ----------------------------------------------------------------------------------------------------------


def get_folder(office: Office, caller: Caller, request: etree._Element) -> etree._Element:
    def one(named: etree._Element) -> etree._Element:
        found = _folder(office, caller, named)
        return success("GetFolder", m("Folders", folder_element(found, len(office.store.children(found)))))

    return _each("GetFolder", [lambda n=n: one(n) for n in _inside(request, "m:FolderIds")])


def find_folder(office: Office, caller: Caller, request: etree._Element) -> etree._Element:
    wanted = equals(request).get("folder:DisplayName")
    is_deep = request.get("Traversal") == "Deep"

    def below(parent: Folder) -> Iterator[Folder]:
        for child in office.store.children(parent):
            yield child
            if is_deep:
                yield from below(child)

    def one(named: etree._Element) -> etree._Element:
        found = [f for f in below(_folder(office, caller, named)) if wanted in (None, f.name)]
        page, paging = _paged(request.find("m:IndexedPageFolderView", NAMES), found)
        elements = [folder_element(f, len(office.store.children(f))) for f in page]
        return success("FindFolder", m("RootFolder", t("Folders", *elements), **paging))

    return _each("FindFolder", [lambda n=n: one(n) for n in _inside(request, "m:ParentFolderIds")])


def create_folder(office: Office, caller: Caller, request: etree._Element) -> etree._Element:
    parent = _folder(office, caller, _inside(request, "m:ParentFolderId")[0])

    def one(wanted: etree._Element) -> etree._Element:
        made = office.store.make(parent, text(wanted, "t:DisplayName"))
        if made is None:
            raise Refused("ErrorFolderExists", "A folder with the specified name already exists.")
        return success("CreateFolder", m("Folders", t("Folder", folder_id(made))))

    return _each("CreateFolder", [lambda n=n: one(n) for n in _inside(request, "m:Folders")])


def _paged(view: etree._Element | None, found: list[Item] | list[Folder]) -> tuple[list, dict[str, object]]:
    start = int(view.get("Offset")) if view is not None else 0
    most = int(view.get("MaxEntriesReturned", 1000)) if view is not None else 1000
    end = min(start + most, len(found))
    told = {"IndexedPagingOffset": end, "TotalItemsInView": len(found), "IncludesLastItemInRange": end == len(found)}
    return list(found[start:end]), told


# --- items ------------------------------------------------------------------------------------------------------------


def sync_folder_items(office: Office, caller: Caller, request: etree._Element) -> etree._Element:
    def one(named: etree._Element) -> etree._Element:
        folder = _folder(office, caller, named)
        most = int(text(request, "m:MaxChangesReturned"))
        if not 1 <= most <= MOST_CHANGES:
            raise Refused("ErrorInvalidOperation", "MaxChangesReturned must be between 1 and 512.")
        try:
            net, state, is_last = office.store.changes(folder, text(request, "m:SyncState"), most)
        except BadState as bad:
            raise Refused("ErrorInvalidSyncStateData", "Synchronization state data is corrupt.") from bad
        base, fields = shape(request, "m:ItemShape")
        told = [_change(office, kind, i, base, fields) for kind, i in net]
        inside = [m("SyncState", state), m("IncludesLastItemInRange", is_last), m("Changes", *filter(_is_told, told))]
        return success("SyncFolderItems", *inside)

    return _each("SyncFolderItems", [lambda n=n: one(n) for n in _inside(request, "m:SyncFolderId")])


def _is_told(element: etree._Element | None) -> bool:
    return element is not None


def _change(office: Office, kind: str, which: str, base: str, fields: set[str]) -> etree._Element | None:
    item = office.store.items.get(which)
    if kind == "delete":
        return t("Delete", t("ItemId", Id=which, ChangeKey="AQAAAA=="))
    if item is None:  # it went after this listing had begun
        return None
    if kind == "read":
        return t("ReadFlagChange", item_id(item), t("IsRead", item.is_read))
    return t("Create" if kind == "create" else "Update", item_element(item, base, fields))


def get_item(office: Office, caller: Caller, request: etree._Element) -> etree._Element:
    base, fields = shape(request, "m:ItemShape")
    if text(request, "m:ItemShape/t:IncludeMimeContent") == "true":
        fields |= {"item:MimeContent"}

    def one(wanted: str) -> etree._Element:
        return success("GetItem", m("Items", item_element(_item(office, caller, wanted), base, fields)))

    return _each("GetItem", [lambda i=i: one(i) for i in ids(request, "m:ItemIds")])


def find_item(office: Office, caller: Caller, request: etree._Element) -> etree._Element:
    wanted = equals(request)
    if set(wanted) - {"message:InternetMessageId", "item:Subject"}:
        raise Refused("ErrorUnsupportedPathForQuery", "The field cannot be searched for.")
    base, fields = shape(request, "m:ItemShape")

    def one(named: etree._Element) -> etree._Element:
        folder = _folder(office, caller, named)
        sought = wanted.get("message:InternetMessageId")
        found = [item for item in folder.items.values() if sought is None or item.message_id == sought]
        if request.find("m:SortOrder", NAMES) is not None:  # no other is asked for
            found.sort(key=lambda item: item.received, reverse=True)
        page, paging = _paged(request.find("m:IndexedPageItemView", NAMES), found)
        elements = [item_element(item, base, fields - {"item:MimeContent"}) for item in page]
        return success("FindItem", m("RootFolder", t("Items", *elements), **paging))

    return _each("FindItem", [lambda n=n: one(n) for n in _inside(request, "m:ParentFolderIds")])


def create_item(office: Office, caller: Caller, request: etree._Element) -> etree._Element:
    disposition = request.get("MessageDisposition")
    saved = _inside(request, "m:SavedItemFolderId")

    def one(message: etree._Element) -> etree._Element:
        raw = base64.b64decode(text(message, "t:MimeContent"))
        place = "drafts" if disposition == "SaveOnly" else "sentitems"
        own = office.store.known(caller.mailbox, place)
        folder = _folder(office, caller, saved[0]) if saved else own
        if folder is None:
            raise Refused("ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it.")
        item = office.store.put(folder, _as_kept(office, raw), event="Created")
        item.is_draft = disposition == "SaveOnly"
        for name in ("To", "Cc", "Bcc"):
            given = message.find(f"t:{name}Recipients", NAMES)
            if given is not None:
                setattr(item, name.lower(), addresses(given))
        if disposition != "SaveOnly":
            _leave(office, item)
        if disposition == "SendOnly":
            office.store.take(item)
        told = [t("Message", item_id(item))] if disposition == "SaveOnly" else []
        return success("CreateItem", m("Items", *told))

    return _each("CreateItem", [lambda n=n: one(n) for n in _inside(request, "m:Items")])


def _as_kept(office: Office, raw: bytes) -> bytes:
    """The bytes as the server keeps them: less the headers it strips, with the Message-ID it prefers."""
    head, gap, body = raw.partition(b"\r\n\r\n")
    for name in office.strips:
        head = re.sub(FIELD % re.escape(name.encode()), b"", head + b"\r\n").removesuffix(b"\r\n")
    if office.renames:
        new = b"<srv%d@exchange.council.example>" % next(office.numbers)
        head = re.sub(rb"(?im)^(message-id:\s*)<[^>]*>", rb"\1" + new, head)
    return head + gap + body


def send_item(office: Office, caller: Caller, request: etree._Element) -> etree._Element:
    is_kept = request.get("SaveItemToFolder") == "true"
    saved = _inside(request, "m:SavedItemFolderId")

    def one(wanted: str) -> etree._Element:
        item = _item(office, caller, wanted)
        if not item.is_draft:
            raise Refused("ErrorInvalidOperation", "The item has been sent already.")
        sent = office.store.known(item.folder.mailbox, "sentitems")
        target = _folder(office, caller, saved[0]) if saved else sent
        _leave(office, item)
        item.is_draft = False
        if is_kept and target is not None:
            office.store.move(item, target)
        else:
            office.store.take(item)
        return success("SendItem")

    return _each("SendItem", [lambda i=i: one(i) for i in ids(request, "m:ItemIds")])


def _leave(office: Office, item: Item) -> None:
    """Hands the letter round: to the mailboxes that are here; nobody knows what becomes of the others."""
    if len(item.raw) > office.most:
        raise Refused("ErrorMessageSizeExceeded", "The message exceeds the maximum supported size.")
    everybody = tuple(sent_copy(item))
    if not everybody:
        raise Refused("ErrorInvalidRecipients", "At least one recipient is not valid.")
    head = message_from_bytes(item.raw)
    sender = item.folder.mailbox
    if parseaddr(str(head.get("From", "")))[1].lower() not in ("", sender):
        raise Refused("ErrorSendAsDenied", "The user account does not have the right to submit this message.")
    lines, gap, body = item.raw.partition(b"\r\n\r\n")
    raw = re.sub(FIELD % b"Bcc", b"", lines + b"\r\n").removesuffix(b"\r\n") + gap + body
    office.letters.append(Letter(sender, everybody, raw))
    for address in everybody:
        inbox = office.store.known(address.lower(), "inbox")
        if inbox is not None:
            office.store.put(inbox, raw)


def update_item(office: Office, caller: Caller, request: etree._Element) -> etree._Element:
    def one(change: etree._Element) -> etree._Element:
        (wanted,) = ids(change, ".")
        item = _item(office, caller, wanted)
        read: bool | None = None
        for update in _inside(change, "t:Updates"):
            uri = str(update.find("t:FieldURI", NAMES).get("FieldURI"))
            name = uri.partition(":")[2]
            value = update.find(f"t:Message/t:{name}", NAMES)
            if name == "IsRead" and value is not None:
                read = value.text == "true"
            elif name in ("ToRecipients", "CcRecipients", "BccRecipients"):
                _address(item, name.removesuffix("Recipients"), () if value is None else addresses(value))
            else:
                raise Refused("ErrorInvalidPropertySet", f"{uri} cannot be set here.")
        office.store.change(item, read=read)
        told = [m("Items", t("Message", item_id(item))), m("ConflictResults", t("Count", 0))]
        return success("UpdateItem", *told)

    return _each("UpdateItem", [lambda n=n: one(n) for n in _inside(request, "m:ItemChanges")])


def _address(item: Item, name: str, people: tuple[str, ...]) -> None:
    """Other recipients, in the item and in its bytes: Exchange writes the header anew from what it keeps."""
    setattr(item, name.lower(), people)
    head, gap, body = item.raw.partition(b"\r\n\r\n")
    lines = re.sub(FIELD % name.encode(), b"", head + b"\r\n").rstrip(b"\r\n")
    if people and name != "Bcc":
        lines += b"\r\n%s: %s" % (name.encode(), ", ".join(people).encode())
    item.raw = lines + gap + body


def move_item(office: Office, caller: Caller, request: etree._Element) -> etree._Element:
    return _put(office, caller, request, "MoveItem")


def copy_item(office: Office, caller: Caller, request: etree._Element) -> etree._Element:
    return _put(office, caller, request, "CopyItem")


def _put(office: Office, caller: Caller, request: etree._Element, operation: str) -> etree._Element:
    act = office.store.move if operation == "MoveItem" else office.store.copy

    def one(wanted: str) -> etree._Element:
        target = _folder(office, caller, _inside(request, "m:ToFolderId")[0])
        made = act(_item(office, caller, wanted), target)
        return success(operation, m("Items", t("Message", item_id(made))))

    return _each(operation, [lambda i=i: one(i) for i in ids(request, "m:ItemIds")])


def delete_item(office: Office, caller: Caller, request: etree._Element) -> etree._Element:
    def one(wanted: str) -> etree._Element:
        item = _item(office, caller, wanted)
        kept = office.store.known(item.folder.mailbox, "deleteditems")
        if request.get("DeleteType") == "MoveToDeletedItems" and kept is not None:
            office.store.move(item, kept)
        else:
            office.store.take(item)
        return success("DeleteItem")

    return _each("DeleteItem", [lambda i=i: one(i) for i in ids(request, "m:ItemIds")])


# --- the rest ---------------------------------------------------------------------------------------------------------


def convert_id(office: Office, caller: Caller, request: etree._Element) -> etree._Element:
    def one(given: etree._Element) -> etree._Element:
        if str(given.get("Id")) not in {*office.store.items, *office.store.folders}:
            raise Refused("ErrorInvalidIdMalformed", "Id is malformed.")
        made = m("AlternateId", Format=request.get("DestinationFormat"), Id=given.get("Id"), Mailbox=caller.mailbox)
        made.set("{http://www.w3.org/2001/XMLSchema-instance}type", "t:AlternateIdType")
        return success("ConvertId", made)

    return _each("ConvertId", [lambda n=n: one(n) for n in _inside(request, "m:SourceIds")])


def subscribe(office: Office, caller: Caller, request: etree._Element) -> etree._Element:
    wanted = request.find("m:StreamingSubscriptionRequest", NAMES)

    def one() -> etree._Element:
        if wanted is None:
            raise Refused("ErrorInvalidSubscriptionRequest", "Only streams are kept here.")
        is_all = wanted.get("SubscribeToAllFolders") == "true"
        folders = {_folder(office, caller, named).id for named in _inside(wanted, "t:FolderIds")}
        kinds = {str(kind.text).removesuffix("Event") for kind in _inside(wanted, "t:EventTypes")}
        name = base64.b64encode(b"subscription %d" % next(office.numbers)).decode()
        place = len(office.store.events)
        office.subscriptions[name] = Subscription(None if is_all else folders, kinds, place)
        return success("Subscribe", m("SubscriptionId", name))

    return _each("Subscribe", [one])


def unsubscribe(office: Office, caller: Caller, request: etree._Element) -> etree._Element:
    def one() -> etree._Element:
        if office.subscriptions.pop(text(request, "m:SubscriptionId"), None) is None:
            raise Refused("ErrorSubscriptionNotFound", "The specified subscription was not found.")
        return success("Unsubscribe")

    return _each("Unsubscribe", [one])


OPERATIONS: dict[str, Operation] = {
    "GetFolder": get_folder,
    "FindFolder": find_folder,
    "CreateFolder": create_folder,
    "SyncFolderItems": sync_folder_items,
    "GetItem": get_item,
    "FindItem": find_item,
    "CreateItem": create_item,
    "SendItem": send_item,
    "UpdateItem": update_item,
    "MoveItem": move_item,
    "CopyItem": copy_item,
    "DeleteItem": delete_item,
    "ConvertId": convert_id,
    "Subscribe": subscribe,
    "Unsubscribe": unsubscribe,
}
