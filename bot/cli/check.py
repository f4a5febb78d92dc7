"""`check`: the configuration before it meets anybody.

Every letter is rendered for every stage of every policy with people who do not exist. It opens no door, and of the
database, if there is one, it only asks which open cases stand on an older policy; a name server is asked only when the
operator says so.
"""

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.output import DEFAULT, AsJson, ConfigDir, complain, emit, now, say_lines, watched
from bot.cli.status.command import looking
from bot.daemon.limits import short
from bot.daemon.templates import digest, note_tried, templates_of, tried
from bot.engine.expiry import running_out
from bot.letters import render as wordings
from bot.model import Contact, Letter
from bot.model.errors import BotError, ConfigError, Problem
from bot.model.letters import Standing
from bot.model.letters.parts import Besides, MeetingLine
from bot.model.letters.standing import Emergency
from bot.records.guide import made as guides
from bot.records.guide.content import guide
from bot.rules import book
from bot.rules.directory import Row, domain_of
from bot.rules.policy import overlay
from bot.rules.policy.policy import Policy, Stage
from bot.settings import samples, settings
from bot.settings.checks import FORMS
from bot.settings.home import BOT
from bot.settings.settings import Settings
from bot.store.server import glance

NameServer = Annotated[
    str, typer.Option("--dns", metavar="HOST[:PORT]", help="The name server to ask in place of the system's.")
]


def check(
    config: ConfigDir = DEFAULT,
    online: Annotated[bool, typer.Option("--online", help="Ask DNS which domains publish DMARC, too.")] = False,
    dns: NameServer = "",
    as_json: AsJson = False,
) -> None:
    """Is everything configured? Files, who answers each stage, every letter. Starts nothing; needs no network.

    \b
    Examples:
      challenge-bot check
      challenge-bot check --online
      challenge-bot check --config /etc/challenge-bot --json
    """
    read, problems = _looked(config)
    if read is not None and (online or dns):
        problems += unproven(read, dns)
    faults = [p for p in problems if not p.is_warning]
    for problem in problems:
        if as_json:
            emit({"file": problem.file, "line": problem.line, "text": problem.text, "is_warning": problem.is_warning})
        else:
            complain(f"{'warning: ' if problem.is_warning else ''}{problem}")
    if read is not None:
        for note in _older(config, read):
            emit({"note": note}) if as_json else say_lines(note)
    summary = _summary(read, faults)
    if as_json:
        emit({"ok": not faults, "faults": len(faults), "warnings": len(problems) - len(faults), "text": summary})
    else:
        say_lines(summary)
    if faults:
        raise typer.Exit(2)


def _older(config: Path, read: Settings) -> Iterator[str]:
    """Which open cases stand on another text of their policy than the file's; nothing without a database."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    try:
        with looking(config, read.config.database) as ask:
            for ref, policy, version, kept in glance.open_under(ask):
                if kept and kept != overlay.as_it_stands(policy, read.texts):
                    found[policy, version].append(ref)
    except BotError:
        return  # no database yet, or one that the daemon's start will speak about
    for (policy, version), refs in sorted(found.items()):
        now_is = read.policies[policy].version if policy in read.policies else ""
        file = f"the file says {now_is}" if now_is not in ("", version) else "the file has changed since"
        file = file if now_is else "there is no such file any more"
        some = f"{len(refs)} open {'case stands' if len(refs) == 1 else 'cases stand'}"
        yield (
            f"{some} on {policy} as it was when they opened, version {version} ({file}): {', '.join(refs)}."
            " That is safe: each goes on to its end by the text that it began under."
        )


def _looked(config: Path) -> tuple[Settings | None, list[Problem]]:
    try:
        read = settings.load(config, os.environ, now().date())
    except ConfigError as error:
        return None, list(error.problems)
    file = str(read.root / BOT)
    told = (*running_out(read, now().date()), *short(read.config))
    ending = [Problem(file, 0, text, is_warning=True) for text in told]
    return read, [*read.warnings, *ending, *template_faults(read), *guide_faults(read)]


def unproven(read: Settings, dns: str) -> Iterator[Problem]:
    """Domains of the directory whose senders can never be proven, each with the line that names it first."""
    from bot.doors import dmarc

    try:
        findings = dmarc.published(read.directory.domains, dns)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--dns") from None
    file = str(read.root / settings.DIRECTORY)
    for finding in findings:
        if finding.has is False:
            lines = (row.line for row in read.directory.rows if _names(row, finding.domain))
            yield Problem(file, next(lines, 0), finding.text, is_warning=True)
    yield from (Problem(file, 0, text, is_warning=True) for text in dmarc.silent(findings))


def _names(row: Row, domain: str) -> bool:
    return domain in row.domains or any(domain_of(a) == domain for a in (*row.addresses, row.deputy_email))


def _summary(read: Settings | None, faults: list[Problem]) -> str:
    if faults or read is None:
        return f"{len(faults)} {'fault' if len(faults) == 1 else 'faults'}: the daemon would not make a first start."
    stages = sum(len(policy.stages) for policy in read.policies.values())
    return (
        f"All is well: {len(read.config.mailboxes)} team inboxes, {len(read.policies)} policies with {stages} stages, "
        f"every stage of a watched team can be answered, every letter can be written. "
        f"Mail is read by {read.config.readers} {'process' if read.config.readers == 1 else 'processes'} at most."
    )


def template_faults(read: Settings) -> list[Problem]:
    """Every wording, rendered for every stage of every policy; each fault once. What was found sound is not rendered
    again until a template, the samples, a policy, the calendar or the program's version changes."""
    if not read.templates.is_dir():
        return [Problem(str(read.templates), 0, "is missing: every letter would go in the short form")]
    var = Path(read.config.var)
    as_now = digest(read)
    if as_now == tried(var):
        return []
    made = templates_of(read)
    shown, faults = samples_of(read)
    found = {
        problem
        for letters in watched([*_at_each_stage(read, shown)], "Every letter at every stage")
        for problem in wordings.check(made, letters, read.calendar)
    }
    if not faults and not found:
        note_tried(var, as_now)
    return [*faults, *sorted(replace(p, file=str(read.templates / Path(p.file).name)) for p in found)]


