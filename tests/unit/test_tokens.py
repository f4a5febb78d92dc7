"""Tokens, against an authority that checks them: had, kept, renewed, refused, and each way in which none can be had."""

from __future__ import annotations

import json
import shlex
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.doors import https
from bot.doors.tokens import Tokens, tokens_of
from bot.model.errors import DoorClosed
from bot.settings.door import Door, OAuth
from tests.servers.certificates import make_certificate
from tests.servers.tokens import SECRET, TokenServer, make_app_certificate

SCOPE = "https://graph.microsoft.com/.default"


def tokens(server: TokenServer, **changes: Any) -> Tokens:
    return Tokens(server.oauth(**changes), SCOPE, timeout=5)


# --- an authority -----------------------------------------------------------------------------------------------------


def test_a_token_is_asked_for_once(token_server: TokenServer) -> None:
    """It is given again while it is good, and the authority is asked once."""
    ours = tokens(token_server)
    assert token_server.service.knows(ours.get(), SCOPE)
    assert ours.get() == ours.get()
    assert token_server.service.asked == 1


def test_a_token_is_renewed_before_it_ends(token_server: TokenServer) -> None:
    """One that has less than five minutes left is not given out again."""
    token_server.service.lifetime = 299
    ours = tokens(token_server)
    assert ours.get() != ours.get()


def test_a_refused_token_is_not_given_again(token_server: TokenServer) -> None:
    """After `refuse` the next one is new."""
    ours = tokens(token_server)
    first = ours.get()
    token_server.service.revoke()
    ours.refuse()
    assert ours.get() != first
    assert token_server.service.knows(ours.get())


def test_an_app_proves_itself_by_its_certificate(token_server: TokenServer, tmp_path: Path) -> None:
    """What it signs is checked with the certificate that the authority was given; another's is refused."""
    token_server.service.certificate = make_app_certificate(tmp_path / "app.pem")
    assert token_server.service.knows(tokens(token_server, certificate=str(tmp_path / "app.pem")).get())
    make_app_certificate(tmp_path / "other.pem")
    with pytest.raises(DoorClosed, match="AADSTS700027"):
        tokens(token_server, certificate=str(tmp_path / "other.pem")).get()


def test_threads_share_a_token(token_server: TokenServer) -> None:
    """Eight threads that ask at once cost one request."""
    ours = tokens(token_server)
    had: list[str] = []
    threads = [threading.Thread(target=lambda: had.append(ours.get())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (len(had), len(set(had)), token_server.service.asked) == (8, 1, 1)


#: What is wrong, and what the operator reads.
TROUBLE: list[tuple[str, Callable[[TokenServer], Any], str]] = [
    ("expired secret", lambda s: s.service.refuse("AADSTS7000222"), r"secret has expired: make a new .*AADSTS7000222"),
    ("no consent", lambda s: s.service.refuse("AADSTS65001"), r"administrator must grant it \(AADSTS65001\)"),
    ("a code nobody knows", lambda s: s.service.refuse("AADSTS999999"), r"list of sign-in errors \(AADSTS999999\)"),
    ("a login page", lambda s: s.service.answer_html(), "what answered is no token service"),
    ("out of order", lambda s: s.service.break_down(503), "out of order just now: it is tried again"),
    ("hangs up", lambda s: s.service.hang_up(), "the connection was lost: it is tried again"),
]


@pytest.mark.parametrize(("what", "spoil", "said"), TROUBLE, ids=[t[0] for t in TROUBLE])
def test_what_an_authority_says_is_told_plainly(
    token_server: TokenServer, what: str, spoil: Callable[[TokenServer], Any], said: str
) -> None:
    """One sentence with what to do, without the secret; and when it works again, so do we."""
    ours = tokens(token_server)
    spoil(token_server)
    with pytest.raises(DoorClosed, match=said) as caught:
        ours.get()
    assert SECRET not in str(caught.value)
    token_server.service.behave()
    fresh = tokens(token_server)
    assert token_server.service.knows(fresh.get())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"client_secret": "hunter2"}, "secret is wrong: take its value.*AADSTS7000215"),
        ({"client_id": "another"}, "no such app in this tenant.*AADSTS700016"),
        ({"tenant": "nobody.example"}, "no such tenant: check tenant.*AADSTS90002"),
        ({"authority": "https://127.0.0.1:1"}, "nobody listens there"),
        ({"authority": "https://nobody.invalid"}, "no token from nobody.invalid: its name is not known"),
        ({"certificate": "/nowhere/app.pem"}, "the certificate /nowhere/app.pem cannot be read: No such file"),
        ({"ca_file": "/nowhere/ca.pem"}, "no certificate can be read from ca_file /nowhere/ca.pem"),
    ],
)
def test_what_bot_yaml_has_wrong_is_told_plainly(token_server: TokenServer, changes: dict[str, str], said: str) -> None:
    """The sentence names what to mend, and no secret."""
    with pytest.raises(DoorClosed, match=said) as caught:
        tokens(token_server, **changes).get()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "what", ["no key", "no certificate", "no text", "a broken key", "a passphrase", "another kind"]
)
def test_a_certificate_file_that_cannot_sign_is_told_plainly(
    token_server: TokenServer, tmp_path: Path, what: str
) -> None:
    """The file must hold one plain RSA key and its certificate, in any order; else it is named."""
    made = make_app_certificate(tmp_path / "app.pem")
    pem = (tmp_path / "app.pem").read_text()
    key, certificate = pem[: pem.index("-----BEGIN CERT")], pem[pem.index("-----BEGIN CERT") :]
    other = make_certificate(tmp_path / "ec")
    locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIF\n-----END ENCRYPTED PRIVATE KEY-----\n"
    texts = {"no key": certificate, "no certificate": key, "no text": "", "a passphrase": locked + certificate}
    texts |= {"a broken key": key.replace("\nM", "\nX", 1) + certificate}
    texts |= {"another kind": other.key.read_text() + other.chain.read_text()}
    bad = tmp_path / "bad.pem"
    bad.write_text(texts[what])
    with pytest.raises(DoorClosed, match=r"bad.pem: is no PEM file with one RSA private key, without a passphrase"):
        tokens(token_server, certificate=str(bad)).get()
    token_server.service.certificate = made
    bad.write_text(certificate + key)
    assert tokens(token_server, certificate=str(bad)).get()


