"""How each event of the script comes to pass in a world, and how a reply is written and delivered.

It changes the world's server, faults, people and clock, and nothing of the bot but which of its lives runs.
"""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from tests.simulate import partnership
from tests.simulate.doors import Taken
from tests.simulate.faults import Armed
from tests.simulate.mails import BOT, CHILD, POISON, Truth, bounce, written
from tests.simulate.partnership import Person, Team
from tests.simulate.people import Reply
from tests.simulate.script import Event, aimed_at_mail, op_of

if TYPE_CHECKING:
    from tests.simulate.play import World

PHRASE = "Professional Safeguarding Challenge"
#: What each policy's subjects ask for; "" names no time.
WINDOWS = {
    "cheshire-east": ("24 hours", "24 hours", "10 working days", "10 working days", ""),
    "pan-cheshire": ("", "5 working days", "3 working days"),
    "sandwell": ("", "", "2 working days"),
    "salford": ("", "", "3 working days"),
    "cumberland": ("", "", "3 working days"),
}
CONCERNS = (
    "The assessment was closed without anybody seeing the baby at home.",
    "We are worried that the plan was changed without the core group being told.",
    "The strategy meeting was not held although the injuries were reported to you.",
)
ORDINARY = ("Lunch on Thursday", "Rota for next week", "Car park", "Minutes of the core group", "Training day")


def happen(world: World, event: Event) -> None:
    """Makes it happen now."""
    _HOW[event.what](world, event, event.luck, world.partnership.teams[event.team])


def answer(world: World, reply: Reply, letter: Taken) -> None:
    """Somebody's answer to a letter reaches the mailboxes it is addressed to."""
    now = world.clock.true
    if reply.bounces:
        raw, truth = bounce(reply.key, now, BOT, reply.sender, letter.raw, letter.message_id)
        arrive(world, raw, truth, (BOT,))
        return
    head = email.message_from_bytes(letter.raw.partition(b"\r\n\r\n")[0], policy=email.policy.default)
    cites = letter.message_id if reply.cites else ""
    mark = f"\n\n{_sign(reply.key)}" if reply.proof != "pass" else ""
    raw, truth = written(
        reply.key, now, reply.sender, reply.to, f"{reply.prefix}{str(head['Subject']).removeprefix('RE: ')}",
        reply.text + mark, cc=reply.cc, proof=reply.proof, kind=reply.kind, cites=cites,
        references=str(head["References"] or "") if cites else "",
    )  # fmt: skip
    arrive(world, raw, truth, (*reply.to, *reply.cc))


def arrive(world: World, raw: bytes, truth: Truth, to: tuple[str, ...], folder: str = "INBOX") -> None:
    """A mail reaches every mailbox of ours that it is addressed to; sometimes no hint tells of it."""
    world.truths[truth.digest], world.raws[truth.digest] = truth, raw
    if world.faults.aimed:
        world.faults.armed.append(world.faults.aimed.pop())
    watched = {BOT, *(team.inbox for team in world.partnership.teams)}
    luck = Random(truth.key)
    for address in dict.fromkeys(to):
        if address in watched:
            place = "Junk" if luck.random() < 0.02 else folder
            world.server.deliver(f"{world.folder}/{address}", raw, place, hint=luck.random() > 0.03)


def _sign(key: str) -> str:
    """Words that stand in this unproven mail alone: no letter may quote them."""
    return f"unproven-words-{abs(hash_of(key)):012x}"


def hash_of(text: str) -> int:
    return Random(text).getrandbits(44)


# --- mail -------------------------------------------------------------------------------------------------------------


def _challenge(world: World, event: Event, luck: Random, team: Team) -> None:
    raisers = world.partnership.of(team.area, "raising")
    role = {"cumberland": "line_manager"}.get(team.policy, "line_manager")
    responders = world.partnership.of(team.area, "responding", role) or world.partnership.of(team.area, "responding")
    if not raisers:
        return
    _challenged(world, event, luck, team, luck.choice(raisers).email, luck.choice(responders).email)


