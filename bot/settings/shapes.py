"""The forms of the policies as whoever reads a mail must know them.

Where two policies have one form under the same labels it is one shape, of both. It reads no mail and prints nothing.
"""

from collections.abc import Iterable

from bot.mail.forms.labels import Shape, ShapeField
from bot.rules.policy.forms import Form, FormField
from bot.rules.policy.policy import Policy


def shapes_of(policies: Iterable[Policy]) -> tuple[Shape, ...]:
    """Each form once, with the ids of all policies that have it."""
    found: dict[tuple[str, tuple[ShapeField, ...], tuple[str, ...]], list[str]] = {}
    for policy in policies:
        for form in policy.forms:
            ends = tuple(sentence for sentence in (form.office, form.submit, form.note) if sentence)
            key = (form.id, tuple(_field(field, _beside(form, n)) for n, field in enumerate(form.fields)), ends)
            found.setdefault(key, []).append(policy.id)
    return tuple(Shape(name, tuple(ids), fields, ends) for (name, fields, ends), ids in found.items())


def _field(field: FormField, beside: str) -> ShapeField:
    return ShapeField(
        id=field.id,
        label=field.label,
        kind=field.kind,
        choices=field.choices,
        columns=field.columns,
        is_child=field.child,
        is_needed=not field.optional and field.completed_by == "raiser",
        is_long=field.shape == "box" or field.kind == "table",
        beside=beside,
    )


def _beside(form: Form, n: int) -> str:
    """The field that is printed before this one on the same line, "" for none: halves come in pairs."""
    halves = 0
    while n - halves >= 0 and form.fields[n - halves].shape == "half":
        halves += 1
    return form.fields[n - 1].id if halves and halves % 2 == 0 else ""
