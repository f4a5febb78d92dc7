"""One way in or out of the daemon, as bot.yaml writes it: which protocol, where, how it is protected, who logs in.

It opens nothing and asks for no token: doors/ does. A secret is masked wherever a door is
printed. Every fault says what to write instead.
"""

from __future__ import annotations

from datetime import date
from ipaddress import ip_address
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

GRAPH = "https://graph.microsoft.com/v1.0"
MICROSOFT = "https://login.microsoftonline.com"

#: Letters that Microsoft 365 takes of a mailbox in a minute.
MICROSOFTS_PACE = 30

#: Streams held open on one Exchange server: it gives an account ten hanging connections, and each is a thread here.
EWS_STREAMS = 10

#: What a token is asked for where `scope` says nothing else; EWS asks for its own server.
SCOPES = {
    "graph": "https://graph.microsoft.com/.default",
    "imap": "https://outlook.office365.com/.default",
    "smtp": "https://outlook.office365.com/.default",
}

#: Fields that mean something to some kinds only: written for another, they would be believed and do nothing.
ONLY = {
    "host": ("imap", "smtp"),
    "port": ("imap", "smtp"),
    "tls": ("imap", "smtp"),
    "endpoint": ("graph", "ews"),
    "auth": ("ews",),
    "access": ("ews",),
    "version": ("ews",),
    "certificate": ("ews",),
    "oauth": ("imap", "smtp", "graph", "ews"),
}


#: What an Exchange server calls its version, oldest first.
EwsVersion = Literal[
    "", "Exchange2010_SP2", "Exchange2013", "Exchange2013_SP1", "Exchange2016", "Exchange2019", "ExchangeSE"
]


