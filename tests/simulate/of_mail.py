"""Properties of mail that came in: 1, 2, 3, 13, 22. Held against what lies in the mailboxes; see oracle.py."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.simulate.look import DONE_MAIL, instant, key_of, kind_of
from tests.simulate.oracle import Seen, holds, is_calm

if TYPE_CHECKING:
    from tests.simulate.play import World

READ_WITHIN = 15  # minutes
STRIKES = 4
ANSWERING = ("acknowledgement", "answer", "response", "question", "relay")


@holds(1)
def conservation(world: World, seen: Seen) -> Iterator[str]:
    """Every message of a watched mailbox that was listed has exactly one identity in the ledger: none is made up."""
    known: dict[tuple[str, str], int] = seen.memory.setdefault("keys", {})
    names: dict[str, str] = world.names
    paths = {name: path for path, name in names.items()}
    for row in world.look.new_ledger:
        key = (row["mailbox"], row["key"])
        if known.setdefault(key, row["id"]) != row["id"]:
            yield f"{key} has the ledger rows {known[key]} and {row['id']}"
        box = world.server.boxes[paths[row["mailbox"]]]
        if key_of(row) not in box.given:
            yield f"ledger row {row['id']} is of {key}, which no mailbox ever gave"
    if not is_calm(world, 0):
        return
    for path, name in names.items():
        box = world.server.box(path)
        done = seen.checked.get((path, box.validity), 0)
        for held in box.held[done:]:
            if box.listed is None or held.received > box.listed or box.has_news:
                break
            if (name, box.key(held)) not in known:
                yield f"{box.key(held)} of {name} was listed at {box.listed:%d %H:%M:%S} and is in no ledger row"
            done += 1
        seen.checked[path, box.validity] = done


@holds(2)
def partition(world: World, seen: Seen) -> Iterator[str]:
    """Each mail is in exactly one of case, holding pen, ignored with a reason, set aside: or not read yet, briefly."""
    for row in world.look.new_ledger:
        said = row["disposition"]
        if said not in (*DONE_MAIL, "unread"):
            yield f"mail {row['id']} is {said}"
        if said == "case" and row["case_number"] not in world.look.cases:
            yield f"mail {row['id']} is of case {row['case_number']}, which there is not"
        if said in ("ignored", "holding_pen", "set_aside") and not row["why"]:
            yield f"mail {row['id']} is {said} without a reason"
    if is_calm(world, READ_WITHIN):
        limit = world.clock.true - timedelta(minutes=READ_WITHIN)
        for number in world.look.open_mail:
            if (instant(world.look.ledger[number]["arrived"]) or limit) < limit:
                yield f"mail {number} has waited to be read since {world.look.ledger[number]['arrived']}"


@holds(3)
def raw_kept(world: World, seen: Seen) -> Iterator[str]:
    """The bytes kept of every mail that matters are those that the mailbox gave: by their SHA-256."""
    for row in world.look.new_ledger:
        yield from _kept(world, row)


@holds(3, last=True)
def raw_kept_to_the_end(world: World, seen: Seen) -> Iterator[str]:
    """The bytes kept of every mail that matters are those that the mailbox gave: at the end too."""
    for row in world.look.ledger.values():
        yield from _kept(world, row)


def _kept(world: World, row: dict[str, Any]) -> Iterator[str]:
    if row["disposition"] == "ignored":
        return
    path = next(path for path, name in world.names.items() if name == row["mailbox"])
    if world.server.boxes[path].given.get(key_of(row)) != row["digest"]:
        yield f"mail {row['id']} is noted with another digest than the mailbox gave"
    found = world.look.rows("SELECT body, is_packed FROM raw WHERE digest = ?", row["digest"])
    if not found:
        yield f"the bytes of mail {row['id']} ({row['disposition']}) are gone"
        return
    body = zlib.decompress(found[0]["body"]) if found[0]["is_packed"] else found[0]["body"]
    if hashlib.sha256(body).hexdigest() != row["digest"]:
        yield f"the bytes of mail {row['id']} were changed"


@holds(13)
def machines_are_inert(world: World, seen: Seen) -> Iterator[str]:
    """What a machine wrote opens no case, satisfies no window and gets no answer."""
    for row, before, after in seen.steps:
        fact = row["said"]["fact"]
        truth = world.truths.get(fact["mail"]["digest"]) if fact["is"] in ("Opening", "Arrival") else None
        if truth is None or truth.kind in ("human", "poison"):
            continue
        if fact["is"] == "Opening":
            yield f"the {truth.kind} mail {truth.key} opened case {row['case_number']}"
        elif after.get("state") != before.get("state"):
            yield f"the {truth.kind} mail {truth.key} moved case {row['case_number']} to {after['state']}"
    for letter in world.look.new_letters:
        occasion = str(letter["key"]).partition("/")[0]
        truth = world.truths.get(occasion)
        if truth is None or truth.kind in ("human", "poison") or kind_of(letter) not in ANSWERING:
            continue
        if letter["key"].endswith(f"/{truth.sender}"):
            yield f"the {truth.kind} mail {truth.key} was answered: {letter['key']}"


@holds(22)
def isolation(world: World, seen: Seen) -> Iterator[str]:
    """A mail that ends its reader is set aside after three strikes: and holds up no other."""
    for row in world.look.new_ledger:
        if row["attempts"] > STRIKES and not world.faults.fired:
            yield f"mail {row['id']} was begun {row['attempts']} times"
        truth = world.truths.get(row["digest"])
        if truth is None or row["disposition"] not in DONE_MAIL:
            continue
        same = {one["disposition"] for one in world.look.ledger.values() if one["digest"] == row["digest"]}
        if (truth.kind == "poison") != ("set_aside" in same):  # of a mailbox that went back one row stands for both
            yield f"the {truth.kind} mail {truth.key} is {row['disposition']}: {row['why']}"
