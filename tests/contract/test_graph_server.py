"""The Graph test server as Microsoft's own client sees it, so that server and door do not share one misunderstanding.

Every call is msgraph-sdk's; the token comes by azure-identity. Nothing of the bot takes part.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx
import pytest
from azure.identity import ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph.generated.models.attachment_item import AttachmentItem
from msgraph.generated.models.attachment_type import AttachmentType
from msgraph.generated.models.file_attachment import FileAttachment
from msgraph.generated.models.mail_folder import MailFolder
from msgraph.generated.models.message import Message
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.users.item.mail_folders.item.messages.delta.delta_request_builder import DeltaRequestBuilder
from msgraph.generated.users.item.mail_folders.item.messages.messages_request_builder import MessagesRequestBuilder
from msgraph.generated.users.item.messages.item.attachments.create_upload_session.create_upload_session_post_request_body import (  # noqa: E501
    CreateUploadSessionPostRequestBody,
)
from msgraph.generated.users.item.messages.item.move.move_post_request_body import MovePostRequestBody
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient

from tests.servers.graph import SCOPE, GraphServer
from tests.servers.graph_routes import READ
from tests.servers.graph_store import MailboxStore
from tests.until import until

T = TypeVar("T")
CLOCK, CREWE = "clock@cescp.example", "crewe@csc.example"
AT = datetime(2027, 1, 15, 16, 45, tzinfo=UTC)
IMMUTABLE, PAGE_OF_TWO = 'IdType="ImmutableId"', "odata.maxpagesize=2"


def mime(name: str, to: str = CREWE) -> bytes:
    head = f"From: Clock <{CLOCK}>\r\nTo: {to}\r\nSubject: {name}\r\nMessage-ID: <{name}@cescp.example>\r\n"
    return f"{head}X-Auto-Response-Suppress: DR\r\nAuto-Submitted: auto-replied\r\n\r\nHello.\r\n".encode()


class Client:
    """The SDK against a server of ours, with a mailbox of its own in `user`."""

    def __init__(self, server: GraphServer) -> None:
        self.server = server
        self.clock: MailboxStore = server.add(CLOCK)
        self.crewe: MailboxStore = server.add(CREWE, READ)

    def do(self, work: Callable[[Any], Awaitable[T]], user: str = CLOCK) -> T:
        """Runs one conversation: `work` is given the SDK's builder for a user."""
        return asyncio.run(self._do(work, user))

    async def _do(self, work: Callable[[Any], Awaitable[T]], user: str) -> T:
        ca = str(self.server.certificate.ca)
        tokens = self.server.tokens
        credential = ClientSecretCredential(
            tokens.tenant,
            tokens.client,
            tokens.secret,
            authority=self.server.endpoint.removesuffix("/v1.0"),
            disable_instance_discovery=True,
            connection_verify=ca,
        )
        with credential:
            provider = AzureIdentityAuthenticationProvider(credential, scopes=[SCOPE], allowed_hosts=["127.0.0.1"])
            async with httpx.AsyncClient(verify=ssl.create_default_context(cafile=ca), trust_env=False) as line:
                adapter = GraphRequestAdapter(provider, line)
                adapter.base_url = self.server.endpoint
                return await work(GraphServiceClient(request_adapter=adapter).users.by_user_id(user))


@pytest.fixture
def client(graph_server: GraphServer) -> Iterator[Client]:
    yield Client(graph_server)


def asked(builder: Any = None, **query: Any) -> Any:
    """A configuration of one request: query parameters, and Prefer headers in `prefer`."""
    prefer = query.pop("prefer", ())
    made: Any = RequestConfiguration(query_parameters=builder(**query) if builder else None)
    for value in prefer:
        made.headers.add("Prefer", value)
    return made


def delta_of(user: Any) -> Any:
    return user.mail_folders.by_mail_folder_id("inbox").messages.delta


