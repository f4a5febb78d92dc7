"""The Graph transport keeps every transport's promises, and those of a draft that is sent once.

Microsoft's bad days are played by the server: answers that come after the deed, or in place of it, or never.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

from bot.doors.graph.send import LARGEST_MIME
from bot.doors.opened import open_transport
from bot.doors.ports import Transport
from bot.model.errors import DoorClosed, Throttled, Unsure
from tests.contract.transport_contract import RAW, TransportContract, allowed, letter
from tests.servers.graph import GraphServer
from tests.servers.graph_routes import READ, SEND, WRITE
from tests.servers.graph_store import Item

CLOCK = "clock@cescp.example"


class Room:
    """The bot's own mailbox, and everybody else somewhere outside."""

    keeps_recipients = True

    def __init__(self, server: GraphServer, *permissions: str, **changes: Any) -> None:
        self.server = server
        self.box = server.add(CLOCK, *permissions)
        self._others: list[Transport] = []
        self.transport = self.open(**changes)

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def most_at_once(self) -> int:
        return self.server.most_at_once

    def open(self, **changes: Any) -> Transport:
        self._others.append(open_transport(self.server.door(CLOCK, **changes), allowed))
        return self._others[-1]

    def open_by(self, port: int, **changes: Any) -> Transport:
        return self.open(endpoint=f"https://127.0.0.1:{port}/v1.0", **changes)

    def close(self) -> None:
        for transport in self._others:
            transport.close()

    def known_change(self, raw: bytes) -> bytes:
        return raw

    def shut(self) -> None:
        self.server.stop()

    def unshut(self) -> None:
        self.server.start()

    def hang_up(self) -> None:
        self.server.hang_up()

    def refuse(self) -> None:
        self.server.granted[CLOCK].clear()

    def admit(self) -> None:
        self.server.granted[CLOCK] |= {READ, WRITE, SEND}

    def refuse_sender(self) -> None:
        self.server.answer("send_draft", 403, "ErrorSendAsDenied")

    def refuse_size(self) -> None:
        self.server.answer("draft", 413, "RequestEntityTooLarge", times=100)

    def throttle(self) -> None:
        self.server.answer("draft", 429, Retry_After="1")

    def lose_answer(self, *, is_kept: bool) -> None:
        self.server.drop("send_draft", after=is_kept)

    def rename(self) -> None:
        self.server.renames = "draft"

    def arrived(self) -> list[tuple[tuple[str, ...], bytes]]:
        return [(sent.recipients, sent.raw) for sent in self.server.sent]

    def drafts(self) -> list[Item]:
        return self.box.lying_in("drafts")


@pytest.fixture
def open_room(graph_server: GraphServer) -> Iterator[Callable[..., Room]]:
    opened: list[Room] = []

    def open_(*permissions: str, **changes: Any) -> Room:
        opened.append(Room(graph_server, *permissions, **changes))
        return opened[-1]

    yield open_
    for room in opened:
        room.close()


@pytest.fixture
def room(open_room: Callable[..., Room]) -> Room:
    return open_room()


class TestGraph(TransportContract):
    """The contract itself."""

    door = "Graph"
    absent: ClassVar[dict[str, str]] = {
        "test_a_refused_recipient_is_named_and_the_others_are_served": "the service takes a letter for all or for "
        "nobody; what does not arrive comes back as a bounce",
    }


# --- the draft -------------------------------------------------------------------------------------------------------


def test_a_letter_costs_four_requests(room: Room) -> None:
    """Leftovers looked for, the draft, the send, the id it was given."""
    room.transport.offer(letter()).deliver()
    assert room.server.steps == ["list", "draft", "send_draft", "get"]


def test_the_offer_has_an_id_before_anything_has_left(room: Room) -> None:
    """It is the draft's, and stays its id in Sent Items."""
    offer = room.transport.offer(letter())
    (draft,) = room.drafts()
    assert (offer.id, room.server.sent) == (room.box.id_of(draft, is_immutable=True), [])
    assert not room.transport.find(offer.id)
    offer.deliver()
    assert [room.box.id_of(item, is_immutable=True) for item in room.box.lying_in("sentitems")] == [offer.id]
    assert room.transport.find(offer.id)


