"""Properties of letters: 5, 7, 8, 9, 10, 14, 23. Held against what the server took; see oracle.py."""

from __future__ import annotations

import email
import email.policy
import itertools
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.simulate import calendar
from tests.simulate.look import instant, kind_of
from tests.simulate.mails import AREAS, BOT, CHILD, OPERATOR
from tests.simulate.oracle import Seen, holds, is_calm

if TYPE_CHECKING:
    from tests.simulate.play import World

_UNPROVEN = re.compile(rb"unproven-words-\w+")
_MOMENT = re.compile(r"/(\d{8}T\d{6})Z/")
A_DAY, AN_HOUR = 10, 30
#: Letters that a stage lives by: one an occasion.
A_STAGE = ("escalation", "redirect", "notice")
SLOW = timedelta(minutes=20)
PATIENCE = timedelta(minutes=45)


@holds(5)
def never_early(world: World, seen: Seen) -> Iterator[str]:
    """No chaser or escalation goes before its time, the first before its whole window, or a chaser after an answer."""
    for row, before, _ in seen.steps:
        is_chaser = row["said"]["fact"].get("deadline", {}).get("kind") == "chaser"
        if is_chaser and row["said"]["letters"] and before["state"] in ("awaiting_confirmation", "awaiting_outcome"):
            yield f"case {row['case_number']} is {before['state']} and a reminder was written"
    for taken in seen.new_sink:
        row = world.look.by_id.get(taken.message_id)
        if row is None or kind_of(row) not in ("chaser", "escalation"):
            continue
        told = _MOMENT.search(row["key"])
        if told and taken.shown < datetime.strptime(f"{told[1]}+0000", "%Y%m%dT%H%M%S%z"):
            yield f"{row['key']} was handed over at {taken.shown}"
        if not row["key"].startswith("lapse/") or row["case_number"] in seen.urged:
            continue
        case = world.look.cases[row["case_number"]]
        opening = world.truths.get(case.fields["opening_mail"])
        before = [r for r in case.fields["runs"] if r["ended"]]
        if opening is None or len(before) != 1:
            continue
        due = calendar.first_due(case.policy, opening.opens, instant(case.fields["opened"]) or taken.shown)
        if due is not None and taken.shown < due:
            yield f"{row['key']} was handed over at {taken.shown}, and {opening.key} had until {due}"


@holds(7)
def at_most_once(world: World, seen: Seen) -> Iterator[str]:
    """Nobody gets a letter twice, but for one whose answer was lost: then the same bytes once more."""
    keys = seen.memory.setdefault("letters", {})
    for row in world.look.new_letters:
        key = (row["case_number"], row["key"])
        if keys.setdefault(key, row["id"]) != row["id"]:
            yield f"{key} is planned twice"
    for taken in seen.new_sink:
        same = world.server.by_id[taken.message_id]
        before = itertools.takewhile(lambda one, taken=taken: one is not taken, same)  # type: ignore[misc]
        earlier = [one for one in before if set(one.recipients) & set(taken.recipients)]
        if len(earlier) > 1:
            yield f"{taken.message_id} went {len(earlier) + 1} times to {taken.recipients}"
        elif earlier:
            if earlier[0].raw != taken.raw:
                yield f"{taken.message_id} went twice with different bytes"
            if not any(earlier[0].at <= at <= taken.at for at in world.faults.times):
                yield f"{taken.message_id} went twice though nothing had failed"


@holds(8)
def at_least_once(world: World, seen: Seen) -> Iterator[str]:
    """Every letter decided is planned and goes, or somebody is told why not: none is called sent that did not go."""
    for row in world.look.new_letters:
        if row["status"] == "sent":
            yield from _went(world, row)
    for step, _, _ in seen.steps:
        yield from _planned(world, step)
    if not is_calm(world, PATIENCE / timedelta(minutes=1)):
        return
    now = world.clock.true
    for number in world.look.open_letters:
        row = world.look.letters[number]
        status, ready = row["status"], instant(row["ready"]) or now
        goes = status in ("queued", "claimed", "in_data", "deferred") and max(ready, _since(row)) < now - SLOW
        if goes and not world.look.rows("SELECT 1 FROM waits WHERE letter = ?", number):
            yield f"letter {row['key']} is {status} since {row['changed']}"
        if status == "unknown" and not row["resends"] and _since(row) < now - PATIENCE:
            yield f"letter {row['key']} may or may not have gone, since {row['changed']}"
        if status == "unknown" and row["resends"] and _since(row) < now - PATIENCE:
            told = json.loads((world.folder / "heartbeat.json").read_text())["alerts"]
            if not any(f"letter {number} " in one["subject"] for one in told) and row["changed"][:10] == str(now)[:10]:
                yield f"nobody was told of letter {row['key']}, which may not have arrived"


def _since(row: dict[str, Any]) -> datetime:
    return instant(row["changed"]) or datetime.min.replace(tzinfo=UTC)


def _went(world: World, row: dict[str, Any]) -> Iterator[str]:
    taken = {a for t in world.server.by_id.get(row["message_id"], []) for a in t.recipients}
    for one in world.look.rows("SELECT address FROM recipients WHERE letter = ? AND status = 'accepted'", row["id"]):
        if one["address"] not in taken:
            yield f"letter {row['key']} is called sent, and never went to {one['address']}"


