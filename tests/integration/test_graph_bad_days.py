"""Microsoft Graph on bad days: a tenant, a proxy or a service that says no, lies, breaks off or forgets.

Each with the sentence that the operator reads, and with nothing lost and nothing sent twice. The server is one of our
own over HTTPS, which Microsoft's client has checked (contract/test_graph_server.py).
"""

from __future__ import annotations

import random
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.doors.graph.receive import GraphMailbox
from bot.doors.opened import open_transport
from bot.model import LetterKind
from bot.model.errors import DoorClosed, LoginRefused, StoreError, Throttled
from bot.store import outbox
from tests.contract.mailbox_contract import ARRIVED, drain, ids, letter
from tests.contract.transport_contract import allowed
from tests.contract.transport_contract import letter as outgoing
from tests.integration.office import Office, raw_mail
from tests.servers.certificates import make_certificate
from tests.servers.graph import GraphServer
from tests.servers.graph_store import MailboxStore
from tests.servers.proxy import Proxy
from tests.unit.case_samples import BOT, CREWE, FAY, START
from tests.until import until

MINUTE = timedelta(minutes=1)


class Line:
    """A team's inbox and a mailbox to read it by."""

    def __init__(self, server: GraphServer) -> None:
        self.server = server
        self.box: MailboxStore = server.add(CREWE, "Mail.Read")
        self._open: list[GraphMailbox] = []

    def open(self, **changes: Any) -> GraphMailbox:
        self._open.append(GraphMailbox("crewe", self.server.door(CREWE, **changes), look=0.05))
        return self._open[-1]

    def deliver(self, *names: str) -> None:
        for number, name in enumerate(names):
            self.box.add(letter(name), received=ARRIVED + timedelta(minutes=number))

    def refused(self, **changes: Any) -> str:
        """What is said when this door is opened for the first time."""
        with pytest.raises(DoorClosed) as told:
            self.open(**changes).fetch("", 10)
        return str(told.value)

    def close(self) -> None:
        for mailbox in self._open:
            mailbox.close()


@pytest.fixture
def line(graph_server: GraphServer) -> Iterator[Line]:
    made = Line(graph_server)
    yield made
    made.close()


# --- the tenant says no ----------------------------------------------------------------------------------------------


def test_consent_refused_with_the_token(line: Line) -> None:
    """The authority gives no token: the sentence says who must do what, with Microsoft's own number."""
    line.server.tokens.refuse("AADSTS65001", times=9)
    told = line.refused()
    assert told == (
        "crewe: 127.0.0.1 refused the login of the app: "
        "nobody has consented to what the app may do: an administrator must grant it (AADSTS65001)"
    )
    assert line.server.steps == []


def test_consent_refused_at_the_mailbox(line: Line) -> None:
    """A token without the permission: the mailbox and the permission it takes are named, and it is got over."""
    line.deliver("one")
    line.server.granted[CREWE].clear()
    mailbox = line.open()
    with pytest.raises(LoginRefused) as told:
        mailbox.fetch("", 10)
    assert str(told.value) == (
        f"crewe: 127.0.0.1 refused the login to the mailbox {CREWE} (403 ErrorAccessDenied): "
        "it takes the permission Mail.Read for it"
    )
    line.server.granted[CREWE].add("Mail.Read")
    assert ids(drain(mailbox)[0]) == ["one"]


def test_consent_taken_back_while_running(line: Line) -> None:
    """A token that is refused is asked for anew once; then the door is closed, and nothing was lost."""
    line.deliver("one")
    mailbox = line.open()
    _, cursor, _ = drain(mailbox)
    line.deliver("two")
    line.server.tokens.revoke()
    assert ids(drain(mailbox, cursor)[0]) == ["two"]
    line.server.tokens.revoke()
    line.server.tokens.refuse("AADSTS7000222")
    with pytest.raises(DoorClosed, match=r"the app's secret has expired: make a new one .*\(AADSTS7000222\)"):
        mailbox.fetch(cursor, 10)


