"""The blocks `bot:` and `mailboxes:` of bot.yaml, from what the operator answered: made, never written here.

A secret is only ever a name, `${NAME}`. What a door needs is said by settings/door.py, which judges the finished block;
here each answer is judged by itself, at once and in words. It asks nobody and opens nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import re2

from bot.model.names import an_address, is_domain

#: Words that YAML would take for something else, or that a reader might.
_SPECIAL = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
_PLAIN = re2.compile(r"[A-Za-z][A-Za-z0-9.@/_-]*( [A-Za-z0-9.@/_-]+)*|[0-9]+")
_GUID = re2.compile(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NAME = re2.compile(r"[A-Z][A-Z0-9_]{2,60}")

MICROSOFT_IMAP, MICROSOFT_SMTP = "outlook.office365.com", "smtp.office365.com"


@dataclass(frozen=True, slots=True)
class Inbox:
    """A team's inbox. `team` "" where the team is told by To and Cc."""

    address: str
    area: str
    policy: str
    team: str = ""


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in: an app of a tenant, or a user. `secret` is the name of a secret, `certificate` a PEM file."""

    secret: str = ""
    certificate: str = ""
    tenant: str = ""
    client_id: str = ""
    expires: date | None = None
    user: str = ""

    @property
    def is_app(self) -> bool:
        return bool(self.tenant)

    def oauth(self) -> dict[str, Any]:
        known: dict[str, Any] = {"tenant": self.tenant, "client_id": self.client_id}
        known |= {"certificate": self.certificate} if self.certificate else {"client_secret": f"${{{self.secret}}}"}
        return known | ({"secret_expires": self.expires.isoformat()} if self.expires else {})


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that was answered. `inboxes` are read; letters leave from `address`, and answers return to it."""

    name: str
    address: str
    inboxes: tuple[Inbox, ...]
    login: Login


# --- answers ----------------------------------------------------------------------------------------------------------


def a_host(value: str) -> str:
    if not is_domain(value):
        raise ValueError("write a host name such as mail.council.example")
    return value.lower()


def a_tenant(value: str) -> str:
    if not _GUID.fullmatch(value) and not is_domain(value):
        raise ValueError("write the tenant's id, as the portal shows it, or a domain such as council.onmicrosoft.com")
    return value.lower()


def a_guid(value: str) -> str:
    if not _GUID.fullmatch(value):
        raise ValueError("write the id as the portal shows it: 8-4-4-4-12 digits and letters a to f")
    return value.lower()


def a_secret_name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(
            "write the NAME under which the secret will be found (capitals, digits, _), never the secret itself"
        )
    return value


def a_line(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError("write one line of text")
    return value.strip()


def an_endpoint(value: str) -> str:
    host = value.removeprefix("https://").partition("/")[0]
    if not value.startswith("https://") or not is_domain(host.partition(":")[0]) or not value.isprintable():
        raise ValueError("write the whole address, such as https://mail.council.example/EWS/Exchange.asmx")
    return value


def a_day(value: str) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise ValueError("write a day as 2027-11-30") from None


def an_inbox(value: str) -> Inbox:
    """ADDRESS,AREA,POLICY[,TEAM]. Raises ValueError."""
    address, area, policy, team = (*(part.strip() for part in value.split(",", 3)), "", "", "")[:4]
    if not (area and policy):
        raise ValueError("write ADDRESS,AREA,POLICY or ADDRESS,AREA,POLICY,TEAM")
    return Inbox(an_address(address), a_line(area), a_line(policy), a_line(team) if team else "")


# --- blocks -----------------------------------------------------------------------------------------------------------


def graph(plan: Plan) -> str:
    door = {"kind": "graph", "oauth": plan.login.oauth()}
    return _text(plan, {"receive": door, "send": door}, {inbox.address: door for inbox in plan.inboxes})


def ews(plan: Plan, endpoint: str, auth: str, access: str, ca_file: str = "") -> str:
    """`auth`: basic, ntlm or certificate."""
    door: dict[str, Any] = {"kind": "ews", "endpoint": endpoint, "auth": auth, "access": access}
    if auth == "certificate":
        door["certificate"] = plan.login.certificate
    else:
        door |= {"user": plan.login.user, "password": f"${{{plan.login.secret}}}"}
    door |= {"ca_file": ca_file} if ca_file else {}
    return _text(plan, {"receive": door, "send": door}, {inbox.address: door for inbox in plan.inboxes})


def imap(plan: Plan, host: str, smtp: str, sent: str = "") -> str:
    """IMAP by implicit TLS, SMTP by STARTTLS on port 587. With an app's login one token opens every mailbox."""

    def login(address: str) -> dict[str, Any]:
        if plan.login.is_app:
            return {"oauth": plan.login.oauth()}
        return {"user": address, "password": f"${{{secret_of(address)}}}"}

    here = {"kind": "imap", "host": host, "tls": "implicit"}
    own = {**here, **login(plan.address), **({"sent": sent} if sent else {})}
    out = {"kind": "smtp", "host": smtp, "port": "587", "tls": "starttls", **login(plan.address)}
    return _text(
        plan, {"receive": own, "send": out}, {inbox.address: {**here, **login(inbox.address)} for inbox in plan.inboxes}
    )


def secret_of(address: str) -> str:
    """The name of a mailbox's password: CREWE_ASSESSMENT_PASSWORD."""
    name = "".join(c if c.isalnum() else "_" for c in address.partition("@")[0]).upper()
    return f"{name if name[:1].isalpha() else f'MAILBOX_{name}'}_PASSWORD"


def secrets(block: str) -> tuple[str, ...]:
    """The names of secrets that a block asks for."""
    return tuple(dict.fromkeys(re2.findall(r"\$\{([A-Z0-9_]+)\}", block)))


def _text(plan: Plan, own: Mapping[str, Any], doors: Mapping[str, Any]) -> str:
    boxes = []
    for inbox in plan.inboxes:
        team = {"team": inbox.team} if inbox.team else {}
        known = {"area": inbox.area, **team, "address": inbox.address, "policy": inbox.policy}
        boxes.append({**known, "receive": doors[inbox.address]})
    bot = {"name": plan.name, "address": plan.address, **own}
    return "\n".join(_lines({"bot": bot, "mailboxes": boxes})) + "\n"


def _lines(value: Mapping[str, Any], indent: str = "") -> list[str]:
    lines: list[str] = []
    for key, inner in value.items():
        if isinstance(inner, Mapping):
            lines += [f"{indent}{key}:", *_lines(inner, f"{indent}  ")]
        elif isinstance(inner, Sequence) and not isinstance(inner, str):
            lines.append(f"{indent}{key}:")
            for item in inner:
                first, *rest = _lines(item, f"{indent}    ")
                lines += [f"{indent}  - {first.strip()}", *rest]
        else:
            lines.append(f"{indent}{key}: {_scalar(str(inner))}")
    return lines


def _scalar(value: str) -> str:
    """As YAML reads it back; in double quotes wherever there is a doubt."""
    if _PLAIN.fullmatch(value) and value.lower() not in _SPECIAL:
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
