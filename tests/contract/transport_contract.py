"""What every transport promises, as tests; a file per transport brings a `room` and inherits them.

A room gives a transport with the allow-list `*.example` less `outside.example`, tells what reached the other side, and
has the server misbehave. It checks bytes, envelopes and what is said of a failure, not how a protocol works. What
cannot exist for a kind of transport, its class lists with the reason (matrix.py); nothing is skipped.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Protocol

import pytest

from bot.doors.ports import Envelope, Outcome, Transport
from bot.model.errors import DoorClosed, LoginRefused, Unsure
from tests.contract.matrix import Contract
from tests.servers.certificates import make_certificate
from tests.servers.proxy import Proxy

RAW = b"\r\n".join(
    [
        b"From: Clock <clock@cescp.example>",
        b"To: fay@csc.example",
        b"Subject: RE: Professional Safeguarding Challenge [CE-2027-0007]",
        b"Message-ID: <m1@cescp.example>",
        b"",
        b"..two dots, then one:",
        b".",
        b"x" * 998,
        b"the end",
        b"",
    ]
)


NOT_ONE_ADDRESS = [
    "eve@outside.example,fay@csc.example",
    "eve@outside.example <fay@csc.example",
    "fay> SIZE=1 <eve@csc.example",
    "two words@csc.example",
    "x\r\nDATA@csc.example",
    '"eve@outside.example"@csc.example',
    "fay.csc.example",
    "",
]


def allowed(address: str) -> bool:
    return address.endswith(".example") and not address.endswith("@outside.example")


def letter(
    *recipients: str, raw: bytes = RAW, message_id: str = "m1@cescp.example", **more: frozenset[str]
) -> Envelope:
    return Envelope("clock@cescp.example", recipients or ("fay@csc.example",), raw, message_id, **more)


class Room(Protocol):
    transport: Transport
    keeps_recipients: bool

    def arrived(self) -> list[tuple[tuple[str, ...], bytes]]:
        """(recipients, bytes) of each letter, in order."""
        ...

    def known_change(self, raw: bytes) -> bytes:
        """What a letter has become on the other side, for a server that is known to change it; else itself."""
        ...

    def shut(self) -> None:
        """Nothing can be handed over any more."""
        ...

    def unshut(self) -> None: ...

    # Where there is a server with a line to it:

    @property
    def port(self) -> int:
        """Where the server listens on 127.0.0.1."""
        ...

    @property
    def most_at_once(self) -> int:
        """How many connections the server has had at the same time."""
        ...

    def open(self, **changes: Any) -> Transport:
        """Another transport to the same server, with changes of its door."""
        ...

    def open_by(self, port: int, **changes: Any) -> Transport:
        """The same by way of another port of 127.0.0.1, where a proxy listens."""
        ...

    def hang_up(self) -> None:
        """The server closes every connection that is open now."""
        ...

    def refuse(self) -> None:
        """Our login is refused from now on, and what was let in is put out."""
        ...

    def admit(self) -> None: ...

    def refuse_sender(self) -> None:
        """Once, the server does not let us send as this mailbox."""
        ...

    def refuse_recipient(self, address: str, *, is_hard: bool) -> None: ...

    def refuse_size(self) -> None:
        """Letters are too large for the server from now on."""
        ...

    def throttle(self) -> None:
        """Once, the server says "not now" to a letter."""
        ...

    def lose_answer(self, *, is_kept: bool) -> None:
        """Once, the line is cut when the letter was handed over, and the server has kept it or not."""
        ...

    def rename(self) -> None:
        """The server gives letters ids of its own from now on."""
        ...


class TransportContract(Contract):
    """Inherit, and provide the fixture `room`."""

    title = "Letters out"

    def test_the_bytes_arrive_unchanged(self, room: Room) -> None:
        """What was hashed is what arrives, dots, long lines and all; or what changes is known."""
        outcome = room.transport.offer(letter()).deliver()
        assert [raw for _, raw in room.arrived()] == [room.known_change(RAW)]
        assert (outcome.accepted, outcome.refused) == (("fay@csc.example",), ())

    def test_the_recipients_are_those_of_the_envelope(self, room: Room) -> None:
        """Each address once, whatever the headers say."""
        outcome = room.transport.offer(letter("a@csc.example", "b@csc.example", "a@csc.example")).deliver()
        assert outcome.accepted == ("a@csc.example", "b@csc.example")
        if room.keeps_recipients:
            assert room.arrived()[0][0] == ("a@csc.example", "b@csc.example")

    def test_an_offer_abandoned_leaves_nothing(self, room: Room) -> None:
        """Until `deliver` nothing has happened, and the next letter is not disturbed."""
        offer = room.transport.offer(letter())
        offer.abandon()
        assert room.arrived() == []
        room.transport.offer(letter("b@csc.example")).deliver()
        assert len(room.arrived()) == 1

    def test_an_address_outside_the_allow_list_is_refused_and_never_written_to(self, room: Room) -> None:
        """The last gate stands in the transport itself."""
        offer = room.transport.offer(letter("fay@csc.example", "eve@outside.example"))
        assert [(r.recipient, r.status, r.is_hard) for r in offer.refused] == [("eve@outside.example", "5.7.1", True)]
        assert offer.accepted == ("fay@csc.example",)
        outcome = offer.deliver()
        assert everybody(outcome) == {"fay@csc.example", "eve@outside.example"}
        if room.keeps_recipients:
            assert room.arrived()[0][0] == ("fay@csc.example",)

    def test_a_letter_to_nobody_allowed_is_not_sent(self, room: Room) -> None:
        """There is nothing to deliver, and delivering it all the same is an error."""
        offer = room.transport.offer(letter("eve@outside.example"))
        assert offer.accepted == ()
        with pytest.raises(Exception, match="offered again"):
            offer.deliver()
        assert room.arrived() == []

    def test_the_one_letter_to_a_stranger_may_leave(self, room: Room) -> None:
        """The envelope names the exception; nobody else gets through beside it."""
        envelope = letter(
            "eve@outside.example", "mallory@outside.example", may_leave=frozenset({"eve@outside.example"})
        )
        assert room.transport.offer(envelope).deliver().accepted == ("eve@outside.example",)

    @pytest.mark.parametrize("address", NOT_ONE_ADDRESS)
    def test_what_is_not_one_plain_address_is_refused(self, room: Room, address: str) -> None:
        """The allow-list judges what is sent: no second address, no second command hides in a recipient."""
        offer = room.transport.offer(letter(address, "fay@csc.example"))
        assert [(r.recipient, r.status) for r in offer.refused] == [(address, "5.1.3")]
        assert offer.deliver().accepted == ("fay@csc.example",)

    def test_an_offer_is_delivered_once(self, room: Room) -> None:
        """A second `deliver` of one offer sends nothing."""
        offer = room.transport.offer(letter())
        offer.deliver()
        with pytest.raises(Exception, match="offered again"):
            offer.deliver()
        assert len(room.arrived()) == 1

    def test_a_line_no_server_need_carry_is_a_fault_of_ours(self, room: Room) -> None:
        """998 bytes pass (above); 999 never leave."""
        with pytest.raises(ValueError, match="998"):
            room.transport.offer(letter(raw=RAW + b"y" * 999 + b"\r\n"))
        assert room.arrived() == []

    def test_many_letters_one_after_another(self, room: Room) -> None:
        """Order is kept and none is mixed with another."""
        for n in range(20):
            raw = RAW.replace(b"m1@", b"m%d@" % n)
            room.transport.offer(letter(raw=raw, message_id=f"m{n}@cescp.example")).deliver()
        assert [raw.count(b"<m%d@" % n) for n, (_, raw) in enumerate(room.arrived())] == [1] * 20

    def test_a_large_letter_arrives_whole(self, room: Room) -> None:
        """A record with its attachments, a megabyte and more."""
        raw = RAW + b"y" * 76 + b"\r\n" + (b"z" * 76 + b"\r\n") * 16_000
        assert room.transport.offer(letter(raw=raw)).deliver().refused == ()
        assert [raw for _, raw in room.arrived()] == [room.known_change(raw)]

    def test_a_closed_door_keeps_the_letter_with_us(self, room: Room) -> None:
        """An offer that cannot be made is told, nothing has left, and the next one goes when the door is open."""
        room.shut()
        with pytest.raises(DoorClosed):
            room.transport.offer(letter())
        room.unshut()
        room.transport.offer(letter()).deliver()
        assert len(room.arrived()) == 1

    def test_it_may_be_closed_twice(self, room: Room) -> None:
        """A transport may be closed at any time, and again."""
        room.transport.offer(letter()).deliver()
        room.transport.close()
        room.transport.close()
        assert len(room.arrived()) == 1

    # --- where there is a server -------------------------------------------------------------------------------------

    def test_a_server_that_hung_up_between_letters_costs_nothing(self, room: Room) -> None:
        """What was closed while nothing was to do is opened again without a word."""
        room.transport.offer(letter()).deliver()
        room.hang_up()
        _at_last(room.transport, letter(message_id="m2@cescp.example"))
        assert len(room.arrived()) == 2

    def test_a_line_lost_before_the_last_step_sends_nothing_twice(self, room: Room) -> None:
        """Between offer and delivery: the letter goes, or surely did not, or that is told as unsure; never two."""
        offer = room.transport.offer(letter())
        room.hang_up()
        try:
            offer.deliver()
        except (DoorClosed, Unsure):
            assert room.arrived() == []
            _at_last(room.transport, letter())
        assert len(room.arrived()) == 1

    @pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "lost"])
    def test_a_lost_answer_is_unsure(self, room: Room, is_kept: bool) -> None:
        """Whether the letter arrived is not known, so that is said; nothing is tried again by itself."""
        offer = room.transport.offer(letter())
        room.lose_answer(is_kept=is_kept)
        with pytest.raises(Unsure):
            offer.deliver()
        assert len(room.arrived()) == is_kept

    def test_a_silent_server_is_given_up(self, room: Room) -> None:
        """One that takes the connection and says nothing is left after the door's time."""
        with Proxy("127.0.0.1", room.port) as proxy:
            proxy.blackhole()
            began = time.monotonic()
            with pytest.raises(DoorClosed):
                room.open_by(proxy.port, timeout=1).offer(letter())
            assert time.monotonic() - began < 10
        assert room.arrived() == []

    def test_a_refused_login_is_told_as_one(self, room: Room) -> None:
        """It is known from every other closed door, and nothing has left."""
        room.refuse()
        with pytest.raises(LoginRefused, match=LoginRefused.MARK):
            room.transport.offer(letter())
        assert room.arrived() == []
        room.admit()
        _at_last(room.transport, letter())
        assert len(room.arrived()) == 1

    def test_a_certificate_that_does_not_hold_gets_nothing(self, room: Room, tmp_path: Path) -> None:
        """A server that we cannot be sure of is sent neither a login nor a letter."""
        other = make_certificate(tmp_path / "other")
        with pytest.raises(DoorClosed, match="certificate"):
            room.open(ca_file=str(other.ca)).offer(letter())
        assert room.arrived() == []

    def test_a_sender_that_may_not_send_closes_the_door(self, room: Room) -> None:
        """A missing permission of ours makes no letter undeliverable: it waits."""
        room.refuse_sender()
        with pytest.raises(DoorClosed):
            room.transport.offer(letter()).deliver()
        assert room.arrived() == []
        _at_last(room.transport, letter())
        assert len(room.arrived()) == 1

    @pytest.mark.parametrize("is_hard", [True, False], ids=["for good", "for now"])
    def test_a_refused_recipient_is_named_and_the_others_are_served(self, room: Room, is_hard: bool) -> None:
        """Refused for good or for now, one address holds up no other."""
        room.refuse_recipient("bad@csc.example", is_hard=is_hard)
        outcome = room.transport.offer(letter("fay@csc.example", "bad@csc.example")).deliver()
        assert outcome.accepted == ("fay@csc.example",)
        assert [(r.recipient, r.is_hard) for r in outcome.refused] == [("bad@csc.example", is_hard)]
        assert len(room.arrived()) == 1

    def test_a_letter_too_large_is_refused_for_everybody(self, room: Room) -> None:
        """For good, with a reason: trying again would change nothing."""
        room.refuse_size()
        offer = room.transport.offer(letter("a@csc.example", "b@csc.example"))
        refused = offer.deliver().refused if offer.accepted else offer.refused
        assert [(r.recipient, r.is_hard) for r in refused] == [("a@csc.example", True), ("b@csc.example", True)]
        assert room.arrived() == []

    def test_not_now_loses_nothing(self, room: Room) -> None:
        """A server that says "later" keeps no letter and refuses none for good, and gets it later."""
        room.throttle()
        try:
            outcome = room.transport.offer(letter()).deliver()
        except DoorClosed:
            pass
        else:
            assert outcome.accepted == ()
            assert [r.is_hard for r in outcome.refused] == [False]
        assert room.arrived() == []
        _at_last(room.transport, letter())
        assert len(room.arrived()) == 1

    def test_an_id_given_in_place_of_ours_is_told(self, room: Room) -> None:
        """Answers will cite the new one, so the outcome bears it."""
        room.rename()
        outcome = room.transport.offer(letter()).deliver()
        assert outcome.assigned_id
        assert outcome.assigned_id != "m1@cescp.example"
        assert f"<{outcome.assigned_id}>".encode() in room.arrived()[0][1]

    def test_three_connections_at_most(self, room: Room) -> None:
        """However many letters go, through however many of our hands: Microsoft allows a mailbox three at once."""
        for n in range(10):
            room.transport.offer(letter(message_id=f"m{n}@cescp.example")).deliver()
        assert 1 <= room.most_at_once <= 3


def _at_last(transport: Transport, envelope: Envelope) -> None:
    """Hands it over as the sender does: a closed door is tried again, a few times."""
    for _ in range(3):
        try:
            offer = transport.offer(envelope)
        except DoorClosed:
            continue
        offer.deliver()
        return
    pytest.fail("the door stays closed")


def everybody(outcome: Outcome) -> set[str]:
    return {*outcome.accepted, *(r.recipient for r in outcome.refused)}
