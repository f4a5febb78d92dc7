"""The record as a letter: to whom it goes, and how much of it.

Filed at closing, and at the stages the policy says. What the record holds is made in records/record.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.case.draft import Draft
from bot.model import Letter, LetterKind


def file_stage(d: Draft) -> None:
    """What the policy files when a stage is entered: the stage's own word, else that of the whole policy."""
    stage, filing = d.stage.record, d.rules.policy.filing
    if d.is_stranger:
        return
    if stage is not None:
        file_record(d, stage.content)
    elif filing.when == "stage":
        file_record(d, filing.content)


def file_record(d: Draft, content: str, prompts: Sequence[dict[str, str]] = ()) -> Letter | None:
    """The record goes to the partnership's inbox, minimal unless the policy says full and the address is secure. Its
    letter also asks what the policy asks of the business unit. None where there is nobody to send it to."""
    unit = d.unit
    if content == "full" and not all(c.is_secure for c in unit):
        content = "minimal"
        d.flag("record_minimal_not_secure")
    letter = d.write(LetterKind.RECORD, content, unit, attach=(f"record:{content}",), prompts=list(prompts))
    if letter:
        d.event("filed", note=content)
    else:
        d.flag("record_not_filed")
    return letter
