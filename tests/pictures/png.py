"""A picture of few colours as a small PNG, and how far another one is from it. It knows no browser and no letter."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHIFT = 3  # bits of each colour that are not kept
COLOURS = 48  # of a palette
BLOCK = 8  # points on a side: as large as a word's part, so that a line one point lower is no difference
FAR = 24  # of 255, by which a block's mean may be off


@dataclass(frozen=True)
class Picture:
    """Its RGB: height, width, 3."""

    rgb: NDArray[np.uint8]

    @classmethod
    def of(cls, width: int, height: int, rgba: bytes) -> Picture:
        return cls(np.frombuffer(rgba, np.uint8).reshape(height, width, 4)[:, :, :3])

    def png(self) -> bytes:
        """With its most frequent colours, each other one as the nearest of them."""
        coarse = (self.rgb.reshape(-1, 3) >> SHIFT).astype(np.int32)
        found, which, count = np.unique(coarse, axis=0, return_inverse=True, return_counts=True)
        palette = found[np.argsort(-count)[:COLOURS]]
        nearest = np.array([np.abs(palette - one).sum(axis=1).argmin() for one in found], np.uint8)
        height, width = self.rgb.shape[:2]
        index = nearest[which.reshape(height, width)]
        rows = np.hstack([np.zeros((height, 1), np.uint8), index]).tobytes()
        top = (1 << 8 - SHIFT) - 1
        shades = np.rint(palette * 255 / top).astype(np.uint8).tobytes()
        head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
        parts = ((b"IHDR", head), (b"PLTE", shades), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)

    def apart(self, other: Picture) -> float:
        """The share of blocks that differ, from 0.0 to 1.0; a picture of another size differs where only one is."""
        one, two = self._blocks(), other._blocks()
        height, width = max(one.shape[0], two.shape[0]), max(one.shape[1], two.shape[1])
        differ = np.ones((height, width), bool)
        rows, columns = min(one.shape[0], two.shape[0]), min(one.shape[1], two.shape[1])
        off = np.abs(one[:rows, :columns] - two[:rows, :columns]).max(axis=2)
        differ[:rows, :columns] = off > FAR
        return float(differ.mean())

    def _blocks(self) -> NDArray[np.float64]:
        height, width = (n // BLOCK * BLOCK for n in self.rgb.shape[:2])
        cut = self.rgb[:height, :width].astype(np.float64)
        return cut.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK, 3).mean(axis=(1, 3))


def _chunk(name: bytes, held: bytes) -> bytes:
    return struct.pack(">I", len(held)) + name + held + struct.pack(">I", zlib.crc32(name + held))
