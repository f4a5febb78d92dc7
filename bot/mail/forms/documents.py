"""A Word document or a PDF -> its texts in reading order, a table's cells one by one, boxes as ☒ and ☐.

It reads the one part that holds the words, within limits, and nothing else: no macro, no link, no embedded object is
ever opened, and a document type declaration (where entity bombs live) ends the reading. What cannot be read says why.
"""

import io
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from itertools import count
from pkgutil import walk_packages
from typing import Any
from xml.parsers import expat  # a document type declaration, where its dangers lie, is refused below

MAX_PARTS = 2000
MAX_WORDS = 8_000_000  # octets of the part that holds the words, unpacked
MAX_ELEMENTS = 250_000  # a form of twenty pages has a tenth of it
MAX_DEPTH = 400
MAX_CELLS = 20_000
_PART = "word/document.xml"
_TYPES = "[Content_Types].xml"
_MACROS = "vbaproject.bin"
_ENCRYPTED = 1
#: Wingdings and its kin as Word stores them, and what a reader sees.
_SYMBOLS = {"F0FE": "☒", "F0FD": "☒", "F078": "☒", "F0FC": "☒", "F052": "☒", "F0A8": "☐", "F06F": "☐", "F071": "☐"}
_OFF = ("0", "false", "off")


class Unopened(Exception):
    """An attachment that was not read; the argument is a code: macros, locked, too_large, broken."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of text that stands by itself, and where."""

    text: str
    where: str


def cells(content: bytes) -> tuple[Cell, ...]:
    """The texts. Raises Unopened."""
    try:
        words = _words(content)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise Unopened("broken") from None
    walk = _Walk()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = walk.start
    parser.EndElementHandler = walk.end
    parser.CharacterDataHandler = walk.text
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(words, True)
    except expat.ExpatError:
        raise Unopened("broken") from None
    return tuple(walk.found)


def _refuse(*_: object) -> None:
    raise Unopened("broken")


