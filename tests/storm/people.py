"""The people of a storm: they challenge, and then act on the letters they get, as people do.

What each will do is drawn when a challenge is made: its manager answers, promises or says nothing; the raiser says
RESOLVED, NOT RESOLVED or nothing; the lead takes it up or does not. Beside that comes junk. What they wrote, and when
it lay in an inbox, is noted for the judge. They know nothing of the bot but its letters.
"""

from __future__ import annotations

import email
import email.policy
import heapq
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses

from tests.storm.sink import Taken
from tests.storm.town import BOT, LEAD, LEAD_NAME, MANAGER, TEAMS, WINDOW, Team, Town, raiser

#: A new challenge is made about so often, while not more than so many have had no letter yet.
PAUSE, MOST_WAITING = timedelta(minutes=14), 5
SUBJECT = f"Professional Safeguarding Challenge – {WINDOW}"
MARK = re.compile(r"Quince\d{4}x")


@dataclass(frozen=True)
class Written:
    """A mail that somebody wrote about a challenge, and when it lay in the inbox."""

    message_id: str
    at: datetime


@dataclass
class Challenge:
    """One challenge and what its people have written. `mark`: a word that stands in its mails and in no others'."""

    message_id: str
    mark: str
    raiser: str
    name: str
    team: Team
    at: datetime
    manager_does: str
    word: str
    lead_answers: bool
    written: dict[str, Written] = field(default_factory=dict)
    is_known: bool = False  # a letter about it has come


@dataclass(frozen=True)
class Letter:
    """A letter as whoever got it reads it."""

    message_id: str
    to: tuple[str, ...]
    recipients: tuple[str, ...]
    subject: str
    in_reply_to: str
    references: tuple[str, ...]
    first: str
    text: str


