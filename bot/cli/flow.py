"""`flow`: the state table as text or as a Mermaid diagram, from the table the engine itself decides by.

Which facts do something in which state is read from the table; only the words and the arrows stand here, and a test
holds them to it.
"""

from __future__ import annotations

from typing import Annotated

import typer

from bot.case import workflow
from bot.cli.output import AsJson, emit, say_lines, show
from bot.model import State

WORDS = {
    "mail": "a mail of the case was read: a reply, a holding reply, a word of the command table",
    "served": "a letter reached its addressee; a stage's clock begins",
    "undelivered": "a letter was refused or bounced: the next address is tried",
    "correction": "a word of the operator or the business unit: hold, release",
    "chaser": "those who are to reply are reminded",
    "lapse": "the time of the stage ends: the next stage is called in",
    "repeat": "an urgent stage is asked again",
    "telling": "the last stage: it is told again that nobody has answered",
    "clock": "another clock of the stage has ended: those it runs on are reminded",
    "parent_note": "both sides hear that the parent policy's time has passed",
    "delayed": "it is told that a letter is still under way",
    "ask": "the raiser is asked whether it is resolved",
    "outcome_chaser": "the outcome in writing is reminded of",
    "outcome_due": "the outcome in writing is due: the case closes",
    "go": "the mode approve: what waited for a GO goes without one",
    "form": "a form that was asked for is not there yet: it is asked for again",
    "child_file": "both sides are asked whether it stands on the child's own record",
    "action": "the day of an agreed action: both sides are asked whether it is done",
    "prompt": "what the policy asks after the end is reminded of",
    "prompt_late": "what the policy asks after the end is late",
    "word_manager": "a word that nobody confirmed: the manager is asked",
    "hold_end": "a hold ends: letters go again",
}

#: (state, kind of fact, what it says, the state that follows). "" is where no case is yet.
ARROWS: tuple[tuple[str, str, str, str], ...] = (
    ("", "opening", "a proven challenge", "awaiting_response"),
    ("", "opening", "sender not proven or unknown", "provisional"),
    ("provisional", "mail", "a proven mail of the sender, or YES", "awaiting_response"),
    ("provisional", "mail", "NOT OURS, WITHDRAW", "closed"),
    ("provisional", "mail", "a proven reply", "awaiting_confirmation"),
    ("awaiting_response", "mail", "a proven reply", "awaiting_confirmation"),
    ("awaiting_response", "lapse", "no reply: the next stage", "awaiting_response"),
    ("awaiting_response", "mail", "RESOLVED, DECIDED", "awaiting_outcome"),
    ("awaiting_response", "mail", "WITHDRAW", "closed"),
    ("awaiting_confirmation", "mail", "NOT RESOLVED, ESCALATE: the next stage", "awaiting_response"),
    ("awaiting_confirmation", "mail", "RESOLVED, DECIDED", "awaiting_outcome"),
    ("awaiting_confirmation", "mail", "WITHDRAW", "closed"),
    ("awaiting_outcome", "mail", "OUTCOME, or the first answer after the word", "closed"),
    ("awaiting_outcome", "mail", "NOT RESOLVED: the stage again", "awaiting_response"),
    ("awaiting_outcome", "outcome_due", "nobody wrote it: closed, and flagged", "closed"),
    ("closed", "mail", "REOPEN: the stage last reached", "awaiting_response"),
)


def flow(
    mermaid: Annotated[bool, typer.Option("--mermaid", help="As a Mermaid state diagram.")] = False,
    as_json: AsJson = False,
) -> None:
    """How a case moves: every kind of fact, and the states in which it does something.

    \b
    Examples:
      challenge-bot flow
      challenge-bot flow --mermaid > flow.mmd
    """
    if mermaid:
        say_lines(diagram())
        return
    rows = [{"fact": kind, "what": WORDS[kind], "acts_in": acting(kind)} for kind in workflow.TABLE]
    show(rows, as_json, ("fact", "what", "acts_in"), "")
    arrows = [dict(zip(("from", "fact", "what", "to"), arrow, strict=True)) for arrow in ARROWS]
    if as_json:
        for arrow in arrows:
            emit(arrow)
        return
    say_lines("", "In every other state nothing follows, and the fact is written down all the same.", "")
    show(arrows, False, ("from", "what", "to"), "")


def acting(kind: str) -> list[str]:
    """The states in which this kind of fact does something."""
    return [state.value for state in State if workflow.TABLE[kind][state] is not workflow.nothing]


def diagram() -> str:
    """A Mermaid state diagram of the arrows."""
    lines = ["stateDiagram-v2"]
    for start, _, what, end in ARROWS:
        lines.append(f"    {start or '[*]'} --> {end}: {what.replace(':', ' -')}")
    return "\n".join([*lines, "    closed --> [*]"])