def test_an_abandoned_offer_leaves_no_draft(room: Room) -> None:
    """Nobody finds half a letter in Drafts and sends it."""
    room.transport.offer(letter()).abandon()
    assert room.drafts() == []


def test_a_draft_left_by_a_crash_is_swept_away(room: Room) -> None:
    """The next offer of the same letter deletes it; a person's own draft beside it stays."""
    room.transport.offer(letter())
    room.box.add(RAW.replace(b"m1@", b"somebody@"), "drafts", is_draft=True)
    room.transport.offer(letter()).deliver()
    assert [item.message_id for item in room.drafts()] == ["<somebody@cescp.example>"]
    assert len(room.server.sent) == 1


def test_a_draft_that_was_not_made_is_a_closed_door(room: Room) -> None:
    """Only 201 makes a draft."""
    room.server.answer("draft", 200, after=False)
    with pytest.raises(DoorClosed, match="answered 200 in place of a draft"):
        room.transport.offer(letter())


# --- what becomes of a send ------------------------------------------------------------------------------------------


def test_the_id_the_service_gives_is_told(open_graph: Callable[..., GraphServer]) -> None:
    """Known with the draft where it is given then, and read back from Sent Items where it changes with the send."""
    early, late = Room(open_graph(renames="draft")), Room(open_graph(renames="send"))
    offer = early.transport.offer(letter())
    assert offer.assigned_id == "renamed-1@graph.example"
    assert offer.deliver().assigned_id == "renamed-1@graph.example"
    offer = late.transport.offer(letter())
    assert offer.assigned_id == ""
    assert offer.deliver().assigned_id == "renamed-1@graph.example"


def test_stripped_headers_are_no_harm(room: Room) -> None:
    """A tenant that takes our headers away still sends the letter, and the proof does not rest on them."""
    room.server.strips = ("x-", "auto-submitted", "return-path")
    offer = room.transport.offer(letter(raw=b"X-Auto-Response-Suppress: DR\r\nAuto-Submitted: auto-replied\r\n" + RAW))
    offer.deliver()
    assert room.arrived()[0][1] == RAW
    assert room.transport.find(offer.id)


DOUBTS = {
    "hung up": lambda server, after: server.drop("send_draft", after=after),
    "503": lambda server, after: server.answer("send_draft", 503, after=after),
    "504": lambda server, after: server.answer("send_draft", 504, after=after),
    "500": lambda server, after: server.answer("send_draft", 500, after=after),
    "429": lambda server, after: server.answer("send_draft", 429, after=after, Retry_After="5"),
    "a web page": lambda server, after: server.html("send_draft", 200, after=after),
    "a web page that says no": lambda server, after: server.html("send_draft", 403, after=after),
    "200": lambda server, after: server.answer("send_draft", 200, after=after),
}


@pytest.mark.parametrize("after", [True, False], ids=["after it went", "before it went"])
@pytest.mark.parametrize("doubt", DOUBTS)
def test_a_doubtful_answer_is_unsure_and_the_draft_tells(room: Room, doubt: str, after: bool) -> None:
    """Whatever is not 202 may have sent it or not: it is not tried again here, and the draft's id says which."""
    offer = room.transport.offer(letter())
    DOUBTS[doubt](room.server, after)
    with pytest.raises(Unsure):
        offer.deliver()
    assert room.server.steps.count("send_draft") == 1
    assert room.transport.find(offer.id) is after
    assert len(room.server.sent) == after


def test_200_that_sends_nothing(room: Room) -> None:
    """A service that says 200 and does nothing is not believed; the second attempt sends one copy."""
    room.server.sends_nothing = True
    offer = room.transport.offer(letter())
    with pytest.raises(Unsure):
        offer.deliver()
    assert not room.transport.find(offer.id)
    room.server.sends_nothing = False
    room.transport.offer(letter()).deliver()
    assert (len(room.server.sent), room.drafts()) == (1, [])