def _challenged(
    world: World, event: Event, luck: Random, team: Team, sender: str, to: str, proof: str = "", kind: str = "human"
) -> None:
    window = luck.choice(WINDOWS[team.policy])
    name = f" {CHILD}" if luck.random() < 0.2 else ""
    subject = f"{luck.choice(('', '', 'OFFICIAL-SENSITIVE: '))}{PHRASE}{f' – {window}' if window else ''}{name}"
    proof = proof or luck.choice(("pass",) * 12 + ("none", "fail"))
    unproven = f" {_sign(event.key)}" if proof != "pass" else ""
    text = f"{luck.choice(CONCERNS)} It is about {CHILD}, number {event.key}.{unproven}"
    raw, truth = written(
        event.key, world.clock.true, sender, (to,), subject, text, cc=(team.inbox,), proof=proof, kind=kind,
        opens=window or "none",
    )  # fmt: skip
    arrive(world, raw, truth, (to, team.inbox))


def _mail(world: World, event: Event, luck: Random, team: Team) -> None:
    staff = [p for p in world.partnership.people.values() if p.area == team.area]
    sender = luck.choice(staff).email if luck.random() < 0.7 else f"office.{luck.randint(1, 9)}@elsewhere.example"
    text = f"{luck.choice(CONCERNS)}\n{event.key}" if luck.random() < 0.1 else f"See you there. {event.key}"
    raw, truth = written(event.key, world.clock.true, sender, (team.inbox,), luck.choice(ORDINARY), text)
    arrive(world, raw, truth, (team.inbox,))


def _forged(world: World, event: Event, luck: Random, team: Team) -> None:
    """Somebody who is not who they say writes a word that would stop a clock, with a ref or an id they have seen."""
    cases = [c for c in world.look.cases.values() if c.area == team.area and c.state != "closed"]
    letters = world.server.sink[-40:]
    if not cases or not letters:
        return
    case, seen = luck.choice(cases), luck.choice(letters)
    victims = world.partnership.of(team.area, "raising")
    sender = case.fields["raiser"]["email"] if luck.random() < 0.7 else luck.choice(victims).email
    word = luck.choice(("RESOLVED", "WITHDRAW\nsent in error", "YES", "IT IS", "EXTEND 10 working days", "NOT URGENT"))
    proof = luck.choice(("none", "fail", "fail"))
    raw, truth = written(
        event.key, world.clock.true, sender, (BOT, team.inbox), f"RE: {PHRASE} [{case.ref}]",
        f"{word}\n\n{_sign(event.key)}", proof=proof, cites=seen.message_id if luck.random() < 0.6 else "",
    )  # fmt: skip
    arrive(world, raw, truth, (BOT, team.inbox))


def _stranger(world: World, event: Event, luck: Random, team: Team) -> None:
    to = luck.choice(world.partnership.of(team.area, "responding")).email
    sender = f"parent.{luck.randint(1, 9)}@home.example"
    _challenged(world, event, luck, team, sender, to, luck.choice(("pass", "none")))


def _list(world: World, event: Event, luck: Random, team: Team) -> None:
    _challenged(world, event, luck, team, f"news@{team.raising}", team.inbox, "pass", "list")


def _replay(world: World, event: Event, luck: Random, team: Team) -> None:
    """A mail that came once comes again, byte for byte."""
    known = [d for d, t in world.truths.items() if t.kind in ("human", "auto") and t.at < world.clock.true]
    if known:
        digest = luck.choice(known[-60:])
        where = luck.choice((BOT, team.inbox))
        world.server.deliver(f"{world.folder}/{where}", world.raws[digest])


def _poison(world: World, event: Event, luck: Random, team: Team) -> None:
    raw, truth = written(
        event.key, world.clock.true, f"bomb@{team.raising}", (team.inbox,), "Hello", f"{POISON} {event.key}"
    )
    arrive(world, raw, replace(truth, kind="poison"), (team.inbox,))