# --- the line to it ---------------------------------------------------------------------------------------------------


def test_a_certificate_is_always_checked(token_server: TokenServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """An authority that the door's certificates do not vouch for gets no secret, whatever the environment says."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(token_server.certificate.ca))
    with pytest.raises(DoorClosed, match=r"no safe connection .* check ca_file and the proxy"):
        tokens(token_server, ca_file="").get()
    assert token_server.requests == []


def test_the_environment_does_not_overrule_the_certificate(
    token_server: TokenServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """REQUESTS_CA_BUNDLE of the machine leaves ca_file of the door as it is."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(make_certificate(tmp_path / "other").ca))
    assert tokens(token_server).get()


def test_a_proxy_of_the_environment_is_used(token_server: TokenServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTPS_PROXY leads every request, unless NO_PROXY names the host."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    with pytest.raises(DoorClosed, match="the proxy does not let us through: check HTTPS_PROXY and NO_PROXY"):
        tokens(token_server).get()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert tokens(token_server).get()


def test_plain_http_is_never_spoken() -> None:
    """Neither asked for nor by a redirect."""
    with https.session("", "https://mail.council.example") as line, pytest.raises(Exception, match="No connection"):
        line.get("http://127.0.0.1:1/")


# --- a command --------------------------------------------------------------------------------------------------------


class Command:
    """A token command that counts how often it is run and prints what it is told."""

    def __init__(self, folder: Path) -> None:
        self.now = 0.0
        self._count, self._says = folder / "count", folder / "says"
        script = f"n=$(($(cat {self._count} 2>/dev/null || echo 0)+1)); echo $n >{self._count}; . {self._says}"
        self.oauth = OAuth(command=("/bin/sh", "-c", script))
        self.tokens = Tokens(self.oauth, "", timeout=5, monotonic=lambda: self.now)

    def says(self, script: str) -> None:
        self._says.write_text(script)

    @property
    def runs(self) -> int:
        return int(self._count.read_text())


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path)


@pytest.mark.parametrize(
    ("script", "kept"),
    [
        ("echo token-$n expires_in=3600", 3299),
        ("echo expires_in=600; echo token-$n", 299),
        ("echo token-$n", 299),
    ],
)
def test_a_commands_token_is_kept_until_shortly_before_its_end(command: Command, script: str, kept: int) -> None:
    """Five minutes before the end that it names, or after five minutes where it names none, it is run again."""
    command.says(script)
    assert command.tokens.get() == "token-1"
    command.now = kept
    assert command.tokens.get() == "token-1"
    command.now = kept + 1
    assert command.tokens.get() == "token-2"
    command.tokens.refuse()
    assert (command.tokens.get(), command.runs) == ("token-3", 3)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 3", "the token command sh ended with code 3: run it by hand to see why"),
        ("echo", "the token command sh printed no token"),
        ("echo two words", "printed no token: it should print the token and nothing else"),
        ("printf 'tok\\303\\251n'", "printed no token"),
        ("head -c 200000 /dev/zero | tr '\\0' x", "printed no token"),
    ],
)
def test_a_command_that_gives_none_is_told_plainly(command: Command, script: str, said: str) -> None:
    """What it printed, which may be half a secret, is in no sentence."""
    command.says(script)
    with pytest.raises(DoorClosed, match=said) as caught:
        command.tokens.get()
    assert "two words" not in str(caught.value)


def test_a_command_that_hangs_or_is_missing_is_told_plainly() -> None:
    """It is given the door's time and no more."""
    hanging = OAuth(command=(sys.executable, "-c", "import threading; threading.Event().wait()"))
    with pytest.raises(DoorClosed, match=r"did not end within 0\.2 seconds"):
        Tokens(hanging, "", timeout=0.2).get()
    with pytest.raises(DoorClosed, match="the token command nothing cannot be run: No such file"):
        Tokens(OAuth(command=("/nowhere/nothing",)), "").get()


def test_no_shell_reads_the_command(tmp_path: Path) -> None:
    """An argument with a semicolon in it is an argument."""
    words = f"x;touch {tmp_path / 'made'}"
    asked = OAuth(command=("/bin/echo", *shlex.split(json.dumps(words))))
    with pytest.raises(DoorClosed):
        Tokens(asked, "").get()
    assert not (tmp_path / "made").exists()


def test_a_doors_tokens_are_for_its_own_kind(token_server: TokenServer) -> None:
    """Each kind of door asks for what it needs, and says so itself where its block says so."""
    oauth = token_server.oauth()
    ews = Door(kind="ews", endpoint="https://mail.council.example/EWS/Exchange.asmx", auth="oauth", oauth=oauth)
    doors = {
        "https://graph.microsoft.com/.default": Door(kind="graph", oauth=oauth),
        "https://outlook.office365.com/.default": Door(kind="imap", host="x", oauth=oauth),
        "https://mail.council.example/.default": ews,
        "api://own/.default": Door(
            kind="smtp", host="x", oauth=oauth.model_copy(update={"scope": "api://own/.default"})
        ),
    }
    for scope, door in doors.items():
        assert token_server.service.knows(tokens_of(door).get(), scope)