def test_what_is_sent_late_is_found_late(room: Room) -> None:
    """Accepted is not yet sent: the proof comes when the service has done it."""
    room.server.holds = True
    room.server.drop("send_draft", after=True)
    offer = room.transport.offer(letter())
    with pytest.raises(Unsure):
        offer.deliver()
    assert not room.transport.find(offer.id)
    room.server.let_go()
    assert room.transport.find(offer.id)


NOES = [
    (400, "ErrorInvalidRequest", "which was not to be expected"),
    (403, "ErrorSendAsDenied", "it takes the permissions Mail.ReadWrite and Mail.Send"),
    (404, "ErrorItemNotFound", "404 ErrorItemNotFound"),
    (404, "ErrorInvalidUser", "there is no mailbox clock@cescp.example"),
    (401, "InvalidAuthenticationToken", "refused the login"),
]


@pytest.mark.parametrize(("status", "code", "words"), NOES)
def test_a_no_that_is_about_us_closes_the_door(room: Room, status: int, code: str, words: str) -> None:
    """Turned away before anything was done: surely not sent, nobody is told that it cannot be delivered."""
    offer = room.transport.offer(letter())
    room.server.answer("send_draft", status, code)
    with pytest.raises(DoorClosed, match=words):
        offer.deliver()
    assert (room.server.sent, room.drafts()) == ([], [])
    room.transport.offer(letter()).deliver()
    assert len(room.server.sent) == 1


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (400, "ErrorInvalidRecipients", "5.1.3"),
        (413, "RequestEntityTooLarge", "5.3.4"),
        (400, "ErrorMessageSizeExceeded", "5.3.4"),
    ],
)
def test_a_no_to_the_letter_is_refused_for_everybody(room: Room, status: int, code: str, told: str) -> None:
    """The service names no single address."""
    offer = room.transport.offer(letter("a@csc.example", "b@csc.example"))
    room.server.answer("send_draft", status, code)
    outcome = offer.deliver()
    assert outcome.accepted == ()
    assert [(r.recipient, r.status, r.is_hard) for r in outcome.refused] == [
        ("a@csc.example", told, True),
        ("b@csc.example", told, True),
    ]
    assert room.drafts() == []


def test_a_connection_that_cannot_be_made_is_surely_not_sent(room: Room) -> None:
    """The server went away between draft and send."""
    offer = room.transport.offer(letter())
    room.transport.close()
    room.server.stop()
    with pytest.raises(DoorClosed, match="nobody listens there"):
        offer.deliver()
    room.server.start()
    room.transport.offer(letter()).deliver()
    assert (len(room.server.sent), room.drafts()) == (1, [])


@pytest.mark.parametrize("step", ["list", "draft"])
def test_throttled_before_the_send(room: Room, step: str) -> None:
    """The letter waits as long as the service asks."""
    room.server.answer(step, 429, Retry_After="17")
    with pytest.raises(Throttled, match="not before 17 seconds are over") as told:
        room.transport.offer(letter())
    assert told.value.seconds == 17
    room.transport.offer(letter()).deliver()
    assert len(room.server.sent) == 1


def test_a_missing_permission_is_named(open_room: Callable[..., Room]) -> None:
    """Without Mail.Send the draft is made, the send refused, and the draft taken back."""
    room = open_room(READ, WRITE)
    offer = room.transport.offer(letter())
    with pytest.raises(DoorClosed, match=r"letters: 127\.0\.0\.1 refused the login .*Mail\.Send"):
        offer.deliver()
    assert room.drafts() == []


def test_a_token_refused_in_the_middle_is_got_over(room: Room) -> None:
    """Reading asks for another token once; the step that cannot be taken back waits for the next offer."""
    room.server.tokens.revoke()
    offer = room.transport.offer(letter())
    room.server.tokens.revoke()
    with pytest.raises(DoorClosed, match="refused the login"):
        offer.deliver()
    room.transport.offer(letter()).deliver()
    assert len(room.server.sent) == 1


# --- recipients and size ---------------------------------------------------------------------------------------------


