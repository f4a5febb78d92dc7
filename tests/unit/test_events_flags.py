"""Events and flags: each has its words, each is used, and nothing in the house writes one that stands in no row."""

from __future__ import annotations

import ast
import pickle
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from ruamel.yaml import YAML

from bot.case.course import opening
from bot.case.making.draft import Draft
from bot.mail import subject
from bot.mail.words import child_status
from bot.model import Case, EventKind, Flag, Flagged
from bot.model.events import Note
from bot.model.flags import OF_CHILD, OF_WRITING
from bot.records import plain
from bot.rules.policy.blocks import Child, Track
from bot.rules.policy.file import load
from bot.store import codec
from tests.unit.case_samples import HELEN, START, arrived, hours, mail, opened, rules, served
from tests.unit.test_house import BOT, ROOT, calls, name_of, tree
from tests.unit.test_policy_forms import GOOD

CASE, ENGINE = ROOT / "bot/case", ROOT / "bot/engine"
DECIDING = [path for path in BOT if CASE in path.parents or ENGINE in path.parents]


@pytest.mark.parametrize("kind", EventKind, ids=str)
def test_every_event_has_a_sentence(kind: EventKind) -> None:
    """A record says each kind in a whole sentence with who and where in it, and no name of a value is left over."""
    said = plain.event(kind, "fay Marsh", "Stage 1")
    assert re.fullmatch(r"[A-Z][^{}_]+\.", said), said
    assert ("{by}" in kind.words) == ("ay Marsh" in said)
    assert ("{stage}" in kind.words) == ("Stage 1" in said)


@pytest.mark.parametrize(
    ("file", "whole", "less"),
    [
        ("events", ', "{by} replied.", Note.INSIDE', ', "{by} replied."'),
        ("events", ', "{by} replied.", Note.INSIDE', ""),
        ("flags", ', "looked after", About.CHILD', ""),
    ],
)
def test_no_row_is_made_without_its_words(file: str, whole: str, less: str) -> None:
    """An event without its sentence, or without saying whose its note is, and a flag without words cannot be loaded."""
    source = (ROOT / f"bot/model/{file}.py").read_text("utf-8")
    assert source.count(whole) == 1
    with pytest.raises(TypeError, match=r"missing \d required positional"):
        exec(compile(source.replace(whole, less), file, "exec"), {"__name__": file})  # our own file


def test_a_note_is_public_where_it_is_ours() -> None:
    """A minimal record shows a note that this service wrote, and none with anybody's words, name or mail in it."""
    assert EventKind.FLAGGED.note is Note.OURS
    assert [kind for kind in EventKind if plain.has_public_note(kind) is not (kind.note is Note.OURS)] == []
    for kind in (EventKind.RECEIVED, EventKind.CORRECTED, EventKind.CHILD_STATUS, EventKind.ON_BEHALF):
        assert not plain.has_public_note(kind)


@pytest.mark.parametrize(
    ("who", "word", "kind"),
    [
        (HELEN, "URGENT", EventKind.URGENCY),
        (HELEN, "NOT URGENT", EventKind.URGENCY),
        (HELEN, "CHILD PROTECTION", EventKind.PROTECTION),
    ],
)
def test_a_word_is_recorded_as_its_writers(who: str, word: str, kind: EventKind) -> None:
    """Whose word it was and what it was about stands in the record; of a flag is said only which one was set."""
    decision = arrived(served(opened()), mail(who, word, at=START + hours(2)))
    assert [(event.by, event.note) for event in decision.events if event.kind is kind] == [(who, word)]
    flagged = [event.note for event in decision.events if event.kind is EventKind.FLAGGED]
    assert [note for note in flagged if Flagged.read(note).flag is None] == []


def test_an_unknown_kind_of_an_old_journal_is_shown() -> None:
    """What another version wrote is said by its name and who, and its note stays out of a minimal record."""
    assert plain.event("seen_twice", "Fay Marsh", "") == "Seen twice: Fay Marsh."
    assert not plain.has_public_note("seen_twice")


