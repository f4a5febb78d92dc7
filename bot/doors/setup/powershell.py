"""What an Exchange administrator runs so that the bot may open the named mailboxes and no other: texts, nothing else.

The scripts stand beside this file (*.ps1); here their slots are filled. Every value stands in single quotes, which
PowerShell takes as they are; quotes within are doubled, the curly ones that PowerShell takes for quotes as well. It
runs nothing and knows no tenant.
"""

from collections.abc import Sequence
from importlib.resources import files
from string import Formatter

import re2

from bot.doors.setup.block import Inbox, Plan

_QUOTES = re2.compile("(['\u2018\u2019\u201a\u201b])")

#: Longest name of a mail-flow rule.
LONGEST = 64


def quoted(value: str) -> str:
    """A PowerShell string that means exactly `value`. Raises ValueError for one that is no single line."""
    if not value.isprintable():
        raise ValueError("a value for PowerShell must be one line of printable text")
    doubled: str = _QUOTES.sub(r"\1\1", value)
    return f"'{doubled}'"


def listed(values: Sequence[str]) -> str:
    """An array, each value quoted."""
    return f"@({', '.join(map(quoted, values))})"


def graph(plan: Plan, object_id: str) -> str:
    """RBAC for Applications: team inboxes may be read, the bot's mailbox read, written and sent from."""
    teams, own = _only([inbox.address for inbox in plan.inboxes]), _only([plan.address])
    app = quoted(plan.login.client_id)
    return _filled("graph.ps1", app=app, object=quoted(object_id), teams=teams, own=own, all=_all(plan))


def imap(plan: Plan, object_id: str) -> str:
    """IMAP and SMTP with an app's token: full access to each named mailbox is what this protocol can be limited by."""
    app, own = quoted(plan.login.client_id), quoted(plan.address)
    return _filled("imap.ps1", app=app, object=quoted(object_id), own=own, all=_all(plan))


def ews(plan: Plan, access: str) -> str:
    """Exchange on own premises. `access`: delegate (folder rights, the smallest) or impersonation within a scope."""
    user = quoted(plan.login.user or plan.address)
    if access == "impersonation":
        return _filled("ews-impersonation.ps1", user=user, scope=_only(_addresses(plan)))
    rights = {"": "FolderVisible", ":\\Inbox": "Reviewer", ":\\Junk Email": "Reviewer"}
    places = [quoted(f"{inbox.address}{folder}") for inbox in plan.inboxes for folder in rights]
    right = [*rights.values()] * len(plan.inboxes)
    return _filled("ews-delegate.ps1", user=user, own=quoted(plan.address), place=places, right=right)


def rules(copies: Inbox, phrases: Sequence[str], bot: str, only: Sequence[str] = ()) -> str:
    """Two mail-flow rules that copy challenges, and mail citing a case of this area, to the mailbox of `copies`.

    `phrases`: what a subject says to open a case; `only`: addresses in To or Cc that the first rule is limited to.
    """
    name = f"Challenge Bot {copies.area}"
    return _filled(
        "rules.ps1",
        area=copies.area,
        to_a_team=", written or copied to a team" if only else "",
        limit=f" -AnyOfToCcHeader {listed(only)}" if only else "",
        challenges=quoted(f"{name}: challenges"[:LONGEST]),
        answers=quoted(f"{name}: answers"[:LONGEST]),
        phrases=listed(phrases),
        ref=quoted(rf"{re2.escape(copies.area)}-\d\d\d\d-\d\d\d\d"),
        copies=quoted(copies.address),
        bot=quoted(bot),
    )


def _addresses(plan: Plan) -> list[str]:
    return list(dict.fromkeys((*(inbox.address for inbox in plan.inboxes), plan.address)))


def _all(plan: Plan) -> list[str]:
    return [quoted(address) for address in _addresses(plan)]


def _only(addresses: Sequence[str]) -> str:
    """A recipient filter that holds for these addresses; the values are quoted once for it, and once more outside."""
    return quoted(" -or ".join(f"PrimarySmtpAddress -eq {quoted(address)}" for address in addresses))


def _filled(script: str, **slots: str | list[str]) -> str:
    """The script with PowerShell's own words in its slots. A line with a slot of several stands once for each."""
    text = ""
    for line in files("bot.doors.setup").joinpath(script).read_text("utf-8").splitlines(keepends=True):
        named = {name for _, name, _, _ in Formatter().parse(line) if name}
        several = {name: value for name, value in slots.items() if name in named and isinstance(value, list)}
        rows = zip(*several.values(), strict=True) if several else [()]
        text += "".join(line.format(**{**slots, **dict(zip(several, row, strict=True))}) for row in rows)
    return text
