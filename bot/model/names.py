"""What things are called everywhere: mailboxes, as messages, commands and the ledger name them, and what is an address.

It imports nothing of the house: `deliver` starts anew for each mail and needs no more of the model than this and
errors.py.
"""

#: The bot's own mailbox.
BOT = "bot"


def mailbox_name(area: str, team: str, address: str) -> str:
    """A watched mailbox; the same while its team is."""
    return f"{area} {team or address}"


def is_address(value: str) -> bool:
    """Whether it is name@domain and nothing else: no display name, no quoted local part, no list."""
    local, _, domain = value.rpartition("@")
    return bool(local) and value.isascii() and not set(local) & set(' \t\r\n,;<>"()[]:\\@') and is_domain(domain)


def an_address(value: str) -> str:
    """The same, as it is compared: in small letters. Raises ValueError for anything else."""
    if not is_address(value):
        raise ValueError("write a plain address, name@domain")
    return value.lower()


def is_domain(value: str) -> bool:
    """Letters, digits and hyphens in at least two labels."""
    labels = value.split(".")
    return (
        len(labels) > 1
        and value.isascii()
        and all(label and label.replace("-", "").isalnum() and label[0] != "-" != label[-1] for label in labels)
    )
