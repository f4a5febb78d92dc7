"""What things are called everywhere: mailboxes, as messages, commands and the ledger name them.

It imports nothing of the house: `deliver` starts anew for each mail and needs no more of the model than this and
errors.py.
"""

#: The bot's own mailbox.
BOT = "bot"


def mailbox_name(area: str, team: str, address: str) -> str:
    """A watched mailbox; the same while its team is."""
    return f"{area} {team or address}"