def _planned(world: World, step: dict[str, Any]) -> Iterator[str]:
    tokens = step["said"]["letters"]
    if not tokens or not world.look.cases[step["case_number"]].salt:
        return
    texts = world.look.texts(step["case_number"])
    planned = {r["key"] for r in world.look.rows("SELECT key FROM outbox WHERE case_number = ?", step["case_number"])}
    for key in (texts[token] for token in tokens):
        address = key.rpartition("/")[2]
        is_strange = address.rpartition("@")[2] not in world.partnership.domains
        if key not in planned and not is_strange:
            yield f"case {step['case_number']} decided the letter {key}, and no letter was planned"


@holds(9)
def no_letter_without_a_decision(world: World, seen: Seen) -> Iterator[str]:
    """Whatever the server took stands in the outbox, and if it is of a case in the decision that caused it."""
    for taken in seen.new_sink:
        row = world.look.by_id.get(taken.message_id)
        if row is None:
            yield f"{taken.message_id} went to {taken.recipients} and stands in no outbox row"
        elif row["case_number"] and row["case_number"] in world.look.cases:
            texts = world.look.texts(row["case_number"])
            steps = world.look.journal.get(row["case_number"], [])
            keys = {texts.get(token, "") for step in steps for token in step["said"]["letters"]}
            # Who has room in the day has the letter at once, the others a copy under a key of its own.
            copies = {key.rpartition("/")[0] for key in keys}
            is_copy = "/later/" in row["key"] and row["key"].replace("/later/", "/").rpartition("/")[0] in copies
            if row["key"] not in keys and not is_copy and world.look.cases[row["case_number"]].salt:
                yield f"{row['key']} went, and no decision of case {row['case_number']} names it"


@holds(10)
def recipients_are_in_the_closure(world: World, seen: Seen) -> Iterator[str]:
    """A letter goes to people of its area, to a party of the case and to the operator: to nobody else."""
    for taken in seen.new_sink:
        row = world.look.by_id.get(taken.message_id)
        if row is None:
            continue
        area = _area(world, row)
        for address in taken.recipients:
            domain = address.rpartition("@")[2]
            if address in taken.may_leave and domain not in world.partnership.domains:
                if not row["key"].startswith("stranger/"):
                    yield f"{row['key']} left the allow-list to {address}"
                continue
            person = world.partnership.people.get(address)
            team = next((t for t in world.partnership.teams if t.inbox == address), None)
            if domain not in world.partnership.domains or address == BOT:
                yield f"{row['key']} went to {address}"
            elif area and domain.rpartition(".")[0][-2:].upper() != area and address != OPERATOR:
                yield f"{row['key']} of {area} went to {address}"
            elif kind_of(row) == "alert" and address != OPERATOR:
                yield f"the alert {row['key']} went to {address}"
            elif not (person or team or address == OPERATOR or any(t.sender == address for t in world.truths.values())):
                yield f"{row['key']} went to {address}, whom nobody knows"


def _area(world: World, row: dict[str, Any]) -> str:
    if row["case_number"] in world.look.cases:
        return world.look.cases[row["case_number"]].area
    parts = row["key"].split("/")
    return parts[1] if parts[0] == "digest" and parts[1] in AREAS.values() else ""


@holds(14)
def bounded_output(world: World, seen: Seen) -> Iterator[str]:
    """Nobody gets more than ten letters of one case in a day, nor thirty letters of any kind in an hour; what a stage
    lives by is never one too many, and counts."""
    days: dict[Any, list[datetime]] = seen.memory.setdefault("days", defaultdict(list))
    for taken in seen.new_sink:
        row = world.look.by_id.get(taken.message_id)
        if row is None or len(world.server.by_id[taken.message_id]) > 1:
            continue
        for address in taken.recipients:
            for key, most, span in ((row["case_number"], A_DAY, 24), ("", AN_HOUR, 1)):
                times = days[key, address]
                times.append(taken.at)
                times[:] = [at for at in times if taken.at - at < timedelta(hours=span)]
                if len(times) > most and key != 0 and row["key"].rsplit("/", 2)[1] not in A_STAGE:
                    yield f"{address} got {len(times)} letters of {key or 'all kinds'} in {span} hours"


def _vouched_for(world: World, seen: Seen, message_id: str) -> set[bytes]:
    """The mark of the mail that opened that letter's case, if somebody proven has said that it is a challenge."""
    row = world.look.by_id.get(message_id)
    case = world.look.cases.get(row["case_number"]) if row else None
    opening = world.truths.get(case.fields["opening_mail"]) if case and case.number in seen.vouched else None
    return set(_UNPROVEN.findall(opening.text.encode())) if opening else set()


@holds(23)
def confidentiality(world: World, seen: Seen) -> Iterator[str]:
    """A child's name stands in no header of ours and in no log, and unproven words in no letter: unless vouched for."""
    for taken in seen.new_sink:
        message = email.message_from_bytes(taken.raw, policy=email.policy.compat32)
        for part in message.walk():
            if any(CHILD.lower() in str(value).lower() for value in part.values()) and part is message:
                yield f"the child's name stands in a header of {taken.message_id}"
            if part.get_content_maintype() == "text":
                marks = set(_UNPROVEN.findall(part.get_payload(decode=True) or b""))
                if marks - _vouched_for(world, seen, taken.message_id):
                    yield f"{taken.message_id} quotes an unproven mail to {taken.recipients}"
    for line in world.logged:
        if "@" in line or CHILD in line:
            yield f"the log says: {line}"
    world.logged.clear()
