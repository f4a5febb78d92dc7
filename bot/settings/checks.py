"""What bot.yaml must be to the policies and the directory: names that exist, addresses that differ, domains allowed.

It looks at the file's raw values, so that a wrong key elsewhere hides none of these faults. Messages name lines, roles
and domains, never the local part of an address.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from bot.model.errors import Problem
from bot.records.forms import made as forms
from bot.rules.directory import Directory, Row, domain_of
from bot.rules.policy.overlay import overlaid
from bot.rules.policy.policy import Policy
from bot.rules.policy.yaml_file import Document, blocks, nearest, read


def check(
    document: Document, policies: Mapping[str, Policy | None], directory: Directory, directory_file: str
) -> Iterator[Problem]:
    """Every such fault. A policy is None where its own file has faults: the name is known, its content is not asked."""
    boxes = blocks(document.at(("mailboxes",)))
    for n, block in enumerate(boxes):
        yield from _policy(document, n, block, policies)
        yield from _area_and_team(document, n, block, directory)
    yield from _addresses(document, boxes)
    yield from _domains(document, directory, directory_file)
    for area in dict.fromkeys(_text(block.get("area")) for block in boxes):
        if area in directory.areas and not directory.unit(area):
            text = f"nobody is business_unit for area {area}: records and undelivered letters go there; add a row"
            yield Problem(directory_file, 0, text)
    if (document.at(("senders", "trust", "profile")) or "none") == "none":
        text = "senders.trust is none: no sender can be proven, so no word of a mail can close or relax anything"
        yield document.problem(("senders", "trust", "profile"), text, is_warning=True)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _policy(
    document: Document, n: int, block: dict[str, Any], policies: Mapping[str, Policy | None]
) -> Iterator[Problem]:
    path, name, area = ("mailboxes", n, "policy"), _text(block.get("policy")), _text(block.get("area"))
    if name and name not in policies:
        text = f"{document.name(path)}: there is no policy {name} in policies/{nearest(name, policies)}"
        yield document.problem(path, text)
    policy = policies.get(name)
    yield from _outside(document, n, policy, area)
    if policy is not None and area and area not in policy.emergency:
        text = (
            f"{document.name(path)}: {name} has no emergency numbers for area {area}; add them to its emergency block"
        )
        yield document.problem(path, text)


def _outside(document: Document, n: int, policy: Policy | None, area: str) -> Iterator[Problem]:
    if policy is not None and policy.areas and area and area not in policy.areas:
        path = ("mailboxes", n, "policy")
        text = (
            f"{document.name(path)}: {policy.id} is for area {', '.join(policy.areas)}, and this mailbox is in {area}"
        )
        yield document.problem(path, text)


def _area_and_team(document: Document, n: int, block: dict[str, Any], directory: Directory) -> Iterator[Problem]:
    area, team = _text(block.get("area")), _text(block.get("team"))
    if area and area not in directory.areas:
        path = ("mailboxes", n, "area")
        known = ", ".join(sorted(directory.areas)) or "none"
        text = f"{document.name(path)}: no row of the directory is in area {area} (it has {known})"
        yield document.problem(path, text)
    elif area and team and not directory.agency_of_team(team, area):
        path = ("mailboxes", n, "team")
        is_known = team in directory.teams(area)
        what = "is a team of two agencies" if is_known else "is no team of the directory"
        near = ": give each its own name" if is_known else nearest(team, directory.teams(area))
        yield document.problem(path, f"{document.name(path)}: {team} {what} in area {area}{near}")


def _addresses(document: Document, boxes: list[dict[str, Any]]) -> Iterator[Problem]:
    """Each watched address once, and the bot's own apart from all of them: its letters would be read as challenges."""
    own = _text(document.at(("bot", "address"))).lower()
    seen: dict[str, int] = {}
    for n, block in enumerate(boxes):
        path, address = ("mailboxes", n, "address"), _text(block.get("address")).lower()
        if not address:
            continue
        if address == own:
            text = f"{document.name(path)} is the bot's own address: the bot needs a mailbox of its own"
            yield document.problem(path, text)
        if address in seen:
            text = f"{document.name(path)} is watched already, on line {seen[address]}: keep one"
            yield document.problem(path, text)
        seen.setdefault(address, document.line(path))


def _domains(document: Document, directory: Directory, directory_file: str) -> Iterator[Problem]:
    """Letters only leave for allowed domains, so everybody whom the directory names must be in one."""
    listed = document.at(("recipients", "allowed_domains"))
    allowed = {d.removeprefix("@").lower() for d in listed if isinstance(d, str)} if isinstance(listed, list) else set()
    if not allowed:
        return  # its own fault is reported with its key
    for path in (("operator",), ("dpo",), ("bot", "address")):
        domain = domain_of(_text(document.at(path)))
        if domain and domain not in allowed:
            text = f"{document.name(path)} is at {domain}, which is not among recipients.allowed_domains: add it there"
            yield document.problem(path, text)
    for row in directory.rows:
        for domain in dict.fromkeys(domain_of(a) for a in _written_to(row)):
            if domain not in allowed:
                text = f"the {row.role} is at {domain}, which is not among recipients.allowed_domains: add it there"
                yield Problem(directory_file, row.line, text)


def _written_to(row: Row) -> tuple[str, ...]:
    return (*row.addresses, *((row.deputy_email,) if row.deputy_email else ()))


# The forms' templates in config/forms/: read, and held against the policies that name them. A template that is
# missing, or that lacks a field or its label, is a fault at the line of the policy that names it. It fills in
# nothing: that is records/forms/.

FORMS = "forms"


def templates(root: Path) -> dict[str, bytes]:
    """Every Word file of the folder by its name. One that cannot be read is as if it were not there."""
    found: dict[str, bytes] = {}
    for path in sorted((root / FORMS).glob("*.docx")):
        try:
            found[path.name] = path.read_bytes()
        except OSError:
            continue
    return found


def faults(
    root: Path, texts: Mapping[str, str], policies: Mapping[str, Policy], held: Mapping[str, bytes]
) -> Iterator[Problem]:
    """What is wrong with the templates that the policies name; `texts`: the policy files by their name below `root`."""
    files = {PurePath(name).stem: (text, str(root / name)) for name, text in texts.items() if name.endswith(".yaml")}
    for stem, policy in policies.items():
        document, _ = read(*files[stem]) if policy.forms and stem in files else (None, ())
        if document is not None:
            yield from _held_against(root, overlaid(document, files)[0], policy, held)


def _held_against(root: Path, document: Document, policy: Policy, held: Mapping[str, bytes]) -> Iterator[Problem]:
    for n, form in enumerate(policy.forms):
        path = ("forms", n, "template")
        if PurePath(form.template).name != form.template:
            yield document.problem(path, f"{form.id}: template is the bare name of a file in {root / FORMS}")
        elif form.template and form.template not in held:
            text = f"{form.id}: {root / FORMS / form.template} is missing or cannot be read: put it there"
            yield document.problem(path, text)
        elif form.template:
            said = forms.faults(form, held[form.template])
            yield from (document.problem(path, f"{form.id}: {form.template} {fault}") for fault in said)
