"""`make office`: every document is opened, turned into PDF and back, and says what it said before.

What differs is left in build/office. Exits with 1 when something does not hold.
"""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.mail.forms import forms as reading
from bot.mail.forms.labels import HINT, HINT_OF_A_DAY
from tests.office import packages, writer
from tests.office.produced import produce
from tests.unit.form_samples import SHAPES

BUILD = Path(__file__).parents[2] / "build" / "office"
TABLES, WORDS, PAGES = ".xlsx", ".docx", ".pdf"


def broken(files: Sequence[Path]) -> Iterator[str]:
    """What a program would have to repair."""
    for path in files:
        found = writer.pdf_faults(path) if path.suffix == PAGES else packages.faults(path)
        yield from (f"{_named(path)}: {one}" for one in found)
        if path.suffix == PAGES and not writer.pdf_text(path).strip():
            yield f"{_named(path)}: has no word"


def printed(files: Sequence[Path]) -> Iterator[str]:
    """What is lost when LibreOffice makes a PDF: any letter of a text, and any field of a form that we could no longer
    read."""
    made, complaints = writer.converted(files, "pdf", BUILD / "printed")
    yield from complaints
    for path in files:
        if path not in made:
            yield f"{_named(path)}: LibreOffice made no PDF of it"
            continue
        yield from (f"{_named(path)} as PDF: {one}" for one in writer.pdf_faults(made[path]))
        lost = _squeezed(packages.words(path)) - _squeezed(writer.pdf_text(made[path]).split())
        if lost.total():
            yield f"{_named(path)} as PDF has lost {lost.total()} letters: {''.join(sorted(lost.elements()))[:60]}"
        if path.suffix == WORDS:
            yield from _read_otherwise(path, made[path], "")


def saved(files: Sequence[Path], kind: str) -> Iterator[str]:
    """What is lost when LibreOffice opens and saves it."""
    made, complaints = writer.converted(files, kind.removeprefix("."), BUILD / "saved")
    yield from complaints
    for path in files:
        if path not in made:
            yield f"{_named(path)}: LibreOffice did not save it"
        elif kind == TABLES:
            before, after = (packages.rows(one.read_bytes()) for one in (path, made[path]))
            yield from (f"{_named(path)} saved has lost {row}" for row in before if row not in after)
        else:
            hints = Counter(f"{HINT} {HINT_OF_A_DAY}".split())
            lost = Counter(packages.words(path)) - Counter(packages.words(made[path]))
            more = Counter(packages.words(made[path])) - Counter(packages.words(path))
            strange = [word for word in more if word not in hints]  # it forgets of some that they are hints
            if lost or strange:
                yield f"{_named(path)} saved has lost {list(lost)[:6]} and holds {strange[:6]}"
            yield from _read_otherwise(path, made[path], " ")


def _read_otherwise(path: Path, other: Path, between: str) -> Iterator[str]:
    """A form that comes back from that program says what it said; `between` its words stands what must stand there: a
    page breaks long words."""
    one, two = ({field.field: between.join(field.value.split()) for field in _fields(file)} for file in (path, other))
    for field in sorted(one.keys() | two.keys()):
        if one.get(field) != two.get(field):
            yield f"{_named(path)} as {other.suffix}: {field} is read as {two.get(field)}, not as {one.get(field)}"


def _fields(path: Path) -> list[reading.FieldRead]:
    found, _ = reading.read("", [("digest", path.read_bytes())], SHAPES)
    return [field for form in found for field in form.fields]


def _squeezed(words: Sequence[str]) -> Counter[str]:
    return Counter("".join(words))


def _named(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def main() -> int:
    if lacking := writer.missing():
        sys.stderr.write(f"There is no {' and no '.join(lacking)} on this machine: see the target `writer`\n")
        return 2
    shutil.rmtree(BUILD, ignore_errors=True)
    files = produce(BUILD / "made")
    by_kind = {kind: [path for path in files if path.suffix == kind] for kind in (TABLES, WORDS, PAGES)}
    wrong = [*broken(files), *printed([*by_kind[TABLES], *by_kind[WORDS]])]
    wrong += [fault for kind in (TABLES, WORDS) for fault in saved(by_kind[kind], kind)]
    sys.stdout.write("".join(f"{one}\n" for one in wrong))
    counted = ", ".join(f"{len(found)} {kind[1:].upper()}" for kind, found in by_kind.items())
    sys.stdout.write(f"{counted} opened, converted and saved: {len(wrong) or 'no'} faults.\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
