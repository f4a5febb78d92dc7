"""What came of a storm, told from what people wrote and what they got: neither the database nor a log is asked.

Lost: somebody was not told a thing that a mail, or time that passed, must bring them. Tripled: one letter thrice to one
address, or one thing said by two letters. Doubled: twice, which may be only where the daemon could not know that the
first had gone. Misplaced: a letter to somebody not of that case or not of its stage, or with another case's words.
It holds no rule of the bot's but the few sentences that its letters open with.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.storm.people import MARK, Challenge, Letter, opened
from tests.storm.sink import Taken
from tests.storm.town import LEAD, MANAGER, OPERATOR, SECOND, TEAMS, THIRD, UNIT

WINDOW = timedelta(hours=3)
REF = re.compile(r"\[(CE-\d{4}-\d{4})\]")
#: What is said once in a case's life, by how the letter opens.
ONCE = (
    "Your challenge is recorded",
    "Please answer a question. A reply is due",
    "For information: this challenge is closed as",
    "Please file this record",
)
#: Words about no case: who may get them.
OFFICE = frozenset({OPERATOR, UNIT})


@dataclass(frozen=True)
class Seen:
    """A letter that was taken, read."""

    taken: Taken
    letter: Letter


@dataclass
class Verdict:
    """What was found, a sentence each. `doubled` holds also those that may be: `unexcused` only those that may not."""

    challenges: int = 0
    letters: int = 0
    lost: list[str] = field(default_factory=list)
    tripled: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unexcused: list[str] = field(default_factory=list)
    misplaced: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not self.wrong

    @property
    def wrong(self) -> list[str]:
        """All that may not be."""
        kinds = {"lost": self.lost, "tripled": self.tripled, "doubled": self.unexcused, "misplaced": self.misplaced}
        return [f"{kind}: {what}" for kind, found in kinds.items() for what in found]


def judge(challenges: Sequence[Challenge], taken: Sequence[Taken], refused: Iterable[str], now: datetime) -> Verdict:
    """`refused`: addresses that the server once refused for good; what should have gone there is not missed."""
    seen = [Seen(one, opened(one.raw, one.recipients)) for one in taken]
    roots = {one.message_id: one for one in challenges}
    cases: defaultdict[str, list[Seen]] = defaultdict(list)
    verdict = Verdict(len(challenges), len({one.letter.message_id for one in seen}))
    for one in seen:
        root = next((r for r in one.letter.references if r in roots), "")
        cases[root].append(one)
    for root, case in cases.items():
        verdict.misplaced += _misplaced(roots.get(root), case)
    for challenge in challenges:
        verdict.lost += _lost(challenge, cases[challenge.message_id], frozenset(refused), now)
        verdict.tripled += _said_again(challenge, cases[challenge.message_id])
    _copies(seen, verdict)
    return verdict


# --- lost -------------------------------------------------------------------------------------------------------------


def _lost(one: Challenge, case: list[Seen], refused: frozenset[str], now: datetime) -> list[str]:
    """What must have been said and was not."""

    def has(who: str, opens: str = "", cites: str = "") -> bool:
        return who in refused or any(
            who in s.taken.recipients
            and s.letter.first.startswith(opens)
            and (not cites or cites in s.letter.references)
            for s in case
        )

    lost = []
    if not any(has(one.raiser, opens) for opens in ONCE[:2]):
        lost.append("its raiser was never told that it came")
    if not has(one.team.manager, "Please reply to"):
        lost.append("its manager was never asked")
    for what, written in one.written.items():
        if what in ("promise", "outcome") or not written.message_id:
            continue
        if what == "NOT RESOLVED":
            if not has(LEAD):
                lost.append("NOT RESOLVED called nobody in")
        elif not has(MANAGER if what == "RESOLVED" else one.raiser, cites=written.message_id):
            lost.append(f"nobody was told of the {what}")
    if one.written.get("outcome") and one.written["outcome"].message_id:
        lost += [] if has(UNIT, ONCE[3]) else ["its record was never filed"]
        lost += [] if has(one.raiser, ONCE[2]) else ["its raiser was never told that it is closed"]
    if now - one.at > WINDOW and not (_said(one, "answer") or has(LEAD)):
        lost.append("its window passed and nobody was called in")
    return [f"{one.mark}: {what}" for what in lost]


def _said(one: Challenge, what: str) -> bool:
    return what in one.written and bool(one.written[what].message_id)


# --- twice and more ---------------------------------------------------------------------------------------------------


def _said_again(one: Challenge, case: list[Seen]) -> list[str]:
    """One thing said by two letters, or one challenge made two cases."""
    refs = {ref for s in case for ref in REF.findall(s.letter.subject)}
    found = [f"{one.mark}: it is {len(refs)} cases: {', '.join(sorted(refs))}"] if len(refs) > 1 else []
    ids: defaultdict[tuple[str, tuple[str, ...], str], set[str]] = defaultdict(set)
    for s in case:
        letter = s.letter
        opens = next((opens for opens in ONCE if letter.first.startswith(opens)), "")
        if opens or letter.in_reply_to != one.message_id:
            ids[opens or letter.first, letter.to, "" if opens else letter.in_reply_to].add(letter.message_id)
        elif one.team.manager in letter.to and letter.first.startswith("Please reply to"):
            ids["Please reply to", letter.to, ""].add(letter.message_id)
    found += [f"{one.mark}: {len(some)} letters say: {said[0]}" for said, some in ids.items() if len(some) > 1]
    return found


def _copies(seen: list[Seen], verdict: Verdict) -> None:
    """How often one letter came to one address."""
    copies: defaultdict[tuple[str, str], list[Taken]] = defaultdict(list)
    for one in seen:
        for address in one.taken.recipients:
            copies[one.letter.message_id, address].append(one.taken)
    many: Counter[str] = Counter()
    for (message_id, address), taken in copies.items():
        if len(taken) < 2 or many[message_id]:
            continue
        many[message_id] += 1
        said = f"{opened(taken[0].raw, ()).subject} to {address}, {len(taken)} times ({message_id[:12]})"
        if len(taken) > 2:
            verdict.tripled.append(said)
        else:
            verdict.doubled.append(said)
            if not taken[0].is_withheld and taken[0].went_on:
                verdict.unexcused.append(f"{said}, though the first answer was read")
        if len({one.raw for one in taken}) > 1:
            verdict.unexcused.append(f"{said}: not the same bytes")


# --- to whom ----------------------------------------------------------------------------------------------------------


def _misplaced(one: Challenge | None, case: list[Seen]) -> list[str]:
    """Letters to people whom the case, as it stood then, does not concern; and words of another case."""
    found = []
    for s in case:
        may = OFFICE if one is None else _circle(one, s.taken.at)
        if strangers := set(s.taken.recipients) - may:
            about = one.mark if one else "no case"
            found.append(f"about {about}, to {', '.join(sorted(strangers))}: {s.letter.first}")
        if one and (others := set(MARK.findall(s.letter.text)) - {one.mark}):
            found.append(f"about {one.mark}, with words about {', '.join(sorted(others))}: {s.letter.first}")
    return found


def _circle(one: Challenge, at: datetime) -> frozenset[str]:
    """Who may hear of it at that time: those of a later stage not before the window is over, or they are called."""
    people = {one.raiser, MANAGER, one.team.manager, one.team.deputy, one.team.address, UNIT}
    called = one.written.get("NOT RESOLVED")
    calls = [called.at] if called and called.message_id else []
    lapse = one.at + WINDOW
    if at >= min([lapse, *calls]):
        people |= SECOND
    if at >= min([one.at + timedelta(days=2), *(call for call in calls if call >= lapse)]):
        people |= THIRD
    return frozenset(people)


__all__ = ["TEAMS", "Verdict", "judge"]
