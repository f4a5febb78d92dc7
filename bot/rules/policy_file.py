"""One policy file read: text -> Policy, and every fault at once, each with its line and what to do.

policy.py says what a block may hold; what blocks must be to one another is asked of the file's raw values, so that a
wrong key elsewhere hides nothing: policy_course.py, policy_windows.py, and the warnings here. It resolves no person:
whether anybody holds a role is asked in settings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from bot.errors import Problem
from bot.rules import follow_up, policy_forms
from bot.rules.overlay import apart, overlaid
from bot.rules.policy import Policy
from bot.rules.policy_course import course, named, stages_of, tracks
from bot.rules.policy_windows import mapping, windows
from bot.rules.yaml_file import Document, read, validate

#: Numbers that the regulator keeps for fiction: nobody answers them.
FICTIONAL = ("01632960", "01214960", "01614960", "01134960", "02079460", "08081570", "07700900", "03069990")


def load(
    text: str, file: str, today: date | None = None, others: Mapping[str, tuple[str, str]] | None = None
) -> tuple[Policy | None, tuple[Problem, ...]]:
    """The policy in `text`, None when anything but warnings was found. `today` is compared with its review date.

    `others`: the policies it may stand on, by id: (text, file). A text that was kept with a case brings its own.
    """
    text, others = apart(text, others or {})
    document, problems = read(text, file)
    if document is None:
        return None, problems
    document, faults = overlaid(document, others)
    problems += faults
    context = {"roles": mapping(document, "roles"), "aliases": mapping(document, "unit_aliases")}
    policy, faults = validate(Policy, document, context)
    found = tuple(
        sorted(
            {
                *problems,
                *faults,
                *course(document),
                *windows(document),
                *tracks(document),
                *named(document),
                *policy_forms.faults(document),
                *follow_up.faults(document),
                *_warnings(document, today),
            }
        )
    )
    return (None if any(not p.is_warning for p in found) else policy), found


def _warnings(document: Document, today: date | None) -> Iterator[Problem]:
    review = document.at(("review_by",))
    if today is not None and isinstance(review, str):
        try:
            is_past = date.fromisoformat(review) < today
        except ValueError:
            is_past = False  # its own fault is reported with its key
        if is_past:
            text = f"this policy was to be reviewed by {review}: ask the partnership whether it still stands"
            yield document.problem(("review_by",), text, is_warning=True)
    if not document.at(("source",)) and any(s.get("source") != "local" for s in stages_of(document)):
        text = "`source` names no document, yet windows are the policy's own: say where they stand, or `source: local`"
        yield document.problem((), text, is_warning=True)
    yield from _fictional(document)


def _fictional(document: Document) -> Iterator[Problem]:
    areas = document.at(("emergency",))
    for area in areas if isinstance(areas, dict) else ():
        for door in ("front_door", "out_of_hours"):
            path = ("emergency", area, door, "phone")
            number = "".join(c for c in str(document.at(path) or "") if c.isdigit())
            if number.startswith(FICTIONAL):
                text = f"{document.name(path)} is a number kept for fiction: put the real one before going live"
                yield document.problem(path, text, is_warning=True)