async def drained(user: Any, link: str = "") -> tuple[list[Any], str]:
    """One round of delta: what it told, and the link that the next one begins with."""
    builder = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters
    told: list[Any] = []
    request = delta_of(user).with_url(link) if link else delta_of(user)
    first = (
        asked(prefer=[IMMUTABLE, PAGE_OF_TWO])
        if link
        else asked(builder, select=["receivedDateTime"], prefer=[IMMUTABLE, PAGE_OF_TWO])
    )
    page = await request.get(request_configuration=first)
    while True:
        told += page.value
        if page.odata_delta_link:
            return told, page.odata_delta_link
        page = await delta_of(user).with_url(page.odata_next_link).get(asked(prefer=[IMMUTABLE, PAGE_OF_TWO]))


def refused(client: Client, work: Callable[[Any], Awaitable[object]], user: str = CLOCK) -> tuple[int, str]:
    """Status and code of the error that this must end in."""
    with pytest.raises(ODataError) as told:
        client.do(work, user)
    assert told.value.error is not None
    return told.value.response_status_code or 0, told.value.error.code or ""


async def drafted(user: Any, raw: bytes, *prefer: str) -> Any:
    """A draft of raw MIME: the SDK has no builder for it, so the request is put together by hand."""
    request = RequestInformation(Method.POST, "{+baseurl}/users/{user}/messages", {})
    request.path_parameters = {"baseurl": user.request_adapter.base_url, "user": user.path_parameters["user%2Did"]}
    request.set_stream_content(base64.b64encode(raw), "text/plain")
    request.headers.add("Accept", "application/json")
    for value in prefer:
        request.headers.add("Prefer", value)
    return await user.request_adapter.send_async(request, Message, {"XXX": ODataError})


def test_delta_tells_everything_once_in_pages(client: Client) -> None:
    """Five messages in pages of two, each once; then only what is new."""
    for n in range(5):
        client.clock.add(mime(f"m{n}"), received=AT + timedelta(minutes=n))

    async def work(user: Any) -> tuple[list[Any], list[Any]]:
        first, link = await drained(user)
        client.clock.add(mime("new"))
        second, _ = await drained(user, link)
        return first, second

    first, second = client.do(work)
    assert sorted(m.received_date_time for m in first) == [AT + timedelta(minutes=n) for n in range(5)]
    assert [m.received_date_time for m in first] != sorted(m.received_date_time for m in first)
    assert len(second) == 1
    assert client.server.steps.count("delta") == 3 + 1


def test_delta_tells_what_people_did(client: Client) -> None:
    """A read mark comes without the arrival, a deleted message as @removed."""
    read, gone = client.clock.add(mime("read")), client.clock.add(mime("gone"))

    async def work(user: Any) -> list[Any]:
        _, link = await drained(user)
        client.clock.mark(read, True)
        client.clock.delete(gone)
        told, _ = await drained(user, link)
        return told

    told = {m.id: m for m in client.do(work)}
    removed = told[client.clock.id_of(gone, is_immutable=True)]
    marked = told[client.clock.id_of(read, is_immutable=True)]
    assert removed.additional_data["@removed"]
    assert (marked.is_read, marked.received_date_time) == (True, None)


def test_an_expired_token_is_410(client: Client) -> None:
    """The state that a link stands for may be forgotten by the server."""

    async def work(user: Any) -> None:
        _, link = await drained(user)
        client.server.expire()
        await drained(user, link)

    assert refused(client, work) == (410, "syncStateNotFound")


def test_a_message_comes_as_mime(client: Client) -> None:
    """$value gives the bytes."""
    item = client.clock.add(mime("one"))
    raw = client.do(lambda user: user.messages.by_message_id(client.clock.id_of(item, is_immutable=True)).content.get())
    assert raw == mime("one")


def test_a_message_is_found_by_its_message_id(client: Client) -> None:
    """By a filter, in one folder."""
    client.clock.add(mime("one"))
    client.clock.add(mime("two"), "sentitems")
    builder = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters
    wanted = asked(builder, filter="internetMessageId eq '<two@cescp.example>'", select=["internetMessageId"])

    async def work(user: Any) -> list[int]:
        folders = [user.mail_folders.by_mail_folder_id(name).messages for name in ("inbox", "sentitems")]
        return [len((await folder.get(wanted)).value) for folder in folders]

    assert client.do(work) == [0, 1]


