"""Goes through one door for real: lists the mailbox, has a mail sent to it, reads it back, and says what was found.

The mailbox is read as the daemon reads it, from where the daemon stands, with a cursor of the probe's own: nothing in
the inbox or the database changes. What a finding means is letters.py's; who is probed and how it is shown, cli's.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.cli.probe import letters
from bot.cli.probe.letters import Finding, Probe
from bot.daemon.watch.lines import news_within
from bot.doors.opened import open_mailbox
from bot.doors.ports import Envelope, Mailbox, Outcome, RawMail, Transport
from bot.mail.read import Reading, read
from bot.model import Proof
from bot.model.errors import DoorClosed, Throttled, Unsure
from bot.settings.settings import Door

BATCH = 200
#: Seconds between two listings while the mail is waited for.
LOOK = 1.0
#: Folders that keep what was sent, where the door names none.
SENT = {"graph": "sentitems", "ews": "Sent Items"}


@dataclass
class Look:
    """A mailbox and where it was read up to. `wait`: seconds a mail may take; `settle`: seconds a second copy may."""

    mailbox: Mailbox
    cursor: str
    wait: float = 60.0
    settle: float = 3.0
    sent: str = ""  # the folder that keeps what was sent, watched too
    progress: Callable[[str], None] = lambda _: None  # is told how far it is
    keys: set[str] = field(default_factory=set)

    def news(self) -> list[RawMail]:
        """Everything since the last look. Raises DoorClosed."""
        return [mail for batch in self._batches() for mail in batch]

    def pass_over(self) -> int:
        """Reads up to now and keeps keys alone; how many mails there were beside those that were sent."""
        count = 0
        for batch in self._batches():
            self.keys |= {mail.key for mail in batch}
            count += sum(mail.folder != self.sent for mail in batch)
        return count

    def _batches(self) -> Iterator[Sequence[RawMail]]:
        count = 0
        while True:
            batch = self.mailbox.fetch(self.cursor, BATCH)
            self.cursor = batch.cursor
            yield batch.mails
            count += len(batch.mails)
            if batch.done:
                return
            self.progress(f"{count:,} mails listed")


def look_at(name: str, door: Door, cursor: str, wait: float, settle: float, progress: Callable[[str], None]) -> Look:
    """A mailbox opened for a probe, the folder of what was sent among its folders."""
    sent = door.sent or SENT.get(door.kind, "")
    folders = tuple(dict.fromkeys((*door.folders, sent))) if sent else door.folders
    opened = open_mailbox(name, door.model_copy(update={"folders": folders}))
    return Look(opened, cursor, wait, settle, sent, progress)


def listed(look: Look) -> Iterator[Finding]:
    """Reads the mailbox up to now, and whether it is stable: the same mails under the same keys, none given twice."""
    start = look.cursor
    try:
        count = look.pass_over()
        again = look.mailbox.fetch(start, BATCH)
        after = look.news()
    except DoorClosed as closed:
        why = "throttled" if isinstance(closed, Throttled) else "closed"
        yield Finding(why, f"the mailbox cannot be read: {closed}", "closed")
        return
    twice = look.keys & {mail.key for mail in after}
    look.keys |= {mail.key for mail in after}
    yield Finding("listed", f"listed: {count:,} mails that the daemon has not read yet")
    if not {mail.key for mail in again.mails} <= look.keys:
        yield Finding("keys", "the same mails come under other keys when they are listed again", "double")
    if twice:
        yield Finding("keys", "mails that were given already are given again", "double")


# --- there and back ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Came:
    """What came back of one probe: copies in the inbox, copies among what was sent, and answers of machines."""

    inbox: tuple[RawMail, ...] = ()
    sent: tuple[RawMail, ...] = ()
    answers: tuple[RawMail, ...] = ()


def there_and_back(
    look: Look, transport: Transport, probe: Probe, reading: Reading, now: datetime
) -> Iterator[Finding]:
    """Sends the probe to the mailbox that `look` looks at, and compares what comes with what went."""
    raw, start = letters.written(probe, now), look.cursor
    outcome, findings = _sent(transport, probe, raw)
    yield from findings
    if outcome is None and not any(finding.what == "unsure" for finding in findings):
        return
    look.progress(f"waiting up to {look.wait:.0f} seconds for it to come back")
    try:
        came = _wait_for(look, probe)
        yield from _counted(came, look, outcome)
        if came.inbox:
            yield from letters.compared(raw, came.inbox[0].raw, probe, outcome)
            yield _trusted(came.inbox[0], reading)
        yield from _kept(look, came, probe, outcome)
        yield from _answered(came, reading)
        yield from _stable(look, start, came, probe)
    except DoorClosed as closed:
        yield Finding("closed", f"the mailbox could be listed, and then not any more: {closed}", "closed")


def _sent(transport: Transport, probe: Probe, raw: bytes) -> tuple[Outcome | None, list[Finding]]:
    try:
        offer = transport.offer(Envelope(probe.sender, (probe.to,), raw, probe.message_id))
        if not offer.accepted:
            refusal = next(iter(offer.refused), None)
            words = f"{refusal.status} {refusal.words}" if refusal else "no reason given"
            offer.abandon()
            return None, [Finding("refused", f"the address {probe.to} was refused: {words}", "closed")]
        outcome = offer.deliver()
    except Unsure as unsure:
        return None, [Finding("unsure", f"the answer to the hand-over was lost: {unsure}")]
    except DoorClosed as closed:
        return None, [Finding("closed", f"letters cannot be sent: {closed}", "closed")]
    if outcome.refused:
        words = f"{outcome.refused[0].status} {outcome.refused[0].words}"
        return None, [Finding("refused", f"the letter itself was refused: {words}", "closed")]
    return outcome, [Finding("sent", "handed over, and the server said yes")]


def _wait_for(look: Look, probe: Probe) -> Came:
    """What comes of the probe, until `wait` is over, or `settle` after its first copy."""
    found: list[RawMail] = []
    end = time.monotonic() + look.wait
    while True:
        fresh = [mail for mail in look.news() if mail.key not in look.keys]
        look.keys |= {mail.key for mail in fresh}
        found += [mail for mail in fresh if _is_of(mail, probe)]
        if any(letters.is_copy(mail.raw, probe) and mail.folder != look.sent for mail in found):
            end = min(end, time.monotonic() + look.settle)
        left = end - time.monotonic()
        if left <= 0:
            break
        news_within(look.mailbox, min(LOOK, left))
    copies = [mail for mail in found if letters.is_copy(mail.raw, probe)]
    inbox = tuple(mail for mail in copies if mail.folder != look.sent)
    sent = tuple(mail for mail in copies if mail.folder == look.sent)
    return Came(inbox, sent, tuple(mail for mail in found if mail not in copies))


def _is_of(mail: RawMail, probe: Probe) -> bool:
    return probe.token.encode() in mail.raw


def _counted(came: Came, look: Look, outcome: Outcome | None) -> Iterator[Finding]:
    if not came.inbox:
        if outcome is None:
            yield Finding("lost", f"and nothing came within {look.wait:.0f} seconds: it seems not to be sent", "closed")
        else:
            yield Finding("lost", f"it was accepted, and nothing came within {look.wait:.0f} seconds", "lose")
    elif len(came.inbox) > 1:
        yield Finding("doubled", f"it came {len(came.inbox)} times", "double")
    else:
        folder = came.inbox[0].folder
        where = "" if folder.upper() == "INBOX" else f", in the folder {folder}: it is read there too"
        yield Finding("arrived", f"it came back once{where}")


def _kept(look: Look, came: Came, probe: Probe, outcome: Outcome | None) -> Iterator[Finding]:
    """Whether a copy among what was sent proves a hand-over whose answer was lost."""
    ids = [probe.message_id, *([outcome.assigned_id] if outcome and outcome.assigned_id else [])]
    if came.sent:
        is_found = any(look.mailbox.find(one) for one in ids)
        text = f"{look.sent} keeps a copy: the proof of a hand-over whose answer was lost"
        if is_found:
            yield Finding("sent copy", text)
        else:
            yield Finding("sent copy", f"{look.sent} keeps a copy, but it is not found by its id", "double")
    else:
        where = f"{look.sent} keeps no copy" if look.sent else "no folder of what was sent is known (`sent:`)"
        yield Finding("sent copy", f"{where}: a letter whose answer was lost goes once more, and may come twice")
    if outcome is None and came.inbox and not any(look.mailbox.find(one) for one in ids):
        yield Finding("unproven", "the answer was lost, the mail came, and no proof of it is found", "double")


def _trusted(mail: RawMail, reading: Reading) -> Finding:
    seen = read(mail.raw, reading, mail.received)
    if seen.proof is Proof.PROVEN:
        return Finding("trust", f"the trust profile proves our own mail: {seen.proof_why}")
    return Finding(
        "trust",
        f"the trust profile does not prove our own mail ({seen.proof_why}): colleagues on this server may not be "
        "proven either, so look at what it says of one of theirs",
    )


def _answered(came: Came, reading: Reading) -> Iterator[Finding]:
    anybody = replace(reading, own_addresses=(), id_domain="")  # an answer of our own mailbox is one, too
    kinds = [read(mail.raw, anybody, mail.received).kind.value.replace("_", " ") for mail in came.answers]
    if kinds:
        told = ", ".join(dict.fromkeys(kinds))
        yield Finding("answered", f"{len(kinds)} answers came by themselves ({told}): switch them off for this mailbox")
    elif came.inbox:
        yield Finding("answered", "no automatic reply and no receipt came")


def _stable(look: Look, start: str, came: Came, probe: Probe) -> Iterator[Finding]:
    """Whether the mail has the same key when it is listed once more."""
    known = {mail.key for mail in (*came.inbox, *came.sent, *came.answers)}
    again = {mail.key for mail in look.mailbox.fetch(start, BATCH).mails if _is_of(mail, probe)}
    if not again <= known:
        yield Finding("keys", "the same mail comes under another key when it is listed again", "double")


# --- from outside -----------------------------------------------------------------------------------------------------


def believed(look: Look, probe: Probe, reading: Reading) -> Iterator[Finding]:
    """Whether a forged mail that the border took comes in, and is believed."""
    try:
        came = _wait_for(look, probe)
    except DoorClosed as closed:
        yield Finding("closed", f"the mailbox could not be listed: {closed}", "closed")
        return
    if not came.inbox:
        yield Finding("forged", "a forged mail was taken at the border and did not come in: it was kept away")
    for mail in came.inbox[:1]:
        seen = read(mail.raw, reading, mail.received)
        if seen.proof is Proof.PROVEN:
            text = (
                f"a forged header is believed ({seen.proof_why}): the gateway must strip it, or `authserv_ids` is wrong"
            )
            yield Finding("forged", text, "believe")
        else:
            yield Finding("forged", f"a forged mail came in and is not believed ({seen.proof_why})")


def verdict(findings: Sequence[Finding]) -> str:
    """In plain words, the worst first."""
    words = {
        "lose": "it loses mail",
        "double": "it would double mail",
        "misdirect": "it would misdirect mail",
        "believe": "it believes forged mail",
        "closed": "it cannot be used now",
    }
    harms = [text for harm, text in words.items() if any(finding.harm == harm for finding in findings)]
    if harms:
        return f"Not fit: {', '.join(harms)}."
    names = {finding.what for finding in findings}
    if "unsure" in names:
        return "Fit by the proof it keeps, but the answer to the hand-over was lost: try again."
    return "Fit: mail comes and goes once, and is known again." if "sent" in names else "Fit: it can be listed."
