"""`probe` on a Maildir and on Dovecot with SMTP: what survived, a verdict, and each fault named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.cli.probe.through import Wanted, Way, through
from bot.doors.maildir.send import deliver
from bot.settings.settings import Door
from bot.store import mailboxes
from tests import operator
from tests.integration.office import Office, raw_mail, settings_in
from tests.integration.probing import QUICK, Relay, Told, Treatment, probed, replaced, to_dovecot, without
from tests.operator import command
from tests.servers.dns import DnsServer
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpServer
from tests.unit.case_samples import BOT, CREWE, START


@pytest.fixture
def loop(tmp_path: Path) -> Door:
    """A Maildir that letters go into and mail is read from."""
    return Door(kind="maildir", path=str(tmp_path / "loop"))


class Server:
    """Dovecot and a submission server that delivers to it."""

    def __init__(self, folder: Path, dovecot: Dovecot, smtp: SmtpServer) -> None:
        self.folder = folder
        self.dovecot = dovecot
        self.smtp = smtp
        self.user = dovecot.new_user()
        dovecot.make_folder(self.user, "Sent")
        self.relay: Relay = to_dovecot(smtp, dovecot, self.user)
        self.relay.sent = lambda raw: dovecot.deliver(self.user, raw, "Sent")

    def probe(self, **changes: object) -> Told:
        receive = self.dovecot.door(self.user, **{"sent": "Sent", **changes})
        return probed(self.folder, receive, self.smtp.door())


@pytest.fixture
def server(tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer) -> Iterator[Server]:
    yield Server(tmp_path, dovecot, smtp_server)


# --- what is well -----------------------------------------------------------------------------------------------------


def test_a_maildir_is_fit(tmp_path: Path, loop: Door) -> None:
    """Listed, sent, read back once with every header; without a folder of what was sent that is said."""
    told = probed(tmp_path, loop, loop)
    assert told.verdict.startswith("Fit"), told.text
    assert "came back once" in told.text and "Message-ID survives" in told.text
    assert "In-Reply-To, References, Thread-Index, Auto-Submitted, X-Auto-Response-Suppress" in told.of("kept")
    assert "no folder of what was sent is known" in told.of("sent copy")
    assert "does not prove our own mail" in told.of("trust")
    assert "no automatic reply" in told.of("answered")
    assert "--outside" in told.of("forged") and "Authentication-Results: mx.council.example" in told.of("forged")


def test_dovecot_with_smtp_is_fit(server: Server) -> None:
    """The copy among what was sent is seen, and found by its id."""
    told = server.probe()
    assert told.verdict.startswith("Fit"), told.text
    assert "Sent keeps a copy" in told.of("sent copy")


def test_the_trust_profile_is_told_by_our_own_mail(server: Server) -> None:
    """Where the border proves the bot's own domain, the finding says so."""
    line = b"Authentication-Results: mx.council.example; dmarc=pass header.from=council.example\r\n"
    server.relay.treat = lambda raw: [line + raw]
    assert "proves our own mail" in server.probe().of("trust")


def test_an_id_that_is_replaced_and_told_is_known(server: Server) -> None:
    """As Microsoft's submission does it."""
    server.smtp.renames = True
    told = server.probe()
    assert "the server tells the new one: answers match both" in told.of("message-id")
    assert "Sent keeps a copy" in told.of("sent copy") and told.harms == set()


# --- what is not ------------------------------------------------------------------------------------------------------

