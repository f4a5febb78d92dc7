"""config/: the shipped sample, each fault of bot.yaml with its line, and secrets."""

from __future__ import annotations

import csv
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.model.errors import ConfigError
from bot.settings.settings import FIRST_SIGHT, Door, Settings, coverage, from_texts, load
from tests.unit.config_samples import BOT, DIRECTORY, ENV, SAMPLE, TODAY, edit, refused, small


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return small(tmp_path / "config")


# --- what a good one gives --------------------------------------------------------------------------------------------


def test_the_shipped_sample_works_as_it_is() -> None:
    """Five policies, a mailbox in every area, nothing to be set before it starts, nothing uncovered."""
    settings = load(SAMPLE, {}, TODAY)
    assert set(settings.policies) == {"cheshire-east", "pan-cheshire", "sandwell", "salford", "cumberland"}
    assert {m.area for m in settings.config.mailboxes} == {"CE", "CW", "HA", "WA", "SW", "SA", "CU"}
    assert {m.policy for m in settings.config.mailboxes} == set(settings.policies)
    assert coverage(settings, TODAY) == ()
    assert settings.config.senders.trust.authserv_ids == ("mx.council.example",)
    assert all(d.endswith(".example") for d in settings.config.recipients.allowed_domains)
    assert settings.templates == Path("mail_templates").absolute()


def test_every_person_of_the_sample_is_fictional() -> None:
    """No address of the sample leads anywhere."""
    assert all(d.endswith(".example") for d in load(SAMPLE, {}, TODAY).directory.domains)


def test_what_is_kept_builds_the_same_again(root: Path) -> None:
    """The texts of the last valid configuration give the same settings without its files."""
    settings = load(root, ENV, TODAY)
    policies = {"policies/cheshire-east.yaml", "policies/pan-cheshire.yaml"}
    assert set(settings.texts) == {"bot.yaml", "directory.csv", *policies}
    shutil.rmtree(root)
    again = from_texts(root, settings.texts, ENV)
    assert (again.config, again.policies, again.directory) == (settings.config, settings.policies, settings.directory)


def test_a_kept_configuration_runs_though_somebody_has_left(root: Path) -> None:
    """A stage that nobody holds any more stops a first start, and no restart from kept texts."""
    texts = load(root, ENV, TODAY).texts
    left = texts["directory.csv"].replace("CE,CSC,,designated_safeguarding_lead,Dev,dev@csc.example,,\n", "")
    settings = from_texts(root, texts | {"directory.csv": left}, ENV)
    assert [p.is_warning for p in coverage(settings, TODAY)] == [False]


def test_kept_texts_with_a_fault_are_refused_too(root: Path) -> None:
    """What cannot be read at all cannot be run on."""
    texts = load(root, ENV, TODAY).texts
    with pytest.raises(ConfigError, match="not readable as YAML"):
        from_texts(root, texts | {"bot.yaml": "mailboxes: ["}, ENV)


@pytest.mark.parametrize("days", ["closures: [2026-12-29]", "bank_holidays: [2026-12-29]", "add: [2026-12-29]"])
def test_closure_days_of_the_configuration_are_not_worked(root: Path, days: str) -> None:
    """Days added in either list, and in that of earlier versions, are not worked; days removed are."""
    edit(root, "bot.yaml", "senders:", f"calendar: {{{days}, remove: [2026-12-28]}}\nsenders:")
    cal = load(root, ENV, TODAY).calendar
    assert [cal.is_working(date(2026, 12, d)) for d in (24, 25, 28, 29, 30)] == [True, False, True, False, True]


def test_templates_lie_where_the_configuration_says(root: Path) -> None:
    """Beside the configuration's folder, or at `templates`, counted from it."""
    assert load(root, ENV, TODAY).templates == root.parent / "mail_templates"
    edit(root, "bot.yaml", "operator:", "templates: letters\noperator:")
    assert load(root, ENV, TODAY).templates == root / "letters"


@pytest.mark.parametrize(("since", "seen"), [("", 72), ("36 hours", 36), ("7 days", 168)])
def test_first_sight_is_three_days_unless_a_mailbox_says_else(root: Path, since: str, seen: int) -> None:
    """How old a mail may be that opens a case when a mailbox is first read."""
    edit(root, "bot.yaml", "policy: ch", f'since: "{since}"\n    policy: ch')
    settings = load(root, ENV, TODAY)
    assert settings.config.mailboxes[0].first_sight == timedelta(hours=seen)
    assert timedelta(days=3) == FIRST_SIGHT