def is_loopback(host: str) -> bool:
    """Whether this host is this machine: the only place where mail may travel unprotected."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _a_safe_url(value: str) -> str:
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    if value and not (parts.scheme == "https" and parts.hostname and not parts.username):
        raise ValueError("write the whole address, beginning with https:// and without a name or password in it")
    return value.rstrip("/")


def _a_tenant(value: str) -> str:
    # It becomes a part of the authority's address.
    if not value.replace("-", "").replace(".", "").isalnum() or value.lower() in ("common", "organizations"):
        raise ValueError("write the tenant's id or one of its domains, such as council.onmicrosoft.com")
    return value


SafeUrl = Annotated[str, AfterValidator(_a_safe_url)]


class Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OAuth(Block):
    """Who asks for a token and how: an app's secret, an app's certificate, or a command that prints one."""

    tenant: Annotated[str, AfterValidator(_a_tenant)] = ""  # its id or one of its domains
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    certificate: str = ""  # PEM file with the app's private key and its certificate
    authority: SafeUrl = MICROSOFT
    scope: str = ""  # "": what the kind of door needs, see SCOPES
    command: tuple[str, ...] = ()  # for other providers: prints the token, and expires_in=SECONDS where it knows
    secret_expires: date | None = None  # the day the secret or certificate runs out, for the countdown
    ca_file: str = ""  # certificates to check the authority by; "": the door's

    @model_validator(mode="after")
    def _is_whole(self) -> OAuth:
        given = [self.client_secret.get_secret_value(), self.certificate, self.command]
        if sum(map(bool, given)) != 1:
            raise ValueError("give exactly one of client_secret, certificate and command")
        if not self.command and not (self.tenant and self.client_id):
            raise ValueError("give tenant and client_id, as the app's registration shows them")
        return self


class Door(Block):
    """One way in or out. kind: imap, maildir, graph, ews (in); smtp, maildir, graph, ews (out)."""

    kind: Literal["imap", "maildir", "smtp", "graph", "ews"] = Field(
        description="say imap, smtp, graph, ews or maildir"
    )
    host: str = ""
    port: int = Field(default=0, ge=0, le=65535)  # 0: the usual one of its kind
    tls: Literal["implicit", "starttls", "none"] = "implicit"  # none: loopback only
    user: str = ""  # imap and smtp with oauth: the mailbox's address unless given
    password: SecretStr = SecretStr("")
    ca_file: str = ""
    path: str = ""  # maildir
    folders: tuple[str, ...] = ()  # beside INBOX and Junk
    sent: str = ""  # IMAP folder that keeps what was sent, for proof
    endpoint: SafeUrl = ""  # ews: the whole address of Exchange.asmx; graph: GRAPH
    mailbox: str = ""  # address of the mailbox to open; settings fill in that of the block the door stands in
    auth: Literal["basic", "ntlm", "certificate", "oauth"] = "basic"  # ews
    certificate: str = ""  # ews, auth: certificate: PEM file with our private key and certificate
    access: Literal["delegate", "impersonation"] = "delegate"  # ews, for a mailbox that is not the user's own
    version: EwsVersion = ""  # ews; "": asked of the server
    oauth: OAuth | None = None
    per_minute: int | None = Field(default=None, ge=1)  # send: letters in a minute; see `pace` for None
    timeout: int = Field(default=60, ge=1)
    max_bytes: int = Field(default=60_000_000, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _goes_to_microsoft(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("kind") == "graph" and not given.get("endpoint"):
            return {**given, "endpoint": GRAPH}
        return given

    @model_validator(mode="after")
    def _is_whole(self) -> Door:
        if self.kind == "maildir" and not self.path:
            raise ValueError("a maildir needs its path")
        if self.kind in ONLY["host"] and not self.host:
            raise ValueError(f"{self.kind} needs a host")
        if self.kind in ONLY["host"] and self.tls == "none" and not is_loopback(self.host):
            raise ValueError("tls: none is for this machine only (127.0.0.1); say implicit or starttls")
        for name, kinds in ONLY.items():
            if name in self.model_fields_set and self.kind not in kinds:
                raise ValueError(f"{name} is for {' and '.join(kinds)} and does nothing for {self.kind}: take it out")
        _can_log_in(self)
        return self

    @property
    def scope(self) -> str:
        """What a token for this door is asked for."""
        if self.oauth is not None and self.oauth.scope:
            return self.oauth.scope
        if self.kind == "ews":
            parts = urlsplit(self.endpoint)
            return f"{parts.scheme}://{parts.netloc}/.default"
        return SCOPES.get(self.kind, "")

    @property
    def identity(self) -> str:
        """What tells this door from another: the same words lead to the same mails under the same keys."""
        by_address = (self.endpoint, self.mailbox) if self.kind in ONLY["endpoint"] else ()
        words = (self.kind, self.host, self.port, self.user, self.path, *by_address)
        return " ".join(str(word) for word in words if word)

    @property
    def pace(self) -> int | None:
        """How many letters may leave in a minute; None: any number."""
        is_microsofts = self.kind in ("graph", "ews") or (self.kind == "smtp" and self.oauth is not None)
        return MICROSOFTS_PACE if self.per_minute is None and is_microsofts else self.per_minute

    def of(self, address: str) -> Door:
        """The same door of the mailbox at `address`, where the door itself names none."""
        mailbox = self.mailbox or address
        is_named = bool(self.user) or self.oauth is None or self.kind not in ONLY["host"]
        return self.model_copy(update={"mailbox": mailbox, "user": self.user if is_named else mailbox})


def _can_log_in(door: Door) -> None:
    """Raises ValueError where what a door logs in with is missing, or more than one thing."""
    if door.kind == "graph" and door.oauth is None:
        raise ValueError("graph needs an oauth block: tenant, client_id, and client_secret or certificate")
    if door.oauth is not None and door.password.get_secret_value():
        raise ValueError("give password or oauth, not both")
    if door.kind != "ews":
        return
    if not door.endpoint:
        raise ValueError("ews needs its endpoint, such as https://mail.council.example/EWS/Exchange.asmx")
    if (door.auth == "oauth") != (door.oauth is not None):
        raise ValueError("auth: oauth and an oauth block belong together: give both or neither")
    if (door.auth == "certificate") != bool(door.certificate):
        raise ValueError("auth: certificate and certificate, a PEM file, belong together: give both or neither")
    if door.auth in ("basic", "ntlm") and not (door.user and door.password.get_secret_value()):
        raise ValueError(f"auth: {door.auth} needs user and password")


def _into(door: Door) -> Door:
    if door.per_minute is not None:
        raise ValueError("per_minute is for letters: write it under send, or take it out")
    if door.kind == "smtp":
        raise ValueError("mail comes in by imap, graph, ews or maildir, not by smtp")
    return door


def _out(door: Door) -> Door:
    if door.kind == "imap":
        raise ValueError("letters go out by smtp, graph, ews or maildir, not by imap")
    return door


Receive = Annotated[Door, AfterValidator(_into)]
Send = Annotated[Door, AfterValidator(_out)]
