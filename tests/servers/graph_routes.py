"""What the Graph test server answers to each request, when nothing else was ordered: v1.0 of the mail part.

`Routes.answer` takes a request apart and gives a reply; permissions, ids, paging and the shape of errors are as
Microsoft documents them. It opens no socket and knows no faults. Not handled: `$batch`, `$search`, people signed in.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from tests.servers.graph_store import Folder, Item, MailboxStore

READ, WRITE, SEND = "Mail.Read", "Mail.ReadWrite", "Mail.Send"
LARGEST_REQUEST = 4_194_304
SMALLEST_SESSION = 3_145_728
IMMUTABLE = 'idtype="immutableid"'


@dataclass(frozen=True)
class Request:
    method: str
    url: str  # whole
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def query(self) -> dict[str, str]:
        return {name.lower(): values[0] for name, values in parse_qs(urlsplit(self.url).query).items()}

    @property
    def prefer(self) -> str:
        return self.headers.get("prefer", "").replace(" ", "").lower()

    def json(self) -> dict[str, Any]:
        """The body; property names in lower case, as they are the same in any."""
        told: dict[str, Any] = _lowered(json.loads(self.body or b"{}"))
        return told


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes = b""
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


class No(Exception):
    """An error as Microsoft words it."""

    def __init__(self, status: int, code: str, **headers: str) -> None:
        self.reply = error(status, code, **headers)
        super().__init__(code)


@dataclass
class Walk:
    """A delta round in the middle: what is told from `at` on, and the position that follows."""

    folder: str
    entries: list[tuple[int, str]]
    at: int
    position: int
    select: tuple[str, ...]


@dataclass
class Upload:
    item: Item
    name: str
    kind: str
    size: int
    got: bytearray = field(default_factory=bytearray)


def error(status: int, code: str, **headers: str) -> Reply:
    said = {"error": {"code": code, "message": f"{code}: not as asked.", "innerError": {"request-id": "0"}}}
    return Reply(status, json.dumps(said).encode(), headers={n.replace("_", "-"): v for n, v in headers.items()})


class Routes:
    """The service over a dict of mailboxes. `granted`: address -> permissions; `send` is called with a finished
    message and does what sending means."""

    def __init__(
        self,
        mailboxes: dict[str, MailboxStore],
        granted: dict[str, set[str]],
        send: Callable[[MailboxStore, Item], None],
        received_draft: Callable[[bytes], bytes],
    ) -> None:
        self.mailboxes = mailboxes
        self.granted = granted
        self.ignores_immutable = False
        self._send = send
        self._received_draft = received_draft
        self._walks: dict[str, Walk | tuple[str, int, tuple[str, ...]]] = {}
        self._uploads: dict[str, Upload] = {}
        self._base = ""

    def forget_tokens(self) -> None:
        """Every delta and skip token given so far has expired."""
        self._walks.clear()

    # --- one request -------------------------------------------------------------------------------------------------

    def answer(self, step: str, request: Request) -> Reply:
        """`step`: the name that `step_of` gives the request."""
        self._base = request.url[: request.url.index("/v1.0/") + 5] if "/v1.0/" in request.url else ""
        try:
            if step == "upload":
                return self._put(request)
            user, parts = parts_of(request.path)
            box = self._box(user, step, len(request.body))
            handler: Callable[[MailboxStore, Request, list[str]], Reply] = getattr(self, f"_{step}", self._unknown)
            return handler(box, request, parts)
        except No as no:
            return no.reply

    def _box(self, user: str, step: str, size: int) -> MailboxStore:
        if size > LARGEST_REQUEST:
            raise No(413, "RequestEntityTooLarge")
        box = self.mailboxes.get(user.lower())
        if box is None:
            raise No(404, "ErrorInvalidUser")
        granted = self.granted.get(user.lower(), set())
        needed = NEEDED.get(step, {WRITE})
        if not needed & granted:
            raise No(403, "ErrorAccessDenied")
        return box

    def _unknown(self, box: MailboxStore, request: Request, parts: list[str]) -> Reply:
        raise No(400, "RequestBroker--ParseUri")

    # --- folders -----------------------------------------------------------------------------------------------------

    def _folders(self, box: MailboxStore, request: Request, parts: list[str]) -> Reply:
        parent = self._folder_of(box, parts[1] if len(parts) > 1 else "msgfolderroot")
        return self._page(request, [_folder_json(f) for f in box.children(parent.id)], 10)

    def _make_folder(self, box: MailboxStore, request: Request, parts: list[str]) -> Reply:
        parent = self._folder_of(box, parts[1] if len(parts) > 1 else "msgfolderroot")
        name = request.json()["displayname"]
        if any(f.name.lower() == name.lower() for f in box.children(parent.id)):
            raise No(409, "ErrorFolderExists")
        return _json(201, _folder_json(box.make_folder(name, parent.id)))

    def _folder(self, box: MailboxStore, request: Request, parts: list[str]) -> Reply:
        return _json(200, _folder_json(self._folder_of(box, parts[1])))

    def _folder_of(self, box: MailboxStore, wanted: str) -> Folder:
        found = box.folder(wanted)
        if found is None:
            raise No(404, "ErrorItemNotFound" if len(wanted) > 20 else "ErrorFolderNotFound")
        return found

    # --- listing -----------------------------------------------------------------------------------------------------

    def _list(self, box: MailboxStore, request: Request, parts: list[str]) -> Reply:
        query, wanted = request.query, request.query.get("$filter", "")
        is_one = parts[0].lower() == "mailfolders"
        order = self._folder_of(box, parts[1]).order if is_one else sorted((i.received, i.number) for i in _all(box))
        if since := re.fullmatch(r"receivedDateTime ge (\S+)", wanted):
            order = order[bisect_left(order, (datetime.fromisoformat(since[1]), 0)) :]
        elif wanted:
            order = [(item.received, item.number) for item in _bearing(wanted, [box.items[n] for _, n in order])]
        by = query.get("$orderby", "receivedDateTime desc").lower().split()
        if by[0] != "receiveddatetime":
            raise No(400, "ErrorInvalidProperty")
        if by[1:] == ["desc"]:
            order = order[::-1]
        skip, top = int(query.get("$skip", 0)), int(query.get("$top", 10))
        if not 1 <= top <= 1000:
            raise No(400, "ErrorInvalidParameter")
        told: dict[str, Any] = {
            "value": [self._message(box, box.items[n], request) for _, n in order[skip : skip + top]]
        }
        if skip + top < len(order):
            more = {**query, "$skip": str(skip + top)}
            told["@odata.nextLink"] = f"{request.url.partition('?')[0]}?{urlencode(more)}"
        return _json(200, told)

    def _page(self, request: Request, rows: list[dict[str, Any]], size: int) -> Reply:
        wanted = re.fullmatch(r"displayName eq '((?:[^']|'')*)'", request.query.get("$filter", ""))
        if wanted:
            rows = [row for row in rows if row["displayName"] == wanted[1].replace("''", "'")]
        skip, top = int(request.query.get("$skip", 0)), int(request.query.get("$top", size))
        told: dict[str, Any] = {"value": rows[skip : skip + top]}
        if skip + top < len(rows):
            more = {**request.query, "$skip": str(skip + top)}
            told["@odata.nextLink"] = f"{request.url.partition('?')[0]}?{urlencode(more)}"
        return _json(200, told)

    def _delta(self, box: MailboxStore, request: Request, parts: list[str]) -> Reply:
        size = re.search(r"odata\.maxpagesize=(\d+)", request.prefer)
        query = request.query
        token = query.get("$skiptoken") or query.get("$deltatoken")
        if token is None:
            folder = self._folder_of(box, parts[1])
            entries, position = box.first_round(folder)
            walk = Walk(folder.id, entries, 0, position, _selected(query))
        else:
            kept = self._walks.get(token)
            if kept is None:
                raise No(410, "syncStateNotFound")
            if isinstance(kept, tuple):
                entries, position = box.next_round(self._folder_of(box, kept[0]), kept[1])
                kept = Walk(kept[0], entries, 0, position, kept[2])
            walk = kept
        count = min(int(size[1]), 1000) if size else 10
        now, end = walk.entries[walk.at : walk.at + count], walk.at + count
        link = f"{self._base}/users/{box.address}/mailFolders('{walk.folder}')/messages/delta?"
        told: dict[str, Any] = {"value": [self._change(box, n, what, walk, request) for n, what in now]}
        token = secrets.token_urlsafe(16)
        if end < len(walk.entries):
            self._walks[token] = Walk(walk.folder, walk.entries, end, walk.position, walk.select)
            told["@odata.nextLink"] = f"{link}{urlencode({'$skiptoken': token})}"
        else:
            self._walks[token] = (walk.folder, walk.position, walk.select)
            told["@odata.deltaLink"] = f"{link}{urlencode({'$deltatoken': token})}"
        return _json(200, told)

    def _change(self, box: MailboxStore, number: int, what: str, walk: Walk, request: Request) -> dict[str, Any]:
        item = box.items.get(number)
        gone = item or Item(number, walk.folder, b"", datetime.max.replace(tzinfo=UTC))
        id_ = box.id_of(gone, is_immutable=self._is_immutable(request))
        if what == "removed" or item is None:
            return {"id": id_, "@removed": {"reason": "deleted"}}
        if what == "read":
            return {"id": id_, "isRead": item.is_read, "parentFolderId": item.folder}
        return self._message(box, item, request, walk.select)

    # --- one message -------------------------------------------------------------------------------------------------

    def _item(self, box: MailboxStore, parts: list[str]) -> Item:
        found = box.item(parts[1])
        if found is None:
            raise No(404, "ErrorItemNotFound")
        return found

    def _is_immutable(self, request: Request) -> bool:
        return IMMUTABLE in request.prefer and not self.ignores_immutable

    def _message(
        self, box: MailboxStore, item: Item, request: Request, select: tuple[str, ...] | None = None
    ) -> dict[str, Any]:
        id_ = box.id_of(item, is_immutable=self._is_immutable(request))
        wanted = select if select is not None else _selected(request.query)
        return {"@odata.etag": f'W/"{item.number}.{item.generation}"', "id": id_} | _properties(item, wanted)

    def _get(self, box: MailboxStore, request: Request, parts: list[str]) -> Reply:
        return _json(200, self._message(box, self._item(box, parts), request))

    def _value(self, box: MailboxStore, request: Request, parts: list[str]) -> Reply:
        item = self._item(box, parts)
        return Reply(200, mime_of(item), "text/plain")

    def _patch(self, box: MailboxStore, request: Request, parts: list[str]) -> Reply:
        item, told = self._item(box, parts), request.json()
        if {name for name in told if name[0] != "@"} - {"isread", "categories", "flag"}:
            raise No(403, "ErrorAccessDenied")  # Mail-Advanced.ReadWrite, from 31 December 2026
        if "isread" in told:
            box.mark(item, bool(told["isread"]))
        if "categories" in told:
            item.categories = tuple(told["categories"])
            box.touch(item)
        return _json(200, self._message(box, item, request))

    def _move(self, box: MailboxStore, request: Request, parts: list[str]) -> Reply:
        item, target = self._item(box, parts), self._folder_of(box, request.json()["destinationid"])
        box.move(item, target.id)
        return _json(201, self._message(box, item, request))

    def _copy(self, box: MailboxStore, request: Request, parts: list[str]) -> Reply:
        item, target = self._item(box, parts), self._folder_of(box, request.json()["destinationid"])
        made = box.add(mime_of(item), target.id, item.received, is_read=item.is_read)
        return _json(201, self._message(box, made, request))

    def _delete(self, box: MailboxStore, request: Request, parts: list[str]) -> Reply:
        box.delete(self._item(box, parts))
        return Reply(204)

    # --- sending -----------------------------------------------------------------------------------------------------

    def _draft(self, box: MailboxStore, request: Request, parts: list[str]) -> Reply:
        if request.headers.get("content-type", "").startswith("text/plain"):
            raw = self._received_draft(_unpacked(request.body))
        else:
            raw = _composed(request.json())
        item = box.add(raw, "drafts", is_draft=True, is_read=True)
        return _json(201, self._message(box, item, request))

    def _send_draft(self, box: MailboxStore, request: Request, parts: list[str]) -> Reply:
        item = self._item(box, parts)
        if not item.is_draft:
            raise No(400, "ErrorInvalidRequest")
        self._send(box, item)
        return Reply(202)

    def _send_mail(self, box: MailboxStore, request: Request, parts: list[str]) -> Reply:
        if request.headers.get("content-type", "").startswith("text/plain"):
            raw = self._received_draft(_unpacked(request.body))
        else:
            raw = _composed(request.json()["message"])
        self._send(box, box.add(raw, "drafts", is_draft=True, is_read=True))
        return Reply(202)

    def _attachments(self, box: MailboxStore, request: Request, parts: list[str]) -> Reply:
        item = self._item(box, parts)
        return _json(200, {"value": [{"name": n, "contentType": k, "size": len(b)} for n, k, b in item.attached]})

    def _attach(self, box: MailboxStore, request: Request, parts: list[str]) -> Reply:
        item, told = self._item(box, parts), request.json()
        content = base64.b64decode(told["contentbytes"])
        if len(content) >= SMALLEST_SESSION:
            raise No(413, "ErrorMessageSizeExceeded")
        item.attached.append((told["name"], told.get("contenttype", "application/octet-stream"), content))
        return _json(201, {"name": told["name"]})

    def _upload_session(self, box: MailboxStore, request: Request, parts: list[str]) -> Reply:
        item, told = self._item(box, parts), request.json()["attachmentitem"]
        if told["size"] < SMALLEST_SESSION:
            raise No(400, "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize")
        token = secrets.token_urlsafe(16)
        kind = told.get("contenttype", "application/octet-stream")
        self._uploads[token] = Upload(item, told["name"], kind, told["size"])
        root = self._base.removesuffix("/v1.0")
        return _json(201, {"uploadUrl": f"{root}/upload/{token}", "nextExpectedRanges": ["0-"]})

    def _put(self, request: Request) -> Reply:
        upload = self._uploads.get(request.path.rpartition("/")[2])
        span = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", request.headers.get("content-range", ""))
        if upload is None or "authorization" in request.headers:
            raise No(401, "InvalidAuthenticationToken")
        is_next = span and int(span[1]) == len(upload.got) and int(span[3]) == upload.size
        if not is_next or len(request.body) > LARGEST_REQUEST:
            raise No(400, "InvalidContentRange")
        upload.got += request.body
        if len(upload.got) < upload.size:
            return _json(200, {"nextExpectedRanges": [str(len(upload.got))]})
        upload.item.attached.append((upload.name, upload.kind, bytes(upload.got)))
        return Reply(201, headers={"Location": "/attachment"})


#: Any one of these permissions is enough for a step; every other step needs Mail.ReadWrite.
NEEDED: dict[str, set[str]] = {
    step: {READ, WRITE} for step in ("folders", "folder", "list", "delta", "get", "value", "attachments")
} | {"send_draft": {SEND}, "send_mail": {SEND}}

_STEPS = (
    ("GET", r"mailfolders/[^/]+/messages/(microsoft\.graph\.)?delta(\(\))?", "delta"),
    ("GET", r"(mailfolders/[^/]+/)?messages", "list"),
    ("GET", r"mailfolders(/[^/]+/childfolders)?", "folders"),
    ("POST", r"mailfolders(/[^/]+/childfolders)?", "make_folder"),
    ("GET", r"mailfolders/[^/]+", "folder"),
    ("POST", r"messages", "draft"),
    ("GET", r"messages/[^/]+", "get"),
    ("PATCH", r"messages/[^/]+", "patch"),
    ("DELETE", r"messages/[^/]+", "delete"),
    ("GET", r"messages/[^/]+/\$value", "value"),
    ("POST", r"messages/[^/]+/(microsoft\.graph\.)?send", "send_draft"),
    ("POST", r"messages/[^/]+/(microsoft\.graph\.)?move", "move"),
    ("POST", r"messages/[^/]+/(microsoft\.graph\.)?copy", "copy"),
    ("GET", r"messages/[^/]+/attachments", "attachments"),
    ("POST", r"messages/[^/]+/attachments", "attach"),
    ("POST", r"messages/[^/]+/attachments/(microsoft\.graph\.)?createuploadsession", "upload_session"),
    ("POST", r"(microsoft\.graph\.)?sendmail", "send_mail"),
)


def parts_of(path: str) -> tuple[str, list[str]]:
    """The user and the rest of the path; keys in brackets are keys behind a slash, and a folder before a message's
    own id says nothing."""
    path = re.sub(r"\('([^']*)'\)", r"/\1", path.partition("/v1.0/")[2])
    parts = [unquote(part) for part in path.split("/")]
    if parts[0].lower() != "users" or len(parts) < 3:
        return "", parts
    rest = parts[2:]
    is_within = rest[0].lower() == "mailfolders" and len(rest) > 3 and "delta" not in rest[3].lower()
    return parts[1], rest[2:] if is_within else rest


def step_of(request: Request) -> str:
    """What a request asks for, by name; faults are ordered by it too."""
    if request.path.startswith("/upload/"):
        return "upload"
    rest = "/".join(part.replace("/", "_") for part in parts_of(request.path)[1]).lower()
    for method, pattern, step in _STEPS:
        if method == request.method and re.fullmatch(pattern, rest):
            return step
    return "unknown"


def _json(status: int, value: Any) -> Reply:
    return Reply(status, json.dumps(value).encode(), "application/json; odata.metadata=minimal")


def _lowered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name.lower(): _lowered(part) for name, part in value.items()}
    return [_lowered(part) for part in value] if isinstance(value, list) else value


def _selected(query: dict[str, str]) -> tuple[str, ...]:
    return tuple(name for name in query.get("$select", "").split(",") if name)


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _properties(item: Item, select: tuple[str, ...]) -> dict[str, Any]:
    quick = {
        "receivedDateTime": lambda: _instant(item.received),
        "internetMessageId": lambda: item.message_id or None,
        "isRead": lambda: item.is_read,
        "isDraft": lambda: item.is_draft,
        "categories": lambda: list(item.categories),
        "parentFolderId": lambda: item.folder,
        "hasAttachments": lambda: bool(item.attached),
        "subject": lambda: str(item.headers["Subject"] or ""),
        "internetMessageHeaders": lambda: [{"name": n, "value": str(v)} for n, v in item.headers.items()],
        "toRecipients": lambda: [{"emailAddress": {"address": a}} for a in item.recipients()],
    }
    names = {name.lower() for name in select}
    return {name: get() for name, get in quick.items() if (name.lower() in names if names else "Headers" not in name)}


def _folder_json(folder: Folder) -> dict[str, Any]:
    told = {"id": folder.id, "displayName": folder.name, "parentFolderId": folder.parent}
    return told | {"totalItemCount": len(folder.order), "isHidden": False}


def _all(box: MailboxStore) -> list[Item]:
    return list(box.items.values())


def _bearing(wanted: str, items: list[Item]) -> list[Item]:
    by_id = re.fullmatch(r"internetMessageId eq '((?:[^']|'')*)'", wanted)
    if by_id is None:
        raise No(400, "ErrorInvalidUrlQueryFilter")
    sought = by_id[1].replace("''", "'").casefold()  # the service compares without regard to case
    return [item for item in items if item.message_id.casefold() == sought]


def _unpacked(body: bytes) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as wrong:
        raise No(400, "ErrorMimeContentInvalidBase64String") from wrong


def _composed(told: dict[str, Any]) -> bytes:
    """The MIME of a message given as JSON."""
    made = EmailMessage(policy=SMTP)
    for name, key in (("To", "torecipients"), ("Cc", "ccrecipients"), ("Bcc", "bccrecipients")):
        if addresses := [who["emailaddress"]["address"] for who in told.get(key, [])]:
            made[name] = ", ".join(addresses)
    made["Subject"] = told.get("subject", "")
    made["Message-ID"] = f"<{secrets.token_hex(8)}@graph.example>"
    made.set_content(told.get("body", {}).get("content", ""))
    return made.as_bytes()


def mime_of(item: Item) -> bytes:
    """The message's bytes; those of a draft that got attachments after its MIME are made anew."""
    if not item.attached:
        return item.raw
    made = message_from_bytes(item.raw, policy=SMTP)
    assert isinstance(made, EmailMessage)
    for name, kind, content in item.attached:
        main, _, sub = kind.partition("/")
        made.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return made.as_bytes()
