"""`forms`, `guide`, `directory`, `flow`: what policies print, who answers for a team, the table of states, to be read.

Forms: blank, or filled in from a case that does not exist (`--sample`); as Word document and PDF, and as
pictures. It opens neither a door nor a database.
"""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.case import table, transitions
from bot.case.said.cells import CELLS, sentence
from bot.cli.open import now, settings
from bot.cli.output import DEFAULT, AsJson, ConfigDir, emit, say_lines, show
from bot.engine.registers import answering
from bot.model import Case, Contact, Side, StageRun, State
from bot.model.errors import BotError
from bot.records import forms
from bot.records.fill import Entry, Known, fill
from bot.records.guide import made as guides
from bot.records.guide.content import guide
from bot.rules.authority import WORDS as WORDS_OF_TABLE
from bot.rules.policy.forms import Form
from bot.rules.policy.policy import Policy
from bot.rules.policy.yaml_file import nearest
from bot.settings.settings import Settings, WatchedMailbox, load

#: Pixels of a page's width, near enough to read on a screen.
PIXELS_AN_INCH = 80


def printed(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where to write; made if it is not there.")],
    sample: Annotated[bool, typer.Option("--sample", help="Filled in from a case that does not exist.")] = False,
    pictures: Annotated[bool, typer.Option("--pictures", help="Each page as a PNG beside it.")] = False,
    config: ConfigDir = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Every form of every policy, as Word document and PDF: what the policies' letters carry.

    \b
    Examples:
      challenge-bot forms --out forms
      challenge-bot forms --out docs/pictures --sample --pictures
    """
    read = load(config, os.environ, None)
    written = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for policy in read.policies.values():
            for form in policy.forms:
                for name, content in _files(read, policy, form, is_sample=sample, pictures=pictures):
                    (out / name).write_bytes(content)
                    written.append({"policy": policy.id, "form": form.id, "file": str(out / name)})
    except OSError as error:
        raise BotError(f"{out} cannot be written: {error.strerror}") from None
    if as_json:
        emit(*written)
    else:
        say_lines(f"{len(written)} files are in {out}." if written else "No policy has a form.")


def _files(
    read: Settings, policy: Policy, form: Form, *, is_sample: bool, pictures: bool
) -> Iterator[tuple[str, bytes]]:
    area, at = next(iter(policy.emergency)), now()
    known = Known(_case(policy, area, at), policy, (), read.calendar, at)
    entries = fill(form, known, with_child=False) if is_sample else {field.id: Entry() for field in form.fields}
    stem, ref = f"{policy.id}-{form.id}", known.case.ref
    if form.template in read.forms:
        yield f"{stem}.docx", forms.as_docx(form, entries, ref, read.forms[form.template])
    yield f"{stem}.pdf", forms.as_pdf(form, entries, ref, area, at)
    for n, page in enumerate(forms.as_pictures(form, entries, ref, area, PIXELS_AN_INCH) if pictures else (), 1):
        yield f"{stem}-{n}.png", page


_PEOPLE = (
    Contact("helen.visser@north-health.example", "Helen Visser", "practitioner", "North Health"),
    Contact("mo.reid@north-health.example", "Mo Reid", "line_manager", "North Health"),
    Contact("ruth.okoye@north-health.example", "Ruth Okoye", "designated_safeguarding_lead", "North Health"),
    Contact("fay.marsh@childrens-services.example", "Fay Marsh", "line_manager", "Childrens Services"),
    Contact("business.unit@partnership.example", "Business Unit", "business_unit", "Partnership"),
)


def _case(policy: Policy, area: str, at: datetime) -> Case:
    """A case that went through every stage, one week each."""
    helen, mo, ruth, fay, unit = _PEOPLE
    raising = (mo, ruth, *[ruth] * len(policy.stages))
    begun = at - timedelta(weeks=len(policy.stages))
    runs, joined = [], [("", "copy", unit)]
    for n, stage in enumerate(policy.stages):
        start = begun + timedelta(weeks=n)
        runs.append(StageRun(stage.id, start, None, ended=start + timedelta(days=6)))
        joined += [(stage.id, Side.RAISING, raising[n]), (stage.id, Side.RESPONDING, fay)]
    return Case(
        number=1,
        ref=f"{area}-{at.year}-0007",
        policy=policy.id,
        policy_version=policy.version,
        area=area,
        state=State.AWAITING_RESPONSE,
        stage=policy.stages[-1].id,
        opened=begun,
        raiser=helen,
        runs=tuple(runs),
        people=tuple(joined),
    )


# `guide`: the page to hand out, as the business unit gets it in the answer to HELP.


def handed(
    policy: Annotated[str, typer.Option("--policy", metavar="NAME", help="The name of its file, without .yaml.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where to write; made if it is not there.")],
    config: ConfigDir = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """A page to hand out: who does what by when under one policy, as Word document and PDF.

    \b
    Example:
      challenge-bot guide --policy cheshire-east --out docs/one-page-guide
    """
    read = load(config, os.environ, None)
    if policy not in read.policies:
        raise BotError(f"there is no policy {policy}{nearest(policy, read.policies)}: {', '.join(read.policies)}")
    named = read.config.bot
    page = guide(read.policies[policy], read.policies[policy].areas, Contact(named.address, named.name))
    template = read.forms.get(guides.TEMPLATE)
    made = {f"{policy}.pdf": guides.as_pdf(page, now())}
    made |= {f"{policy}.docx": guides.as_docx(page, template)} if template else {}
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in made.items():
            (out / name).write_bytes(content)
    except OSError as error:
        raise BotError(f"{out} cannot be written: {error.strerror}") from None
    if as_json:
        emit(*({"policy": policy, "file": str(out / name)} for name in made))
        return
    say_lines(f"{' and '.join(made)} are in {out}.")
    if template is None:
        say_lines(f"There is no Word document: {config / 'forms' / guides.TEMPLATE} is not there.")


# `directory`: who answers each stage of each watched team today, and who is written to when they cannot be reached.
# The same questions as the rules ask, in the same order; what it shows is what would happen. It changes nothing, and
# whether anybody is missing is `check`'s to say.


def listed(
    config: ConfigDir = DEFAULT,
    team: Annotated[str, typer.Option("--team", help="Of this team only.")] = "",
    as_json: AsJson = False,
) -> None:
    """Who answers each stage of each watched team, and who would be written to in their place.

    \b
    Examples:
      challenge-bot directory
      challenge-bot directory --team "Crewe Assessment Team" --json
    """
    of = settings(config)
    boxes = [box for box in of.config.mailboxes if not team or box.team == team]
    if not boxes:
        known = ", ".join(sorted(box.team for box in of.config.mailboxes if box.team)) or "none"
        raise typer.BadParameter(f"no watched mailbox is of the team {team}; there are: {known}")
    rows = [row for box in boxes for row in _rows(of, box)]
    columns = ("area", "team", "stage", "side", "role", "name", "email", "phone", "instead")
    show(rows, as_json, columns, "No stage of a watched mailbox is answered by anybody. See: challenge-bot check")


def _rows(of: Settings, box: WatchedMailbox) -> Iterator[dict[str, Any]]:
    for stage, side, contact in answering(of, box, now().date()):
        yield _row(of, box, stage, side, contact)


def _row(of: Settings, box: WatchedMailbox, stage: str, side: str, contact: Contact) -> dict[str, Any]:
    instead = of.directory.fallbacks(contact, box.area, now().date())
    return {
        "area": box.area,
        "team": box.team,
        "stage": stage,
        "side": side,
        "role": contact.role,
        "name": contact.name,
        "email": contact.email,
        "phone": contact.phone,
        "instead": [other.email for other in instead],
    }


# `flow`: the state table and its transitions as text or as a Mermaid diagram: the same data that the engine decides by.


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