def test_the_ordinary_id_changes_with_a_move_and_the_immutable_one_does_not(client: Client) -> None:
    """The SDK writes DestinationId with a capital: names are the same in any case."""
    item = client.clock.add(mime("one"))
    old = client.clock.id_of(item, is_immutable=False)
    body = MovePostRequestBody(destination_id="archive")

    async def work(user: Any) -> str:
        moved = await user.messages.by_message_id(old).move.post(body)
        return str(moved.id)

    new = client.do(work)
    assert new != old
    assert refused(client, lambda user: user.messages.by_message_id(old).get()) == (404, "ErrorItemNotFound")
    stays = client.clock.id_of(item, is_immutable=True)
    found: Any = client.do(lambda u: u.messages.by_message_id(stays).get(asked(prefer=[IMMUTABLE])))
    assert found.id == stays


def test_a_draft_is_sent_once(client: Client) -> None:
    """201 with its id; /send; then it lies in Sent Items under the same immutable id, and cannot be sent again."""

    async def work(user: Any) -> tuple[Any, Any]:
        draft = await drafted(user, mime("letter"), IMMUTABLE)
        await user.messages.by_message_id(draft.id).send.post()
        return draft, await user.messages.by_message_id(draft.id).get(asked(prefer=[IMMUTABLE]))

    draft, after = client.do(work)
    assert (draft.is_draft, draft.internet_message_id) == (True, "<letter@cescp.example>")
    assert (after.is_draft, after.parent_folder_id) == (False, client.clock.named("sentitems").id)
    assert [item.raw for item in client.crewe.lying_in("inbox")] == [mime("letter")]
    assert refused(client, lambda u: u.messages.by_message_id(draft.id).send.post())[0] == 400
    assert len(client.server.sent) == 1


def test_a_letter_to_somebody_else_lies_in_the_outbox(client: Client) -> None:
    """Who has no mailbox here is told apart."""

    async def work(user: Any) -> None:
        draft = await drafted(user, mime("out", f"{CREWE}, fay@elsewhere.example"))
        await user.messages.by_message_id(draft.id).send.post()

    client.do(work)
    assert [sent.recipients for sent in client.server.outbox] == [("fay@elsewhere.example",)]
    assert len(client.crewe.lying_in("inbox")) == 1


def test_small_files_are_added_and_large_ones_uploaded(client: Client) -> None:
    """Below 3 MB by one request, above it by a session in pieces without a token; never the other way round."""
    small, large = b"s" * 1000, b"l" * 3_200_000

    async def work(user: Any) -> str:
        message = user.messages.by_message_id((await drafted(user, mime("files"), IMMUTABLE)).id)
        await message.attachments.post(FileAttachment(name="s.bin", content_bytes=small))
        return str(await session(message, len(large)))

    async def session(message: Any, size: int) -> Any:
        item = AttachmentItem(attachment_type=AttachmentType.File, name="l.bin", size=size)
        body = CreateUploadSessionPostRequestBody(attachment_item=item)
        return (await message.attachments.create_upload_session.post(body)).upload_url

    url = client.do(work)
    context = ssl.create_default_context(cafile=str(client.server.certificate.ca))
    with httpx.Client(verify=context, trust_env=False) as line:
        for at in range(0, len(large), 3_000_000):
            piece = large[at : at + 3_000_000]
            span = f"bytes {at}-{at + len(piece) - 1}/{len(large)}"
            answer = line.put(url, content=piece, headers={"Content-Range": span})
        assert answer.status_code == 201
    (draft,) = client.clock.lying_in("drafts")
    assert [(name, len(content)) for name, _, content in draft.attached] == [("s.bin", 1000), ("l.bin", 3_200_000)]

    async def too_small(user: Any) -> None:
        await session(user.messages.by_message_id(client.clock.id_of(draft, is_immutable=True)), 1000)

    assert refused(client, too_small) == (400, "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize")