@pytest.mark.parametrize("flag", Flag, ids=str)
def test_every_flag_has_words_and_comes_back(flag: Flag) -> None:
    """Words for people, without an underscore; stored as its name, with an id where its row says of what, and only
    there, so that no flag bears an address; read as the same flag."""
    assert flag.words
    assert "_" not in flag.words
    of = "appendix-a" if flag.of else ""
    flagged = Flagged(flag, of)
    assert (flagged.flag, flagged.words) == (flag, flag.words)
    assert str(flagged) == (f"{flag.value}:appendix-a" if of else flag.value)
    assert pickle.loads(pickle.dumps(flagged)) == flagged
    with pytest.raises(ValueError, match=flag.value):
        Flagged(flag, "" if of else "fay.marsh@csc.example")


def test_a_case_is_stored_with_its_flags_as_text() -> None:
    """As rows of a rehearsal and older databases have them; one that no row knows is kept and shown."""
    case = codec.decode(Case, codec.encode(opened().case) | {"flags": ["urgent", "form_missing:a", "of_old_times:b"]})
    assert codec.encode(case)["flags"] == ["urgent", "form_missing:a", "of_old_times:b"]
    assert [flagged.flag for flagged in case.flags] == [Flag.URGENT, Flag.FORM_MISSING, None]
    assert case.flags[-1].words == "of old times"
    assert case.has(Flag.FORM_MISSING, "a")
    assert not case.has(Flag.FORM_MISSING, "b")
    with pytest.raises(ValueError, match="not text"):
        codec.decode(Case, codec.encode(opened().case) | {"flags": [7]})


def test_what_a_register_shows_is_about_no_child() -> None:
    """A flag is a fact of how the challenge was written, or of the child, or neither; never two of these."""
    assert OF_WRITING[0] is Flag.RATIONALE_MISSING
    assert {*OF_CHILD} == {Flag.CHILD_PROTECTION, Flag.CHILD_PROTECTION_PLAN, Flag.LOOKED_AFTER}
    assert not {*OF_WRITING} & {*OF_CHILD}


def test_what_a_policy_may_name_are_flags() -> None:
    """Conditions and forms name what is known of the child, tracks that and what is urgent."""
    assert get_args(Child) == OF_CHILD
    assert get_args(Track.model_fields["flag"].annotation) == (*OF_CHILD, Flag.URGENT)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{Protection: child_protection}", "{Protection: child_protecton}"),
        ("stages:\n", "tracks: [{flag: child_protecton, window: 24 hours}]\nstages:\n"),
    ],
)
def test_a_flag_that_a_policy_misspells_is_a_fault(old: str, new: str) -> None:
    """With its line, and with the flag that was meant."""
    text = GOOD.replace(old, new, 1)
    policy, problems = load(text, "sample.yaml")
    assert policy is None
    (fault,) = [p for p in problems if "child_protecton" in p.text]
    assert "did you mean child_protection?" in fault.text
    assert "child_protecton" in text.splitlines()[fault.line - 1]


CHALLENGE = subject.Phrase("Professional Safeguarding Challenge", aliases=("Professional Challenge",))
SIGNS = "The child is on a cp plan, under section 47, and looked after."


@pytest.mark.parametrize(
    ("title", "flags"),
    [
        ("Professional Safeguarding Challenge", ()),
        ("Professional Challenge", (Flag.SUBJECT_ALIAS,)),
        ("Profesional Safeguarding Chalenge", (Flag.SUBJECT_MISSPELT,)),
        ("Training: Professional Safeguarding Challenge course", (Flag.ANNOUNCES,)),
        ("Professional Safeguarding Challenge - 7 working days", (Flag.NONSTANDARD_WINDOW,)),
        ("Professional Safeguarding Challenge - 24 hours, by 01/01/27", (Flag.TIME_IN_THE_PAST,)),
        ("Professional Safeguarding Challenge - 3 hours or 7 hours", (Flag.NONSTANDARD_WINDOW, Flag.TWO_TIMES)),
    ],
)
def test_what_a_mail_is_flagged_with_stands_in_rows(title: str, flags: tuple[Flag, ...]) -> None:
    """Its subject, what was wrong with its bytes, and the child's status: each gives a row of the enum."""
    read = subject.read(title, (CHALLENGE,), START)
    ugly = replace(mail(HELEN), subject="", text=SIGNS, trigger=read, is_readable=False, message_id=None,
                   defects=(Flag.HIDDEN_CHARACTERS.value,))  # fmt: skip
    found = opening.mail_flags(ugly)
    assert all(isinstance(flag, Flag) for flag in found)
    expected = {*flags, Flag.UNREADABLE, Flag.NO_MESSAGE_ID, Flag.HIDDEN_CHARACTERS, *OF_CHILD}
    assert {*found} - {Flag.NONSTANDARD_WINDOW} == expected - {Flag.NONSTANDARD_WINDOW}
    assert set(flags) <= set(found)
    assert child_status.signs(SIGNS) == OF_CHILD


