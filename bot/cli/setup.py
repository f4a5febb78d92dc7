"""`setup`: asks what a door needs, and makes the blocks for bot.yaml and what an administrator must run.

Every answer may come by option, so that it can be scripted; what is missing is asked for, and each answer is judged at
once. It never takes a secret, opens no door, and writes over no file.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.open import settings
from bot.cli.output import DEFAULT, AsJson, ConfigDir, ask, complain, emit, judged, one_of, say_lines, write_new, yes
from bot.doors.setup import block, powershell
from bot.doors.setup.block import Inbox, Login, Plan
from bot.model.errors import BotError, ConfigError
from bot.model.names import an_address
from bot.rules.policy.yaml_file import nearest
from bot.settings.settings import Settings

commands = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Makes the blocks of bot.yaml for a mail server, and what its administrator must run. Changes nothing.",
)

Name = Annotated[str, typer.Option("--name", help="The name that letters come from.")]
Address = Annotated[str, typer.Option("--address", help="The bot's own mailbox: no team's, and used by nobody else.")]
Inboxes = Annotated[
    list[str] | None,
    typer.Option("--inbox", metavar="ADDRESS,AREA,POLICY[,TEAM]", help="A team's inbox; give it once for each."),
]
Tenant = Annotated[str, typer.Option("--tenant", help="The tenant's id or one of its domains.")]
ClientId = Annotated[str, typer.Option("--client-id", help="The app's id, as its registration shows it.")]
ObjectId = Annotated[str, typer.Option("--object-id", help="The app's object id among the ENTERPRISE applications.")]
Secret = Annotated[str, typer.Option("--secret", metavar="NAME", help="The NAME of the secret, never the secret.")]
Certificate = Annotated[str, typer.Option("--certificate", metavar="FILE", help="A PEM file in place of a secret.")]
Expires = Annotated[str, typer.Option("--expires", metavar="DAY", help="When the secret runs out, to be reminded.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="A new file for the blocks; else stdout.")]
Script = Annotated[Path | None, typer.Option("--script", metavar="FILE", help="A new file for the PowerShell.")]

BOT_NAME = "Safeguarding Challenge Clock (automatic)"


@commands.command("graph")
def graph(
    config: ConfigDir = DEFAULT,
    name: Name = "",
    address: Address = "",
    inbox: Inboxes = None,
    tenant: Tenant = "",
    client_id: ClientId = "",
    object_id: ObjectId = "",
    secret: Secret = "",
    certificate: Certificate = "",
    expires: Expires = "",
    out: Out = None,
    script: Script = None,
    as_json: AsJson = False,
) -> None:
    """Microsoft 365 by Graph: an app that may open the named mailboxes and no other.

    \b
    Example:
      challenge-bot setup graph --out bot-graph.yaml --script for-the-administrator.ps1
    """
    plan = _plan(config, name, address, inbox, _app(tenant, client_id, secret, certificate, expires))
    there = ask(object_id, "--object-id", "Object id of the app among the ENTERPRISE applications", block.a_guid)
    _hand_over(block.graph(plan), powershell.graph(plan, there), out, script, as_json)


@commands.command("imap")
def imap(
    config: ConfigDir = DEFAULT,
    name: Name = "",
    address: Address = "",
    inbox: Inboxes = None,
    microsoft: Annotated[
        bool | None, typer.Option("--microsoft/--other", help="Microsoft 365 with an app's token, or passwords.")
    ] = None,
    host: Annotated[str, typer.Option("--host", help="The IMAP server.")] = "",
    smtp: Annotated[str, typer.Option("--smtp", help="The submission server.")] = "",
    sent: Annotated[str, typer.Option("--sent", help="The folder in which the server keeps what was sent.")] = "",
    tenant: Tenant = "",
    client_id: ClientId = "",
    object_id: ObjectId = "",
    secret: Secret = "",
    certificate: Certificate = "",
    expires: Expires = "",
    out: Out = None,
    script: Script = None,
    as_json: AsJson = False,
) -> None:
    """IMAP and SMTP: Microsoft 365 with an app's token, or any server with a password for each mailbox.

    \b
    Examples:
      challenge-bot setup imap --microsoft
      challenge-bot setup imap --other --host mail.council.example --out bot-imap.yaml
    """
    is_app = yes(
        microsoft,
        "--microsoft or --other",
        "Is it Microsoft 365, with an app's token (y), or a server with passwords (n)",
    )
    login = _app(tenant, client_id, secret, certificate, expires) if is_app else Login()
    plan = _plan(config, name, address, inbox, login)
    server = ask(host, "--host", "IMAP server", block.a_host, block.MICROSOFT_IMAP if is_app else None)
    out_by = ask(smtp, "--smtp", "SMTP server", block.a_host, block.MICROSOFT_SMTP if is_app else server)
    kept = ask(sent, "--sent", "Folder that keeps what was sent", block.a_line, "Sent Items" if is_app else "Sent")
    text = block.imap(plan, server, out_by, kept)
    if not is_app:
        _hand_over(text, "", out, script, as_json)
        return
    there = ask(object_id, "--object-id", "Object id of the app among the ENTERPRISE applications", block.a_guid)
    _hand_over(text, powershell.imap(plan, there), out, script, as_json)


@commands.command("ews")
def ews(
    config: ConfigDir = DEFAULT,
    name: Name = "",
    address: Address = "",
    inbox: Inboxes = None,
    endpoint: Annotated[str, typer.Option("--endpoint", help="The whole address of Exchange.asmx.")] = "",
    auth: Annotated[str, typer.Option("--auth", help="basic, ntlm or certificate.")] = "",
    user: Annotated[str, typer.Option("--user", help="The service account, as the server knows it.")] = "",
    access: Annotated[str, typer.Option("--access", help="delegate or impersonation.")] = "",
    secret: Secret = "",
    certificate: Certificate = "",
    ca_file: Annotated[str, typer.Option("--ca-file", metavar="FILE", help="Your own authority's certificates.")] = "",
    out: Out = None,
    script: Script = None,
    as_json: AsJson = False,
) -> None:
    """Exchange on own premises by EWS: one service account with few rights.

    \b
    Example:
      challenge-bot setup ews --endpoint https://mail.council.example/EWS/Exchange.asmx
    """
    where = ask(endpoint, "--endpoint", "Address of Exchange.asmx", block.an_endpoint)
    how = one_of(auth, "--auth", "Log in by", ("ntlm", "basic", "certificate"))
    account = ask(user, "--user", "Service account, such as COUNCIL\\challenge-clock", block.a_line)
    if how == "certificate":
        login = Login(user=account, certificate=ask(certificate, "--certificate", "PEM file", block.a_line))
    else:
        login = Login(
            user=account, secret=ask(secret, "--secret", "NAME of its password", block.a_secret_name, "EWS_PASSWORD")
        )
    rights = one_of(access, "--access", "Open mailboxes by", ("delegate", "impersonation"))
    plan = _plan(config, name, address, inbox, login)
    text = block.ews(plan, where, how, rights, ca_file)
    _hand_over(text, powershell.ews(plan, rights), out, script, as_json)


@commands.command("rule")
def rule(
    config: ConfigDir = DEFAULT,
    only: Annotated[
        list[str] | None, typer.Option("--for", metavar="ADDRESS", help="Only challenges written or copied to it.")
    ] = None,
    script: Script = None,
    as_json: AsJson = False,
) -> None:
    """Mail-flow rules that copy challenges and answers to the bot, for an organisation whose inboxes it may not read.

    They lead to the mailboxes of bot.yaml that have no team: there the team is told by To and Cc.

    \b
    Example:
      challenge-bot setup rule --for crewe.assessment@csc.example
    """
    read = settings(config)
    copies = [box for box in read.config.mailboxes if not box.team]
    if not copies:
        raise BotError(
            "bot.yaml has no mailbox without a team: make one for the copies, leave out its `team:`, and try again"
        )
    limits = [judged(one, "--for", an_address) for one in only or ()]
    texts = []
    for box in copies:
        intake = read.policies[box.policy].intake
        phrases = list(dict.fromkeys((*intake.subjects, *intake.aliases)))
        inbox = Inbox(box.address, box.area, box.policy)
        texts.append(powershell.rules(inbox, phrases, read.config.bot.address, limits))
    _hand_over("", "\n".join(texts), None, script, as_json)


# --- what is planned --------------------------------------------------------------------------------------------------


def _app(tenant: str, client_id: str, secret: str, certificate: str, expires: str) -> Login:
    where = ask(tenant, "--tenant", "Tenant: its id or one of its domains", block.a_tenant)
    app = ask(client_id, "--client-id", "Application (client) id", block.a_guid)
    day = judged(expires, "--expires", block.a_day)
    if certificate:
        return Login(
            tenant=where, client_id=app, certificate=judged(certificate, "--certificate", block.a_line), expires=day
        )
    name = ask(secret, "--secret", "NAME of the app's secret", block.a_secret_name, "CHALLENGE_BOT_SECRET")
    return Login(tenant=where, client_id=app, secret=name, expires=day)


def _plan(config: Path, name: str, address: str, inboxes: list[str] | None, login: Login) -> Plan:
    known = _known(config)
    own = ask(name, "--name", "Name that letters come from", block.a_line, BOT_NAME)
    at = ask(address, "--address", "The bot's own mailbox", an_address)

    def judge(value: str) -> Inbox:
        inbox = block.an_inbox(value)
        if inbox.address == at:
            raise ValueError(f"{at} is the bot's own mailbox: a team's inbox is another one")
        if known is not None:
            _fits(inbox, known)
        return inbox

    found = [judged(one, "--inbox", judge) for one in inboxes or ()]
    while not inboxes:
        text = "A team's inbox: ADDRESS,AREA,POLICY[,TEAM]" + ("; - for no more" if found else "")
        more = ask("", "--inbox", text, lambda value: None if value == "-" else judge(value), "-" if found else None)
        if more is None:
            break
        found.append(more)
    return Plan(own, at, tuple(found), login)


def _known(config: Path) -> Settings | None:
    """The configuration that is there already, to judge areas, policies and teams by; None without a sound one."""
    try:
        return settings(config)
    except ConfigError:
        return None


def _fits(inbox: Inbox, known: Settings) -> None:
    areas, teams = sorted(known.directory.areas), known.directory.teams(inbox.area)
    if inbox.area not in areas:
        raise ValueError(f"no row of the directory is in area {inbox.area} (it has {', '.join(areas)})")
    if inbox.policy not in known.policies:
        raise ValueError(f"there is no policy {inbox.policy}{nearest(inbox.policy, known.policies)}")
    if inbox.team and inbox.team not in teams:
        raise ValueError(f"{inbox.team} is no team of the directory in {inbox.area}{nearest(inbox.team, teams)}")


# --- handing over -----------------------------------------------------------------------------------------------------


def _hand_over(text: str, script: str, out: Path | None, script_out: Path | None, as_json: bool) -> None:
    """Writes both into new files, or prints them; and says what is left to do."""
    for path in (out, script_out):
        if path is not None and path.exists():
            raise BotError(f"{path} is there already: give another name, or move it away")
    told: dict[str, Any] = {"block": text, "script": script, "secrets": list(block.secrets(text))}
    for kind, path, content in (("block", out, text), ("script", script_out, script)):
        if path is not None:
            write_new(path, content)
            told[kind] = str(path)
    if as_json:
        emit(told)
        return
    if out is None and text:
        say_lines("# --- for bot.yaml, in place of its blocks bot: and mailboxes: ---", text)
    if script_out is None and script:
        say_lines("# --- PowerShell, for the administrator ---", script)
    names = ", ".join(told["secrets"])
    complain(
        *([f"Give {names} in the environment or as systemd credentials; then: challenge-bot check"] if names else [])
    )
