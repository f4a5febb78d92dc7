"""How people answer letters: in time, late, never, in the wrong words, from another address, by a machine.

What somebody does hangs on who they are, what the letter is and a chance of their own, never on the order of other
events. It gives replies as plain values; play.py writes and delivers them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random

from tests.simulate.mails import BOT
from tests.simulate.partnership import Partnership, Person, Team

ANSWERS = (
    "We have reviewed this with the team and a strategy meeting is arranged for Thursday.",
    "The visit was made today and the child was seen. The plan has been changed and the core group knows.",
    "A joint visit was made this morning; the assessment is open again and you will be invited to the meeting.",
)
HOLDING = (
    "Thank you, I will look into this.", "I have asked Sam to look at this.", "I am in court today, will reply soon.",
    "Noted, thanks.", "Leave it with me.", "We will get back to you by Friday.",
)  # fmt: skip
DOUBT = ("Please see my comments below.", "I will speak to the family.", "Let me check with legal.", "See attached.")
RISK = ("The child has gone missing since this morning.", "He told school that he was hit last night.")
WRONG = ("resolved?", "RESLOVED", "please close", "Not resolved yet I think, but thanks", "ok RESOLVED then", "EXTEND")
RESPONDER = (
    "RECEIVED by Friday", "NOT MINE", "ACCEPT", "DECLINE", "OUTCOME: joint visit\n- see the child, Fay, Friday",
    "PHONE: spoke to the manager", "MEETING Friday", "RESOLVED", "STATUS", "URGENT", "WHY", "HELP", "EXTEND 3 days",
)  # fmt: skip
RAISER = (
    "URGENT", "NOT URGENT", "ESCALATE", "EXTEND 2 working days", "EXTEND 10 working days", "EXTEND next week",
    "WITHDRAW\nsent in error", "ANSWERED", "STATUS", "RESOLVED", "NOT RESOLVED", "PHONE: I rang them", "REOPEN",
    "CHILD PROTECTION", "CORRECT responder somebody else", "WHY", "CALLED yesterday at 3pm", "NO", "YES",
)  # fmt: skip
ASKED = ("YES", "NO", "YES", "NO", "IT IS", "IT IS NOT", "RESOLVED", "NOT RESOLVED", "YES but only half", "CLOSE")
UNIT = ("STATUS", "HOLD", "RELEASE", "HELP", "NUDGE", "GO", "LEAVE", "NOT OURS", "YES", "LEARNING more supervision")
LATE = (0.1, 0.5, 2, 5, 20, 26, 50, 75, 120, 200, 300)  # hours


@dataclass(frozen=True)
class Reply:
    """A mail that somebody will write."""

    key: str
    after: timedelta
    sender: str
    text: str
    to: tuple[str, ...] = (BOT,)
    cc: tuple[str, ...] = ()
    proof: str = "pass"
    kind: str = "human"
    cites: bool = True
    bounces: bool = False
    prefix: str = "RE: "


def replies(key: str, kind: str, person: Person, team: Team, world: Partnership, luck: Random) -> list[Reply]:
    """What comes of one letter for one of its readers."""
    if person.has_left:
        gone = luck.random()
        if gone < 0.5:
            return [Reply(f"{key}/gone", _minutes(luck), person.email, "", bounces=True)]
        return [_machine(f"{key}/left", luck, person, f"{person.name} has left the organisation.")]
    if person.is_dead:
        return [Reply(f"{key}/dsn", _minutes(luck), person.email, "", bounces=True)]
    found = []
    if luck.random() < 0.06:
        away = "I am out of the office until Monday and will reply when I am back."
        found.append(_machine(f"{key}/away", luck, person, away))
    if luck.random() < _rate(kind, person):
        found.append(_words(key, kind, person, team, world, luck))
    if found and luck.random() < 0.05:
        found.append(_words(f"{key}/more", kind, person, team, world, luck))
    return found


def _rate(kind: str, person: Person) -> float:
    asked = {"notice": 0.45, "chaser": 0.35, "escalation": 0.3, "redirect": 0.4, "response": 0.6, "question": 0.55,
             "relay": 0.5, "acknowledgement": 0.2, "outcome": 0.08, "information": 0.08, "answer": 0.05,
             "digest": 0.01}  # fmt: skip
    return asked.get(kind, 0.03) * (1.2 if person.is_diligent else 0.5)


def _machine(key: str, luck: Random, person: Person, text: str) -> Reply:
    return Reply(
        key, timedelta(seconds=luck.randint(5, 90)), person.email, text, kind="auto", prefix="Automatic reply: "
    )


def _words(key: str, kind: str, person: Person, team: Team, world: Partnership, luck: Random) -> Reply:
    text = _text(kind, person, luck)
    sender, proof, cites = person.email, "pass", True
    chance = luck.random()
    if chance < 0.08:
        proof = luck.choice(("none", "fail"))
    elif chance < 0.12:
        sender = f"colleague.{luck.randint(1, 3)}@{person.email.rpartition('@')[2]}"  # it was forwarded
    elif chance < 0.14:
        sender = f"{person.email.partition('@')[0]}@private-mail.example"
    elif chance < 0.18:
        cites = False
    to: tuple[str, ...] = (BOT,)
    cc: tuple[str, ...] = ()
    if luck.random() < 0.2:
        others = world.of(team.area, "raising" if person.side == "responding" else "responding")
        to = (BOT, luck.choice(others).email) if others else to
        cc = (team.inbox,)
    hours = luck.choice(LATE) * luck.uniform(0.5, 1.2)
    return Reply(f"{key}/words", timedelta(hours=hours), sender, text, to, cc, proof, cites=cites)


def _text(kind: str, person: Person, luck: Random) -> str:
    chance = luck.random()
    if chance < 0.03:
        return luck.choice(RISK)
    if chance < 0.1:
        return luck.choice(WRONG)
    if person.side == "unit":
        return luck.choice(UNIT)
    if kind in ("response", "question", "relay", "outcome"):
        return luck.choice((*ASKED, *ASKED, luck.choice(RAISER if person.side == "raising" else RESPONDER)))
    if person.side == "raising":
        return luck.choice(RAISER)
    return luck.choice((*ANSWERS, *ANSWERS, *HOLDING, *DOUBT, luck.choice(RESPONDER)))


def _minutes(luck: Random) -> timedelta:
    return timedelta(minutes=luck.choice((0.2, 1, 5, 30, 240)))
