"""`directory`: who answers each stage of each watched team today, and who is written to when they cannot be reached.

The same questions as the rules ask, in the same order; what it shows is what would happen. It changes nothing, and
whether anybody is missing is `check`'s to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.open import now, settings
from bot.cli.output import AsJson, ConfigDir, show
from bot.model import Contact
from bot.registers import answering
from bot.settings import Settings, WatchedMailbox

DEFAULT = Path("config")


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
