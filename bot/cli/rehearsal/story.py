"""A story file as typed values, its configuration, and its mails as raw bytes.

One behaviour a file: who is in the directory, what mail comes when, what must and must not follow. It plays nothing
(rehearse.py) and checks nothing (rows.py).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from bot.model.errors import ConfigError, Problem
from bot.rules import directory_file as directories
from bot.rules.book import Mode
from bot.rules.directory import Directory
from bot.settings.settings import BotMailbox, Config, Door, Recipients, Senders, Settings, Trust, WatchedMailbox

BOT_ADDRESS = "bot@challenge.example"
GATEWAY = "mx.story.example"
DATABASE = "story.db"


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _texts(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]


class StoryInbox(Part):
    address: str
    team: str = ""
    agency: str = ""
    area: str = ""
    policy: str = ""


class LetterRef(Part):
    """The latest such letter; of any kind where `letter` is "*"."""

    letter: str
    case: int = 1
    stage: str = ""
    to: Texts = ()


class StoryBounce(LetterRef):
    recipient: str
    status: str = "5.1.1"


class StoryMail(Part):
    id: str
    at: AwareDatetime
    sender_from: str = Field("", alias="from")
    to: Texts | None = None
    cc: Texts = ()
    subject: str = ""
    text: str = ""
    html: str = ""
    headers: dict[str, str] = Field(default_factory=dict)
    attach: Texts = ()
    sender: str = ""
    proof: Literal["proven", "unproven", "failed", "none"] = "proven"
    answers: str | LetterRef | None = None
    auto: Literal["out-of-office", "receipt", "recall"] | None = None
    bounce: StoryBounce | None = None
    file: str = ""


class Story(Part):
    story: str
    policy: str
    starts: AwareDatetime
    until: AwareDatetime
    inbox: Annotated[tuple[StoryInbox, ...], BeforeValidator(lambda v: [v] if isinstance(v, Mapping) else v)]
    directory: tuple[dict[str, Any], ...] = ()  # none: the directory of the configuration
    mode: Mode = Mode.LIVE
    down: tuple[tuple[AwareDatetime, AwareDatetime], ...] = ()
    mail: tuple[StoryMail, ...] = ()
    expect: tuple[dict[str, Any], ...] = ()
    never: tuple[dict[str, Any], ...] = ()
    path: Path = Path()


def load(path: Path) -> Story:
    """Raises ConfigError with every fault of the file."""
    try:
        data = YAML(typ="safe").load(path.read_text("utf-8"))
        return Story.model_validate({**data, "path": path})
    except OSError as error:
        raise ConfigError([Problem(str(path), 0, f"cannot be read: {error.strerror}")]) from None
    except YAMLError as error:
        line = mark.line + 1 if (mark := getattr(error, "problem_mark", None)) else 0
        raise ConfigError([Problem(str(path), line, "is not valid YAML; mend this line")]) from None
    except ValidationError as error:
        where = [(".".join(map(str, e["loc"])), e["msg"]) for e in error.errors()]
        raise ConfigError([Problem(str(path), 0, f"{at}: {text}") for at, text in where]) from None
    except TypeError:
        raise ConfigError([Problem(str(path), 0, "is no story: it holds no keys and values")]) from None


# --- configuration ----------------------------------------------------------------------------------------------------


def settings_of(story: Story, folder: Path, base: Settings, senders: Senders | None = None) -> Settings:
    """The shipped policies and calendar, the story's directory if it has one, Maildir doors and SQLite in `folder`."""
    rows = _directory(story, base) if story.directory else base.directory
    if story.policy not in base.policies:
        raise ConfigError([Problem(str(story.path), 0, f"there is no policy {story.policy} in config/policies")])
    domains = {*rows.domains, "challenge.example", *(box.address.rpartition("@")[2] for box in story.inbox)}
    boxes = tuple(
        WatchedMailbox(
            area=_area(box, rows),
            address=box.address.lower(),
            policy=box.policy or story.policy,
            team=box.team,
            receive=Door(kind="maildir", path=str(maildir(folder, box.address))),
        )
        for box in story.inbox
    )
    config = Config(
        database=f"sqlite:///{folder / DATABASE}",
        operator="operator@challenge.example",
        mode=story.mode,
        senders=senders or Senders(trust=Trust(profile="rfc8601", authserv_ids=(GATEWAY,))),
        recipients=Recipients(allowed_domains=tuple(sorted(domains))),
        bot=BotMailbox(
            name="Safeguarding Challenge Clock (automatic)",
            address=BOT_ADDRESS,
            receive=Door(kind="maildir", path=str(maildir(folder, BOT_ADDRESS))),
            send=Door(kind="maildir", path=str(folder / "letters")),
        ),
        mailboxes=boxes,
        var=str(folder),
    )
    return replace(base, config=config, directory=rows)


def _directory(story: Story, base: Settings) -> Directory:
    rows, found = directories.from_rows(story.directory, titles=[t for p in base.policies.values() for t in p.titles])
    if any(not p.is_warning for p in found):
        raise ConfigError([replace(p, file=str(story.path)) for p in found])
    return rows


def maildir(folder: Path, address: str) -> Path:
    """Where the mail of an inbox lies."""
    return folder / "inboxes" / hashlib.sha256(address.lower().encode()).hexdigest()[:16]


