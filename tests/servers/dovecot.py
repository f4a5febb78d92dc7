"""A private Dovecot 2.3 on loopback ports it chooses: one for plain text and STARTTLS, one for TLS.

Every user exists, with the password `test` or a token that `believe` makes theirs; mail lies in Maildirs in a directory
of its own and is delivered as a delivery agent would do it, or by IMAP. What the server does wrong it is told to:
refuse a login, kick a user, change a UIDVALIDITY, stop. Runs as root or not. Not handled: Dovecot 2.4, whose
configuration is another language.
"""

from __future__ import annotations

import contextlib
import grp
import itertools
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from imapclient import IMAPClient
from imapclient.imap_utf7 import encode
from pydantic import SecretStr

from bot.settings.settings import Door
from tests.need import missing
from tests.servers.certificates import make_certificate
from tests.servers.tokens import TokenService
from tests.until import until

PROGRAM = Path("/usr/sbin/dovecot")
ADMIN = Path("/usr/bin/doveadm")
HOST = "127.0.0.1"
PASSWORD = "test"
IMAP_SCOPE = "https://outlook.office365.com/.default"

CONFIG = """
base_dir = {run}
state_dir = {run}
log_path = {root}/dovecot.log
protocols = imap
listen = 127.0.0.1
shutdown_clients = yes
ssl = yes
ssl_cert = <{chain}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2
auth_failure_delay = 0
mail_location = maildir:{root}/mail/%u
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
first_valid_gid = 1
{internal}
mail_max_userip_connections = 100
passdb {{
  driver = passwd-file
  deny = yes
  args = {root}/refused
}}
passdb {{
  driver = passwd-file
  args = {root}/passwords
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {root}/oauth2
}}
passdb {{
  driver = static
  args = password=test
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={root}/home/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  chroot =
  service_count = 0
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""


#: The server asks whose a token is, and whether it still counts, as Exchange asks its directory.
OAUTH2 = """
introspection_url = http://127.0.0.1:{port}/?token=
introspection_mode = get
active_attribute = active
active_value = true
username_attribute = username
"""


@dataclass(frozen=True, slots=True)
class Held:
    """One message as the server holds it."""

    uid: int
    flags: frozenset[str]
    raw: bytes


class Dovecot:
    """The server. `folder` is a name as IMAP gives it, with "/" between levels; "INBOX" where none is named."""

    host = HOST

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port, self.tls_port = _free_port(), _free_port()
        made = make_certificate(root / "tls")
        self.ca_file = str(made.ca)
        self._numbers = itertools.count(1)
        self._config = root / "dovecot.conf"
        self._process: subprocess.Popen[bytes] | None = None
        is_root = os.geteuid() == 0
        who = pwd.getpwnam("mail") if is_root else pwd.getpwuid(os.geteuid())
        self._ids = who.pw_uid, who.pw_gid
        for name in ("run", "mail", "home"):
            (root / name).mkdir(mode=0o755)
        for name in ("mail", "home"):
            os.chown(root / name, *self._ids)
        for name in ("refused", "passwords"):
            (root / name).touch()
        self._witness = Witness()
        (root / "oauth2").write_text(OAUTH2.format(port=self._witness.port))
        group = grp.getgrgid(who.pw_gid).gr_name
        internal = f"default_{{}}_user = {who.pw_name}\n".format
        rootless = internal("internal") + internal("login") + f"default_internal_group = {group}"
        self._config.write_text(
            CONFIG.format(
                root=root,
                run=root / "run",
                chain=made.chain,
                key=made.key,
                user=who.pw_name,
                group=group,
                internal="" if is_root else rootless,
                port=self.port,
                tls_port=self.tls_port,
            )
        )

    # --- life --------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """On the same ports every time; returns when it greets."""
        self._process = subprocess.Popen(
            [PROGRAM, "-F", "-c", self._config], stderr=subprocess.DEVNULL, start_new_session=True
        )
        until(self._greets, 20)

    def stop(self) -> None:
        """Ends it with all its connections."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(20)
            group, self._process = self._process.pid, None
            # The processes that hold the connections outlive the master for a while.
            until(lambda: not _signalled(group, signal.SIGKILL), 20)

    def close(self) -> None:
        """For good."""
        self.stop()
        self._witness.close()

    def restart(self) -> None:
        self.stop()
        self.start()

    def _greets(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.root / "dovecot.log").read_text()[-2000:]
        try:
            with socket.create_connection((HOST, self.port), timeout=1) as line:
                return line.recv(4) == b"* OK"
        except OSError:
            return False

    # --- users -------------------------------------------------------------------------------------------------------

    def new_user(self) -> str:
        """A user nobody has used yet, with an empty INBOX."""
        return f"team{next(self._numbers)}"

    def door(self, user: str, **changes: Any) -> Door:
        """A `receive:` door that leads here, by implicit TLS."""
        known: dict[str, Any] = {"kind": "imap", "host": HOST, "port": self.tls_port, "tls": "implicit"}
        known |= {"user": user, "ca_file": self.ca_file, "timeout": 10}
        known |= {} if "oauth" in changes else {"password": SecretStr(PASSWORD)}
        return Door(**(known | changes))

    def believe(self, service: TokenService, user: str, client: str = "") -> None:
        """Tokens that this authority gave for IMAP, to any app or this one, open the mailbox of `user`. A token opens
        one mailbox: the server asks whose it is."""
        self._witness.believed.append((service, user, client))

    def disbelieve(self, user: str) -> None:
        """No token opens this mailbox any more."""
        self._witness.believed = [known for known in self._witness.believed if known[1] != user]

    @contextlib.contextmanager
    def human(self, user: str, folder: str = "INBOX") -> Iterator[Any]:
        """The user's own program, with `folder` open for reading and writing."""
        with IMAPClient(HOST, self.port, ssl=False) as client:
            client.login(user, PASSWORD)
            client.select_folder(folder)
            yield client

    def set_password(self, user: str, password: str) -> None:
        """Another password beside the common one."""
        self._write("passwords", f"{user}:{{PLAIN}}{password}\n")
        until(lambda: self._admits(user, password))

    def refuse(self, user: str) -> None:
        """Logins of this user fail from now on, whatever the password."""
        self._write("refused", f"{user}:\n")
        until(lambda: not self._admits(user))

    def admit(self, user: str) -> None:
        """Nobody is refused any more."""
        (self.root / "refused").write_text("")
        until(lambda: self._admits(user))

    def _admits(self, user: str, password: str = PASSWORD) -> bool:
        # The server looks at its password files once a second.
        test = [str(ADMIN), "-c", str(self._config), "auth", "test", user, password]
        return subprocess.run(test, check=False, capture_output=True).returncode == 0

    def kick(self, user: str) -> None:
        """Ends every connection of the user; returns when they are gone."""
        subprocess.run([ADMIN, "-c", self._config, "kick", user], check=False, capture_output=True)
        until(lambda: not self._connections(user))

    def _connections(self, user: str) -> bool:
        told = subprocess.run([ADMIN, "-c", self._config, "-f", "tab", "who", user], capture_output=True, text=True)
        return user in told.stdout

    def _write(self, name: str, line: str) -> None:
        with (self.root / name).open("a") as file:
            file.write(line)

    # --- mail --------------------------------------------------------------------------------------------------------

    def deliver(self, user: str, raw: bytes, folder: str = "INBOX", received: datetime | None = None) -> None:
        """As a delivery agent does: a whole file into new/; `received` becomes the INTERNALDATE."""
        path = self._path(user, folder)
        at = received or datetime.now(UTC)
        file = f"{int(at.timestamp())}.M{next(self._numbers):09d}.test"
        (path / "tmp" / file).write_bytes(raw)
        os.chown(path / "tmp" / file, *self._ids)
        os.utime(path / "tmp" / file, (at.timestamp(), at.timestamp()))
        (path / "tmp" / file).rename(path / "new" / file)

    def append(self, user: str, raw: bytes, folder: str = "INBOX", received: datetime | None = None) -> None:
        """As a program does that puts a copy there."""
        with self.human(user) as client:
            client.append(folder, raw, (), received)

    def make_folder(self, user: str, folder: str) -> None:
        with self.human(user) as client:
            client.create_folder(folder)

    def held(self, user: str, folder: str = "INBOX") -> list[Held]:
        """What lies there, flags included, looked at without touching it."""
        with self.human(user) as client:
            client.select_folder(folder, readonly=True)
            told = client.fetch(client.search(), ["FLAGS", "BODY.PEEK[]"])
        return [
            Held(uid, frozenset(flag.decode() for flag in item[b"FLAGS"]), item[b"BODY[]"])
            for uid, item in sorted(told.items())
        ]

    def back_up(self, user: str) -> None:
        """Keeps the mailbox as it is, numbers and all."""
        self.held(user)  # what nobody has listed yet is numbered
        shutil.rmtree(self._backup(user), ignore_errors=True)
        shutil.copytree(self._path(user, "INBOX"), self._backup(user), copy_function=shutil.copy2)

    def put_back(self, user: str) -> None:
        """The mailbox as it was kept, under its UIDVALIDITY and with the numbers it had then."""
        self._replace(user)
        shutil.copytree(self._backup(user), self.root / "mail" / user, copy_function=shutil.copy2)
        for path in (self.root / "mail" / user, *(self.root / "mail" / user).rglob("*")):
            os.chown(path, *self._ids)

    def make_anew(self, user: str) -> None:
        """The mailbox is deleted; an empty one has its name."""
        self._replace(user)
        self._path(user, "INBOX")

    def _replace(self, user: str) -> None:
        self.kick(user)
        shutil.rmtree(self.root / "mail" / user)

    def _backup(self, user: str) -> Path:
        return self.root / "backup" / user

    def set_uidvalidity(self, user: str, folder: str, validity: int, step: int = 1) -> None:
        """As after a rebuilt index: another UIDVALIDITY, and everything numbered anew, `step` apart.

        What nobody has listed yet is numbered by the server when somebody does.
        """
        self.kick(user)
        path = self._path(user, folder)
        for index in path.glob("dovecot.index*"):
            index.unlink()
        list_ = path / "dovecot-uidlist"
        head, *rows = list_.read_text().splitlines()
        guid = re.search(r"G\S+", head)
        names = [row.partition(":")[2] for row in rows]
        guid_field = f" {guid.group()}" if guid else ""
        lines = [f"3 V{validity} N{len(names) * step + 1}{guid_field}"]
        lines += [f"{1 + n * step} :{name}" for n, name in enumerate(names)]
        list_.write_text("\n".join(lines) + "\n")
        os.chown(list_, *self._ids)

    def _path(self, user: str, folder: str) -> Path:
        path = self.root / "mail" / user
        if folder != "INBOX":
            path = path / ("." + encode(folder).decode().replace("/", "."))
        for part in (self.root / "mail" / user, path, path / "tmp", path / "new", path / "cur"):
            if not part.exists():
                part.mkdir(mode=0o700)
                os.chown(part, *self._ids)
        return path