def test_folders_are_listed_and_made(client: Client) -> None:
    """Well-known names, display names, and pages."""

    async def work(user: Any) -> tuple[str, list[str]]:
        made = await user.mail_folders.post(MailFolder(display_name="Casework"))
        names, page = [], await user.mail_folders.get()
        names += [folder.display_name for folder in page.value]
        junk = await user.mail_folders.by_mail_folder_id("junkemail").get()
        assert junk.display_name == "Junk Email"
        return str(made.display_name), names

    made, names = client.do(work)
    assert made in names
    assert {"Inbox", "Sent Items", "Drafts"} <= set(names)


def test_a_read_mark_and_a_category_may_be_set_and_nothing_else(client: Client) -> None:
    """Subject and body of a received message need a permission of their own."""
    item = client.clock.add(mime("one"))
    id_ = client.clock.id_of(item, is_immutable=True)
    client.do(lambda user: user.messages.by_message_id(id_).patch(Message(is_read=True, categories=["Bot"])))
    assert (item.is_read, item.categories) == (True, ("Bot",))
    assert refused(client, lambda user: user.messages.by_message_id(id_).patch(Message(subject="x")))[0] == 403


def test_permissions_are_those_of_the_mailbox(client: Client) -> None:
    """Reading alone lets nobody move or send; a mailbox that was not granted and one that is not there are told
    apart."""
    item = client.crewe.add(mime("one"))
    id_ = client.crewe.id_of(item, is_immutable=True)
    client.server.add("foreign@csc.example", "nothing")
    one = "ErrorAccessDenied"
    assert client.do(lambda user: user.messages.by_message_id(id_).get(), CREWE)
    body = MovePostRequestBody(destination_id="archive")
    assert refused(client, lambda u: u.messages.by_message_id(id_).move.post(body), CREWE) == (403, one)
    assert refused(client, lambda u: drafted(u, mime("x")), CREWE) == (403, one)
    assert refused(client, lambda u: u.mail_folders.get(), "foreign@csc.example") == (403, one)
    assert refused(client, lambda u: u.mail_folders.get(), "nobody@csc.example") == (404, "ErrorInvalidUser")


def test_what_a_tenant_does_to_a_message_can_be_switched_on(client: Client) -> None:
    """Headers stripped, the id replaced."""
    client.server.strips, client.server.renames = ("x-", "auto-submitted"), "draft"
    draft = client.do(lambda user: drafted(user, mime("one")))
    assert draft.internet_message_id == "<renamed-1@graph.example>"
    raw = client.clock.lying_in("drafts")[0].raw
    assert b"X-Auto" not in raw
    assert b"Auto-Submitted" not in raw
    assert b"Subject: one" in raw


def test_what_was_ordered_happens(client: Client) -> None:
    """An error in place of the deed, an error after it, silence after it, and 200 for nothing."""
    server = client.server

    async def send(user: Any) -> None:
        draft = await drafted(user, mime("letter"), IMMUTABLE)
        await user.messages.by_message_id(draft.id).send.post()

    server.answer("send_draft", 503)
    assert (refused(client, send)[0], len(server.sent)) == (503, 0)
    server.answer("send_draft", 504, after=True)
    assert (refused(client, send)[0], len(server.sent)) == (504, 1)
    server.drop("send_draft", after=True)
    with pytest.raises(httpx.RemoteProtocolError):
        client.do(send)
    assert len(server.sent) == 2
    server.sends_nothing = True
    client.do(send)
    assert len(server.sent) == 2


def test_a_fifth_request_at_once_is_throttled(client: Client) -> None:
    """Four at a time for one mailbox, as documented."""
    client.server.gate = threading.Event()
    with ThreadPoolExecutor(5) as people:
        asking = [people.submit(client.do, lambda user: user.mail_folders.get()) for _ in range(5)]
        until(lambda: client.server.peak[CLOCK] == 5)
        client.server.gate.set()
        refusals = [one.exception(20) for one in asking if one.exception(20) is not None]
    assert [type(error) for error in refusals] == [ODataError]
    assert client.server.peak[CLOCK] == 5