# --- faults of bot.yaml -----------------------------------------------------------------------------------------------

# what is replaced, by what, a piece of the line that is named, what must be said
FAULTS = [
    ("operator: op", "operater: op", "operater", "the file has an unknown key operater; did you mean operator?"),
    ("operator: op@council.example", "operator: op", "operator", "operator: write a plain address, name@domain"),
    ("op@council.example", "op@elsewhere.example", "elsewhere", "operator is at elsewhere.example, which is not among"),
    ("  name: The Clock\n", "", "bot:", "bot has no name: add it"),
    ("crewe@csc.example", "Clock@Council.example", "Clock@", "mailboxes.1.address is the bot's own address"),
    (
        "kind: smtp",
        "kind: smpt",
        "smpt",
        "bot.send.kind must be 'imap', 'maildir', 'smtp', 'graph' or 'ews', not 'smpt'",
    ),
    ("kind: smtp", "kind: imap", "send:", "bot.send: letters go out by smtp, graph, ews or maildir, not by"),
    (
        "{kind: maildir, path: var/clock}",
        "{kind: smtp, host: x}",
        "receive",
        "mail comes in by imap, graph, ews or maildir",
    ),
    (", path: var/clock", "", "receive: {kind: maildir}", "bot.receive: a maildir needs its path"),
    ("    host: mail.council.example\n", "", "send:", "bot.send: smtp needs a host"),
    ("kind: smtp", "kind: smtp\n    port: 25x", "25x", "bot.send.port must be a whole number"),
    ("kind: smtp", "kind: smtp\n    port: 99999", "99999", "bot.send.port input should be less than or equal to 65535"),
    ("kind: smtp", "kind: smtp\n    tls: none", "send:", "tls: none is for this machine only"),
    ("kind: smtp", "kind: smtp\n    tsl: none", "tsl", "bot.send has an unknown key tsl; did you mean tls?"),
    ("${CLOCK_PASSWORD}", "hunter2", "password", "bot.send.password holds a secret: put it in the environment"),
    ("${CLOCK_PASSWORD}", "x${CLOCK_PASSWORD}", "password", "bot.send.password holds a secret"),
    (
        "${CLOCK_PASSWORD}",
        "${OTHER_PASSWORD}",
        "password",
        "bot.send.password needs OTHER_PASSWORD, which is neither in",
    ),
    ("operator: op", "database: mysql://x\noperator: op", "database", "database: write sqlite:///path or postgresql"),
    ("operator: op", "database: postgresql+psycopg://b:pw@h/d\noperator: op", "database", "database holds a secret"),
    ("operator: op", "mode: dry\noperator: op", "mode", "mode must be 'live', 'approve' or 'shadow', not 'dry'"),
    ("operator: op", "calendar: {closures: [31/12/2027]}\noperator: op", "calendar", "calendar.closures.1"),
    (", authserv_ids: [mx.council.example]", "", "trust", "rfc8601 believes named servers only"),
    ("profile: rfc8601", "profile: rfc8610", "trust", "not 'rfc8610'; did you mean rfc8601?"),
    ("[council.example, csc.example", "[council.example, csc", "allowed", "write a domain such as council.example"),
    (
        "policy: cheshire-east",
        "policy: cheshire-est",
        "cheshire-est",
        "there is no policy cheshire-est in policies/; did",
    ),
    ("area: CE", "area: CW", "area: CW", "mailboxes.1.area: no row of the directory is in area CW (it has CE)"),
    ("area: CE", "area: CW", "policy:", "cheshire-east is for area CE, and this mailbox is in CW"),
    ("area: CE", "area: XX", "policy:", "cheshire-east has no emergency numbers for area XX"),
    (
        "Crewe Assessment Team",
        "Crew Assessment Team",
        "Crew ",
        "no team of the directory in area CE; did you mean Crewe",
    ),
    ("policy: ch", "since: 3 working days\n    policy: ch", "since", "mailboxes.1.since: write it in hours or days"),
    ("policy: ch", "since: 3\n    policy: ch", "since", '"3" is not a window'),
    ("mailboxes:", "mailboxes: []\nold:", "mailboxes: []", "mailboxes must not be empty"),
    ("bot:\n", "bot: {}\nother:\n", "bot: {}", "bot has no send: add it"),
]


