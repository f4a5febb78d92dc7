"""`make pictures`: every letter is heard, some are looked at and compared with how they looked.

KEEP=1 keeps today's pictures as the references, and makes the README's. Exits with 1 when something does not hold.
"""

from __future__ import annotations

import base64
import os
import sys
from pathlib import Path

from tests.pictures.browser import Tab, found, opened
from tests.pictures.look import PHONE, SCREENS, Page, accessible, faults, pages, pictured
from tests.pictures.png import Picture

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
REFERENCES, BUILD, SHOWN = HERE / "references", ROOT / "build" / "pictures", ROOT / "docs" / "pictures" / "phone.png"
AXE = ROOT / "build" / "axe" / "axe_playwright_python" / "axe.min.js"
SCALE = 1 / 3
#: Blocks that may differ: another version of the browser draws letters a little otherwise.
MOST = 0.01
#: On the README's phones, and how much of each is seen.
PHONES, SCREEN = ("notice-opened", "escalation-lapsed", "digest-daily"), 720
FRAME = """<body style="margin:0;padding:16px;width:1180px;display:flex;gap:26px;background:#fff">{}</body>"""
ONE = """<div style="width:360px;height:{}px;overflow:hidden;border:6px solid #1d2733;border-radius:28px;flex:none">
<img alt="" style="display:block" src="data:image/png;base64,{}"></div>"""


def small(tab: Tab, png: bytes, scale: float) -> Picture:
    return Picture.of(*tab.pixels(png, scale))


def looked_at(tab: Tab, page: Page, keep: bool) -> list[str]:
    """Each screen's picture against its reference; the new one stays where they differ."""
    wrong = []
    for width, dark in SCREENS:
        name = f"{page.name}-{width}-{'dark' if dark else 'light'}"
        tab.show(page.html, width, dark=dark)
        wrong += [f"{name}: {one}" for one in accessible(tab, AXE)] if AXE.is_file() else []
        now = small(tab, tab.picture(), SCALE)
        reference = REFERENCES / f"{name}.png"
        if keep:
            reference.write_bytes(now.png())
        apart = now.apart(small(tab, reference.read_bytes(), 1)) if reference.is_file() else 1.0
        if apart > MOST:
            (BUILD / f"{name}.png").write_bytes(now.png())
            wrong.append(f"{name}: {apart:.1%} of it looks otherwise than {reference.relative_to(ROOT)}; see {BUILD}")
    return wrong


def heard(tab: Tab, every: list[Page]) -> list[str]:
    """What does not hold of any sample on a phone; axe-core hears the first of each wording."""
    wrong: list[str] = []
    known: set[str] = set()
    for page in every:
        tab.show(page.html, PHONE, dark=False)
        found = [*faults(tab, page, PHONE)]
        if page.name not in known and AXE.is_file():
            found += accessible(tab, AXE)
        known.add(page.name)
        wrong += [f"{page.name}: {one}" for one in found]
    return wrong


def phones(tab: Tab, every: list[Page]) -> bytes:
    """The README's picture: three phones."""
    screens = []
    for page in (next(one for one in every if one.name == name) for name in PHONES):
        tab.show(page.html, PHONE, dark=False)
        screens.append(ONE.format(SCREEN, base64.b64encode(tab.picture()).decode()))
    tab.show(FRAME.format("".join(screens)), 1212, dark=False)
    return small(tab, tab.picture(), 1).png()


def main() -> int:
    path, keep = found(), bool(os.environ.get("KEEP"))
    if path is None:
        sys.stderr.write("There is no Chromium on this machine: apt-get install chromium fonts-liberation\n")
        return 2
    BUILD.mkdir(parents=True, exist_ok=True)
    REFERENCES.mkdir(exist_ok=True)
    every = pages()
    with opened(path) as tab:
        wrong = heard(tab, every)
        for page in pictured(every):
            wrong += looked_at(tab, page, keep)
        if keep:
            SHOWN.write_bytes(phones(tab, every))
    sys.stdout.write("".join(f"{one}\n" for one in wrong))
    seen = f"{len(every)} letters heard, {len(pictured(every)) * len(SCREENS)} pictures compared"
    sys.stdout.write(f"{seen}, {'with' if AXE.is_file() else 'WITHOUT'} axe-core: {len(wrong) or 'no'} faults.\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