def _area(box: StoryInbox, rows: Directory) -> str:
    own = [r.area for r in rows.rows if box.team and r.team == box.team]
    return box.area or (own[0] if own else rows.rows[0].area)


# --- mails ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answered:
    """What a story mail answers: the id it cites, the ids before it, and the subject. `{code}` in its text is the
    letter's."""

    message_id: str = ""
    references: tuple[str, ...] = ()
    subject: str = ""
    raw: bytes = b""
    code: str = ""  # six digits that the letter asks for


def compose(mail: StoryMail, story: Story, answered: Answered) -> bytes:
    """The raw bytes of a story's mail."""
    if mail.file:
        return (story.path.parent / mail.file).read_bytes()
    if mail.bounce is not None:
        return _bounce(mail, mail.bounce, answered)
    message = _head(mail, story, answered)
    if mail.auto == "receipt":
        return _receipt(message, mail)
    message.set_content(mail.text.replace("{code}", answered.code) or "\n", charset="utf-8", cte="quoted-printable")
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    for name in mail.attach:
        content = (story.path.parent / name).read_bytes()
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=Path(name).name)
    return message.as_bytes()


def _head(mail: StoryMail, story: Story, answered: Answered) -> EmailMessage:
    message = EmailMessage(policy=SMTP.clone(max_line_length=990))
    when = format_datetime(mail.at.astimezone(UTC))
    domain = mail.sender_from.rpartition("@")[2].strip("> ") or "nowhere.example"
    message["Received"] = f"from out.{domain} by {GATEWAY} with ESMTPS; {when}"
    message["Authentication-Results"] = f"{GATEWAY}; {_proof(mail.proof, domain)}"
    if mail.sender_from:
        message["From"] = mail.sender_from
    if mail.sender:
        message["Sender"] = mail.sender
    message["To"] = ", ".join(recipients(mail, story))
    if mail.cc:
        message["Cc"] = ", ".join(mail.cc)
    message["Subject"] = mail.subject or (_re(answered.subject) if answered.subject else "")
    message["Date"] = when
    message["Message-ID"] = f"<{message_id(mail)}>"
    if answered.message_id:
        message["In-Reply-To"] = f"<{answered.message_id}>"
        message["References"] = " ".join(f"<{one}>" for one in (*answered.references, answered.message_id))
    if mail.auto == "out-of-office":
        message["Auto-Submitted"] = "auto-replied"
    for name, value in mail.headers.items():
        del message[name]
        message[name] = value
    return message


def message_id(mail: StoryMail) -> str:
    domain = mail.sender_from.rpartition("@")[2].strip("> ") or "nowhere.example"
    return f"{mail.id}.{mail.at:%Y%m%d%H%M}@{domain}"


def recipients(mail: StoryMail, story: Story) -> tuple[str, ...]:
    return mail.to if mail.to is not None else tuple(box.address for box in story.inbox[:1])


def _re(subject: str) -> str:
    return subject if subject.lower().startswith("re:") else f"RE: {subject}"


def _proof(proof: str, domain: str) -> str:
    words = {"none": "none", "unproven": "dmarc=none", "failed": f"dmarc=fail header.from={domain}"}
    return words.get(proof, f"dmarc=pass header.from={domain}")


def _receipt(message: EmailMessage, mail: StoryMail) -> bytes:
    message.make_mixed()
    message.set_type("multipart/report")
    message.set_param("report-type", "disposition-notification")
    note = EmailMessage(policy=SMTP)
    note.set_content(mail.text or "Your message was read.\n")
    report = EmailMessage(policy=SMTP)
    report["Content-Type"] = "message/disposition-notification"
    report.set_payload(
        "Final-Recipient: rfc822;reader.example\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n"
    )
    message.attach(note)
    message.attach(report)
    return message.as_bytes()


def _bounce(mail: StoryMail, bounce: StoryBounce, answered: Answered) -> bytes:
    """A delivery status notification as RFC 3464 has it, with the returned letter's headers."""
    head = answered.raw.split(b"\r\n\r\n", 1)[0].split(b"\n\n", 1)[0]
    action = "failed" if bounce.status.startswith("5") else "delayed"
    when = format_datetime(mail.at.astimezone(UTC))
    lines = [
        f"Received: from out.{GATEWAY} by {GATEWAY} with ESMTP; {when}",
        "Return-Path: <>",
        f"From: Mail Delivery System <mailer-daemon@{GATEWAY}>",
        f"To: {BOT_ADDRESS}",
        "Subject: Undelivered Mail Returned to Sender",
        f"Date: {when}",
        f"Message-ID: <{mail.id}.{mail.at:%Y%m%d%H%M}@{GATEWAY}>",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="story"',
        "",
        "--story",
        "Content-Type: text/plain",
        "",
        "The mail could not be delivered.",
        "--story",
        "Content-Type: message/delivery-status",
        "",
        f"Reporting-MTA: dns; {GATEWAY}",
        "",
        f"Final-Recipient: rfc822; {bounce.recipient}",
        f"Action: {action}",
        f"Status: {bounce.status}",
        f"Diagnostic-Code: smtp; 550 {bounce.status} User unknown",
        "",
        "--story",
        "Content-Type: text/rfc822-headers",
        "",
    ]
    return "\r\n".join(lines).encode() + b"\r\n" + head + b"\r\n\r\n--story--\r\n"