def guide_faults(read: Settings) -> Iterator[Problem]:
    """The page to hand out as Word document, made of each policy; the first time that its template fails is told."""
    template = read.forms.get(guides.TEMPLATE)
    if template is None:
        return
    named = Contact(read.config.bot.address, read.config.bot.name)
    for policy in read.policies.values():
        try:
            guides.as_docx(guide(policy, policy.areas, named), template)
        except Exception as error:  # the template is the partnership's and may fail in any way
            text = (
                f"cannot be filled in with {policy.id} ({type(error).__name__}): mend it or take it away. Until then"
                " the page to hand out goes as PDF only"
            )
            yield Problem(str(read.root / FORMS / guides.TEMPLATE), 0, text, is_warning=True)
            return


def samples_of(read: Settings) -> tuple[tuple[Letter, ...], tuple[Problem, ...]]:
    """A letter of every wording, and what is wrong with the file that holds them."""
    file = read.templates / samples.NAME
    try:
        return samples.load(file.read_text("utf-8"), str(file))
    except FileNotFoundError:
        text = "is missing: no letter can be tried before it goes; take the one that came with the templates"
        return (), (Problem(str(file), 0, text, is_warning=True),)


def _at_each_stage(read: Settings, shown: Sequence[Letter]) -> Iterator[list[Letter]]:
    """The samples at each stage of each policy; a letter that stands at no stage once."""
    yield [one for one in shown if one.standing is None]
    for policy in read.policies.values():
        for stage in policy.stages:
            yield [
                replace(one, stage=stage.id, standing=at_stage(one.standing, policy, stage))
                for one in shown
                if one.standing
            ]


def at_stage(standing: Standing, policy: Policy, stage: Stage) -> Standing:
    """How a sample's case would stand at that stage, as the policy gives it."""
    after = policy.after(stage.id)
    block = next(iter(policy.emergency.values()))
    window, meeting = stage.respond_within, stage.meeting
    return replace(
        standing,
        policy_title=policy.title,
        partnership=policy.partnership,
        fixed_words=policy.fixed_words or policy.intake.subjects[0],
        stage_name=stage.name,
        level=stage.level,
        window=str(policy.intake.tiers[0].window if window == "requested" else window),
        local_window=stage.source == "local",
        timescales=policy.timescales,
        next_stage_name=after.name if after else "",
        emergency=Emergency(book.risk(block, policy.about), book.box(block, policy.about)),
        about=policy.about,
        own_record=book.own_record(policy),
        besides=Besides(
            policy.follow_up.child_file.at if policy.follow_up.child_file else (),
            MeetingLine(meeting.who, meeting.asked == "convene", standing.responder) if meeting else None,
            stage.consult.who if stage.consult else "",
        ),
    )