@pytest.mark.parametrize(("old", "new", "where", "said"), FAULTS)
def test_each_fault_of_bot_yaml_is_named_with_its_line(root: Path, old: str, new: str, where: str, said: str) -> None:
    """The sentence stands at the line that is to be mended, and holds no secret."""
    text = edit(root, "bot.yaml", old, new)
    found = [p for p in refused(root) if said in p.text]
    assert found, [str(p) for p in refused(root)]
    assert text[: text.index(where)].count("\n") + 1 in {p.line for p in found}, [str(p) for p in found]
    assert {p.file for p in found} == {str(root / "bot.yaml")}
    assert not any("hunter2" in p.text or ":pw@" in p.text for p in refused(root))


def test_an_unknown_area_is_one_fault_for_each_file_that_lacks_it(root: Path) -> None:
    """A mistyped area is not followed by what nobody is in it."""
    edit(root, "bot.yaml", "area: CE", "area: CW")
    assert [p.line for p in refused(root)] == [16, 19]


def test_the_same_inbox_twice_is_a_fault(root: Path) -> None:
    """A second block for one address names the line of the first."""
    block = BOT[BOT.index("  - area") :]
    (root / "bot.yaml").write_text(BOT + block, "utf-8")
    (problem,) = refused(root)
    assert (problem.line, problem.text) == (23, "mailboxes.2.address is watched already, on line 18: keep one")


def test_a_team_name_of_two_agencies_cannot_be_watched(root: Path) -> None:
    """Which agency is challenged must follow from the team's name."""
    more = "CE,Health,Crewe Assessment Team,line_manager,X,x@health.example,,\n"
    (root / "directory.csv").write_text(DIRECTORY + more, "utf-8")
    (problem,) = refused(root)
    assert problem.line == 17
    assert "Crewe Assessment Team is a team of two agencies in area CE: give each its own name" in problem.text


@pytest.mark.parametrize(
    ("row", "line", "said"),
    [
        ("CE,CSC,,director,X,x@elsewhere.example,,", 6, "the director is at elsewhere.example, which is not among"),
        ("CE,CSC,,director,X,x@csc.example,y@home.example,", 6, "the director is at home.example, which is not among"),
        ("CE,CSC,,directer,X,x@csc.example,,", 6, "unknown role directer; did you mean director?"),
    ],
)
def test_everybody_must_be_where_letters_may_go(root: Path, row: str, line: int, said: str) -> None:
    """A contact outside the allow-list could never be written to."""
    (root / "directory.csv").write_text(DIRECTORY + row + "\n", "utf-8")
    (problem,) = refused(root)
    assert (problem.file, problem.line) == (str(root / "directory.csv"), line)
    assert said in problem.text
    assert "x@" not in problem.text


def test_faults_of_all_files_are_told_at_once(root: Path) -> None:
    """An operator mends everything in one round: configuration, directory and policy."""
    edit(root, "bot.yaml", "operator: op", "operater: op")
    edit(root, "directory.csv", "business_unit", "busines_unit")
    edit(root, "policies/cheshire-east.yaml", "next: step-2", "next: step-4")
    problems = refused(root)
    assert {Path(p.file).name for p in problems} == {"bot.yaml", "directory.csv", "cheshire-east.yaml"}
    with pytest.raises(ConfigError) as caught:
        load(root, ENV, TODAY)
    assert str(caught.value).count("\n") == len(problems) - 1


def test_a_policy_is_called_as_its_file(root: Path) -> None:
    """Cases name their policy by its id: two names for one would lose them."""
    edit(root, "policies/cheshire-east.yaml", "id: cheshire-east", "id: east-cheshire")
    assert [p.text for p in refused(root)] == [
        "id is east-cheshire, but the file is cheshire-east.yaml: they must be the same"
    ]


def test_a_directory_may_be_saved_as_unicode_text(root: Path) -> None:
    """As Excel saves it: UTF-16 with its mark, tabs between cells."""
    file = root / "directory.csv"
    rows = csv.reader(file.read_text("utf-8").splitlines())
    file.write_bytes("\r\n".join("\t".join(row) for row in rows).encode("utf-16"))
    assert load(root, ENV, TODAY).directory.rows


@pytest.mark.parametrize("name", ["bot.yaml", "directory.csv", "policies/cheshire-east.yaml"])
def test_a_missing_or_foreign_file_is_named(root: Path, name: str) -> None:
    """A file that is not there, and one that is no UTF-8, are said by name."""
    (root / name).write_bytes(b"\xc3(\x00x")
    assert any(p.file == str(root / name) and "is not UTF-8 (byte 0)" in p.text for p in refused(root))
    (root / name).unlink()
    found = refused(root)
    assert any(p.file == str(root / name) or f"no policy {Path(name).stem} in policies/" in p.text for p in found)


