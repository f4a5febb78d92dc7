"""One mailbox of a configuration gone through, from its listing to a forged mail: what comes when, and who sends it.

Team inboxes are listed and nothing more, unless the operator lets a mail be sent to them. What each step does is
doors.py's, what it means letters.py's; it prints nothing and reads no clock.
"""

import secrets
import smtplib
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.cli.probe import doors, letters
from bot.cli.probe.letters import Finding, Probe
from bot.daemon.app import reading_of
from bot.doors.opened import open_transport
from bot.doors.ports import Transport
from bot.model.errors import BotError, DoorClosed
from bot.model.names import BOT
from bot.settings.settings import Door, Settings

BY_HAND = (
    "whether a forged header is believed was not tried. Run this command with --outside HOST:25, the name of your mail "
    "gateway, from a network outside; or have a mail sent from outside with the line {line!r}, save it as it came, and "
    "ask: challenge-bot understand FILE"
)


@dataclass(frozen=True, slots=True)
class Way:
    """One watched mailbox: its name, address and door."""

    name: str
    address: str
    door: Door


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the operator asked for. `outside`: host and port of the border, None where it is not tried."""

    teams: bool
    outside: tuple[str, int] | None
    wait: float
    settle: float


def through(
    read: Settings, way: Way, cursor: str, wanted: Wanted, now: datetime, progress: Callable[[str], None]
) -> Iterator[Finding]:
    """One door, gone through. `cursor`: up to where the daemon has read it; `said` is told how far it is."""
    look = doors.look_at(way.name, way.door, cursor, wanted.wait, wanted.settle, progress)
    is_closed = False
    try:
        for finding in _there_and_back(read, way, look, wanted, now):
            is_closed = is_closed or finding.harm == "closed"
            yield finding
        if not is_closed and _is_sent_to(way, wanted):
            yield from _from_outside(read, way, look, wanted, now)
    except BotError as error:
        yield Finding("closed", str(error), "closed")
    finally:
        look.mailbox.close()


def _is_sent_to(way: Way, wanted: Wanted) -> bool:
    return way.name == BOT or wanted.teams


def _there_and_back(read: Settings, way: Way, look: doors.Look, wanted: Wanted, now: datetime) -> Iterator[Finding]:
    is_closed = False
    for finding in doors.listed(look):
        is_closed = is_closed or finding.harm == "closed"
        yield finding
    if is_closed or not _is_sent_to(way, wanted):
        return
    transport = _transport(read)
    try:
        yield from doors.there_and_back(look, transport, _new(read, way.address), reading_of(read), now)
    finally:
        transport.close()


def _transport(read: Settings) -> Transport:
    allowed = frozenset(read.config.recipients.allowed_domains)
    return open_transport(read.config.bot.send, lambda email: email.rpartition("@")[2].lower() in allowed)


def _new(read: Settings, to: str, sender: str = "") -> Probe:
    return Probe(secrets.token_hex(16), sender or read.config.bot.address, to)


def _from_outside(read: Settings, way: Way, look: doors.Look, wanted: Wanted, now: datetime) -> Iterator[Finding]:
    trust = read.config.senders.trust
    if trust.profile == "none":
        yield Finding("forged", "no trust profile is configured: nobody is proven, and no forged header is believed")
        return
    # Somebody of the house, as a forger would be; nobody of that name need exist.
    sender = f"mailbox.probe@{read.config.mailboxes[0].address.rpartition('@')[2]}"
    false = _new(read, way.address, sender)
    raw = letters.forged(false, trust.profile, trust.authserv_ids, now)
    if wanted.outside is None:
        yield Finding("forged", BY_HAND.format(line=raw.decode().partition("\r\n")[0]))
        return
    look.progress("handing a forged mail to the border, and waiting for it")
    try:
        words = hand_over(*wanted.outside, sender, way.address, raw)
    except DoorClosed as closed:
        yield Finding("forged", f"whether a forged header is believed was not tried: {closed}")
        return
    if words:
        yield Finding("forged", f"a forged mail is refused at the border: {words}")
        return
    yield from doors.believed(look, false, reading_of(read))


# A mail handed to the organisation's own border, as any stranger's server would: SMTP on port 25, nobody logs in. It
# carries no secret, so it takes TLS where it is offered, by a certificate that holds, and goes without where not.
# What the border answers is a finding of the caller's; only what keeps it from answering is raised, as DoorClosed.

PATIENCE = 30.0


def hand_over(host: str, port: int, sender: str, to: str, raw: bytes) -> str:
    """The border's words when it refused the mail, "" when it took it. Raises DoorClosed."""
    try:
        with smtplib.SMTP(host, port, timeout=PATIENCE) as client:
            client.ehlo()
            if client.has_extn("starttls"):
                client.starttls(context=ssl.create_default_context())
            client.sendmail(sender, [to], raw)
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        return _words(error)
    except (smtplib.SMTPException, OSError) as error:
        raise DoorClosed(f"{host}:{port} cannot be reached as from outside: {error}") from error
    return ""


def _words(error: smtplib.SMTPException) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, text = error.smtp_code, _bytes(error.smtp_error)
    else:
        return str(error)
    return f"{code} {text.decode('utf-8', 'replace')}"


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