# --- machines ---------------------------------------------------------------------------------------------------------


def _fault(world: World, event: Event, luck: Random, team: Team) -> None:
    if luck.random() < 0.5:
        world.faults.aimed.append(Armed(*aimed_at_mail(luck)))
    else:
        world.faults.armed.append(Armed(*op_of(luck)))


def _restart(world: World, event: Event, luck: Random, team: Team) -> None:
    if world.life is not None:
        world.die(timedelta(seconds=luck.choice((1, 30, 300))))


def _down(world: World, event: Event, luck: Random, team: Team) -> None:
    if world.life is not None:
        world.die(timedelta(hours=luck.choice((1, 8, 30, 75))))


def _deaf(world: World, event: Event, luck: Random, team: Team) -> None:
    path = f"{world.folder}/{luck.choice((BOT, team.inbox))}"
    world.faults.deaf[path] = world.clock.true + timedelta(minutes=luck.choice((5, 30, 300)))


def _mute(world: World, event: Event, luck: Random, team: Team) -> None:
    world.faults.deaf[f"{world.folder}/out"] = world.clock.true + timedelta(minutes=luck.choice((5, 40, 400)))


def _full(world: World, event: Event, luck: Random, team: Team) -> None:
    world.faults.full_until = world.clock.true + timedelta(minutes=luck.choice((3, 20, 90)))


def _forgotten(world: World, event: Event, luck: Random, team: Team) -> None:
    world.server.box(f"{world.folder}/{luck.choice((BOT, team.inbox))}").forgets = True


def _renumbered(world: World, event: Event, luck: Random, team: Team) -> None:
    box = world.server.box(f"{world.folder}/{luck.choice((BOT, team.inbox))}")
    if luck.random() < 0.5:  # from a backup: what came last is not there any more
        del box.held[max(0, len(box.held) - luck.randint(1, 4)) :]
    box.validity += 1
    box.has_news = True


def _clock(world: World, event: Event, luck: Random, team: Team) -> None:
    """The machine's clock is set wrong for a while, then right again."""
    wrong = luck.choice((-7200, -600, 600, 7200, 3 * 86400))
    world.clock.wrong_by = timedelta(seconds=wrong)
    world.faults.failed()

    def right() -> None:
        world.clock.wrong_by = timedelta(0)
        world.faults.failed()

    world.plan(f"{event.key}-right", world.clock.true + timedelta(minutes=luck.choice((10, 60, 600))), right)


def _leaver(world: World, event: Event, luck: Random, team: Team) -> None:
    """Somebody leaves; a newcomer or a colleague has their roles, and the daemon starts on the new directory."""
    staff = [p for p in world.partnership.people.values() if p.area == team.area and not p.has_left]
    gone = luck.choice(staff)
    others = [p for p in staff if p.side == gone.side and p is not gone]
    if others and luck.random() < 0.4:
        luck.choice(others).roles |= gone.roles
    else:
        email = f"newcomer.{event.key}@{gone.email.rpartition('@')[2]}"
        world.partnership.people[email] = Person(email, f"New {event.key}", gone.area, gone.side, set(gone.roles))
    gone.has_left = True
    world.settings = partnership.settings_of(world.partnership, world.folder)
    if world.life is not None:
        world.die(timedelta(seconds=2))


def _purge(world: World, event: Event, luck: Random, team: Team) -> None:
    """A case that is over is forgotten."""
    if world.life is not None:
        world.purge(luck)


_HOW = {
    "challenge": _challenge, "mail": _mail, "forged": _forged, "stranger": _stranger, "list": _list,
    "replay": _replay, "poison": _poison, "fault": _fault, "restart": _restart, "down": _down, "deaf": _deaf,
    "mute": _mute, "full": _full, "forgotten": _forgotten, "renumbered": _renumbered, "clock": _clock,
    "leaver": _leaver, "purge": _purge,
}  # fmt: skip
