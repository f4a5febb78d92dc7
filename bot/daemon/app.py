"""The only place that knows everybody: build(settings, ...) -> App, on the Office that assembled(...) makes.

The daemon, `once`, rehearsals and tests call the same function; what differs is the clock, the doors and whether mail
is read in a process of its own. A command that opens no door stands on the Office alone. It holds no rule and starts no
thread.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from bot.daemon.templates import templates_of
from bot.doors.opened import open_mailbox, open_transport
from bot.doors.ports import Mailbox, Now, Transport
from bot.engine import flood, strangers
from bot.engine.alarms import Alarms
from bot.engine.contacts.books import Books
from bot.engine.contacts.nightly import Nightly
from bot.engine.contacts.quarter import Quarterly
from bot.engine.digest import Digests
from bot.engine.expiry import Expiry
from bot.engine.reading.intake import Intake
from bot.engine.reading.pen import undo
from bot.engine.reading.reader.sandbox import InProcess, Sandbox
from bot.engine.reading.receiving import Boxes
from bot.engine.reports import Reports
from bot.engine.sending.compose import Composer
from bot.engine.sending.sender import Sender
from bot.engine.sending.unknown import FindProof
from bot.engine.turn import Turn
from bot.mail.read import Reading
from bot.mail.subject import Phrase
from bot.mail.trust import Trust
from bot.model import Inbox
from bot.model.errors import ConfigError, DoorClosed, LoginRefused, MailWithheld
from bot.model.names import BOT, mailbox_name
from bot.settings.settings import FIRST_SIGHT, Config, Settings, coverage
from bot.settings.shapes import shapes_of
from bot.store import cases, mailboxes, meta
from bot.store.db import Database

LEASE = timedelta(minutes=5)
#: How often one life of `once` asks for mails that are withheld: more often than any door does.
MOST_ASKED = 30


@dataclass(frozen=True, slots=True)
class Office:
    """What decides, and what makes letters and records of it: all that needs no door."""

    settings: Settings
    db: Database
    turn: Turn
    composer: Composer

    def intake(self, reader: Sandbox | InProcess) -> Intake:
        """What places mails, their bytes read by that reader."""
        return Intake(self.db, self.turn, reader, reading_of(self.settings), boxes_of(self.settings))


@dataclass
class App:
    """One running bot, wired. Threads belong to the daemon."""

    settings: Settings
    db: Database
    read_now: Now
    turn: Turn
    intake: Intake
    alarms: Alarms
    sender: Sender
    composer: Composer
    digests: Digests
    reports: Reports
    expiry: Expiry
    nightly: Nightly
    quarterly: Quarterly
    transport: Transport
    reader: Sandbox | InProcess
    mailboxes: dict[str, Mailbox] = field(default_factory=dict)
    proof: Mailbox | None = None

    def receive(self, name: str, now: datetime) -> int:
        """One pass over a mailbox. Raises DoorClosed, and remembers since when it cannot be read."""
        try:
            return self.intake.receive(name, self.mailboxes[name], now)
        except DoorClosed as closed:
            with self.db.begin() as tx:
                mailboxes.gap_opened(tx, name, now, str(closed))
                if isinstance(closed, LoginRefused):  # also where the line was cut first
                    mailboxes.gap_explained(tx, name, str(closed), now)
            raise

    def _closed(self, name: str, now: datetime) -> str:
        """One pass; why the mailbox cannot be read, "" where it can. This life may be a short one: a mail that its
        server withholds is asked for until it is passed on without, so that it holds up no other for ever."""
        why = ""
        for _ in range(MOST_ASKED):
            try:
                self.receive(name, now)
            except MailWithheld as withheld:
                why = str(withheld)
            except DoorClosed as closed:
                return str(closed)
            else:
                return ""
        return why

    def once(self, now: datetime) -> list[str]:
        """Everything there is to do at `now`: mail, then deadlines, then letters. Returns what could not be done."""
        troubles = [why for name in self.mailboxes if (why := self._closed(name, now))]
        while self.intake.read(now):
            pass
        while self.alarms.fire(now):
            pass
        self.daily(now)
        self.sender.drain(now)
        return troubles

    def daily(self, now: datetime) -> None:
        """Queues what is told once a day, where its hour has come and it is not queued yet; lets letters go that waited
        for an hour or a day with room."""
        with self.db.read() as tx:
            self.turn.books.look(tx)
        freed = strangers.free(self.db, self.settings.config.senders.strangers_an_hour, now)
        if freed + flood.free(self.db, now):
            self.turn.woken()
        self.digests.tell_in_flight(now)
        self.digests.ask_shadowed(now)
        self.digests.post(now)
        self.reports.post(now)
        self.expiry.post(now)
        self.nightly.post(now)
        self.quarterly.post(now)
        undo.forget(self.db, now)

    def close(self) -> None:
        """Lets go of every door, the reading process and the database."""
        for mailbox in (*self.mailboxes.values(), *([self.proof] if self.proof else [])):
            mailbox.close()
        self.transport.close()
        self.reader.close()
        self.db.close()


def reading_of(settings: Settings) -> Reading:
    """What the reader must know of this configuration."""
    config = settings.config
    phrases = [
        Phrase(text, tuple(t.window for t in policy.intake.tiers), policy.intake.aliases)
        for policy in settings.policies.values()
        for text in policy.intake.subjects
    ]
    trust = config.senders.trust
    own = (config.bot.address, *(box.address for box in config.mailboxes))
    domains = tuple(dict.fromkeys(address.rpartition("@")[2] for address in own))
    return Reading(
        phrases=tuple(dict.fromkeys(phrases)),
        trust=Trust(trust.profile, trust.authserv_ids, trust.arc_sealers, domains),
        own_addresses=(config.bot.address,),  # not the watched inboxes: people send as their team
        id_domain=config.bot.address.rpartition("@")[2],
        shapes=shapes_of(settings.policies.values()),
        with_model=config.meaning.model,
    )


def boxes_of(settings: Settings) -> Boxes:
    """Each watched mailbox by a name that stays the same while its team does."""
    inboxes = {BOT: Inbox("", settings.config.bot.address, "", "", is_bot=True)}
    sights = {BOT: FIRST_SIGHT}
    doors = {BOT: settings.config.bot.receive.identity}
    for box in settings.config.mailboxes:
        name = mailbox_name(box.area, box.team, box.address)
        sights[name], doors[name] = box.first_sight, box.receive.identity
        inboxes[name] = Inbox(box.area, box.address, box.policy, box.team)
    return Boxes(inboxes, sights, doors)


def areas_of(config: Config) -> dict[str, tuple[str, ...]]:
    """Area code -> names of its watched mailboxes."""
    areas: dict[str, tuple[str, ...]] = {}
    for box in config.mailboxes:
        areas[box.area] = (*areas.get(box.area, ()), mailbox_name(box.area, box.team, box.address))
    return areas


def build(
    settings: Settings,
    *,
    read_now: Now,
    in_process: bool = False,
    owner: str = "bot",
    woken: Callable[[], None] = lambda: None,
    database: Database | None = None,
    strict: bool = False,
) -> App:
    """The App. `strict` where a story or a test is played: a fault of ours in a decision stops it.

    Raises ConfigError when this would be a first start and a stage has nobody who can answer, StoreError when the
    database cannot be used.
    """
    reading = reading_of(settings)
    reader: Sandbox | InProcess = (
        InProcess(reading) if in_process else Sandbox(reading, readers=settings.config.readers)
    )
    db = database or open_database(settings)
    first_start(db, settings, read_now())
    with db.begin() as tx:
        meta.keep_texts(tx, settings.texts)
    office = assembled(settings, db, woken, strict=strict)
    turn, composer, config = office.turn, office.composer, settings.config
    composer.on_fault = partial(_template_failed, db, turn, read_now)
    allowed = frozenset(config.recipients.allowed_domains)
    transport = open_transport(config.bot.send, lambda email: email.rpartition("@")[2].lower() in allowed)
    names = {"": BOT} | {box.address: mailbox_name(box.area, box.team, box.address) for box in config.mailboxes}
    mailboxes = {BOT: open_mailbox(BOT, config.bot.receive)}
    mailboxes |= {names[box.address]: open_mailbox(names[box.address], box.receive) for box in config.mailboxes}
    proof = open_mailbox("bot, looking for proof", config.bot.receive)
    find, own = _proof_in(proof, transport), config.bot
    sender = Sender(
        db, transport, composer, turn.tell, find, read_now, owner, LEASE, address=own.address, per_minute=own.send.pace
    )
    alarms = Alarms(db, turn, owner, names)
    areas = areas_of(config)
    return App(
        settings,
        db,
        read_now,
        turn,
        office.intake(reader),
        alarms,
        sender,
        composer,
        Digests(db, turn, areas, BOT),
        Reports(db, turn, areas),
        Expiry(db, turn),
        Nightly(db, turn),
        Quarterly(db, turn),
        transport,
        reader,
        mailboxes,
        proof,
    )


def assembled(
    settings: Settings, db: Database, woken: Callable[[], None] = lambda: None, *, strict: bool = False
) -> Office:
    """The Office on that database. `woken` is called when a letter was queued; `strict` is as in `build`. A letter
    whose template fails is told to nobody yet: whoever sends letters sets `composer.on_fault`."""
    with db.begin() as tx:
        secret = meta.secret(tx)
        books = Books(settings, strict=strict)
        books.look(tx)
    turn = Turn(books, secret, woken)
    return Office(settings, db, turn, Composer(settings, turn, templates_of(settings), lambda _name, _fault: None))


def open_database(settings: Settings) -> Database:
    db = Database(settings.config.database)
    db.migrate()
    return db


def first_start(db: Database, settings: Settings, now: datetime) -> None:
    """A first start is refused with the list of stages nobody can answer; with open cases the bot runs on. What was
    agreed over the directory's file answers too: a row that ends by its date was followed by one."""
    if not coverage(settings, now.date()):
        return
    books = Books(settings)
    with db.read() as tx:
        books.look(tx)
        gaps = coverage(books.settings, now.date())
        if gaps and not cases.open_cases(tx):
            raise ConfigError(gaps)


def _template_failed(db: Database, turn: Turn, read_now: Now, name: str, fault: str) -> None:
    """The letter went in its built-in plain form; the operator mends the template."""
    instead = "without that Word document" if name.endswith(".docx") else "in a plain form instead"
    lines = [f"{name} cannot be rendered: {fault}.", f"The letter went {instead}."]
    with db.begin() as tx:
        turn.alert(tx, f"template/{name}", "A letter's template failed", lines, read_now())


def _proof_in(mailbox: Mailbox, transport: Transport) -> FindProof:
    def find(message_ids: tuple[str, ...], offer_id: str) -> str:
        if offer_id and transport.find(offer_id):
            return "the mail server says that it has gone"
        return next((f"a copy of {one} lies in our mailbox" for one in message_ids if mailbox.find(one)), "")

    return find
