"""What earlier releases wrote of a case is read as today's values: in snapshots, in journals, and after a purge."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.model import Case, ClosedAs, Deadline, Decision, Question, QuestionKind, StageRun, State, Task
from bot.records import plain
from bot.store import cases, codec
from bot.store.db import Database
from bot.store.proof import chain
from tests.unit.store_samples import FAY, HELEN, HOUR, NOW, a_case, opening, save_new

WORD = Question("k1", QuestionKind.WORD, FAY.email, "d" * 64, command="RECEIVED", words="by Friday", at=NOW)
TRANSFER = Question("k2", QuestionKind.TRANSFER, FAY.email, agency="CSC", team="MASH", at=NOW)
TASK = Question("k3", QuestionKind.TASK, HELEN.email, task="action/1", side="raising", at=NOW)
WHOSE = Question("k4", QuestionKind.WHOSE_ANSWER, HELEN.email, "d" * 64, whose=FAY.email, at=NOW)
PLAIN = Question("k5", QuestionKind.PROVISIONAL, HELEN.email, at=NOW)
QUESTIONS = (WORD, replace(WORD, key="k6", about=QuestionKind.WORD_AGAIN), TRANSFER, TASK, WHOSE, PLAIN)
#: As it is read today; the first of them is of what the last release kept beside its tasks.
BEFORE = Task("commitment/1", what="by noon", owner=replace(FAY, name="", role="", agency="", phone="", deputy=""))
RUNNING = Task("commitment", what="by Friday", owner=FAY, said=(("responding", "", NOW),))


CHASER = Deadline("chaser", NOW, "half of it", 2, "step-1")
CLOCK = Deadline("clock", NOW, "a meeting", stage="step-1", item=2)
#: As the release before named them in the letters that they caused.
KEYS = {CHASER: "chaser/step-1/2/20270115T164500Z", CLOCK: "clock/step-1/2/20270115T164500Z"}


def as_earlier(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a case as the release before wrote them."""
    fields = dict(fields)
    if "questions" in fields:
        fields["questions"] = [_question(one) for one in fields["questions"]]
    if "deadlines" in fields:
        fields["deadlines"] = [_deadline(one) for one in fields["deadlines"]]
    if "tasks" in fields:
        held = [t for t in fields["tasks"] if t["id"].startswith("commitment")]
        fields["commitments"] = [[t["owner"]["email"], t["what"]] for t in held]
        fields["tasks"] = [
            t | {"what": ""} if t["id"] == "commitment" else t
            for t in fields["tasks"]
            if not t["id"].startswith("commitment/")
        ]
    return fields


def _deadline(one: dict[str, Any]) -> dict[str, Any]:
    old = {name: one[name] for name in ("kind", "at", "why", "stage")}
    return old | {"n": one["nth"] or one["item"]}


def _question(one: dict[str, Any]) -> dict[str, Any]:
    old = {name: one[name] for name in ("key", "about", "asked", "mail", "at")}
    word = one["command"] or one["agency"] or one["task"]
    return old | {"word": word, "note": one["words"] or one["team"] or one["side"] or one["whose"]}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: str(q.about))
def test_a_question_of_an_earlier_release_is_read(question: Question) -> None:
    """What `word` and `note` meant for its kind stands in fields that say so, and is hidden as it was."""
    old = _question(codec.encode(question))
    assert codec.decode(Question, old) == question
    assert codec.decode(Question, codec.encode(question)) == question
    hidden = codec.encode(question, lambda said: f"<{said}>")
    was = _question(hidden)
    assert was["note"] == (f"<{old['note']}>" if old["note"] else "")
    assert was["word"] == old["word"]


@pytest.mark.parametrize("row", KEYS, ids=lambda row: str(row.kind))
def test_an_alarm_of_an_earlier_release_is_read(row: Deadline) -> None:
    """Its number counts, or names one of several, as its kind says; letters that it caused keep their key."""
    assert codec.decode(Deadline, _deadline(codec.encode(row))) == row
    assert codec.decode(Deadline, codec.encode(row)) == row
    assert row.key == KEYS[row]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (Question, {"key": "k", "about": "confirm_word", "asked": "a", "word": 7, "note": ""}),
        (Question, {"key": "k", "asked": "a", "word": "", "note": ""}),
        (Question, {"key": "k", "about": "which_moon", "asked": "a"}),
        (Question, {"key": "k", "about": "provisional", "asked": "a", "word": "URGENT", "note": ""}),
        (Case, codec.encode(a_case(1, "CE-2027-0001")) | {"commitments": [[]], "tasks": [{"id": "commitment"}]}),
        (Case, codec.encode(a_case(1, "CE-2027-0001")) | {"commitments": 7}),
        (Deadline, {"at": "2027-01-01T00:00:00+00:00", "why": "", "n": 1}),
        (Deadline, {"kind": "clock", "at": "2027-01-01T00:00:00+00:00", "why": "", "n": "1"}),
    ],
)
def test_what_no_release_wrote_is_refused(kind: type, data: dict[str, Any]) -> None:
    """A value that is of no release is a fault, and never half read."""
    with pytest.raises(ValueError, match="valid"):
        codec.decode(kind, data)


