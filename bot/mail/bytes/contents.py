"""What a file is called and what it is: a bare name, and the type that its first bytes show. It opens nothing.

A short table of magic numbers: enough to tell a form from a picture, and a program from either. Office's new formats
are archives; their names decide between them only when the bytes allow it.
"""

from collections.abc import Sequence
from pathlib import PurePosixPath

from bot.mail import re2
from bot.mail.patterns.topics import topic

MAX_NAME = 120

_OFFICE = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "docm": "application/vnd.ms-word.document.macroenabled.12",
    "xlsm": "application/vnd.ms-excel.sheet.macroenabled.12",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}
_OLD_OFFICE = {"doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint",
               "msg": "application/vnd.ms-outlook"}  # fmt: skip
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"{\\rtf", "application/rtf"),
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
    (b"#!", "text/x-script"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\x1f\x8b", "application/gzip"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"\x78\x9f\x3e\x22", "application/ms-tnef"),
)
#: A local header of ZIP: its length, where the version it needs and its flags stand, the highest version there is.
_ENTRY, _VERSION, _FLAGS, _LATEST = 30, 4, 6, 63
_ENCRYPTED = 1
_MOST_ENTRIES = 1000
#: The stream in which Office keeps a document that is under a password, as its directory names it.
_LOCKED_OFFICE = "EncryptedPackage".encode("utf-16-le")
_SEVEN = b"7z\xbc\xaf\x27\x1c"
#: The name of 7-Zip's AES method in the list at the end of its archives.
_SEVEN_AES = b"\x06\xf1\x07\x01"
_SEVEN_TAIL = 4096
_PDF_WITHIN = 1024  # readers accept a header that stands so far into the file
_DECORATION = topic("marks").pattern("decoration")
_WORDS_BELOW = re2.compile(r"(?i)^att\d{5}\.(?:txt|html?)$")


def kind_of(content: bytes, name: str, declared: str) -> str:
    """The media type that the bytes show; the declared one where they show none."""
    ending = name.rpartition(".")[2].lower()
    if content.startswith(_ZIP):
        return _OFFICE.get(ending, "application/zip")
    if content.startswith(_OLE):
        return _OLD_OFFICE.get(ending, "application/x-ole-storage")
    if content.startswith(b"RIFF") and content[8:12] == b"WAVE":
        return "audio/wav"
    if content[4:8] == b"ftyp":
        return "image/heic" if content[8:12] in (b"heic", b"heix", b"mif1") else "video/mp4"
    return next((kind for start, kind in _MAGIC if content.startswith(start)), declared)


def is_locked(content: bytes) -> bool:
    """Whether it is an archive with an entry under a password, or an Office document under one."""
    if content.startswith(_OLE):
        return _LOCKED_OFFICE in content
    at, seen = 0, 0
    while content.startswith(_ZIP, at) and seen < _MOST_ENTRIES:
        if _is_locked_entry(content[at : at + _ENTRY]):
            return True
        at, seen = content.find(_ZIP, at + len(_ZIP)), seen + 1
        if at < 0:
            break
    return content.startswith(_SEVEN) and _SEVEN_AES in content[-_SEVEN_TAIL:]


def _is_locked_entry(header: bytes) -> bool:
    """Whether this is the header of an entry under a password, and not four bytes that happen to look like one."""
    version = int.from_bytes(header[_VERSION:_FLAGS], "little")
    flags = int.from_bytes(header[_FLAGS : _FLAGS + 2], "little")
    return len(header) == _ENTRY and version <= _LATEST and bool(flags & _ENCRYPTED)


def is_word(content: bytes) -> bool:
    """Whether an archive may be a Word document, whatever it is called."""
    return content.startswith(_ZIP) and b"word/" in content


def is_pdf(content: bytes) -> bool:
    return b"%PDF-" in content[:_PDF_WITHIN]


def is_old_office(content: bytes) -> bool:
    """Whether it is of Office before 2007, or a document under a password."""
    return content.startswith(_OLE)


def may_be_form(content: bytes) -> bool:
    """Whether a file is of a kind that can be a form."""
    return is_word(content) or is_pdf(content) or is_old_office(content)


def is_decoration(name: str) -> bool:
    """Whether a file is what mail programs attach by themselves: a signature's picture or seal, a card."""
    return bool(_DECORATION.match(name))


def is_words_below(name: str, kinds: Sequence[str]) -> bool:
    """Whether a plain text holds the words that Apple's programs write below a file, which Exchange hands on as a file
    of its own naming; `kinds`: the types of the parts above it."""
    return bool(_WORDS_BELOW.match(name)) and not all(kind.startswith(("text/", "multipart/")) for kind in kinds)


def bare(name: str) -> str:
    """A file name as a bare name: no folder, no edges of dots, no more than MAX_NAME letters."""
    base = PurePosixPath(name.replace("\\", "/")).name.strip(". ") or "attachment"
    if len(base) > MAX_NAME:
        stem, dot, ending = base.rpartition(".")
        base = f"{stem[: MAX_NAME - 11]}{dot}{ending[:10]}" if dot else base[:MAX_NAME]
    return base
