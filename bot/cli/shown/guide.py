"""`guide`: the page to hand out of one policy, as the business unit gets it in the answer to HELP.

It opens neither a door nor a database; what stands in the page is records/guide/'s.
"""

import os
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.open import now
from bot.cli.output import DEFAULT, AsJson, ConfigDir, emit, say_lines
from bot.model import Contact
from bot.model.errors import BotError
from bot.records.guide import made as guides
from bot.records.guide.content import guide
from bot.rules.policy.yaml_file import nearest
from bot.settings.checks import FORMS
from bot.settings.settings import load


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
        known = f"{nearest(policy, read.policies)}: {', '.join(read.policies)}"
        raise typer.BadParameter(f"there is no policy {policy}{known}")
    named = read.config.bot
    page = guide(read.policies[policy], read.policies[policy].areas, Contact(named.address, named.name))
    template = read.forms.get(guides.TEMPLATE)
    made = {f"{policy}.pdf": guides.as_pdf(page, now())}
    try:
        made |= {f"{policy}.docx": guides.as_docx(page, template)} if template else {}
    except Exception as error:  # the template is the partnership's and may fail in any way
        where = config / FORMS / guides.TEMPLATE
        raise BotError(f"{where} cannot be filled in ({type(error).__name__}): mend it or take it away") from None
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in made.items():
            (out / name).write_bytes(content)
    except OSError as error:
        raise BotError(f"{out} cannot be written: {error.strerror}") from None
    if as_json:
        emit(*({"policy": policy, "file": str(out / name)} for name in made))
        return
    say_lines(f"{' and '.join(made)} {'are' if len(made) > 1 else 'is'} in {out}.")
    if template is None:
        say_lines(f"There is no Word document: {config / FORMS / guides.TEMPLATE} is not there.")
