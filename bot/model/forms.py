"""A form that came back, as it was read, and what a case knows of the forms it asked for.

A reading holds a family's words: it lives with the mail and goes with it. The case itself keeps ids and times only.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model.marks import PersonalText, PlainText
from bot.model.times import aware


class Side(StrEnum):
    """Where somebody stands in a case: who wrote to whom, and who is beside them."""

    RAISING = "raising"
    RESPONDING = "responding"
    DECIDER = "decider"
    UNIT = "unit"  # the partnership's business unit or manager
    EXECUTIVE = "executive"  # the policy's executive lead, of either agency
    NONE = "none"
    COPY = "copy"  # told of it only
    RAISING_LEAD = "raising lead"  # asked whether an answered challenge can wait
    RESPONDING_LEAD = "responding lead"


@dataclass(frozen=True, slots=True)
class FieldRead:
    """One field: its id, what stands in it, and where ("line 3", "table 1, row 2", "field 4")."""

    field: PlainText
    value: PersonalText
    where: PlainText
    is_ours: bool = False  # we had filled it in before it was sent out


@dataclass(frozen=True, slots=True)
class FormRead:
    """One form in a mail. `policies`: those that have this form under these labels."""

    form: PlainText
    policies: tuple[PlainText, ...]
    source: PlainText = ""  # digest of the attachment, "" for the mail's own text
    fields: tuple[FieldRead, ...] = ()  # in the order of the form
    blank: tuple[PlainText, ...] = ()  # ids of fields that may not stay empty and are
    is_whole: bool = True  # False: single labelled lines, and no form
    children: int = 1  # as many as it seems to be about

    @property
    def is_completed(self) -> bool:
        """Whether it is a form that somebody has written into: a blank one on its way round is none."""
        return self.is_whole and any(not f.is_ours for f in self.fields)

    def get(self, field: str) -> FieldRead | None:
        return next((f for f in self.fields if f.field == field), None)


@dataclass(frozen=True, slots=True)
class MailForms:
    """What was read in one mail of a case: its digest, when it came, its forms."""

    mail: PlainText
    received: datetime
    forms: tuple[FormRead, ...]


@dataclass(frozen=True, slots=True)
class FormState:
    """A form that this case asked for, and whether it is in. `level`: no, should or must."""

    form: PlainText
    stage: PlainText
    level: PlainText
    by: PlainText  # raising or responding
    asked: datetime
    got: datetime | None = None
    mail: PlainText = ""  # digest of the mail it came with, half filled or whole
    is_reminded: bool = False  # asked for once more

    def __post_init__(self) -> None:
        for name in ("asked", "got"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, aware(value))

    @property
    def is_missing(self) -> bool:
        return self.got is None and self.level != "no"