BROKEN: dict[str, tuple[Treatment, str, str]] = {
    "lost": (lambda _: [], "lose", "it was accepted, and nothing came"),
    "doubled": (lambda raw: [raw, raw], "double", "it came 2 times"),
    "id replaced in silence": (
        replaced(rb"(?im)^message-id: .*$", b"Message-ID: <other@server.example>"),
        "double",
        "does not tell by what",
    ),
    "id lost": (without("message-id"), "double", "Message-ID does not survive"),
    "subject rewritten": (replaced(rb"(?m)^Subject: .*$", b"Subject: (no subject)"), "misdirect", "ref would be lost"),
    "sender rewritten": (
        replaced(rb"(?m)^From: .*$", b"From: relay@elsewhere.example"),
        "misdirect",
        "From was rewritten",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_what_a_server_does_to_mail_is_named(fault: str, server: Server) -> None:
    """Each fault by its sentence, and a verdict that says what it would do to mail."""
    treat, harm, words = BROKEN[fault]
    server.relay.treat = treat
    told = server.probe()
    assert harm in told.harms, told.text
    assert words in told.text
    assert told.verdict.startswith("Not fit")


HARMLESS: dict[str, tuple[Treatment, str]] = {
    "in-reply-to": (without("in-reply-to"), "In-Reply-To does not survive"),
    "references": (without("references"), "References does not survive"),
    "thread-index": (without("thread-index"), "Thread-Index does not survive"),
    "auto-submitted": (without("auto-submitted"), "Auto-Submitted does not survive"),
    "both that silence": (without("auto-submitted", "x-auto-response-suppress"), "each letter may cause one"),
    "a mark before the subject": (replaced(rb"(?m)^Subject: ", b"Subject: [EXTERNAL] "), "read past"),
}


@pytest.mark.parametrize("loss", HARMLESS)
def test_what_is_lost_without_harm_is_said(loss: str, server: Server) -> None:
    """What each lost header means is said, and the door is fit all the same."""
    treat, words = HARMLESS[loss]
    server.relay.treat = treat
    told = server.probe()
    assert words in told.text
    assert told.harms == set()


STAGES = {
    "MAIL": ("550 5.7.1 sender not allowed", "5.7.1 sender not allowed"),
    "RCPT": ("550 5.1.1 nobody here", "was refused: 5.1.1"),
    "DATA": ("451 4.3.0 later", "4.3.0 later"),
    "DOT": ("552 5.3.4 too big", "5.3.4"),
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_no_of_the_submission_server_is_repeated(stage: str, server: Server) -> None:
    """At whatever stage, in the server's own words."""
    line, words = STAGES[stage]
    server.smtp.answer(stage, line)
    told = server.probe()
    assert told.harms == {"closed"} and words in told.text


def test_a_line_cut_after_the_letter_is_told(server: Server) -> None:
    """Taken, no answer given: the mail came, and the copy among what was sent proves it."""
    server.smtp.drop("DOT")
    told = server.probe()
    assert "the answer to the hand-over was lost" in told.text
    assert "came back once" in told.text
    assert told.harms == set()


def test_an_answer_lost_without_proof_doubles(server: Server) -> None:
    """Neither the inbox nor what was sent shows our id: the sender would send again."""
    server.smtp.drop("DOT")
    server.relay.sent = lambda _: None
    server.relay.treat = replaced(rb"(?im)^message-id: .*$", b"Message-ID: <other@server.example>")
    told = server.probe()
    assert "no proof of it is found" in told.text and "double" in told.harms


def test_a_login_that_is_refused_is_told(server: Server) -> None:
    """The sentence of the door itself, and nothing is sent."""
    server.dovecot.refuse(server.user)
    told = server.probe()
    server.dovecot.admit(server.user)
    assert told.harms == {"closed"} and "refused the login" in told.text
    assert server.smtp.mails == []


def test_a_missing_folder_is_told(server: Server) -> None:
    """A `sent:` that does not exist is named."""
    assert "has no folder 'Posted'" in server.probe(sent="Posted").text


def test_an_automatic_reply_is_told(server: Server) -> None:
    """One that the mailbox gives to its own mail: it goes round in a circle with whoever else answers."""

    def answers(raw: bytes) -> list[bytes]:
        ours = raw.split(b"Message-ID: ")[1].split(b"\r\n")[0]
        title = raw.split(b"Subject: ")[1].split(b"\r\n")[0]
        head = b"From: %s\r\nSubject: Automatic reply: %s\r\nIn-Reply-To: %s\r\n"
        reply = head + b"Message-ID: <away@council.example>\r\n\r\nI am away."
        return [raw, reply % (BOT.encode(), title, ours)]

    server.relay.treat = answers
    told = server.probe()
    assert "1 answers came by themselves (auto reply)" in told.of("answered")
    assert "came back once" in told.text


# --- from outside -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("border", "harm", "words"),
    [
        ("believes", "believe", "a forged header is believed"),
        ("strips", "", "came in and is not believed"),
        ("refuses", "", "refused at the border: 550"),
        ("swallows", "", "did not come in"),
    ],
)
def test_a_forged_header(
    border: str, harm: str, words: str, server: Server, open_smtp: Callable[..., SmtpServer]
) -> None:
    """Handed to the border as a stranger would: whether it is stripped, refused, kept away or believed."""
    gateway = open_smtp()
    relay = to_dovecot(gateway, server.dovecot, server.user)
    hop = b"Received: from stranger.example by mx.council.example; Tue, 12 Jan 2027 10:00:00 +0000\r\n"
    relay.treat = {
        "believes": lambda raw: [hop + raw],
        "strips": lambda raw: [hop + without("authentication-results")(raw)[0]],
        "swallows": lambda _: [],
        "refuses": lambda raw: [raw],
    }[border]
    if border == "refuses":
        gateway.answer("RCPT", "550 5.7.1 no")
    wanted = replace(QUICK, outside=("127.0.0.1", gateway.port), wait=2)
    told = probed(server.folder, server.dovecot.door(server.user, sent="Sent"), server.smtp.door(), wanted)
    assert words in told.of("forged"), told.text
    assert told.harms == ({harm} - {""})


def test_a_border_that_is_not_there_is_told(tmp_path: Path, loop: Door) -> None:
    """It harms nothing, and nothing is claimed."""
    told = probed(tmp_path, loop, loop, replace(QUICK, outside=("127.0.0.1", 1)))
    assert "was not tried" in told.of("forged") and told.harms == set()


# --- beside a daemon --------------------------------------------------------------------------------------------------


def test_a_running_daemon_lets_a_probe_be(tmp_path: Path, loop: Door) -> None:
    """Its ledger says what the mail was; no case opens, nothing waits and nobody is written to."""
    office = Office(tmp_path, doors={BOT: loop, "send": loop})
    office.once(START - timedelta(days=1))
    before = [q.letter.key for q in office.letters()]
    assert probed(tmp_path, loop, loop).harms == set()
    office.once(START - timedelta(hours=23))
    assert [row.why for row in office.listed("ignored")].count("a probe of a door, or an answer to one") == 1
    assert (office.cases(), office.listed("holding_pen")) == ([], [])
    assert [q.letter.key for q in office.letters()] == before
    office.close()


def test_a_probe_changes_nothing(tmp_path: Path, server: Server) -> None:
    """No flag of the inbox, and neither cursor nor ledger of the daemon."""
    office = Office(tmp_path, doors={BOT: server.dovecot.door(server.user), "send": server.smtp.door()})
    server.dovecot.deliver(server.user, raw_mail(subject="Lunch", to=BOT, cc=""))
    office.once(START)
    flags = [held.flags for held in server.dovecot.held(server.user)]

    def state() -> tuple[object, ...]:
        with office.app.db.read() as tx:
            return (
                mailboxes.cursor(tx, "bot"),
                mailboxes.last_listed(tx),
                office.listed("holding_pen"),
                office.listed("ignored"),
            )

    before = state()
    assert server.probe().harms == set()
    assert state() == before
    assert [held.flags for held in server.dovecot.held(server.user)][: len(flags)] == flags
    office.close()


def test_a_team_inbox_is_written_to_only_when_told(tmp_path: Path, smtp_server: SmtpServer) -> None:
    """It is listed alone; with `teams` a mail goes to it, and comes back."""
    box = tmp_path / "in" / CREWE
    box.parent.mkdir()
    Relay(smtp_server, lambda raw: deliver(box, raw) and None)
    settings = settings_in(tmp_path, {"send": smtp_server.door()})
    way = Way("CE Crewe Assessment Team", CREWE, settings.config.mailboxes[0].receive)

    def told(wanted: Wanted) -> Told:
        return Told(tuple(through(settings, way, "", wanted, datetime.now(UTC), lambda _: None)))

    assert told(QUICK).verdict == "Fit: it can be listed."
    assert smtp_server.mails == []
    assert "came back once" in told(replace(QUICK, teams=True)).text
    assert [mail.recipients for mail in smtp_server.mails] == [(CREWE,)]


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """The shipped sample, whose letters go into the bot's own Maildir."""
    folder = operator.folder(tmp_path / "desk")
    bot = folder / "config/bot.yaml"
    bot.write_text(bot.read_text("utf-8").replace("path: var/letters}", "path: var/mail/challenge-clock}"), "utf-8")
    return folder


def test_the_command_gives_a_verdict_for_each_door(desk: Path, dns_server: DnsServer) -> None:
    """Team inboxes are listed and no mail is sent to them; domains without DMARC are named; exit code 0."""
    words = ("--wait", 5, "--settle", 0, "--dns", dns_server.address)
    ran = command(desk, "probe", *words, "--json")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    verdicts = {row["door"]: row["ok"] for row in found if "verdict" in row}
    assert len(verdicts) == 8 and set(verdicts.values()) == {True}
    assert {row["door"] for row in found if row.get("what") == "sent"} == {"bot"}
    assert any("csc.example publishes no DMARC" in row["text"] for row in found if row.get("what") == "dmarc")
    text = command(desk, "probe", "--door", BOT, *words).stdout
    assert "=> Fit: mail comes and goes once" in text and "Crewe" not in text


def test_a_door_that_loses_mail_ends_with_one(tmp_path: Path, dns_server: DnsServer) -> None:
    """As the shipped sample does while nobody delivers its letters."""
    folder = operator.folder(tmp_path / "desk")
    ran = command(folder, "probe", "--door", "bot", "--wait", 1, "--dns", dns_server.address)
    assert ran.returncode == 1
    assert "FAULT: it was accepted, and nothing came" in ran.stdout
    assert "=> Not fit: it loses mail." in ran.stdout


def test_a_door_of_no_such_name_is_a_sentence(desk: Path) -> None:
    """It names those that there are."""
    ran = command(desk, "probe", "--door", "crew")
    assert ran.returncode == 2 and "CE Crewe Assessment Team" in " ".join(ran.stderr.split())