def test_mailbox_deleted(line: Line) -> None:
    """A mailbox that is gone is named, and read on from where it was when it is restored."""
    line.deliver("one")
    mailbox = line.open()
    _, cursor, _ = drain(mailbox)
    kept = line.server.mailboxes.pop(CREWE)
    with pytest.raises(DoorClosed) as told:
        mailbox.fetch(cursor, 10)
    assert str(told.value) == (
        f"crewe: 127.0.0.1: there is no mailbox {CREWE} (404 ErrorInvalidUser): was it deleted or renamed?"
    )
    line.server.mailboxes[CREWE] = kept
    kept.add(letter("two"))
    assert ids(drain(mailbox, cursor)[0]) == ["two"]


def test_no_secret_is_told(line: Line) -> None:
    """Neither secret nor token stands in what is said of a failure, chained errors included."""
    line.server.answer("*", 403, "ErrorAccessDenied", times=9)
    mailbox = line.open()
    with pytest.raises(DoorClosed) as told:
        mailbox.fetch("", 10)
    error: BaseException | None = told.value
    while error is not None:
        assert line.server.tokens.secret not in f"{error} {error!r}"
        assert not [token for token in line.server.tokens.grants if token in f"{error} {error!r}"]
        error = error.__cause__ or error.__context__


# --- the line --------------------------------------------------------------------------------------------------------


def test_dns_fails(line: Line) -> None:
    """A name that nobody knows is said to be one."""
    told = line.refused(endpoint="https://graph.nowhere.invalid/v1.0")
    assert told == "crewe: graph.nowhere.invalid: its name is not known: check the name and this machine's DNS"


@pytest.mark.parametrize("wrong", ["authority", "host", "none of ours", "expired"])
def test_wrong_certificate(line: Line, open_graph: Callable[..., GraphServer], tmp_path: Path, wrong: str) -> None:
    """A server that cannot prove who it is gets no token, ever."""
    door = line.server.door(CREWE)
    assert door.oauth is not None
    # The authority is trusted on its own, so that it is the mailbox's server that fails.
    changes: dict[str, Any] = {
        "oauth": door.oauth.model_copy(update={"ca_file": str(line.server.certificate.ca)}),
        "ca_file": str(line.server.certificate.ca),
    }
    asked = line.server
    if wrong == "authority":
        changes["ca_file"] = str(make_certificate(tmp_path / "other").ca)
    elif wrong == "none of ours":
        changes["ca_file"] = ""
    else:
        how = {"is_expired": True} if wrong == "expired" else {"host": "elsewhere.example"}
        asked = open_graph(certificate=make_certificate(tmp_path / "wrong", **how))
        changes |= {"endpoint": asked.endpoint, "ca_file": str(asked.certificate.ca)}
    told = line.refused(**changes)
    assert told == (
        "crewe: 127.0.0.1: no safe connection (its certificate cannot be trusted, or a proxy cut in): "
        "check ca_file and the proxy"
    )
    assert asked.steps == []


def test_tls_cut_by_a_proxy(line: Line) -> None:
    """Wherever a proxy cuts the protected line, nothing is lost, doubled or given in part."""
    line.deliver("one", "two", "three")
    whole = drain(line.open())[0]
    with Proxy("127.0.0.1", line.server.port) as proxy:
        through = {"endpoint": f"https://127.0.0.1:{proxy.port}/v1.0"}
        assert drain(line.open(**through))[0] == whole
        total = proxy.sent
        for count in range(1, total - 50, 211):
            proxy.cut_once_after(count)
            mailbox = line.open(**through)
            with pytest.raises(DoorClosed, match=r"^crewe: 127\.0\.0\.1: (the connection was lost|no safe connection)"):
                mailbox.fetch("", 10)
            assert drain(mailbox)[0] == whole


def test_silence(line: Line) -> None:
    """A line that swallows everything is a closed door after the door's time."""
    with Proxy("127.0.0.1", line.server.port) as proxy:
        proxy.blackhole()
        told = line.refused(endpoint=f"https://127.0.0.1:{proxy.port}/v1.0", timeout=1)
    assert told == "crewe: 127.0.0.1: it did not answer in time: it is tried again"


# --- the service -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["folder", "delta", "list", "value"])
@pytest.mark.parametrize("status", [200, 403, 503])
def test_a_web_page(line: Line, step: str, status: int) -> None:
    """A page in place of an answer is called one and never taken for a mail, whatever its status."""
    line.deliver("one")
    line.server.html(step, status)
    mailbox = line.open()
    with pytest.raises(DoorClosed) as told:
        drain(mailbox)
    assert str(told.value) == (
        "crewe: 127.0.0.1: what answered is a web page: a proxy or a login page may stand between"
    )
    assert [mail.raw for mail in drain(mailbox)[0]] == [letter("one")]


