"""A token authority over real HTTPS on loopback, as Microsoft's: discovery, client credentials, introspection.

`TokenService` is the authority itself, to be mounted in another server (`answer`); `TokenServer` runs it alone. It
checks secrets and signed assertions for real, counts what it is asked, and can be told to misbehave: `refuse(code)`,
`answer_html()`, `break_down()`, `hang_up()`, `lifetime`, `revoke()`. Not handled: people, refresh tokens.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from bot.settings.door import OAuth
from tests.servers.certificates import Certificate, make_certificate

TENANT, CLIENT, SECRET = "council.example", "11111111-2222-3333-4444-555555555555", "the app's own secret"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SENTENCES = {
    "AADSTS7000222": "The provided client secret keys for app are expired.",
    "AADSTS7000215": "Invalid client secret provided.",
    "AADSTS700027": "The certificate with identifier used to sign the client assertion is not registered.",
    "AADSTS700016": "Application was not found in the directory.",
    "AADSTS90002": "Tenant not found.",
    "AADSTS65001": "The user or administrator has not consented to use the application.",
}


@dataclass(frozen=True)
class Reply:
    """What to answer; `None` in its place means: hang up."""

    status: int
    body: bytes
    kind: str = "application/json"


@dataclass(frozen=True)
class Grant:
    client: str
    scope: str
    until: float  # time.monotonic


@dataclass
class TokenService:
    """One tenant with one app, known by its secret and, where one was made, its certificate; others by secrets."""

    tenant: str = TENANT
    client: str = CLIENT
    secret: str = SECRET
    others: dict[str, str] = field(default_factory=dict)  # more apps: client id -> secret
    certificate: x509.Certificate | None = None
    lifetime: int = 3600
    asked: int = 0  # requests for a token
    discovered: int = 0
    grants: dict[str, Grant] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._deeds: list[Callable[[], Reply | None]] = []
        self._lock = threading.Lock()

    # --- being told --------------------------------------------------------------------------------------------------

    def refuse(self, code: str, times: int = 1) -> None:
        """Answers with that AADSTS code."""
        self._deeds += [lambda: _no(code)] * times

    def answer_html(self, times: int = 1) -> None:
        page = b"<html><body>Please sign in to the guest network</body></html>"
        self._deeds += [lambda: Reply(200, page, "text/html")] * times

    def break_down(self, status: int = 500, times: int = 1) -> None:
        self._deeds += [lambda: Reply(status, b"<html>oh dear</html>", "text/html")] * times

    def hang_up(self, times: int = 1) -> None:
        self._deeds += [lambda: None] * times

    def behave(self) -> None:
        """Forgets what it was told."""
        self._deeds.clear()

    def revoke(self) -> None:
        """No token given so far is worth anything any more."""
        self.grants.clear()

    def knows(self, token: str, scope: str = "", client: str = "") -> bool:
        """Whether this token was given, for this scope and to this app, and is still good."""
        grant = self.grants.get(token)
        if grant is None or time.monotonic() >= grant.until:
            return False
        return scope in ("", grant.scope) and client in ("", grant.client)

    # --- being asked -------------------------------------------------------------------------------------------------

    def answer(self, method: str, path: str, body: bytes, base: str) -> Reply | None:
        """The reply to one request; None: hang up. `base`: https://host:port, as the client calls this server."""
        _, tenant, *rest = (path.partition("?")[0] + "//").split("/")
        if tenant == "introspect":
            return self._introspect(rest[0])
        with self._lock:
            is_token = method == "POST" and rest[:3] == ["oauth2", "v2.0", "token"]
            self.asked += is_token
            self.discovered += not is_token
            if self._deeds and is_token:
                return self._deeds.pop(0)()
            if tenant != self.tenant:
                return _no("AADSTS90002", 400)
            if not is_token:
                return _json(200, discovery(base, tenant))
            return self._grant({name: values[0] for name, values in parse_qs(body.decode()).items()}, base)

    def _grant(self, asked: dict[str, str], base: str) -> Reply:
        if asked.get("grant_type") != "client_credentials":
            return _json(400, {"error": "unsupported_grant_type", "error_description": "only client_credentials"})
        client = asked.get("client_id", "")
        if client not in (self.client, *self.others):
            return _no("AADSTS700016", 400)
        if not asked.get("scope", "").endswith("/.default"):
            return _json(400, {"error": "invalid_scope", "error_description": "AADSTS1002012: not an app's scope"})
        if asked.get("client_assertion_type") == ASSERTION:
            if not self._signed(asked.get("client_assertion", ""), discovery(base, self.tenant)["token_endpoint"]):
                return _no("AADSTS700027")
        elif asked.get("client_secret") != (self.secret if client == self.client else self.others[client]):
            return _no("AADSTS7000215")
        token = f"token-{secrets.token_urlsafe(24)}"
        self.grants[token] = Grant(client, asked["scope"], time.monotonic() + self.lifetime)
        return _json(200, {"token_type": "Bearer", "expires_in": self.lifetime, "access_token": token})

    def _signed(self, assertion: str, audience: str) -> bool:
        """Whether the assertion is a JWT for us, in time, signed with the key of the app's certificate."""
        head, claims, signature = (_unpacked(part) for part in assertion.split("."))
        header, said = json.loads(head), json.loads(claims)
        if self.certificate is None or header["alg"] != "PS256":
            return False
        key = self.certificate.public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        try:
            salt = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
            key.verify(signature, assertion.rpartition(".")[0].encode(), salt, hashes.SHA256())
        except InvalidSignature:
            return False
        print_ = hashlib.sha256(self.certificate.public_bytes(serialization.Encoding.DER)).digest()
        is_ours = _unpacked(header["x5t#S256"]) == print_ and said["aud"] == audience
        return is_ours and said["iss"] == said["sub"] == self.client and said["exp"] > time.time()

    def _introspect(self, token: str) -> Reply:
        return _json(200 if self.knows(token) else 401, {"active": self.knows(token), "scope": "mail"})


