"""The forms of a policy: their fields with the printed labels, what may fill them, who completes them, where they go.

A form is data: neither this nor any other code knows one. How it is printed is records/forms/, how one that comes
back is read is mail/forms/forms.py. Faults across blocks (an unknown form, a label twice, a link that leads elsewhere)
are found here from the file's raw values, so that a wrong key elsewhere hides none of them.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from bot.model.errors import Problem
from bot.rules.policy.blocks import Child, Part
from bot.rules.policy.grammar import Role, Text, Words
from bot.rules.policy.yaml_file import Document, blocks, nearest

Kind = Literal["text", "date", "choice", "table"]

#: What of a case may fill a field, beside `raising.<stage>`, `responding.<stage>`, `ended.<stage>`, `role.<role>` and
#: `<form>.<field>` of another form that came back.
SOURCES = ("raiser.name", "raiser.name_email", "raiser.role_agency", "raiser.name_role_agency", "opened", "today",
           "involved")  # fmt: skip
BY_STAGE = ("raising", "responding", "ended")


def _name(value: str) -> str:
    if (
        not value.isascii()
        or not value.replace("_", "x").isalnum()
        or not value[:1].isalpha()
        or value != value.lower()
    ):
        raise ValueError("write a name of small letters, digits and _ such as date_of_birth")
    return value


def _slug(value: str) -> str:
    if not value.isascii() or not value.replace("-", "x").isalnum() or value != value.lower():
        raise ValueError("write an id of small letters, digits and hyphens such as appendix-a")
    return value


class FormField(Part):
    """One field. `label` stands as the document prints it; `id` is its name in the template."""

    id: Annotated[str, AfterValidator(_name)]
    label: Text = Field(description="give its words as the form prints them")
    kind: Kind = "text"
    choices: Words = ()  # of a choice: the words beside the boxes
    flags: dict[str, Child] = Field(default_factory=dict)  # a ticked choice -> flag of the case
    columns: Words = ()  # of a table: its headings
    prefill: Words = ()  # what of the case may fill it, the first that is known
    child: bool = False  # identifies a child; the first such field is the child's name
    optional: bool = False  # may stay empty
    completed_by: Literal["raiser", "office"] = "raiser"
    shape: Literal["row", "half", "box"] = "row"  # on paper: beside its label, two in a row, or under it


class Printed(Part):
    """Where the document says that a completed form goes: a fact with its source, never an address of ours."""

    area: str = ""
    name: str = ""
    address: Text
    link: str = ""  # the target behind the printed address, where the document has one


class Form(Part):
    id: Annotated[str, AfterValidator(_slug)]
    title: Text
    note: str = ""
    fields: tuple[FormField, ...] = Field(min_length=1, description="list its fields with their labels")
    send_to: Role = Field(description="name the role that a completed form goes to")
    office: str = ""  # what stands above the part that the partnership fills in
    submit: str = ""  # the sentence before the printed addresses
    printed: tuple[Printed, ...] = ()
    template: str = ""  # a .docx in config/forms; none: the form goes as PDF only
    opens_at: str = ""  # the stage that it opens where the subject names none

    def field(self, name: str) -> FormField | None:
        return next((f for f in self.fields if f.id == name), None)


class StageForm(Part):
    """A form that a stage asks for. `exit`: in the letter that leaves the stage."""

    form: Text
    required: Literal["no", "should", "must"] = "should"
    by: Literal["raising", "responding"] = "raising"
    when: Literal["enter", "exit"] = "enter"


class Log(Part):
    """A list that the document lays out: its headings, in their order."""

    id: Annotated[str, AfterValidator(_slug)]
    title: Text
    note: str = ""
    heading: str = ""  # what stands above the columns
    columns: Annotated[Words, Field(min_length=1)] = Field(description="list its headings")
    # what this service fills each column with, in their order; what is left out is the agency's own to fill
    fill: tuple[
        Literal["ref", "concern", "level", "concern_and_level", "summary", "actions", "outcome", "blank"], ...
    ] = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.fill) > len(self.columns):
            raise ValueError(f"fill has {len(self.fill)} words for {len(self.columns)} columns")
        return self


# --- faults across blocks ---------------------------------------------------------------------------------------------


def faults(document: Document) -> Iterator[Problem]:
    """Whatever the forms of this file say that cannot be."""
    forms = blocks(document.at(("forms",)))
    stages = [s.get("id") for s in blocks(document.at(("stages",)))]
    ids = [form.get("id") for form in forms]
    for n, form in enumerate(forms):
        if ids.index(form.get("id")) != n:
            yield document.problem(("forms", n, "id"), f"two forms are called {ids[n]}: give each its own id")
        opens = form.get("opens_at")
        if opens and opens not in stages:
            text = f"{document.name(('forms', n))}: opens_at names no stage: {opens}{_near(opens, stages)}"
            yield document.problem(("forms", n, "opens_at"), text)
        yield from _fields(document, n, form, forms, stages)
        yield from _links(document, n, form)
    for n, stage in enumerate(blocks(document.at(("stages",)))):
        for m, wanted in enumerate(blocks(stage.get("forms"))):
            if wanted.get("form") not in ids:
                text = f"{document.name(('stages', n))} asks for an unknown form: {wanted.get('form')}"
                yield document.problem(("stages", n, "forms", m), text + _near(wanted.get("form"), ids))


def _near(word: Any, known: list[Any]) -> str:
    return nearest(str(word), [k for k in known if isinstance(k, str)])


def _fields(
    document: Document, n: int, form: Mapping[str, Any], forms: list[dict[str, Any]], stages: list[Any]
) -> Iterator[Problem]:
    labels: dict[str, str] = {}
    names: set[str] = set()
    for m, field in enumerate(blocks(form.get("fields"))):
        path = ("forms", n, "fields", m)
        name, label = document.name(path), " ".join(str(field.get("label", "")).split()).casefold()
        if label and label in labels:
            yield document.problem(
                path, f"{name} has the label of {labels[label]}: a form that comes back is read by it"
            )
        labels.setdefault(label, name)
        if field.get("id") in names:
            yield document.problem(path, f"{name}: another field of the form has this id: give each its own")
        names.add(str(field.get("id")))
        yield from _contents(document, path, name, field)
        for source in _words(field.get("prefill")):
            if not _is_source(source, form, forms, stages):
                text = f"{name}: nothing of a case is called {source}{_near(source, _sources(forms, stages))}"
                yield document.problem((*path, "prefill"), text)


def _words(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [v for v in value if isinstance(v, str)] if value else []


def _contents(
    document: Document, path: tuple[str | int, ...], name: str, field: Mapping[str, Any]
) -> Iterator[Problem]:
    kind, choices = field.get("kind", "text"), _words(field.get("choices"))
    if kind == "choice" and not choices:
        yield document.problem(path, f"{name} is a choice without choices: list the words beside its boxes")
    if kind == "table" and not _words(field.get("columns")):
        yield document.problem(path, f"{name} is a table without columns: list its headings")
    flags = field.get("flags")
    for choice in flags if isinstance(flags, dict) else ():
        if choice not in choices:
            text = f"{name}: flags names no choice of its own: {choice}{_near(choice, choices)}"
            yield document.problem((*path, "flags"), text)


def _sources(forms: list[dict[str, Any]], stages: list[Any]) -> list[Any]:
    fields = [f"{form.get('id')}.{field.get('id')}" for form in forms for field in blocks(form.get("fields"))]
    return [*SOURCES, *(f"{word}.{stage}" for word in BY_STAGE for stage in stages), *fields]


def _is_source(source: str, form: Mapping[str, Any], forms: list[dict[str, Any]], stages: list[Any]) -> bool:
    word, _, rest = source.partition(".")
    if word == "role":
        return bool(rest)
    return source in _sources([f for f in forms if f is not form], stages)


def _links(document: Document, n: int, form: Mapping[str, Any]) -> Iterator[Problem]:
    """A printed address whose link leads elsewhere: people would send a family's data to whoever owns the target."""
    for m, printed in enumerate(blocks(form.get("printed"))):
        address, link = str(printed.get("address") or ""), str(printed.get("link") or "").removeprefix("mailto:")
        if link and link.casefold() != address.casefold():
            text = f"the form prints {address}, but its link leads to {link}: ask which is right and leave the link out"
            yield document.problem(("forms", n, "printed", m, "link"), text)