class Witness:
    """Tells the server whose a token is: a little HTTP service of its own, `GET /?token=`."""

    def __init__(self) -> None:
        self.believed: list[tuple[TokenService, str, str]] = []
        witness = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = parse_qs(urlsplit(self.path).query)
                user = witness.owner(asked.get("token", [""])[0])
                body = json.dumps({"active": bool(user), "username": user}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Silent."""

        self._http = ThreadingHTTPServer((HOST, 0), Handler)
        self.port: int = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def owner(self, token: str) -> str:
        known = (user for service, user, client in self.believed if service.knows(token, IMAP_SCOPE, client))
        return next(known, "")

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join(5)
        self._http.server_close()


def _signalled(group: int, number: signal.Signals) -> bool:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


@contextlib.contextmanager
def running() -> Iterator[Dovecot]:
    """A server that is stopped at the end, for whoever is no test."""
    if not PROGRAM.exists():
        missing("Dovecot", "install the package dovecot-imapd, version 2.3")
    version = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout
    if not version.startswith("2.3."):
        missing("Dovecot 2.3", f"this machine has {version.split()[0]}, which is configured in another language")
    # Not pytest's own folder: its parents are closed to the user that the server runs as.
    root = Path(tempfile.mkdtemp(prefix="dovecot-"))
    root.chmod(0o755)
    server = Dovecot(root)
    try:
        server.start()
        yield server
    finally:
        server.close()
        shutil.rmtree(root)


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """A running server for the whole session; a test takes users of its own and leaves it running."""
    with running() as server:
        yield server