def opened(raw: bytes, recipients: tuple[str, ...]) -> Letter:
    """A letter as it was taken by the server."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    text = body.get_content() if body else ""
    to = tuple(address.lower() for _, address in getaddresses([str(message["To"] or "")]))
    cited = str(message["References"] or "").split()
    return Letter(
        _bare(message["Message-ID"]),
        to,
        recipients,
        str(message["Subject"] or ""),
        _bare(message["In-Reply-To"]),
        tuple(map(_bare, cited)),
        text.lstrip().splitlines()[0] if text.strip() else "",
        text,
    )


def _bare(one: object) -> str:
    return str(one or "").strip("<> \r\n\t")


class People:
    """Everybody. `tick` lets them write what is due; `got` shows a letter to whom it went."""

    def __init__(self, town: Town, seed: int, now: Callable[[], datetime]) -> None:
        self._town = town
        self._luck = random.Random(seed)
        self._now = now
        self._due: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._numbers = 0
        self.challenges: dict[str, Challenge] = {}
        self.junk = 0
        self._after(timedelta(minutes=1), self._challenge)
        self._after(timedelta(minutes=8), self._newsletter)
        self.is_over = False

    def tick(self) -> int:
        """Writes what is due; returns how many mails were delivered."""
        count, now = 0, self._now()
        while self._due and self._due[0][0] <= now:
            _, _, act = heapq.heappop(self._due)
            act(now)
            count += 1
        return count

    @property
    def is_waiting(self) -> bool:
        """Whether somebody will still write, beside new challenges and junk."""
        return bool(self._due)

    def stop(self) -> None:
        """No new challenge and no junk from now on; what was begun goes on."""
        self.is_over = True

    def _after(self, pause: timedelta, act: Callable[[datetime], None]) -> None:
        self._numbers += 1
        heapq.heappush(self._due, (self._now() + pause, self._numbers, act))

    def _soon(self, act: Callable[[datetime], None]) -> None:
        self._after(timedelta(minutes=self._luck.uniform(1, 25)), act)

    # --- new things --------------------------------------------------------------------------------------------------

    def _challenge(self, now: datetime) -> None:
        if self.is_over:
            return
        self._after(PAUSE * self._luck.uniform(0.3, 1.7), self._challenge)
        if sum(not one.is_known for one in self.challenges.values()) >= MOST_WAITING:
            return
        n = len(self.challenges)
        name, address = raiser(n % self._town.raisers)
        team = TEAMS[self._luck.random() < 0.4]
        does = self._luck.choices(("answers", "promises", "nothing"), (5, 2, 3))[0]
        word = self._luck.choices(("RESOLVED", "NOT RESOLVED", ""), (6, 2, 2))[0]
        mark = f"Quince{n:04}x"
        one = Challenge(
            f"challenge{n}@health.example", mark, address, name, team, now, does, word, self._luck.random() < 0.4
        )
        text = f"We disagree with the closure for the family {mark}. The baby was not seen.\n"
        self._write(one, "challenge", team.address, address, name, [team.manager], [team.address], SUBJECT, text, now)
        self.challenges[one.message_id] = one

    def _newsletter(self, now: datetime) -> None:
        if self.is_over:
            return
        self._after(PAUSE * self._luck.uniform(0.5, 2.5), self._newsletter)
        self.junk += 1
        n, team = self.junk, self._luck.choice(TEAMS)
        raw = mail(f"news{n}@csc.example", "news@csc.example", "News", [team.address], [], f"Newsletter {n}",
                   f"Soup {n} is at noon.\n", now)  # fmt: skip
        self._town.deliver(self._luck.choice((team.address, team.address, BOT)), raw, now)

    # --- acting on a letter ------------------------------------------------------------------------------------------

    def got(self, taken: Taken) -> None:
        """A letter has come to its recipients; a watched inbox gets its copy, as from any server."""
        letter = opened(taken.raw, taken.recipients)
        for team in TEAMS:
            if team.address in taken.recipients:
                self._town.deliver(team.address, taken.raw, self._now())
        about = next((self.challenges[r] for r in letter.references if r in self.challenges), None)
        if about is None:
            return
        about.is_known = True
        first = letter.first
        if about.team.manager in letter.to and first.startswith("Please reply to"):
            self._manager(about)
        elif LEAD in letter.to and first.startswith("Please act now") and about.lead_answers:
            self._once(about, "lead's answer", self._lead)
        elif about.raiser in letter.to and first.startswith("Is it resolved?") and about.word:
            self._once(about, about.word, lambda one, now: self._say(one, letter, now))
        elif first.startswith("Please write down the outcome"):
            who = (LEAD, LEAD_NAME) if LEAD in letter.to else (about.team.manager, about.team.manager_name)
            self._once(about, "outcome", lambda one, now: self._outcome(one, letter, *who, now))

    def _once(self, one: Challenge, what: str, act: Callable[[Challenge, datetime], None]) -> None:
        """A copy of a letter, and a reminder, make nobody write twice."""
        if what not in one.written and not (what == "NOT RESOLVED" and "RESOLVED" in one.written):
            one.written[what] = Written("", self._now())
            self._soon(lambda now: act(one, now))

    def _manager(self, one: Challenge) -> None:
        if one.manager_does == "answers":
            self._once(one, "answer", self._answer)
        elif one.manager_does == "promises":
            self._once(one, "promise", self._promise)

    def _answer(self, one: Challenge, now: datetime) -> None:
        text = f"The visit to {one.mark} was made today and the baby was seen. A strategy meeting is arranged.\n"
        self._reply(one, "answer", one.team.manager, one.team.manager_name, text, now)

    def _promise(self, one: Challenge, now: datetime) -> None:
        text = f"Thank you for this about {one.mark}. I will look into it and come back to you.\n"
        self._reply(one, "promise", one.team.manager, one.team.manager_name, text, now)

    def _lead(self, one: Challenge, now: datetime) -> None:
        text = (
            f"I have taken this up. {one.mark} was visited this morning and the plan is changed: visits every week.\n"
        )
        self._reply(one, "lead's answer", LEAD, LEAD_NAME, text, now)

    def _reply(self, one: Challenge, what: str, sender: str, name: str, text: str, now: datetime) -> None:
        """To all, so that it lies in the team's inbox."""
        self._write(
            one, what, one.team.address, sender, name, [one.raiser], [one.team.address], f"RE: {SUBJECT}", text, now
        )

    def _say(self, one: Challenge, letter: Letter, now: datetime) -> None:
        self._write(one, one.word, BOT, one.raiser, one.name, [BOT], [], letter.subject, f"{one.word}\n", now, letter)

    def _outcome(self, one: Challenge, letter: Letter, sender: str, name: str, now: datetime) -> None:
        text = f"OUTCOME: a joint visit to {one.mark} every week\n"
        self._write(one, "outcome", BOT, sender, name, [BOT], [], letter.subject, text, now, letter)

    def _write(
        self, one: Challenge, what: str, inbox: str, sender: str, name: str, to: list[str], cc: list[str],
        subject: str, text: str, now: datetime, answers: Letter | None = None,
    ) -> None:  # fmt: skip
        new = one.message_id if what == "challenge" else f"{what.replace(' ', '-')}.{one.message_id}"
        cites = [] if what == "challenge" else [one.message_id, *([answers.message_id] if answers else [])]
        self._town.deliver(inbox, mail(new, sender, name, to, cc, subject, text, now, cites), now)
        if what != "challenge":
            one.written[what] = Written(new, now)


def mail(
    message_id: str, sender: str, name: str, to: list[str], cc: list[str], subject: str, text: str, at: datetime,
    cites: list[str] | None = None,
) -> bytes:  # fmt: skip
    """As the town's own mail server hands it in, with its word for who sent it."""
    domain, when = sender.rpartition("@")[2], format_datetime(at)
    made = EmailMessage(policy=email.policy.SMTP)
    made["Received"] = f"from out.{domain} by mx.council.example; {when}"
    made["Authentication-Results"] = f"mx.council.example; dmarc=pass header.from={domain}"
    made["From"], made["To"] = f"{name} <{sender}>", ", ".join(to)
    if cc:
        made["Cc"] = ", ".join(cc)
    made["Subject"], made["Date"], made["Message-ID"] = subject, when, f"<{message_id}>"
    if cites:
        made["In-Reply-To"], made["References"] = f"<{cites[-1]}>", " ".join(f"<{one}>" for one in cites)
    made.set_content(text)
    return made.as_bytes()


__all__ = ["MANAGER", "MARK", "Challenge", "Letter", "People", "Written", "mail", "opened"]
