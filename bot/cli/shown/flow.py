"""`flow`: the state table and its transitions, as text or as a Mermaid diagram: the data that the engine decides by.

It opens neither a door nor a database.
"""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from bot.case import table, transitions
from bot.case.said.cells import CELLS, sentence
from bot.cli.output import AsJson, emit, say_lines, show
from bot.model import State
from bot.rules.authority import WORDS as WORDS_OF_TABLE


def flow(
    mermaid: Annotated[bool, typer.Option("--mermaid", help="As a Mermaid state diagram.")] = False,
    as_json: AsJson = False,
) -> None:
    """How a case moves: every kind of fact, and the states in which it does something; what each word does in each.

    \b
    Examples:
      challenge-bot flow
      challenge-bot flow --mermaid > flow.mmd
    """
    if mermaid:
        say_lines(diagram())
        return
    rows = [
        {"fact": kind.value, "what": row.says, "acts_in": [state.value for state in row.acts_in]}
        for kind, row in table.TABLE.items()
    ]
    show(rows, as_json, ("fact", "what", "acts_in"), "")
    moves = [
        {"from": move.start or "", "fact": move.kind.value, "what": move.why, "to": move.end.value}
        for move in transitions.MOVES
    ]
    if as_json:
        emit(*moves, *word_rows())
        return
    say_lines("", "In every other state nothing follows, and the fact is written down all the same.", "")
    show(moves, False, ("from", "what", "to"), "")
    say_lines(
        "", "The words of the command table: whose each is, with which proof, and what it does in which state.", ""
    )
    show(list(word_rows()), False, ("word", "whose", "proof", "beside it", "states", "does"), "")


def word_rows() -> Iterator[dict[str, Any]]:
    """A row for each thing that a word does, with the states in which it does that."""
    for word, whose in WORDS_OF_TABLE.items():
        cells = CELLS[word]
        for cell in dict.fromkeys(cells.values()):
            yield {
                "word": word.value,
                "whose": [*(side.value for side in whose.sides), *(["whoever was asked"] if whose.asked else [])],
                "proof": "proven: it relaxes" if whose.relaxes else "any but a failed one: it only adds",
                "beside it": "nothing that speaks against it, else it is asked about"
                if whose.is_plain
                else "any words",
                "states": [state.value for state in State if cells[state] is cell],
                "does": sentence(cell),
            }


def diagram() -> str:
    """A Mermaid state diagram of the transitions."""
    plain = str.maketrans({":": " -", ";": ","})  # both mean something to Mermaid
    lines = [f"    {move.start or '[*]'} --> {move.end}: {move.why.translate(plain)}" for move in transitions.MOVES]
    return "\n".join(["stateDiagram-v2", *lines, "    closed --> [*]"])
