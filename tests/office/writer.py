"""LibreOffice without a window, and the two programs that read a PDF. They say what they did; nothing is judged here.

One start converts many files, under a profile of its own. Nothing that it opens is fetched from elsewhere.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

NEEDED = ("soffice", "qpdf", "pdftotext")
PATIENCE = 900
#: What LibreOffice says of itself and of no document.
_OF_ITSELF = ("javaldx", "Gtk-WARNING", "dconf-WARNING")


def missing() -> list[str]:
    """Of the programs, those that are not on this machine."""
    return [name for name in NEEDED if shutil.which(name) is None]


def converted(files: Sequence[Path], kind: str, folder: Path) -> tuple[dict[Path, Path], list[str]]:
    """Each file as that kind in the folder, and what the program complained of; files of one name do not meet."""
    complaints, made = [], {}
    with tempfile.TemporaryDirectory(prefix="office-", ignore_cleanup_errors=True) as place:
        given, out, home = Path(place, "given"), Path(place, "out"), Path(place, "home")
        given.mkdir()
        names = {path: f"{n:03}{path.suffix}" for n, path in enumerate(files)}
        for path, name in names.items():
            shutil.copyfile(path, given / name)
        words = ["soffice", f"-env:UserInstallation={home.as_uri()}", "--headless", "--norestore", "--convert-to", kind]
        words += ["--outdir", str(out), *(str(given / name) for name in names.values())]
        ran = _ran(words, env={**os.environ, "HOME": place})
        if ran.returncode:
            complaints.append(f"soffice ended with {ran.returncode}")
        said = [line for line in ran.stderr.splitlines() if line.strip() and not any(one in line for one in _OF_ITSELF)]
        complaints += [f"soffice: {line}" for line in said]
        folder.mkdir(parents=True, exist_ok=True)
        for path, name in names.items():
            result = out / f"{Path(name).stem}.{kind}"
            if result.is_file():
                made[path] = folder / f"{path.parent.name}-{path.name}.{kind}"
                shutil.move(result, made[path])
    return made, complaints


def pdf_text(path: Path) -> str:
    return _ran(["pdftotext", "-layout", str(path), "-"]).stdout


def pdf_faults(path: Path) -> list[str]:
    """What qpdf finds broken or had to repair."""
    ran = _ran(["qpdf", "--check", str(path)])
    return [] if ran.returncode == 0 else [line for line in (ran.stdout + ran.stderr).splitlines() if "WARNING" in line]


def _ran(words: list[str], env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False, env=env)