NONSENSE = [b"", b"null", b"[]", b"{", b'{"value": null}', b'{"value": [{"id": 7}]}', b'{"value": [{"id": "x"}]}']


@pytest.mark.parametrize("body", NONSENSE)
@pytest.mark.parametrize("step", ["delta", "list"])
def test_nonsense(line: Line, step: str, body: bytes) -> None:
    """An answer that makes no sense closes the door; it is never taken for an empty list, and no mail is missed."""
    line.deliver("one")
    line.server.garble(step, body)
    mailbox = line.open()
    with pytest.raises(DoorClosed, match="its answer made no sense"):
        drain(mailbox)
    mails, cursor, _ = drain(mailbox)
    assert ids(mails) == ["one"]
    line.deliver("two")
    line.server.garble("delta", body)
    with pytest.raises(DoorClosed, match="its answer made no sense"):
        drain(mailbox, cursor)
    assert ids(drain(mailbox, cursor)[0]) == ["two"]


@pytest.mark.parametrize("body", [b"", b"no such page", b'{"message": "no route"}'])
def test_a_404_of_somebody_else(line: Line, body: bytes) -> None:
    """A 404 that does not bear the service's own word came from something between: no mail is taken for
    deleted."""
    line.deliver("one")
    mailbox = line.open()
    line.server.garble("value", body, status=404)
    with pytest.raises(DoorClosed, match="it answered 404, which was not to be expected"):
        drain(mailbox)
    assert ids(drain(mailbox)[0]) == ["one"]


def test_an_empty_answer_is_no_mail(line: Line) -> None:
    """A mail that comes without a byte is asked for again, like one that is not given."""
    line.deliver("one")
    mailbox = line.open()
    line.server.garble("value", b"")
    with pytest.raises(DoorClosed, match=r"it lists a mail of .* and does not give it \(200\): it is tried again"):
        drain(mailbox)
    assert ids(drain(mailbox)[0]) == ["one"]


@pytest.mark.parametrize(("status", "wait"), [(429, "25"), (503, "25")])
@pytest.mark.parametrize("step", ["folder", "delta", "list", "value"])
def test_throttled(line: Line, step: str, status: int, wait: str) -> None:
    """A service that asks for patience is asked nothing more in this pass, and told for how long it will be left."""
    line.deliver("one", "two")
    line.server.answer(step, status, Retry_After=wait)
    mailbox = line.open()
    with pytest.raises(Throttled, match=r"asks us to slow down .*: not before 25 seconds are over") as told:
        drain(mailbox)
    assert told.value.seconds == 25
    assert line.server.steps[-1] == step
    assert ids(drain(mailbox)[0]) == ["one", "two"]


@pytest.mark.parametrize("word", ["soon", "-5", "Wed, 21 Oct 2099 07:28:00 GMT", "99999999999999999999"])
def test_nonsense_for_patience(line: Line, word: str) -> None:
    """A wait that is no number of seconds becomes half a minute, and none is longer than an hour."""
    line.server.answer("delta", 429, Retry_After=word)
    with pytest.raises(Throttled) as told:
        line.open().fetch("", 10)
    assert told.value.seconds in (30, 3600)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_out_of_order(line: Line, status: int) -> None:
    """A service that is out of order is left alone until the next pass."""
    line.deliver("one")
    line.server.answer("delta", status, "UnknownError")
    mailbox = line.open()
    with pytest.raises(DoorClosed, match=rf"crewe: .* out of order just now \({status} UnknownError\): it is tried"):
        mailbox.fetch("", 10)
    assert ids(drain(mailbox)[0]) == ["one"]


