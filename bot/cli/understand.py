"""`understand`: what the bot reads in raw mails. Needs no directory and no database.

Phrases and trust are those of the configuration when it is there, else of the shipped policies. Files are read by the
same reading process as live mail, with its limits: whatever a file holds, there is one answer for it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.output import DEFAULT, AsJson, ConfigDir, complain, emit, now, say_lines
from bot.engine.reading.reader.sandbox import Sandbox, SandboxDied
from bot.mail.bytes import headers
from bot.mail.read import Reading, headers_only
from bot.mail.subject import Phrase
from bot.mail.trust import Trust
from bot.mail.understood import described
from bot.model import Mail
from bot.model.errors import BotError
from bot.rules.policy import file as policy_file
from bot.rules.policy.policy import Policy
from bot.rules.policy.yaml_file import Document, read
from bot.settings.settings import MeaningBlock
from bot.settings.settings import Trust as TrustBlock
from bot.settings.shapes import shapes_of

SHIPPED = Path(__file__).resolve().parents[2] / "config"
TOGETHER = 64
MOST_BYTES = 60_000_000
MOST_FEATURES = 12

Row = dict[str, Any]


def understand(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Raw mails (.eml).")],
    config: ConfigDir = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """What the bot reads in a raw mail: kind, new text, window, trust, command.

    \b
    Examples:
      challenge-bot understand mail.eml
      challenge-bot understand --json tests/mails/*.eml
    """
    reading = reading_of(config)
    sandbox = Sandbox(reading)
    unreadable = 0
    try:
        for start in range(0, len(files), TOGETHER):
            for row in _answers(files[start : start + TOGETHER], sandbox, reading):
                unreadable += "error" in row
                _show(row, as_json)
    finally:
        sandbox.close()
    if unreadable:
        raise typer.Exit(1)


def _answers(files: Sequence[Path], sandbox: Sandbox, reading: Reading) -> Iterator[Row]:
    """One row for each file, in order."""
    contents = [_content(file) for file in files]
    jobs = [(raw, _received(raw)) for raw in contents if isinstance(raw, bytes)]
    answers = iter(zip(jobs, sandbox.read_many(jobs), strict=True))
    for file, content in zip(files, contents, strict=True):
        if isinstance(content, str):
            yield {"file": str(file), "error": content}
            continue
        (raw, received), answer = next(answers)
        mail = answer if isinstance(answer, Mail) else _again(raw, received, sandbox, reading)
        yield {"file": str(file), **described(mail)}


def _again(raw: bytes, received: datetime, sandbox: Sandbox, reading: Reading) -> Mail:
    """It ended the reader: once more with its attachments closed, else its headers speak."""
    try:
        return sandbox.read(raw, received, opens_files=False)
    except SandboxDied as died:
        return headers_only(raw, reading, received, str(died))


def _content(file: Path) -> bytes | str:
    """The bytes, or why there are none."""
    try:
        if file.is_dir():
            return "is a folder"
        if file.stat().st_size > MOST_BYTES:
            return "is too large to be a mail"
        return file.read_bytes()
    except (OSError, ValueError) as error:
        return f"cannot be read: {getattr(error, 'strerror', None) or error}"


def _received(raw: bytes) -> datetime:
    found, _, _ = headers.split(raw)
    return headers.date(found.get("date")) or now()


def _show(row: Row, as_json: bool) -> None:
    if as_json:
        emit(row)
    elif "error" in row:
        complain(f"{row['file']}: {row['error']}")
    else:
        window = f", window {row['window']}" if row["window"] else ""
        trigger = "a challenge" if row["trigger"] else "no challenge"
        say_lines(f"{row['file']}: {row['kind']}, {trigger}{window}, sender {row['trust']}")
        if row["command"]:
            say_lines(f"  command: {row['command']}")
        say_lines(*(f"  > {line}" for line in row["reply"].splitlines()))
        _show_meaning(row)
        if row["form"]:
            say_lines(f"  form: {row['form']['id']} of {', '.join(row['form']['policies'])}")
            say_lines(*(f"    {one['field']} ({one['where']}): {one['value']}" for one in row["form"]["fields"]))
        if row["defects"]:
            say_lines(f"  defects: {', '.join(row['defects'])}")


def _show_meaning(row: Row) -> None:
    """What it means as a reply, by what, and the words that the model looked at."""
    if not (meant := row["meant"]):
        return
    noticed = [name for name in ("risk", "confidence") if meant[name]]
    noticed += [f"promised {meant['promised']}"] if meant["promised"] else []
    say_lines(f"  as a reply: {', '.join([row['meaning'], *noticed])} ({meant['by']})")
    if meant["sentence"]:
        weighed = sorted(meant["features"].items(), key=lambda one: -abs(one[1]))[:MOST_FEATURES]
        say_lines(f"    the model looked at: {' '.join(meant['sentence'].split())}")
        say_lines(f"    {', '.join(f'{name} {weight:+}' for name, weight in weighed)}")


# --- what the reader must be told -------------------------------------------------------------------------------------


def reading_of(config: Path) -> Reading:
    """Phrases of every policy that can be read, and whom bot.yaml trusts. Raises BotError without any policy."""
    root = config if (config / "policies").is_dir() else SHIPPED
    if config != DEFAULT and root != config:
        raise BotError(f"{config} holds no policies/: --config names the folder that does")
    phrases: list[Phrase] = []
    policies: list[Policy] = []
    texts = {path.stem: (_text(path), str(path)) for path in sorted((root / "policies").glob("*.yaml"))}
    for text, file in texts.values():
        policy, _ = policy_file.load(text, file, None, texts)
        if policy is not None:
            policies.append(policy)
            windows = tuple(tier.window for tier in policy.intake.tiers)
            phrases += [Phrase(text, windows, policy.intake.aliases) for text in policy.intake.subjects]
    if not phrases:
        raise BotError(f"no policy can be read in {root / 'policies'}: see challenge-bot check")
    trust, meaning = _settings(root / "bot.yaml")
    return Reading(tuple(dict.fromkeys(phrases)), trust, shapes=shapes_of(policies), with_model=meaning.model)


def _settings(file: Path) -> tuple[Trust, MeaningBlock]:
    """Whom bot.yaml trusts and how it reads replies, as far as it says so: a fault elsewhere in the file is not this
    command's."""
    document, _ = read(_text(file), str(file)) if file.exists() else (None, ())
    place = "senders.trust"
    try:
        said = TrustBlock.model_validate((document.at(("senders", "trust")) if document else None) or {})
        place = "meaning"
        meaning = MeaningBlock.model_validate((document.at(("meaning",)) if document else None) or {})
    except ValueError as error:
        raise BotError(f"{file}: {place} cannot be used: see challenge-bot check") from error
    return Trust(said.profile, said.authserv_ids, said.arc_sealers, _domains(document)), meaning


def _domains(document: Document | None) -> tuple[str, ...]:
    """Of the mailboxes that bot.yaml names."""
    boxes = document.at(("mailboxes",)) if document else None
    own = document.at(("bot",)) if document else None
    named = (one.get("address") for one in (own, *(boxes if isinstance(boxes, list) else ())) if isinstance(one, dict))
    return tuple(dict.fromkeys(one.rpartition("@")[2].lower() for one in named if isinstance(one, str)))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig", errors="replace")
    except OSError as error:
        raise BotError(f"{path} cannot be read: {error.strerror}") from None
