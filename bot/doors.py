"""One way in or out of the daemon, as bot.yaml writes it: which protocol, where, and how the line is protected.

It opens nothing: mailbox/ and transport/ do. A secret is masked wherever a door is printed.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator


def is_loopback(host: str) -> bool:
    """Whether this host is this machine: the only place where mail may travel unprotected."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Door(Block):
    """One way in or out. kind: imap, maildir (in); smtp, maildir (out)."""

    kind: Literal["imap", "maildir", "smtp"] = Field(description="say imap, smtp or maildir")
    host: str = ""
    port: int = Field(default=0, ge=0, le=65535)  # 0: the usual one of its kind
    tls: Literal["implicit", "starttls", "none"] = "implicit"  # none: loopback only
    user: str = ""
    password: SecretStr = SecretStr("")
    ca_file: str = ""
    path: str = ""  # maildir
    folders: tuple[str, ...] = ()  # beside INBOX and Junk
    sent: str = ""  # IMAP folder that keeps what was sent, for proof
    timeout: int = Field(default=60, ge=1)
    max_bytes: int = Field(default=60_000_000, ge=1)

    @model_validator(mode="after")
    def _is_whole(self) -> Door:
        if self.kind == "maildir" and not self.path:
            raise ValueError("a maildir needs its path")
        if self.kind != "maildir" and not self.host:
            raise ValueError(f"{self.kind} needs a host")
        if self.kind != "maildir" and self.tls == "none" and not is_loopback(self.host):
            raise ValueError("tls: none is for this machine only (127.0.0.1); say implicit or starttls")
        return self


def _into(door: Door) -> Door:
    if door.kind == "smtp":
        raise ValueError("mail comes in by imap or maildir, not by smtp")
    return door


def _out(door: Door) -> Door:
    if door.kind == "imap":
        raise ValueError("letters go out by smtp or maildir, not by imap")
    return door


Receive = Annotated[Door, AfterValidator(_into)]
Send = Annotated[Door, AfterValidator(_out)]