def test_commitments_of_an_earlier_release_are_read_once() -> None:
    """They become tasks, the last one in the task that ran; what has become a task is not made one again."""
    case = a_case(1, "CE-2027-0001", tasks=(BEFORE, Task("meeting"), RUNNING))
    today, old = codec.encode(case), as_earlier(codec.encode(case))
    assert codec.decode(Case, old) == case
    assert codec.decode(Case, {**today, "commitments": old["commitments"]}) == case
    over = {**old, "tasks": [codec.encode(Task("meeting"))]}
    assert [(t.id, t.what) for t in codec.decode(Case, over).tasks] == [
        ("commitment/1", "by noon"),
        ("commitment/2", "by Friday"),
        ("meeting", ""),
    ]


def test_words_that_were_none_are_a_commitment_too() -> None:
    """RECEIVED alone, and later with a time: both are kept, in order, however often the case is made again."""
    case = a_case(1, "CE-2027-0001", tasks=(replace(BEFORE, what=""), RUNNING))
    old = as_earlier(codec.encode(case))
    once = codec.decode(Case, old)
    assert once == case
    assert codec.decode(Case, {**codec.encode(once), "commitments": old["commitments"]}) == case


@pytest.mark.parametrize("ended", ["", "responded", "lapsed", "not_resolved", "resolved", "decided", "withdrawn"])
def test_the_end_of_a_stage_of_an_earlier_release_is_read(ended: str) -> None:
    """As the name it had then, with words that say no more than was known: that it was answered is said of none that
    ended without a reply."""
    run = codec.decode(StageRun, {"stage": "a", "entered": NOW.isoformat(), "window": None, "ended_as": ended})
    assert codec.encode(run)["ended_as"] == run.ended_as.value == ended
    assert ("no reply" in plain.ending(run)) is (ended in ("lapsed", "not_resolved"))


def test_a_case_goes_on_from_an_earlier_journal(tmp_path: Path) -> None:
    """Read, saved, closed and purged: it is what its journal makes it at every step, and the purge leaves nobody."""
    database = Database(f"sqlite:///{tmp_path / 'bot.db'}")
    database.migrate()
    with database.begin() as tx:
        stored = save_new(tx, tasks=(BEFORE, RUNNING), questions=QUESTIONS, deadlines=(CHASER, CLOCK))
        number, ref = stored.case.number, stored.case.ref
        rewritten(tx, number)
        assert cases.verify(tx) == []
        assert cases.load(tx, number).case == cases.fold(tx, number) == stored.case
        end = {"state": State.CLOSED, "closed_as": ClosedAs.RESOLVED, "closed": NOW + HOUR}
        closed = replace(stored.case, deadlines=(), **end)
        cases.save(tx, Decision(closed), opening(number, ref), NOW + HOUR, 1)
        assert cases.verify(tx) == []
        cases.purge(tx, number, NOW)
        assert cases.verify(tx) == []
        assert cases.fold(tx, number) == cases.load(tx, number).case
        left = tx.execute(text("SELECT snapshot FROM cases")).scalar_one()
        assert not [one for one in ("@", "Friday", "MASH", "raising") if one in left]
    database.close()


def test_a_case_that_was_purged_long_ago_stays_what_its_journal_makes_it(tmp_path: Path) -> None:
    """Its snapshot is of the earlier release too, and holds tokens where its journal does."""
    database = Database(f"sqlite:///{tmp_path / 'bot.db'}")
    database.migrate()
    with database.begin() as tx:
        closed = {"state": State.CLOSED, "closed_as": ClosedAs.RESOLVED, "closed": NOW}
        number = save_new(tx, tasks=(BEFORE, RUNNING), questions=QUESTIONS, deadlines=(), **closed).case.number
        cases.purge(tx, number, NOW)
        rewritten(tx, number)
        assert cases.verify(tx) == []
    database.close()


def rewritten(tx: Any, number: int) -> None:
    """The case's one journal row and its snapshot, as the release before would have written them."""
    tx.execute(text("DROP TRIGGER journal_no_update"))
    body, snapshot = tx.execute(
        text("SELECT body, snapshot FROM journal JOIN cases ON number = case_number WHERE number = :n"), {"n": number}
    ).one()
    said = json.loads(body)
    old = codec.canonical(said | {"set": as_earlier(said["set"])})
    assert '"commitments":[' in old
    values = {"n": number, "body": old, "hash": chain.link_hash("", old)}
    values["snapshot"] = codec.canonical(as_earlier(json.loads(snapshot)))
    tx.execute(text("UPDATE journal SET body = :body, hash = :hash WHERE case_number = :n"), values)
    tx.execute(text("UPDATE cases SET snapshot = :snapshot, head = :hash WHERE number = :n"), values)
