"""What an Exchange administrator runs so that the bot may open the named mailboxes and no other: texts, nothing else.

Every value stands in single quotes, which PowerShell takes as they are; quotes within are doubled, the curly ones that
PowerShell takes for quotes as well. It runs nothing and knows no tenant.
"""

from __future__ import annotations

from collections.abc import Sequence

import re2

from bot.doors.setup.block import Inbox, Plan

_QUOTES = re2.compile("(['\u2018\u2019\u201a\u201b])")

#: Longest name of a scope, an assignment or a mail-flow rule.
LONGEST = 64

_HEAD = """\
# To be run by an Exchange administrator, line by line, after Connect-ExchangeOnline (module ExchangeOnlineManagement).
# It lets one app open the mailboxes named here and no other. Read it first; nothing in it is secret.
"""
_APP = """\
$appId = {app}       # "Application (client) ID" of the app's registration
$objectId = {object}    # "Object ID" of the app among the ENTERPRISE APPLICATIONS: not the one of its registration
New-ServicePrincipal -AppId $appId -ObjectId $objectId -DisplayName {title}
"""
_GRAPH_WARNING = """\
# 1. Consent to NO Graph permission for this app in Entra ID. Grants add up: one consent to Mail.Read, Mail.ReadWrite or
#    Mail.Send there opens every mailbox of the tenant, whatever the scopes below say. Remove it if it is there.
"""
_CHECK = """\
# {n}. The check. InScope must be True for the mailboxes above, and False for any other: try one of your own.
{own}
$other = Read-Host 'Address of a mailbox that the bot must NOT be able to open'
Test-ServicePrincipalAuthorization -Identity $appId -Resource $other | Format-Table RoleName, InScope
# The change can take up to two hours to be believed; the check above tells the truth at once.
# On the bot's side `challenge-bot probe` then opens every door for real.
"""


def quoted(value: str) -> str:
    """A PowerShell string that means exactly `value`. Raises ValueError for one that is no single line."""
    if not value.isprintable():
        raise ValueError("a value for PowerShell must be one line of printable text")
    doubled: str = _QUOTES.sub(r"\1\1", value)
    return f"'{doubled}'"


def listed(values: Sequence[str]) -> str:
    """An array, each value quoted."""
    return f"@({', '.join(map(quoted, values))})"


def _only(addresses: Sequence[str]) -> str:
    """A recipient filter that holds for these addresses; the values are quoted once for it, and once more outside."""
    return quoted(" -or ".join(f"PrimarySmtpAddress -eq {quoted(address)}" for address in addresses))


def graph(plan: Plan, object_id: str, title: str = "Challenge Bot") -> str:
    """RBAC for Applications: team inboxes may be read, the bot's mailbox read, written and sent from."""
    teams, own = f"{title} team inboxes"[:LONGEST], f"{title} own mailbox"[:LONGEST]
    grants = [("Application Mail.Read", teams), ("Application Mail.ReadWrite", own), ("Application Mail.Send", own)]
    lines = [
        _HEAD + _GRAPH_WARNING,
        "# 2. The app, as Exchange knows it.",
        _app(plan, object_id, title),
        "# 3. The mailboxes it may open. If Exchange says that customisation is off: Enable-OrganizationCustomization.",
        _scope(teams, [inbox.address for inbox in plan.inboxes]),
        _scope(own, [plan.address]),
        "",
        "# 4. What it may do there: read the team inboxes; read, write and send in its own mailbox. Nothing else.",
        *(
            f"New-ManagementRoleAssignment -App $objectId -Role {quoted(role)} -CustomResourceScope {quoted(scope)}"
            for role, scope in grants
        ),
        "",
        _check(plan, 5),
    ]
    return "\n".join(lines)


def imap(plan: Plan, object_id: str, title: str = "Challenge Bot") -> str:
    """IMAP and SMTP with an app's token: full access to each named mailbox is what this protocol can be limited by."""
    who = quoted(plan.login.client_id)
    lines = [
        _HEAD,
        "# 1. In Entra ID, for the app: the APPLICATION permissions IMAP.AccessAsApp and SMTP.SendAsApp of",
        '#    "Office 365 Exchange Online", with admin consent; no Graph permission. Alone they open no mailbox.',
        "",
        "# 2. The app, as Exchange knows it.",
        _app(plan, object_id, title),
        "# 3. The mailboxes it may open. IMAP knows no smaller right than full access: prefer Graph where you can.",
        *(
            f"Add-MailboxPermission -Identity {quoted(one)} -User $objectId -AccessRights FullAccess"
            " -AutoMapping $false"
            for one in _all(plan)
        ),
        "",
        "# 4. It sends as its own mailbox only.",
        f"Add-RecipientPermission -Identity {quoted(plan.address)} -Trustee $objectId -AccessRights SendAs"
        " -Confirm:$false",
        f"Set-CASMailbox -Identity {quoted(plan.address)} -SmtpClientAuthenticationDisabled $false",
        "",
        "# 5. The check: each mailbox above names the app, and any other must not.",
        *(f"Get-MailboxPermission -Identity {quoted(one)} | Format-Table User, AccessRights" for one in _all(plan)),
        "$other = Read-Host 'Address of a mailbox that the bot must NOT be able to open'",
        "Get-MailboxPermission -Identity $other | Format-Table User, AccessRights",
        f"# The app's id: {who}. On the bot's side `challenge-bot probe` then opens every door for real.",
        "",
    ]
    return "\n".join(lines)


