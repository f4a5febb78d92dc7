"""`setup`: the blocks it makes load, the PowerShell means what it says, and answers are judged at once."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot.cli.main import app
from bot.doors.setup import block, powershell
from bot.doors.setup.block import Inbox, Login, Plan
from bot.rules.policy.yaml_file import read
from bot.settings.settings import Settings, load
from tests.unit.config_samples import TODAY, small

APP, OBJECT = "0f3c9a52-0000-4000-8000-00000000a001", "0f3c9a52-0000-4000-8000-00000000b002"
CREWE = "crewe@csc.example,CE,cheshire-east,Crewe Assessment Team"
COMMON = ["--name", "The Clock", "--address", "clock@council.example", "--inbox", CREWE]
AN_APP = ["--tenant", "council.onmicrosoft.example", "--client-id", APP, "--secret", "APP_SECRET"]
THE_APP = [*AN_APP, "--object-id", OBJECT, "--expires", "2027-11-30"]
EXCHANGE = ["--endpoint", "https://mail.council.example/EWS/Exchange.asmx", "--user", "COUNCIL\\svc-clock"]
WAYS: dict[str, list[str]] = {
    "graph": ["graph", *THE_APP],
    "graph by certificate": ["graph", *AN_APP[:4], "--object-id", OBJECT, "--certificate", "/etc/bot/app.pem"],
    "imap by token": [
        "imap",
        "--microsoft",
        *THE_APP,
        "--host",
        "outlook.office365.com",
        "--smtp",
        "smtp.office365.com",
    ],
    "imap by password": ["imap", "--other", "--host", "imap.council.example", "--smtp", "smtp.council.example"],
    "ews by ntlm": ["ews", *EXCHANGE, "--auth", "ntlm", "--secret", "EWS_PASSWORD", "--access", "delegate"],
    "ews by certificate": ["ews", *EXCHANGE, "--auth", "certificate", "--certificate", "/etc/bot/ews.pem"],
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return small(tmp_path / "config")


def made(root: Path, *words: str) -> dict[str, Any]:
    """What `setup --json` gives; every answer is an option or a default."""
    ran = CliRunner().invoke(app, ["setup", *words, "--config", str(root), "--json"])
    assert ran.exit_code == 0, ran.output
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def refused(root: Path, *words: str) -> str:
    """What it says of an answer by option that cannot be used."""
    ran = CliRunner().invoke(app, ["setup", *words, "--config", str(root)])
    assert ran.exit_code == 2, ran.output
    return " ".join(ran.stderr.replace("│", " ").split())


def loaded(root: Path, text: str, secrets: list[str]) -> Settings:
    """The configuration with that block in place of its own."""
    file = root / "bot.yaml"
    file.write_text(file.read_text("utf-8").partition("bot:\n")[0] + text, "utf-8")
    return load(root, dict.fromkeys(secrets, "correct horse"), TODAY)


# --- blocks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_the_block_loads(way: str, root: Path) -> None:
    """Put into bot.yaml, with its secrets in the environment, it is a configuration without a fault."""
    found = made(root, *WAYS[way], *COMMON)
    config = loaded(root, found["block"], found["secrets"]).config
    kind = way.split()[0]
    assert (config.bot.address, config.bot.receive.kind) == ("clock@council.example", kind)
    assert config.bot.send.kind == {"imap": "smtp"}.get(kind, kind)
    (box,) = config.mailboxes
    assert (box.address, box.team, box.receive.kind) == ("crewe@csc.example", "Crewe Assessment Team", kind)


@pytest.mark.parametrize("way", WAYS)
def test_no_secret_is_taken_or_given(way: str, root: Path) -> None:
    """The block holds names of secrets and no value; who writes the secret itself is told so."""
    found = made(root, *WAYS[way], *COMMON)
    assert all(re.fullmatch(r"[A-Z0-9_]+", name) for name in found["secrets"])
    assert "correct horse" not in found["block"]
    if "--secret" in WAYS[way]:
        words = [word if word not in ("APP_SECRET", "EWS_PASSWORD") else "hunter2~secret" for word in WAYS[way]]
        assert "never the secret itself" in refused(root, *words, *COMMON)


def test_the_day_the_secret_runs_out_is_kept(root: Path) -> None:
    """For the reminders before it."""
    found = made(root, *WAYS["graph"], *COMMON)
    oauth = loaded(root, found["block"], found["secrets"]).config.bot.receive.oauth
    assert oauth is not None and str(oauth.secret_expires) == "2027-11-30"


@given(st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1, max_size=40))
def test_a_name_is_read_back_as_it_was_given(name: str) -> None:
    """Whatever characters are in it: YAML takes none of them for its own."""
    plan = Plan(name, "clock@council.example", (Inbox("crewe@csc.example", "CE", "no", name),), Login(secret="X_Y"))
    document, problems = read(block.ews(plan, "https://mail.council.example/e", "basic", "delegate"), "bot.yaml")
    assert document is not None and not problems
    assert document.at(("bot", "name")) == name
    assert (document.at(("mailboxes", 0, "team")), document.at(("mailboxes", 0, "policy"))) == (name, "no")


# --- answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--address", "The Clock <clock@council.example>"], "plain address"),
        (["--inbox", "crewe@csc.example"], "write ADDRESS,AREA,POLICY"),
        (["--inbox", "crewe@csc.example,XX,cheshire-east"], "no row of the directory is in area XX (it has CE)"),
        (["--inbox", "crewe@csc.example,CE,chesire-east"], "did you mean cheshire-east"),
        (["--inbox", "crewe@csc.example,CE,cheshire-east,Crew Assessment Team"], "did you mean Crewe Assessment Team"),
        (["--inbox", "clock@council.example,CE,cheshire-east"], "the bot's own mailbox"),
        (["--tenant", "https://council.example"], "write the tenant's id"),
        (["--client-id", "challenge-bot"], "as the portal shows it"),
        (["--expires", "next year"], "write a day as 2027-11-30"),
    ],
)
def test_an_answer_that_cannot_be_used_is_a_sentence(words: list[str], said: str, root: Path) -> None:
    """By option it ends with 2, naming the option and what to write."""
    told = refused(root, *WAYS["graph"], *COMMON, *words)
    assert said in told and words[0] in told


def test_what_is_missing_is_asked_for_until_it_can_be_used(root: Path) -> None:
    """One question after another on stderr; a wrong answer is told and asked again; inboxes until there are no more."""
    answers = ["council", "council.onmicrosoft.example", APP, "", "", "clock@council.example", CREWE, "-", OBJECT, ""]
    ran = CliRunner().invoke(app, ["setup", "graph", "--config", str(root)], input="\n".join(answers))
    assert ran.exit_code == 0, ran.output
    assert "That cannot be used: write the tenant's id" in ran.stderr
    assert 'client_secret: "${CHALLENGE_BOT_SECRET}"' in ran.stdout
    assert "Tenant" not in ran.stdout
    text = ran.stdout.partition("# --- PowerShell")[0]
    assert loaded(root, text, ["CHALLENGE_BOT_SECRET"]).config.mailboxes[0].team == "Crewe Assessment Team"


def test_without_anybody_to_ask_the_option_is_named(root: Path) -> None:
    """In a script with no input it ends with 2 and the option to give."""
    assert "--tenant" in refused(root, "graph")


def test_nothing_is_written_over(root: Path, tmp_path: Path) -> None:
    """A file that is there stays, and neither of the two is written."""
    there, other = tmp_path / "there.ps1", tmp_path / "new.yaml"
    there.write_text("mine")
    words = ["setup", *WAYS["graph"], *COMMON, "--out", str(other), "--script", str(there), "--config", str(root)]
    ran = CliRunner().invoke(app, words)
    assert ran.exit_code == 1 and "is there already" in str(ran.exception)
    assert (there.read_text(), other.exists()) == ("mine", False)
    there.unlink()
    assert CliRunner().invoke(app, words).exit_code == 0
    assert other.read_text().startswith("bot:\n") and "New-ServicePrincipal" in there.read_text()
    assert other.stat().st_mode & 0o777 == 0o600


# --- PowerShell -------------------------------------------------------------------------------------------------------


def meant(text: str) -> tuple[str, str]:
    """What PowerShell makes of a single-quoted string at the start of `text`, and what stands behind it: two of its
    quotation marks in a row, straight or curly, are one, and one alone ends it."""
    marks, out, n = "'\u2018\u2019\u201a\u201b", "", 1
    assert text[0] in marks
    while not (text[n] in marks and text[n + 1 : n + 2] not in list(marks)):
        n += 1 if text[n] in marks else 0
        out, n = out + text[n], n + 1
    return out, text[n + 1 :]


@given(st.text(st.sampled_from("a$`\"(){};#' \u2018\u2019\u201a\u201b"), min_size=1, max_size=20))
def test_a_value_is_taken_as_it_is(value: str) -> None:
    """No value can end its quotes and become a command."""
    assert meant(powershell.quoted(value) + " ; rest") == (value, " ; rest")


@pytest.mark.parametrize("value", ["two\nlines", "a\r", "tab\t", "line\u2028separator", "\x00"])
def test_a_value_of_several_lines_is_refused(value: str) -> None:
    """A second line would be a second command."""
    with pytest.raises(ValueError, match="one line"):
        powershell.quoted(value)


def test_the_filter_names_the_mailboxes_and_no_other() -> None:
    """A quote in an address is doubled for the filter and once more for PowerShell."""
    plan = Plan(
        "x", "clock@council.example", (Inbox("o'neill@csc.example", "CE", "p"),), Login(client_id=APP, tenant="t")
    )
    line = next(row for row in powershell.graph(plan, OBJECT).splitlines() if "o''" in row)
    condition, _ = meant(line.partition("-RecipientRestrictionFilter ")[2] + " ")
    assert condition == "PrimarySmtpAddress -eq 'o''neill@csc.example'"


def test_graph_is_given_the_least_and_checked(root: Path) -> None:
    """Team inboxes are read, the bot's own is written and sent from; another mailbox must be refused; a consent in
    Entra ID is warned of before anything is run."""
    script = made(root, *WAYS["graph"], *COMMON)["script"]
    grants = re.findall(r"^New-ManagementRoleAssignment .*-Role '(.*?)' -CustomResourceScope '(.*?)'$", script, re.M)
    assert grants == [
        ("Application Mail.Read", "Challenge Bot team inboxes"),
        ("Application Mail.ReadWrite", "Challenge Bot own mailbox"),
        ("Application Mail.Send", "Challenge Bot own mailbox"),
    ]
    assert "Mail.Send there opens every mailbox" in script.partition("New-ServicePrincipal")[0]
    assert "Test-ServicePrincipalAuthorization -Identity $appId -Resource $other" in script
    scopes = dict(re.findall(r"^New-ManagementScope -Name '(.*?)' -RecipientRestrictionFilter (.*)$", script, re.M))
    assert "crewe@csc.example" in scopes["Challenge Bot team inboxes"]
    assert "crewe@csc.example" not in scopes["Challenge Bot own mailbox"]


def test_imap_with_a_token_is_limited_by_mailbox(root: Path) -> None:
    """The Enterprise application's object id, full access to each mailbox, sending as its own alone."""
    script = made(root, *WAYS["imap by token"], *COMMON)["script"]
    assert "IMAP.AccessAsApp and SMTP.SendAsApp" in script
    assert f"$objectId = '{OBJECT}'" in script and "ENTERPRISE APPLICATIONS" in script
    full = re.findall(r"^Add-MailboxPermission -Identity '(.*?)' .*FullAccess", script, re.M)
    assert full == ["crewe@csc.example", "clock@council.example"]
    assert re.findall(r"^Add-RecipientPermission -Identity '(.*?)' ", script, re.M) == ["clock@council.example"]


