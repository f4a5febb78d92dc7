"""What `make pictures` compares by: small pictures come back as they were, and what a person sees is a difference."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from tests.pictures.__main__ import MOST, REFERENCES
from tests.pictures.look import PICTURED, SCREENS, words
from tests.pictures.png import Picture


def page(height: int = 240, width: int = 120, ground: int = 255) -> np.ndarray:
    """Black lines on a ground."""
    rgb = np.full((height, width, 3), ground, np.uint8)
    rgb[20:220:12, 10:110] = 0
    return rgb


def read_back(png: bytes) -> np.ndarray:
    """The RGB of a picture as we write them: a palette, and rows without filters."""
    chunks, rest = {}, png[8:]
    while rest:
        (size,) = struct.unpack(">I", rest[:4])
        chunks[rest[4:8]] = rest[8 : 8 + size]
        assert struct.unpack(">I", rest[8 + size : 12 + size])[0] == zlib.crc32(rest[4 : 8 + size])
        rest = rest[12 + size :]
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    return np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)[rows[:, 1:]]


def test_a_kept_picture_is_the_picture() -> None:
    """With fewer colours, none of them far off, and in a few kB."""
    rgb = page()
    rgb[100:140, 30:60] = (177, 14, 30)
    png = Picture(rgb).png()
    assert len(png) < 1_000
    assert np.abs(read_back(png).astype(int) - rgb).max() <= 8
    assert Picture(rgb).apart(Picture(read_back(png))) == 0


def changed(what: str) -> np.ndarray:
    rgb = page(height=200 if what == "shorter" else 240, ground=200 if what == "darker" else 255)
    if what == "a line gone":
        rgb[104] = 255
    if what == "a box":
        rgb[100:140, 30:60] = (177, 14, 30)
    if what == "a point lower":
        rgb = np.roll(rgb, 1, axis=0)
    return rgb


@pytest.mark.parametrize(
    ("what", "is_seen"),
    [
        ("nothing", False),
        ("a point lower", False),
        ("a line gone", True),
        ("a box", True),
        ("shorter", True),
        ("darker", True),
    ],
)
def test_a_difference_is_what_a_person_sees(what: str, is_seen: bool) -> None:
    """Another line, box, length or ground; not a letter drawn a point lower."""
    assert (Picture(page()).apart(Picture(changed(what))) > MOST) is is_seen


def test_there_is_a_reference_for_every_screen_and_none_is_left_over() -> None:
    """All of them together are smaller than a photograph."""
    wanted = {f"{name}-{width}-{'dark' if dark else 'light'}.png" for name in PICTURED for width, dark in SCREENS}
    kept = [*REFERENCES.iterdir()]
    assert {path.name for path in kept} == wanted
    assert sum(path.stat().st_size for path in kept) < 400_000


def test_both_parts_of_a_letter_are_heard_alike() -> None:
    """Marks of lists, headings in capitals and the colon behind a button's word are all that may differ."""
    assert words("1. Reply\n- YES: it is\n> Agreed.\n--\n[X-1]. Bye") == words("Reply YES it is Agreed. [X-1]. Bye")
    assert words("Reply by 3pm") != words("Reply by 4pm")