def test_many_mails(line: Line) -> None:
    """Two hundred thousand mails: each fetch asks for little and holds little, and the order is that of arrival."""
    count, raw = 200_000, letter("one of many")
    with line.server.lock:
        for number in range(count):
            line.box.add(raw, received=ARRIVED + timedelta(seconds=number), message_id="<many@health.example>")
    mailbox = line.open()
    cursor, fetches, first, peak = "", 0, ARRIVED, 0
    batch = None
    while batch is None or not batch.mails:
        line.server.steps.clear()
        if fetches == 20:
            tracemalloc.start()
        batch = mailbox.fetch(cursor, 100)
        if fetches == 22:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        cursor, fetches = batch.cursor, fetches + 1
        assert line.server.steps.count("delta") <= 20
        assert batch.is_first_sight
        assert len(cursor) < 100_000
    assert fetches == 50
    assert 0 < peak < 10_000_000
    for _ in range(3):
        assert [mail.received for mail in batch.mails] == [first + timedelta(seconds=n) for n in range(100)]
        first, line.server.steps[:] = first + timedelta(seconds=100), []
        batch = mailbox.fetch(batch.cursor, 100)
        assert line.server.steps.count("list") == 1
        assert not batch.done


@pytest.mark.parametrize("seed", range(4))
def test_people_at_work(line: Line, seed: int) -> None:
    """While people read, move and delete, links expire and requests fail, no mail that stays is missed, and each comes
    by one key."""
    people, keys, cursor, count = random.Random(seed), set[str](), "", 0
    line.box.make_folder("Done")
    mailbox = line.open(folders=("Done",))
    for _ in range(150):
        deed = people.choice(["deliver", "deliver", "read", "move", "delete", "fetch", "fetch", "expire", "fail"])
        lying = [item for name in ("inbox", "Done") for item in line.box.lying_in(name)]
        if deed == "deliver":
            line.box.add(letter(f"n{count}"), received=ARRIVED + timedelta(seconds=people.randint(0, 9)))
            count += 1
        elif deed == "expire":
            line.server.expire()
        elif deed == "fail":
            line.server.drop(people.choice(["delta", "list", "value"]), skip=people.randint(0, 3))
        elif deed == "fetch":
            try:
                batch = mailbox.fetch(cursor, people.randint(1, 4))
            except DoorClosed:
                continue
            keys |= {mail.key for mail in batch.mails}
            cursor = batch.cursor
        elif lying:
            one = people.choice(lying)
            if deed == "read":
                line.box.mark(one, True)
            elif deed == "move":
                line.box.move(one, people.choice(["inbox", "Done"]))
            else:
                line.box.delete(one)
    line.server.behave()
    for _ in range(2):  # what was moved in while a folder was listed comes with the pass after
        mails, cursor, _ = drain(mailbox, cursor)
        keys |= {mail.key for mail in mails}
    stayed = [item for name in ("inbox", "Done") for item in line.box.lying_in(name)]
    assert {line.box.id_of(item, is_immutable=True) for item in stayed} <= keys
    assert len(keys) <= count


def test_three_requests_at_once(graph_server: GraphServer) -> None:
    """However many readers and senders share a mailbox, the service never sees a fourth request at the same time."""
    graph_server.add(BOT)
    graph_server.gate = threading.Event()
    readers = [GraphMailbox("bot", graph_server.door(BOT)) for _ in range(4)]
    transports = [open_transport(graph_server.door(BOT), allowed) for _ in range(4)]
    with ThreadPoolExecutor(8) as people:
        asking = [people.submit(reader.fetch, "", 10) for reader in readers]
        asking += [people.submit(transport.offer, outgoing(message_id=f"m{n}@x.example")) for n, transport in
                   enumerate(transports)]  # fmt: skip
        until(lambda: graph_server.peak[BOT] == 3)
        graph_server.gate.set()
        for one in asking:
            one.result(20)
    assert graph_server.peak[BOT] == 3
    for door in (*readers, *transports):
        door.close()


# --- the whole bot ---------------------------------------------------------------------------------------------------


class Town:
    """The App with the team's inbox and the bot's own mailbox at Microsoft, and a clock that the test holds."""

    def __init__(self, folder: Path, server: GraphServer) -> None:
        self.server = server
        self.crewe, self.bot = server.add(CREWE, "Mail.Read"), server.add(BOT)
        doors = {CREWE: server.door(CREWE), BOT: server.door(BOT), "send": server.door(BOT)}
        self.office = Office(folder, doors=doors)
        assert self.office.once(START - timedelta(hours=1)) == []

    def course(self, *minutes: int) -> None:
        for minute in minutes:
            self.office.once(START + minute * MINUTE)

    def copies(self) -> dict[str, int]:
        """How many of each letter have left, by Message-ID."""
        found: dict[str, int] = {}
        for sent in self.server.sent:
            name = sent.raw.partition(b"Message-ID: <")[2].partition(b">")[0].decode()
            found[name] = found.get(name, 0) + 1
        return found