def test_a_folder_that_is_not_there_is_said_plainly(tmp_path: Path) -> None:
    """A wrong --config is told in words."""
    said = [str(p) for p in refused(tmp_path / "nowhere")]
    assert any(s.endswith("bot.yaml: is missing; --config names the folder that holds it") for s in said)


# --- secrets ----------------------------------------------------------------------------------------------------------


def password(settings: Settings) -> str:
    return settings.config.bot.send.password.get_secret_value()


def test_a_secret_comes_from_the_environment(root: Path) -> None:
    """`${NAME}` is filled, and the value is masked wherever a door is printed."""
    settings = load(root, ENV, TODAY)
    assert password(settings) == "correct horse"
    assert "correct horse" not in repr(settings)
    assert "correct horse" not in "".join(settings.texts.values())


def test_a_secret_comes_from_a_systemd_credential(root: Path, tmp_path: Path) -> None:
    """A file of that name in $CREDENTIALS_DIRECTORY, without its last line break; the environment goes first."""
    (tmp_path / "CLOCK_PASSWORD").write_text("battery staple\n", "utf-8")
    env = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert password(load(root, env, TODAY)) == "battery staple"
    assert password(load(root, env | ENV, TODAY)) == "correct horse"


def test_a_secret_may_stand_inside_the_databases_address(root: Path) -> None:
    """The password of a database is filled in its place."""
    edit(root, "bot.yaml", "operator:", "database: postgresql+psycopg://b:${DB}@h/d\noperator:")
    assert load(root, ENV | {"DB": "s3cret"}, TODAY).config.database == "postgresql+psycopg://b:s3cret@h/d"


# --- doors ------------------------------------------------------------------------------------------------------------

APP = "tenant: council.example, client_id: app"
SECRET = "client_secret: '${APP_SECRET}'"
EWS = "kind: ews, endpoint: https://mail.council.example/EWS/Exchange.asmx"

#: A `send:` door, and what must be said about it.
DOOR_FAULTS = [
    ("kind: graph", "graph needs an oauth block: tenant, client_id, and client_secret or certificate"),
    (
        f"kind: graph, oauth: {{{APP}, client_secret: hunter2}}",
        "bot.send.oauth.client_secret holds a secret: put it in",
    ),
    (
        f"kind: graph, oauth: {{{APP}, client_secret: '${{NOBODY}}'}}",
        "needs NOBODY, which is neither in the environment",
    ),
    (f"kind: graph, oauth: {{{APP}}}", "bot.send.oauth: give exactly one of client_secret, certificate and command"),
    (f"kind: graph, oauth: {{{APP}, {SECRET}, certificate: a.pem}}", "give exactly one of client_secret, certificate"),
    (f"kind: graph, oauth: {{client_id: app, {SECRET}}}", "give tenant and client_id, as the app's registration"),
    (
        f"kind: graph, oauth: {{tenant: common, client_id: app, {SECRET}}}",
        "bot.send.oauth.tenant: write the tenant's id or one",
    ),
    (
        f"kind: graph, oauth: {{tenant: a/b, client_id: app, {SECRET}}}",
        "bot.send.oauth.tenant: write the tenant's id or one",
    ),
    (f"kind: graph, oauth: {{{APP}, {SECRET}, authority: http://x}}", "beginning with https://"),
    (f"kind: graph, oauth: {{{APP}, {SECRET}, secret_expires: soon}}", "bot.send.oauth.secret_expires"),
    (f"kind: graph, oauth: {{{APP}, secret: x}}", "unknown key secret; did you mean client_secret?"),
    (f"kind: graph, host: x, oauth: {{{APP}, {SECRET}}}", "host is for imap and smtp and does nothing for graph: take"),
    (
        f"kind: graph, endpoint: http://x, oauth: {{{APP}, {SECRET}}}",
        "bot.send.endpoint: write the whole address, begi",
    ),
    (f"kind: graph, endpoint: 'https://u:hunter2@x', oauth: {{{APP}, {SECRET}}}", "without a name or password in it"),
    (
        "kind: smtp, host: x, endpoint: https://x",
        "endpoint is for graph and ews and does nothing for smtp: take it out",
    ),
    ("kind: maildir, path: x, oauth: {command: [x]}", "oauth is for imap and smtp and graph and ews and does nothing"),
    (f"kind: smtp, host: x, password: '${{APP_SECRET}}', oauth: {{{APP}, {SECRET}}}", "password or oauth, not both"),
    ("kind: ews", "ews needs its endpoint, such as https://mail.council.example/EWS/Exchange.asmx"),
    (EWS, "auth: basic needs user and password"),
    (f"{EWS}, auth: ntlm, user: x", "auth: ntlm needs user and password"),
    (f"{EWS}, auth: kerberos", "bot.send.auth must be 'basic', 'ntlm', 'certificate' or 'oauth', not 'kerberos'"),
    (f"{EWS}, auth: oauth", "auth: oauth and an oauth block belong together: give both or neither"),
    (f"{EWS}, oauth: {{{APP}, {SECRET}}}", "auth: oauth and an oauth block belong together: give both or neither"),
    (f"{EWS}, auth: certificate", "auth: certificate and certificate, a PEM file, belong together"),
    (f"{EWS}, access: owner", "bot.send.access must be 'delegate' or 'impersonation', not 'owner'"),
]