def _words(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        if len(parts) > MAX_PARTS:
            raise Unopened("too_large")
        if any(part.flag_bits & _ENCRYPTED for part in parts):
            raise Unopened("locked")
        names = {part.filename for part in parts}
        if any(name.lower().endswith(_MACROS) for name in names):
            raise Unopened("macros")
        if _TYPES in names and b"macroenabled" in _taken(archive, _TYPES).lower():
            raise Unopened("macros")
        if _PART not in names:
            raise Unopened("broken")
        return _taken(archive, _PART)


def _taken(archive: zipfile.ZipFile, name: str) -> bytes:
    """The part's bytes, counted as they come: what the archive says of its size is a stranger's word."""
    with archive.open(name) as part:
        taken = part.read(MAX_WORDS + 1)
    if len(taken) > MAX_WORDS:
        raise Unopened("too_large")
    return taken


@dataclass(slots=True)
class _Table:
    n: int
    row: int = 0
    cell: int = 0
    pieces: list[list[str]] = field(default_factory=list)  # one list for each open cell


class _Walk:
    """What the parser has seen so far."""

    def __init__(self) -> None:
        self.found: list[Cell] = []
        self._tables: list[_Table] = []
        self._count = self._paragraphs = self._depth = self._hidden = self._elements = 0
        self._line: list[str] = []
        self._is_text = False
        self._box: str | None = None
        self._controls: list[bool] = []  # of each open content control, whether it shows but a hint

    def start(self, name: str, values: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH or len(self.found) > MAX_CELLS or self._elements > MAX_ELEMENTS:
            raise Unopened("too_large")
        local = name.rpartition(" ")[2]
        given = {key.rpartition(" ")[2]: value for key, value in values.items()}
        match local:
            case "Fallback" | "delText" | "instrText":
                self._hidden += 1
            case "sdt":
                self._controls.append(False)
            case "showingPlcHdr" if self._controls and given.get("val", "1").lower() not in _OFF:
                self._hidden += not self._controls[-1]
                self._controls[-1] = True
            case "tbl":
                self._count += 1
                self._tables.append(_Table(self._count))
            case "tr" if self._tables:
                self._tables[-1].row += 1
                self._tables[-1].cell = 0
            case "tc" if self._tables:
                self._tables[-1].cell += 1
                self._tables[-1].pieces.append([])
            case "t":
                self._is_text = True
            case "tab":
                self._line.append("\t")
            case "br" | "cr":
                self._line.append("\n")
            case "sym":
                self._line.append(_SYMBOLS.get(given.get("char", "").upper(), ""))
            case "checkBox":
                self._box = "☐"
            case "checked" | "default" if self._box is not None:
                # `default` counts where `checked` was never written; `checked` comes after it
                self._box = "☐" if given.get("val", "1").lower() in _OFF else "☒"

    def end(self, name: str) -> None:
        self._depth -= 1
        match name.rpartition(" ")[2]:
            case "Fallback" | "delText" | "instrText":
                self._hidden -= 1
            case "sdt" if self._controls:
                self._hidden -= self._controls.pop()
            case "t":
                self._is_text = False
            case "checkBox":
                self._line.append(self._box or "")
                self._box = None
            case "p":
                self._paragraph()
            case "tc" if self._tables and self._tables[-1].pieces:
                table = self._tables[-1]
                text = "\n".join(table.pieces.pop())
                self.found.append(Cell(text, f"table {table.n}, row {table.row}, cell {table.cell}"))
            case "tbl" if self._tables:
                self._tables.pop()

    def text(self, data: str) -> None:
        if self._is_text and not self._hidden:
            self._line.append(data)

    def _paragraph(self) -> None:
        said = "".join(self._line)
        self._line = []
        inside = next((t for t in reversed(self._tables) if t.pieces), None)
        if inside is not None:
            inside.pieces[-1].append(said)
            return
        self._paragraphs += 1
        if said.strip():
            self.found.append(Cell(said, f"paragraph {self._paragraphs}"))


# A PDF -> the words of its pages and the fields that somebody filled in. Nothing in it is run or followed. pypdf caps
# what it unpacks, lower here than it does by itself; pages, words and what is drawn are capped here, and the reading
# process stands around both. What cannot be read says why.

MAX_PAGES = 20
MAX_PDF_WORDS = 300_000
MAX_FIELDS = 500
MAX_DRAWN = 200_000  # operations of all pages; a page of small print has two thousand
_MOST_UNPACKED = 4_000_000
#: What pypdf may do for one stream, page or list of fields.
_LIMITS: dict[str, Any] = {
    "zlib_maximum_output_length": _MOST_UNPACKED,
    "lzw_maximum_output_length": _MOST_UNPACKED,
    "run_length_maximum_output_length": _MOST_UNPACKED,
    "brotli_maximum_output_length": _MOST_UNPACKED,
    "array_based_stream_maximum_output_length": _MOST_UNPACKED,
    "zlib_maximum_recovery_input_length": 100_000,
    "stream_decoding_work_maximum_length": 4 * _MOST_UNPACKED,
    "stream_parsing_work_maximum_count": 4 * MAX_DRAWN,
    "xform_maximum_invocations_per_extraction": 200,
    "page_tree_maximum_entries": 5000,
    "form_fields_maximum_entries": 10 * MAX_FIELDS,
}


@dataclass(frozen=True, slots=True)
class Filled:
    """A form field: its names (own and shown), its kind (text or button) and value; "" where nothing was entered."""

    names: tuple[str, ...]
    value: str
    is_button: bool
    where: str


def load() -> None:
    """Imports all of the library, where a mail may not wait for it or cannot have it later."""
    import pypdf

    for module in walk_packages(pypdf.__path__, "pypdf."):
        with suppress(ImportError):  # what it does with pictures wants a library that we have no use for
            import_module(module.name)


def read_pdf(content: bytes) -> tuple[tuple[Cell, ...], tuple[Filled, ...]]:
    """The pages' texts and the fields. Raises Unopened."""
    from pypdf import PdfReader, apply_configuration  # 70 ms that mails without a PDF need not wait for
    from pypdf.errors import LimitReachedError

    try:
        with apply_configuration(**_LIMITS):
            reader = PdfReader(io.BytesIO(content), strict=False)
            is_open = not reader.is_encrypted or bool(reader.decrypt(""))
            taken = (tuple(_pages(reader)), tuple(_fields(reader))) if is_open else None
    except (MemoryError, LimitReachedError):
        raise Unopened("too_large") from None
    except Unopened:
        raise
    except Exception as fault:  # whatever a broken file makes of the library: the mail itself is sound
        raise Unopened("locked" if "crypt" in f"{type(fault).__name__} {fault}".lower() else "broken") from None
    if taken is None:
        raise Unopened("locked")
    return taken


def _pages(reader: Any) -> list[Cell]:
    found, size, drawn = [], 0, count()

    def see(*_: object) -> None:
        if next(drawn) > MAX_DRAWN:
            raise Unopened("too_large")

    for n, page in enumerate(reader.pages[:MAX_PAGES], 1):
        text = page.extract_text(visitor_operand_before=see)[: MAX_PDF_WORDS - size]
        size += len(text)
        found.append(Cell(text, f"page {n}"))
    return found


def _fields(reader: Any) -> list[Filled]:
    found = []
    given = reader.get_fields() or {}
    for n, (name, one) in enumerate(given.items(), 1):
        if n > MAX_FIELDS:
            break
        is_button = one.get("/FT") == "/Btn"
        value = str(one.get("/V") or "").strip()
        value = "" if is_button and value in ("/Off", "Off") else value.removeprefix("/") if is_button else value
        names = (str(name), str(one.get("/TU") or ""))
        found.append(Filled(names, value, is_button, f"field {n}"))
    return found