# --- where they are used ----------------------------------------------------------------------------------------------


def _members(node: ast.AST, enum: str) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id == enum:
            yield one.attr


@pytest.mark.parametrize(("enum", "rows"), [("EventKind", EventKind), ("Flag", Flag)])
def test_every_row_is_used(enum: str, rows: Any) -> None:
    """A kind or a flag that nothing in the bot writes or asks for has no row."""
    used = {member for path in BOT for member in _members(tree(path), enum)}
    assert [row.name for row in rows if row.name not in used] == []


def _raw(path: Path) -> Iterator[str]:
    """Where a decision names an event or a flag by a bare word."""
    parsed = tree(path)
    for name in ("event", "Event", "flag", "unflag", "has"):
        for call in calls(parsed, name):
            named = call.args[:1] if name.lower() == "event" else call.args
            if any(isinstance(arm, ast.Constant | ast.JoinedStr) for one in named for arm in _arms(one)):
                yield f"{name_of(path)}:{call.lineno}"
    for one in ast.walk(parsed):
        if isinstance(one, ast.Compare) and _bare(one):
            yield f"{name_of(path)}:{one.lineno}"


def _arms(argument: ast.expr) -> tuple[ast.expr, ...]:
    """What an argument may be: both sides of a choice."""
    return (argument.body, argument.orelse) if isinstance(argument, ast.IfExp) else (argument,)


def _bare(compared: ast.Compare) -> bool:
    """`"urgent" in case.flags`, `event.kind == "held"`."""
    sides = (compared.left, *compared.comparators)
    asked = any(isinstance(s, ast.Attribute) and s.attr in ("flags", "defects") for s in compared.comparators)
    of_event = any(isinstance(s, ast.Attribute) and ast.unparse(s) == "event.kind" for s in sides)
    return (asked or of_event) and any(isinstance(s, ast.Constant | ast.JoinedStr) for s in sides)


@pytest.mark.parametrize("path", DECIDING, ids=name_of)
def test_no_decision_names_one_by_a_bare_word(path: Path) -> None:
    """In what decides and what carries out, events and flags are rows of their enums: no misspelt one passes."""
    assert list(_raw(path)) == []


def test_a_flag_is_recorded_once() -> None:
    """Set twice it stands once and tells once; taken away it is gone, and another of the same kind stays."""
    d = Draft(opened().case, rules(), START, "x")
    d.events.clear()
    d.flag(Flag.FORM_MISSING, of="a")
    d.flag(Flag.FORM_MISSING, of="a")
    d.flag(Flag.FORM_MISSING, of="b")
    assert [(e.kind, e.note) for e in d.events] == [
        (EventKind.FLAGGED, "form_missing:a"),
        (EventKind.FLAGGED, "form_missing:b"),
    ]
    d.unflag(Flag.FORM_MISSING, of="a")
    assert (d.case.has(Flag.FORM_MISSING, "a"), d.case.has(Flag.FORM_MISSING, "b")) == (False, True)


# --- what stories expect ----------------------------------------------------------------------------------------------

STORIES = sorted(
    path for room in ("stories", "policies/stories", "walks") for path in (ROOT / "tests" / room).glob("*.yaml")
)


def test_stories_expect_what_can_happen() -> None:
    """A fact or a flag that a story names stands in a row: one that never happens would prove nothing."""
    assert STORIES
    names = {(path.stem, name) for path in STORIES for name in _named(path)}
    assert {(story, name) for story, name in names if name not in {*EventKind, *Flag}} == set()


def _named(path: Path) -> Iterator[str]:
    told = YAML(typ="safe").load(path.read_text("utf-8"))
    for row in (*told.get("expect", ()), *told.get("never", ())):
        if row.get("fact", "*") != "*":
            yield row["fact"]
        yield from (flag.partition(":")[0] for flag in row.get("flags", ()))