def ews(plan: Plan, access: str, title: str = "Challenge Bot") -> str:
    """Exchange on own premises. `access`: delegate (folder rights, the smallest) or impersonation within a scope."""
    user, own = quoted(plan.login.user or plan.address), quoted(plan.address)
    lines = [
        "# To be run by an administrator in the Exchange Management Shell. Read it first; nothing in it is secret.",
        "",
    ]
    if access == "impersonation":
        scope = f"{title} mailboxes"[:LONGEST]
        lines += [
            "# The service account may act for the mailboxes of this scope, and for no other.",
            _scope(scope, _all(plan)),
            f"New-ManagementRoleAssignment -Name {quoted(f'{title} impersonation'[:LONGEST])}"
            f" -Role ApplicationImpersonation -User {user} -CustomRecipientWriteScope {quoted(scope)}",
            "Get-ManagementRoleAssignment -Role ApplicationImpersonation -GetEffectiveUsers",
            "",
        ]
        return "\n".join(lines)
    lines += ["# Team inboxes: the service account may read the inbox and the junk folder, and nothing else."]
    for one in plan.inboxes:
        for folder in ("", ":\\Inbox", ":\\Junk Email"):
            right = "Reviewer" if folder else "FolderVisible"
            place = quoted(f"{one.address}{folder}")
            lines.append(f"Add-MailboxFolderPermission -Identity {place} -User {user} -AccessRights {right}")
    lines += [
        "",
        "# The bot's own mailbox: read, written to and sent from.",
        f"Add-MailboxPermission -Identity {own} -User {user} -AccessRights FullAccess -AutoMapping $false",
        f"Get-Mailbox -Identity {own} | Add-ADPermission -User {user} -ExtendedRights 'Send As'",
        "",
        "# The check: any other mailbox must not name the account.",
        "$other = Read-Host 'Address of a mailbox that the bot must NOT be able to open'",
        f"Get-MailboxPermission -Identity $other -User {user}",
        "",
    ]
    return "\n".join(lines)


def _all(plan: Plan) -> list[str]:
    return list(dict.fromkeys((*(inbox.address for inbox in plan.inboxes), plan.address)))


def _app(plan: Plan, object_id: str, title: str) -> str:
    return _APP.format(app=quoted(plan.login.client_id), object=quoted(object_id), title=quoted(title))


def _scope(name: str, addresses: Sequence[str]) -> str:
    return f"New-ManagementScope -Name {quoted(name)} -RecipientRestrictionFilter {_only(addresses)}"


def _check(plan: Plan, n: int) -> str:
    own = "\n".join(
        f"Test-ServicePrincipalAuthorization -Identity $appId -Resource {quoted(one)}"
        " | Format-Table RoleName, AllowedResourceScope, InScope"
        for one in _all(plan)
    )
    return _CHECK.format(n=n, own=own)


# --- mail-flow rules --------------------------------------------------------------------------------------------------


def rules(
    copies: Inbox, phrases: Sequence[str], bot: str, only: Sequence[str] = (), title: str = "Challenge Bot"
) -> str:
    """Two mail-flow rules that copy challenges, and mail citing a case of this area, to the mailbox of `copies`.

    `phrases`: what a subject says to open a case; `only`: addresses in To or Cc that the first rule is limited to.
    """
    limit = f" -AnyOfToCcHeader {listed(only)}" if only else ""
    ref = rf"{re2.escape(copies.area)}-\d\d\d\d-\d\d\d\d"
    copy = (
        f"-BlindCopyTo {quoted(copies.address)} -ExceptIfFromAddressContainsWords {quoted(bot)}"
        " -RuleErrorAction Ignore -StopRuleProcessing $false -Mode Enforce"
    )
    name = f"{title} {copies.area}"
    challenges, answers = (quoted(f"{name}: {what}"[:LONGEST]) for what in ("challenges", "answers"))
    lines = [
        f"# Mail-flow rules for {copies.area}: with them the bot needs no right in any team's inbox. To be run by an",
        "# administrator of Exchange Online or of Exchange on own premises. First try it with -Mode Audit in place of",
        "# -Mode Enforce: nothing is copied then, and the mail-flow reports show what would have been.",
        f"# A challenge: the policy's words in the subject{', written or copied to a team' if only else ''}.",
        f"New-TransportRule -Name {challenges} -SubjectContainsWords {listed(phrases)}{limit} {copy}",
        "# An answer: a case's reference in the subject, or in the letter that is quoted.",
        f"New-TransportRule -Name {answers} -SubjectOrBodyMatchesPatterns {listed([ref])} {copy}",
        f"# To undo it: Remove-TransportRule {challenges}; Remove-TransportRule {answers}",
        "",
    ]
    return "\n".join(lines)
