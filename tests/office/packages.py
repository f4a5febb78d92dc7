"""A Word document or workbook as a package: what in it is broken, and the words that it holds.

What is asked is what Word and Excel offer a "repair" for: parts, types and relationships that do not fit together, and
a few rules of their own that LibreOffice does not keep. It does not hold the markup against the whole schema.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
from lxml import etree

from bot.mail.forms import documents
from bot.records.forms.controls import MAX_TITLE

TYPES = "[Content_Types].xml"
_RELATED = re.compile(r"(?:(?P<of>.*)/)?_rels/(?P<name>[^/]*)\.rels")
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def faults(path: Path) -> Iterator[str]:
    """Each in words."""
    with zipfile.ZipFile(path) as archive:
        if (bad := archive.testzip()) is not None:
            yield f"{bad} is damaged"
        names = archive.namelist()
        yield from (f"{name} is there {n} times" for name, n in Counter(names).items() if n > 1)
        trees: dict[str, Any] = {}
        for name in names:
            if name.endswith((".xml", ".rels")):
                try:
                    trees[name] = etree.fromstring(archive.read(name))
                except etree.XMLSyntaxError as error:
                    yield f"{name} is no XML: {error}"
    yield from _types(trees.get(TYPES), set(names))
    for name, tree in trees.items():
        if found := _RELATED.fullmatch(name):
            yield from _related(found["of"] or "", found["name"], tree, set(names), trees)
    if (body := trees.get("word/document.xml")) is not None:
        yield from _words_own(body)


def _types(tree: Any, names: set[str]) -> Iterator[str]:
    if tree is None:
        yield f"there is no {TYPES}"
        return
    endings = {one.get("Extension", "").lower() for one in tree if one.tag.endswith("}Default")}
    parts = {one.get("PartName", "").removeprefix("/") for one in tree if one.tag.endswith("}Override")}
    yield from (f"{name} has a type and is not there" for name in sorted(parts - names))
    for name in sorted(names - parts - {TYPES}):
        if name.rpartition(".")[2].lower() not in endings and not name.endswith("/"):
            yield f"{name} has no type"


def _related(folder: str, name: str, tree: Any, names: set[str], trees: dict[str, Any]) -> Iterator[str]:
    """Every target is there, and every use of one has a target."""
    for one in tree:
        target = one.get("Target", "")
        if one.get("TargetMode") == "External":
            if not target.startswith(("mailto:", "https:", "http:", "tel:")):
                yield f"{folder}/{name} leads to {target}"
        elif (at := posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")) not in names:
            yield f"{folder}/{name} needs {at}, which is not there"
    given = {one.get("Id") for one in tree}
    part = trees.get(posixpath.join(folder, name)) if name else None
    for one in part.iter() if part is not None else ():
        used = {value for key, value in one.attrib.items() if key.startswith(_R)}
        yield from (f"{folder}/{name} uses {value}, which leads nowhere" for value in sorted(used - given))


def _words_own(body: Any) -> Iterator[str]:
    """What Word itself refuses: a cell that does not end with a paragraph, a row without cells, a control's title that
    is too long, two controls of one number."""
    for cell in body.iter(f"{_W}tc"):
        if not len(cell) or cell[-1].tag != f"{_W}p":
            yield "a table's cell does not end with a paragraph"
    for row in body.iter(f"{_W}tr"):
        if next(row.iter(f"{_W}tc"), None) is None:
            yield "a table's row has no cell"
    numbers = Counter(one.get(f"{_W}val") for one in body.iter(f"{_W}id"))
    yield from (f"{n} controls have the number {number}" for number, n in numbers.items() if n > 1)
    for one in body.iter(f"{_W}alias", f"{_W}tag"):
        if len(one.get(f"{_W}val", "")) > MAX_TITLE:
            yield f"a control's name is too long: {one.get(f'{_W}val')}"


def words(path: Path) -> list[str]:
    """The texts that a reader sees in it, word by word; numbers and days are shown otherwise than they are kept."""
    if path.suffix == ".xlsx":
        sheets = openpyxl.load_workbook(path).worksheets
        values = [value for sheet in sheets for row in sheet.iter_rows(values_only=True) for value in row]
        return [word for value in values if isinstance(value, str) for word in value.split()]
    return [word for cell in documents.cells(path.read_bytes()) for word in cell.text.split()]


def rows(content: bytes) -> list[tuple[str, ...]]:
    """A workbook's sheets, each its title and then its rows; formulas as what they are."""
    found: list[tuple[str, ...]] = []
    for sheet in openpyxl.load_workbook(io.BytesIO(content)):
        found.append((sheet.title,))
        for row in sheet.iter_rows(values_only=True):
            values = ["" if value is None else str(value) for value in row]
            while values and not values[-1]:
                values.pop()
            found += [tuple(values)] if values else []
    return found
