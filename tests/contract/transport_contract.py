"""What every transport promises, as tests; a file per transport brings a `room` and inherits them.

A room gives a transport with the allow-list `*.example` less `outside.example`, and tells what reached the other side.
It checks bytes and envelopes, not how a protocol works.
"""

from __future__ import annotations

from typing import Protocol

import pytest

from bot.ports import Envelope, Outcome, Transport

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


class TransportContract:
    """Inherit, and provide the fixture `room`."""

    def test_the_bytes_arrive_unchanged(self, room: Room) -> None:
        """Dots, long lines and all: what was hashed is what arrives."""
        outcome = room.transport.offer(letter()).deliver()
        assert [raw for _, raw in room.arrived()] == [RAW]
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


def everybody(outcome: Outcome) -> set[str]:
    return {*outcome.accepted, *(r.recipient for r in outcome.refused)}
