"""`probe` on Exchange by EWS: what survives, and every fault of the server named with its verdict."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.probing import QUICK, Told, probed
from tests.servers.ews import EwsServer
from tests.unit.case_samples import BOT

SHORT = replace(QUICK, wait=3)


def by_ews(folder: Path, server: EwsServer) -> Told:
    """The bot's mailbox on this server, in and out."""
    if BOT not in server.users:
        server.add(BOT)
    return probed(folder, server.door(BOT), server.door(BOT), SHORT)


def test_exchange_is_fit(tmp_path: Path, ews: EwsServer) -> None:
    """There and back once, with every header, and a copy among what was sent."""
    told = by_ews(tmp_path, ews)
    assert told.verdict.startswith("Fit: mail comes and goes once"), told.text
    assert "Sent Items keeps a copy" in told.of("sent copy")


def test_exchange_strips_and_renames(tmp_path: Path, ews: EwsServer) -> None:
    """What each lost header means is said; a Message-ID of the server's own is known, as its draft tells it."""
    ews.office.strips, ews.office.renames = ("auto-submitted", "x-auto-response-suppress"), True
    told = by_ews(tmp_path, ews)
    assert told.harms == set()
    assert "Auto-Submitted does not survive" in told.text and "each letter may cause one" in told.text
    assert "answers match both" in told.of("message-id")


EWS_FAULTS: dict[tuple[str, str], tuple[str, str]] = {
    ("401", ""): ("closed", "refused the login"),
    ("ErrorAccessDenied", "SyncFolderItems"): ("closed", "does not let us into"),
    ("503", "SyncFolderItems"): ("closed", "out of order just now"),
    ("html", "SyncFolderItems"): ("closed", "no Exchange server"),
    ("ErrorItemNotFound", "GetItem"): ("closed", "ErrorItemNotFound"),
    ("busy", "CreateItem"): ("closed", "slow down"),
    ("drop", "CreateItem"): ("closed", "the connection was lost"),
    ("ErrorSendAsDenied", "SendItem"): ("closed", "does not let us send as"),
    ("503", "SendItem"): ("closed", "nothing came"),
    ("html", "SendItem"): ("closed", "nothing came"),
    ("drop", "SendItem"): ("closed", "nothing came"),
    ("503 after", "SendItem"): ("", "the answer to the hand-over was lost"),
    ("drop after", "SendItem"): ("", "the answer to the hand-over was lost"),
    ("truncate", "SendItem"): ("", "the answer to the hand-over was lost"),
}


@pytest.mark.parametrize(("what", "operation"), EWS_FAULTS)
def test_each_fault_of_exchange_is_named(what: str, operation: str, tmp_path: Path, ews: EwsServer) -> None:
    """Its sentence stands among the findings; a mail that came though its answer was lost is proven by its copy."""
    harm, words = EWS_FAULTS[what, operation]
    ews.add(BOT)
    ews.answer(what, operation, milliseconds=60_000)
    told = by_ews(tmp_path, ews)
    assert words in told.text
    assert told.harms == {harm} - {""}
    if not harm:
        assert told.verdict.startswith("Fit by the proof it keeps") and "came back once" in told.text


def test_a_letter_too_large_for_exchange_is_told(tmp_path: Path, ews: EwsServer) -> None:
    """In the server's own word."""
    ews.office.most = 10
    told = by_ews(tmp_path, ews)
    assert told.harms == {"closed"} and "ErrorMessageSizeExceeded" in told.text
