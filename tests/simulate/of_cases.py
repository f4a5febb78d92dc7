"""Properties of cases and their clocks: 4, 6, 11, 12, 20, 21, 25. Held against rows and the truth; see oracle.py."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from tests.simulate import calendar
from tests.simulate.calendar import LONDON
from tests.simulate.look import CaseRow, instant
from tests.simulate.oracle import Seen, holds, is_calm

if TYPE_CHECKING:
    from tests.simulate.play import World

LATE = 15  # minutes
#: The alarms of which one at least must stand in each state: they end its waiting.
MOVING = {
    "provisional": ("lapse", "telling"),
    "awaiting_response": ("lapse", "telling"),
    "awaiting_confirmation": ("ask", "unconfirmed"),
    "awaiting_outcome": ("outcome_due",),
}
#: What may be asked of people after a case has closed.
AFTERWARDS = ("child_file", "action", "action_late", "prompt", "prompt_late", "meeting_record", "form")
#: Events that a person's word makes and that move a clock.
URGED = ("urgency", "not_resolved", "reopened", "corrected", "confirmed", "transferred", "extended", "protection")


@holds(4)
def an_open_case_has_a_future(world: World, seen: Seen) -> Iterator[str]:
    """Every open case has somebody who is to answer, a due time and an alarm that ends its waiting."""
    for case in world.look.changed:
        fields, rows = case.fields, [d for d in world.look.deadlines if d["case_number"] == case.number]
        kinds = {d["kind"] for d in rows}
        if case.state == "closed":
            if fields["due"] or kinds - set(AFTERWARDS):
                yield f"{case.ref} is closed and still waits: {fields['due']} {sorted(kinds)}"
            continue
        if not fields["due"] or not kinds & set(MOVING[case.state]):
            yield f"{case.ref} is {case.state} and waits for nothing: {fields['due']} {sorted(kinds)}"
        if "chaser" in kinds and case.state in ("awaiting_confirmation", "awaiting_outcome"):
            yield f"{case.ref} is {case.state}, and reminders of an answer stand"
        if not fields["served"] and not fields["owner"]:
            yield f"{case.ref} is open and nobody is to answer"
    for case in world.look.changed:
        rows = {_alarm(d) for d in world.look.deadlines if d["case_number"] == case.number}
        if rows != {_alarm(d) for d in case.fields["deadlines"]}:
            yield f"the alarms of {case.ref} are not those that it names"


def _alarm(row: dict[str, Any]) -> tuple[Any, ...]:
    return (row["kind"], row["stage"], row["nth"], row["item"], instant(row["at"]))


@holds(6)
def never_late(world: World, seen: Seen) -> Iterator[str]:
    """What is due is done within a quarter of an hour while the bot is up and its doors are open."""
    if not is_calm(world, LATE):
        return
    limit = world.clock.true - timedelta(minutes=LATE)
    for row in world.look.deadlines:
        if (instant(row["at"]) or limit) < limit:
            yield f"the alarm {row['kind']} of case {row['case_number']} was due at {row['at']}"
    for case in world.look.cases.values():
        if case.state != "closed" and (instant(case.fields["due"]) or limit) < limit and not case.fields["hold_until"]:
            yield f"{case.ref} was due at {case.fields['due']} and nothing followed"
        yield from _unanswered(world, seen, case, limit)


def _unanswered(world: World, seen: Seen, case: CaseRow, limit: datetime) -> Iterator[str]:
    """A challenge of which nobody said a word has lapsed when its window is over, by our own reckoning."""
    steps = world.look.journal.get(case.number, [])
    opening = world.truths.get(case.fields["opening_mail"])
    if opening is None or len(case.fields["runs"]) > 1 or any(s["said"]["fact"]["is"] == "Arrival" for s in steps):
        return
    if (
        any(s["said"]["fact"]["is"] in ("LetterUndelivered", "Correction") for s in steps)
        or case.state == "provisional"
    ):
        return
    due = calendar.first_due(case.policy, opening.opens, instant(case.fields["opened"]) or limit)
    lapsed = any(s["said"]["fact"].get("deadline", {}).get("kind") == "lapse" for s in steps)
    if due is not None and due < limit and not lapsed:
        yield f"{case.ref} had until {due}, nobody said a word, and nothing followed"


@holds(11)
def authority(world: World, seen: Seen) -> Iterator[str]:
    """Nothing is closed and no clock is given more time but by a proven word of somebody who may say it."""
    for row, before, after in seen.steps:
        kinds = {e["kind"] for e in row["said"]["events"]}
        if not kinds.isdisjoint(URGED):
            seen.urged.add(row["case_number"])
        ends = before.get("state") not in ("closed", "awaiting_outcome", None) and after["state"] in (
            "closed", "awaiting_outcome",
        )  # fmt: skip
        if not before or not (ends or "extended" in kinds or "withdrawn" in kinds):
            continue
        fact = row["said"]["fact"]
        if fact["is"] == "Correction":
            continue
        truth = world.truths.get(fact["mail"]["digest"]) if fact["is"] == "Arrival" else None
        case = f"case {row['case_number']}: {before['state']} -> {after['state']}"
        if truth is None:
            yield f"{case} by {fact['is']} {fact.get('deadline', {}).get('kind', '')}"
        elif truth.kind != "human" or truth.proof == "fail":
            yield f"{case} by the mail {truth.key} ({truth.kind}, {truth.proof})"
        elif truth.proof != "pass" and not fact["answered_key"]:
            yield f"{case} by the unproven mail {truth.key}, which answers no question"
        elif _is_challenged(world, truth.sender, row["case_number"]) and not {"decided", "outcome"} & kinds:
            yield f"{case} by {truth.key} of the challenged side: {truth.text[:40]}"


def _is_challenged(world: World, address: str, case: int) -> bool:
    """Whether it is of the challenged agency, and not who raised the case."""
    domains = {team.responding for team in world.partnership.teams}
    return address.rpartition("@")[2] in domains and world.look.cases[case].fields["raiser"]["email"] != address


@holds(12)
def monotone_safety(world: World, seen: Seen) -> Iterator[str]:
    """A mail that is not proven makes no clock later and ends nothing: but for a YES to a question of ours."""
    for row, before, after in seen.steps:
        fact = row["said"]["fact"]
        truth = world.truths.get(fact["mail"]["digest"]) if fact["is"] == "Arrival" else None
        if truth is None or truth.is_proven or not before:
            continue
        due, was = instant(after["due"]), instant(before["due"])
        asked = any(q["about"].startswith("confirm_word") for q in before.get("questions", ()))
        if truth.proof == "none" and truth.kind == "human" and asked and fact["answered_key"]:
            continue
        kinds = {e["kind"] for e in row["said"]["events"]}
        if {"not_resolved", "reopened", "undelivered", "absent"} & kinds:
            continue
        if after["state"] != before["state"] or (was and (due is None or due > was)):
            yield f"the mail {truth.key} ({truth.kind}, {truth.proof}) moved case {row['case_number']}: " + (
                f"{before['state']} {was} -> {after['state']} {due}, {sorted(kinds)}"
            )


@holds(20)
def time_is_sane(world: World, seen: Seen) -> Iterator[str]:
    """Reminders come at nine on working days and windows of working days end with one: in summer time too."""
    for case in world.look.changed:
        runs = case.fields["runs"]
        window = runs[-1]["window"] if runs else None
        if case.state == "closed" or not window or window["unit"] != "working days" or runs[-1]["by"]:
            continue
        for alarm in case.fields["deadlines"]:
            local = (instant(alarm["at"]) or world.clock.true).astimezone(LONDON)
            if alarm["kind"] == "chaser" and (not calendar.is_working(local.date()) or local.time() != time(9)):
                yield f"a reminder of {case.ref} is set for {local}"
            ends = calendar.is_working(local.date()) and local.time() == time(17)
            if alarm["kind"] == "lapse" and case.number not in seen.urged and not ends:
                yield f"the window of {case.ref} ends at {local}"


@holds(21)
def a_new_directory_changes_nothing_by_itself(world: World, seen: Seen) -> Iterator[str]:
    """A daemon that starts, on whatever directory, moves no case by starting."""
    for number, (version, after) in world.started.items():
        if version != after:
            yield f"case {number} was saved {after - version} times while a daemon started"
    world.started = {}


@holds(25, last=True)
def progress(world: World, seen: Seen) -> Iterator[str]:
    """When faults have stopped, every queue drains and everything overdue is done."""
    if world.life is None:
        yield "no daemon runs"
    if world.look.open_mail:
        yield f"mails {sorted(world.look.open_mail)} were never read"
    for number in world.look.open_letters:
        row = world.look.letters[number]
        if row["status"] == "held" or (row["status"] == "unknown" and row["resends"]):
            continue
        yield f"letter {row['key']} is still {row['status']}: {row['last_error']}"
    late = world.clock.true - timedelta(minutes=LATE)
    for row in world.look.deadlines:
        if (instant(row["at"]) or late) < late:
            yield f"the alarm {row['kind']} of case {row['case_number']} was due at {row['at']}"