def discovery(base: str, tenant: str) -> dict[str, str]:
    return {
        "token_endpoint": f"{base}/{tenant}/oauth2/v2.0/token",
        "authorization_endpoint": f"{base}/{tenant}/oauth2/v2.0/authorize",
        "issuer": f"{base}/{tenant}/v2.0",
    }


def _json(status: int, value: dict[str, Any]) -> Reply:
    return Reply(status, json.dumps(value).encode())


def _no(code: str, status: int = 401) -> Reply:
    word = "unauthorized_client" if code == "AADSTS700016" else "invalid_client"
    text = f"{code}: {SENTENCES.get(code, 'No.')} Trace ID: 00000000-0000-0000-0000-000000000000"
    return _json(status, {"error": word, "error_description": text, "error_codes": [int(code.removeprefix("AADSTS"))]})


def _unpacked(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


class TokenServer:
    """The service alone on a loopback port of its own. `requests`: method and path of everything it was asked."""

    def __init__(self, certificate: Certificate, service: TokenService | None = None) -> None:
        self.service = service or TokenService()
        self.certificate = certificate
        self.requests: list[tuple[str, str]] = []
        server = self

        class Handler(_Handler):
            owner = server

        self._http = _Server(("127.0.0.1", 0), Handler)
        self._http.socket = certificate.server_context().wrap_socket(
            self._http.socket, server_side=True, do_handshake_on_connect=False
        )
        self.port: int = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def authority(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def oauth(self, **changes: Any) -> OAuth:
        """An oauth block that leads here, with the app's secret unless something else is given."""
        known: dict[str, Any] = {"tenant": self.service.tenant, "client_id": self.service.client}
        known |= {"authority": self.authority, "ca_file": str(self.certificate.ca)}
        if not {"certificate", "command", "client_secret"} & set(changes):
            known["client_secret"] = SecretStr(self.service.secret)
        return OAuth(**(known | changes))

    def stop(self) -> None:
        self._http.shutdown()
        self._thread.join(5)
        self._http.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that does not trust us hangs up: that is its test's business."""


class _Handler(BaseHTTPRequestHandler):
    owner: ClassVar[TokenServer]
    protocol_version = "HTTP/1.1"
    timeout = 10

    def _reply(self) -> None:
        self.owner.requests.append((self.command, self.path))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        reply = self.owner.service.answer(self.command, self.path, body, self.owner.authority)
        if reply is None:
            self.close_connection = True
            return
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    do_GET = do_POST = _reply

    def log_message(self, *_: Any) -> None:
        """Silent: the tests look at `requests`."""


def make_app_certificate(path: Path) -> x509.Certificate:
    """An app's key and self-made certificate, written into one PEM file; the authority is given the certificate."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "challenge-bot")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + made.public_bytes(pem))
    return made


@pytest.fixture
def token_server(tmp_path: Path) -> Iterator[TokenServer]:
    """A running authority with one app."""
    server = TokenServer(make_certificate(tmp_path / "authority"))
    yield server
    server.stop()