def test_only_those_still_waiting_are_named(room: Room) -> None:
    """The service takes the recipients from the headers: who has the letter already is no longer among them."""
    head = b'From: Clock <clock@cescp.example>\r\nTo: "Marsh, Fay" <fay@csc.example>,\r\n Jo <jo@csc.example>\r\n'
    raw = head + b"Cc: =?utf-8?b?Wm/Dqw==?= <Zoe@csc.example>\r\nSubject: x\r\n\r\nhello\r\n"
    room.transport.offer(letter("fay@csc.example", "zoe@csc.example", "new@csc.example", raw=raw)).deliver()
    recipients, sent = room.arrived()[0]
    assert recipients == ("fay@csc.example", "Zoe@csc.example", "new@csc.example")
    assert b'To: "Marsh, Fay" <fay@csc.example>\r\n' in sent
    assert b"Cc: =?utf-8?b?Wm/Dqw==?= <Zoe@csc.example>" in sent
    assert b"jo@csc.example" not in sent
    assert b"new@csc.example" not in sent


def with_files(*files: tuple[str, str, bytes]) -> bytes:
    """A letter as the bot makes it, with files."""
    mark = "=_0123456789abcdef"
    head = RAW.partition(b"\r\n\r\n")[0] + f'\r\nContent-Type: multipart/mixed; boundary="{mark}"\r\n\r\n'.encode()
    parts = [b"Content-Type: text/plain\r\n\r\nwords\r\n"]
    for name, kind, content in files:
        is_mail = kind == "message/rfc822"
        coded = content if is_mail else base64.encodebytes(content).replace(b"\n", b"\r\n")
        way = "7bit" if is_mail else "base64"
        fields = f'Content-Type: {kind}; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"\r\n'
        parts.append(f"{fields}Content-Transfer-Encoding: {way}\r\n\r\n".encode() + coded)
    return head + b"".join(f"--{mark}\r\n".encode() + part + b"\r\n" for part in parts) + f"--{mark}--\r\n".encode()


def blob(size: int, seed: str) -> bytes:
    return hashlib.shake_256(seed.encode()).digest(size)


def test_large_files_are_added_to_the_draft(room: Room) -> None:
    """A record larger than a draft may be arrives whole: small files by one request, large ones in pieces."""
    mail = b"Subject: the original\r\n\r\n" + b"x" * 70 + b"\r\n"
    files = [
        ("CE-1-record.pdf", "application/pdf", blob(700_000, "a")),
        ("CE-1-original.eml", "message/rfc822", mail),
        ("CE-1-mails-1.zip", "application/zip", blob(2_900_000, "b")),
        ("CE-1-mails-2.zip", "application/zip", blob(7_000_000, "c")),
    ]
    raw = with_files(*files)
    assert len(raw) > LARGEST_MIME
    assert room.transport.offer(letter(raw=raw)).deliver().accepted == ("fay@csc.example",)
    (sent,) = room.box.lying_in("sentitems")
    assert [(name, kind, content) for name, kind, content in sent.attached] == files[2:]
    assert mail in sent.raw
    assert len(sent.raw) < LARGEST_MIME
    assert room.server.steps.count("upload") == 3


def test_an_upload_that_breaks_off_leaves_no_draft(room: Room) -> None:
    """The letter waits, and goes once when the service is well again."""
    raw = with_files(("a.zip", "application/zip", blob(7_000_000, "a")))
    room.server.drop("upload", skip=1)
    with pytest.raises(DoorClosed):
        room.transport.offer(letter(raw=raw))
    assert room.drafts() == []
    room.transport.offer(letter(raw=raw)).deliver()
    assert len(room.server.sent) == 1


def test_words_alone_too_large_are_refused(room: Room) -> None:
    """Nothing could be taken off: it is refused with the size that is allowed, and asked of nobody."""
    offer = room.transport.offer(letter(raw=RAW + b"more words\r\n" * 200_000))
    assert offer.accepted == ()
    assert [(r.recipient, r.status) for r in offer.refused] == [("fay@csc.example", "5.3.4")]
    assert "2,200,000 bytes" in offer.refused[0].words
    assert room.server.steps == []
