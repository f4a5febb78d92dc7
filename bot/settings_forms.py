"""The forms' templates in config/forms/: read, and held against the policies that name them.

A template that is missing, or that lacks a field or its label, is a fault at the line of the policy that names it. It
fills in nothing: that is records/forms.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath

from bot.errors import Problem
from bot.records import forms
from bot.rules.overlay import overlaid
from bot.rules.policy import Policy
from bot.rules.yaml_file import Document, read

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
