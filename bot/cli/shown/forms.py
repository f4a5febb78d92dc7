"""`forms`: the policies' forms to be read, blank, or filled in from a case that does not exist (`--sample`).

As Word document and PDF, and as pictures. It opens neither a door nor a database.
"""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.open import now
from bot.cli.output import DEFAULT, AsJson, ConfigDir, emit, say_lines
from bot.model import Case, Contact, Side, StageRun, State
from bot.model.errors import BotError
from bot.records import forms
from bot.records.fill import Entry, Known, fill
from bot.rules.policy.forms import Form
from bot.rules.policy.policy import Policy
from bot.settings.settings import Settings, load

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