@pytest.mark.parametrize(("access", "right"), [("delegate", "Reviewer"), ("impersonation", "ApplicationImpersonation")])
def test_exchange_on_own_premises(access: str, right: str, root: Path) -> None:
    """Folder rights for a delegate, a scope for impersonation."""
    words = ["ews", *EXCHANGE, "--auth", "ntlm", "--secret", "EWS_PASSWORD", "--access", access]
    script = made(root, *words, *COMMON)["script"]
    assert right in script and "'COUNCIL\\svc-clock'" in script


# --- mail-flow rules --------------------------------------------------------------------------------------------------


def test_rules_copy_challenges_and_answers(root: Path) -> None:
    """Every subject of the policy and ref of the area, to the mailbox without a team, and never our own letters."""
    bot = root / "bot.yaml"
    bot.write_text(bot.read_text("utf-8").replace("    team: Crewe Assessment Team\n", ""))
    script = made(root, "rule", "--for", "crewe.assessment@csc.example")["script"]
    challenges, answers = re.findall(r"^New-TransportRule .*$", script, re.M)
    assert "@('Professional Safeguarding Challenge', 'Professional Challenge', 'Safeguarding Challenge')" in challenges
    assert "-AnyOfToCcHeader @('crewe.assessment@csc.example')" in challenges
    pattern, _ = meant(answers.partition("-SubjectOrBodyMatchesPatterns @(")[2])
    assert re.search(pattern, "RE: a challenge [CE-2027-0007]") and not re.search(pattern, "CE-27-1")
    for rule in (challenges, answers):
        assert "-BlindCopyTo 'crewe@csc.example'" in rule
        assert "-ExceptIfFromAddressContainsWords 'clock@council.example'" in rule


def test_rules_need_a_mailbox_for_the_copies(root: Path) -> None:
    """Without one it says what to make."""
    ran = CliRunner().invoke(app, ["setup", "rule", "--config", str(root)])
    assert ran.exit_code == 1
    assert "make one for the copies" in str(ran.exception)