def with_send(root: Path, door: str) -> dict[str, str]:
    """The small configuration with that `send:` door, and the environment it needs."""
    start = BOT.index("    kind: smtp")
    end = BOT.index("mailboxes:")
    (root / "bot.yaml").write_text(f"{BOT[:start]}    {{{door}}}\n{BOT[end:]}", "utf-8")
    return {"APP_SECRET": "hunter2"}


@pytest.mark.parametrize(("door", "said"), DOOR_FAULTS)
def test_each_fault_of_a_door_is_said_once_with_what_to_write(root: Path, door: str, said: str) -> None:
    """One sentence on the door's lines, and no secret in it."""
    problems = refused(root, with_send(root, door))
    assert [said in p.text for p in problems] == [True], [str(p) for p in problems]
    assert {p.line for p in problems} <= {10, 11}
    assert "hunter2" not in problems[0].text


def test_a_door_knows_its_mailbox(root: Path) -> None:
    """That of the block it stands in, unless it names another; with a token the login is that address, too."""
    env = with_send(root, f"kind: smtp, host: x, oauth: {{{APP}, {SECRET}, secret_expires: 2027-09-30}}")
    edit(
        root,
        "bot.yaml",
        "kind: maildir, path: var/crewe",
        f"kind: graph, mailbox: shared@csc.example, oauth: {{{APP}, {SECRET}}}",
    )
    config = load(root, env, TODAY).config
    send, read = config.bot.send, config.mailboxes[0].receive
    assert (send.mailbox, send.user) == ("clock@council.example", "clock@council.example")
    assert (read.mailbox, read.user, read.endpoint) == ("shared@csc.example", "", "https://graph.microsoft.com/v1.0")
    assert send.oauth is not None
    assert send.oauth.secret_expires == date(2027, 9, 30)
    assert "hunter2" not in repr(config)


def test_the_door_of_an_exchange_server(root: Path) -> None:
    """The login stays the account that was given; the mailbox is another's."""
    env = with_send(
        root, f"{EWS}/, user: 'CSC\\\\clock', password: '${{APP_SECRET}}', auth: ntlm, access: impersonation"
    )
    send = load(root, env, TODAY).config.bot.send
    assert (send.user, send.mailbox) == (r"CSC\\clock", "clock@council.example")
    assert (send.endpoint, send.scope) == (
        "https://mail.council.example/EWS/Exchange.asmx",
        "https://mail.council.example/.default",
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.3.2.1"])
def test_an_open_line_is_for_this_machine(host: str) -> None:
    """`tls: none` is accepted for loopback addresses."""
    assert Door(kind="smtp", host=host, tls="none").host == host


@pytest.mark.parametrize("host", ["10.0.0.1", "localhost.example", "0.0.0.0", ""])
def test_an_open_line_is_for_no_other_machine(host: str) -> None:
    """Names that only look like this machine are refused."""
    with pytest.raises(ValueError, match=r"this machine only|needs a host"):
        Door(kind="imap", host=host, tls="none")


def test_an_exchange_that_nobody_knows() -> None:
    """A version that no Exchange has is named in the configuration, not when the first mail is due."""
    block = {"kind": "ews", "endpoint": "https://mail.council.example/EWS/Exchange.asmx", "user": "u"}
    assert Door(**block, password=SecretStr("p"), version="Exchange2019").version == "Exchange2019"
    with pytest.raises(ValueError, match="Exchange2016"):
        Door(**block, password=SecretStr("p"), version="Exchange 2019")