@pytest.fixture
def town(tmp_path: Path, graph_server: GraphServer) -> Iterator[Town]:
    made = Town(tmp_path, graph_server)
    yield made
    made.office.close()


DOUBTS: dict[str, Callable[[GraphServer, bool], None]] = {
    "hung up": lambda server, after: server.drop("send_draft", after=after),
    "504": lambda server, after: server.answer("send_draft", 504, after=after),
    "200": lambda server, after: server.answer("send_draft", 200, after=after),
    "a web page": lambda server, after: server.html("send_draft", after=after),
}


@pytest.mark.parametrize("renames", ["", "draft", "send"])
@pytest.mark.parametrize("doubt", DOUBTS)
@pytest.mark.parametrize("after", [True, False], ids=["after it went", "before it went"])
def test_a_doubtful_send(town: Town, doubt: str, renames: str, after: bool) -> None:
    """Proven by the draft's id where it went, even under another Message-ID; sent once more where it did not: one copy
    of each letter, in every case."""
    town.server.renames = renames
    DOUBTS[doubt](town.server, after)
    town.crewe.add(raw_mail(), received=START)
    town.course(0, 1, 2, 5, 16, 17, 40)
    assert len(town.office.letters()) == 2
    assert list(town.copies().values()) == [1, 1]
    assert len(town.server.sent) == 2
    assert town.bot.lying_in("drafts") == []
    if after:
        assert any("the mail server says that it has gone" in words for q in town.office.letters()
                   for _, _, words in q.recipients)  # fmt: skip


def test_an_answer_to_a_renamed_letter(town: Town) -> None:
    """The id that the service gave with the draft is known although the answer to the send was lost: who cites it is
    understood."""
    town.server.renames = "draft"
    town.server.drop("send_draft", after=True, times=2)
    town.crewe.add(raw_mail(), received=START)
    town.course(0, 1)
    with town.office.app.db.read() as tx:
        assert {q.letter.kind for q in outbox.by_message_id(tx, ("renamed-1@graph.example",))} <= set(LetterKind)
    notice = next(sent for sent in town.server.sent if FAY in sent.recipients)
    cited = notice.raw.partition(b"Message-ID: <")[2].partition(b">")[0].decode()
    assert cited.endswith("@graph.example")
    answer = raw_mail(FAY, "The visit was made today.\n", number="a1", to=BOT, cc="", subject="RE: your letter",
                      answers=cited, at=START + 5 * MINUTE)  # fmt: skip
    town.bot.add(answer, received=START + 5 * MINUTE)
    town.course(5)
    assert town.office.listed("holding_pen") == []
    run = town.office.case().run
    assert run is not None
    assert run.responded == START + 5 * MINUTE


def test_a_service_that_says_200_and_sends_nothing(town: Town) -> None:
    """The letters wait in doubt, go once more when nothing was proven, and then call a human: no zero copies unseen."""
    town.server.sends_nothing = True
    town.crewe.add(raw_mail(), received=START)
    town.course(0, 1, 20)
    assert town.server.sent == []
    assert {q.letter.kind.value for q in town.office.letters(status="unknown")} >= {"acknowledgement", "notice"}


def test_disk_full_while_spooling(town: Town) -> None:
    """A batch that finds no room leaves the cursor where it was: when there is room again every mail comes, once."""
    for number in range(20):
        noise = random.Random(number).randbytes(8000).hex()
        town.crewe.add(raw_mail(number=f"m{number}", text=f"{noise}\n"), "archive", START)
    for item in town.crewe.lying_in("archive"):
        town.crewe.move(item, "inbox")
    db = town.office.app.db
    with db.begin() as tx:
        pages = tx.execute(text("PRAGMA page_count")).scalar_one()
        tx.execute(text(f"PRAGMA max_page_count = {pages + 3}"))
    with pytest.raises(StoreError, match="full"):
        town.office.once(START)
    assert town.office.cases() == []
    with db.begin() as tx:
        tx.execute(text("PRAGMA max_page_count = 1000000"))
    town.course(1)
    assert len(town.office.cases()) == 20
    assert town.crewe.lying_in("inbox")[0].is_read is False
