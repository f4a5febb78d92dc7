"""What a configuration does not use is not loaded: fewer packages read what strangers send."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests import operator

#: The Exchange library, and what only it brings.
OF_EXCHANGE = {
    "exchangelib", "cached_property", "defusedxml", "isodate", "lxml", "ntlm_auth", "oauthlib", "pygments",
    "requests_gssapi", "requests_ntlm", "requests_oauthlib", "spnego", "tzlocal",
}  # fmt: skip
#: What others of ours bring as well.
SHARED = {"lxml", "pygments", "tzlocal"}
PROGRAM = """
import os, sys
from pathlib import Path
from bot.daemon.app import build
from bot.daemon.configuration import load
from bot.daemon.life import furnish, read_now
import bot.cli.main, bot.daemon.daemon
settings = load(Path({config!r}), os.environ, read_now().date()).settings
furnish(settings)
app = build(settings, read_now=read_now)
app.close()
print(*sorted({{name.partition(".")[0] for name in sys.modules}}))
"""


def loaded(folder: Path) -> set[str]:
    """The packages that a whole App of this folder has loaded, the command line and the daemon beside it."""
    program = PROGRAM.format(config=str(folder / "config"))
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=operator.environment() | {"EWS": "x"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return set(run.stdout.split())


def test_the_exchange_library_is_loaded_only_where_such_a_door_is_configured(tmp_path: Path) -> None:
    """With Maildir neither it nor a package that only it brings is loaded; with its door it is."""
    folder = operator.folder(tmp_path)
    assert loaded(folder) & (OF_EXCHANGE - SHARED) == set()
    config = folder / "config/bot.yaml"
    door = "{kind: ews, endpoint: https://mail.council.example/EWS/Exchange.asmx, user: svc, password: '${EWS}'}"
    text = config.read_text("utf-8")
    ours = "receive: {kind: maildir, path: var/mail/challenge-clock}"
    assert ours in text
    config.write_text(text.replace(ours, f"receive: {door}", 1), "utf-8")
    assert "exchangelib" in loaded(folder)
