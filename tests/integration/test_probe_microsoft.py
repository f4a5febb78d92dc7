"""`probe` on Exchange by EWS and on Microsoft 365 by Graph: what survives, and every fault named with its verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.probing import QUICK, Told, probed
from tests.servers.ews import EwsServer
from tests.servers.graph import GraphServer
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


# --- Graph ------------------------------------------------------------------------------------------------------------


def by_graph(folder: Path, server: GraphServer) -> Told:
    """The bot's mailbox on this server, in and out."""
    if BOT not in server.mailboxes:
        server.add(BOT)
    return probed(folder, server.door(BOT), server.door(BOT), SHORT)


def test_graph_is_fit(tmp_path: Path, graph_server: GraphServer) -> None:
    """There and back once, with every header, and a copy among what was sent."""
    told = by_graph(tmp_path, graph_server)
    assert told.verdict.startswith("Fit: mail comes and goes once"), told.text
    assert "sentitems keeps a copy" in told.of("sent copy")


@pytest.mark.parametrize("when", ["draft", "send"])
def test_graph_strips_and_renames(when: str, tmp_path: Path, open_graph: Callable[..., GraphServer]) -> None:
    """What each lost header means is said; the id that is given in place of ours is read back and known."""
    server = open_graph(renames=when, strips=("auto-submitted", "x-", "in-reply-to"))
    told = by_graph(tmp_path, server)
    assert told.harms == set(), told.text
    assert "In-Reply-To does not survive" in told.text and "each letter may cause one" in told.text
    assert "answers match both" in told.of("message-id")


GRAPH_FAULTS: dict[str, tuple[Callable[[GraphServer], object], str, str]] = {
    "no consent": (lambda s: s.tokens.refuse("AADSTS65001", 9), "closed", "nobody has consented"),
    "secret over": (lambda s: s.tokens.refuse("AADSTS7000222", 9), "closed", "has expired"),
    "login page for a token": (lambda s: s.tokens.answer_html(9), "closed", "cannot be read"),
    "mailbox not ours": (lambda s: s.granted.update({BOT: set()}), "closed", "403"),
    "may not send": (lambda s: s.granted.update({BOT: {"Mail.ReadWrite"}}), "closed", "Mail.Send"),
    "mailbox gone": (lambda s: s.remove(BOT), "closed", "404"),
    "throttled": (lambda s: s.answer("delta", 429, times=9, Retry_After="30"), "closed", "slow down"),
    "out of order": (lambda s: s.answer("delta", 503, times=9), "closed", "out of order"),
    "a proxy's page": (lambda s: s.html("delta", times=9), "closed", "a web page"),
    "no body": (lambda s: s.drop("value", times=9), "closed", "could be listed, and then not"),
    "draft refused": (lambda s: s.answer("draft", 503, times=9), "closed", "letters cannot be sent"),
    "says 200 and sends nothing": (lambda s: setattr(s, "sends_nothing", True), "closed", "it answered 200"),
    "accepts and holds": (lambda s: setattr(s, "holds", True), "lose", "it was accepted, and nothing came"),
    "cut before it was sent": (lambda s: s.drop("send_draft", times=9), "closed", "nothing came"),
    "cut after it was sent": (lambda s: s.drop("send_draft", after=True), "", "the answer to the hand-over was lost"),
    "504 after it was sent": (
        lambda s: s.answer("send_draft", 504, after=True),
        "",
        "the answer to the hand-over was lost",
    ),
    "a page after it was sent": (
        lambda s: s.html("send_draft", after=True),
        "",
        "the answer to the hand-over was lost",
    ),
}


@pytest.mark.parametrize("fault", GRAPH_FAULTS)
def test_each_fault_of_graph_is_named(fault: str, tmp_path: Path, graph_server: GraphServer) -> None:
    """Its sentence stands among the findings; a mail that came though its answer was lost is proven by its copy."""
    order, harm, words = GRAPH_FAULTS[fault]
    door = graph_server.door(BOT)
    graph_server.add(BOT)
    order(graph_server)
    told = probed(tmp_path, door, door, SHORT)
    assert words in told.text
    assert told.harms == {harm} - {""}
    if not harm:
        assert told.verdict.startswith("Fit by the proof it keeps") and "came back once" in told.text


def test_an_expired_delta_is_no_fault(tmp_path: Path, graph_server: GraphServer) -> None:
    """The mailbox is listed anew, by the same keys."""
    graph_server.add(BOT)
    graph_server.expire()
    assert by_graph(tmp_path, graph_server).harms == set()
