"""`make sbom` writes build/sbom.json; `make audit` holds the lock files against the advisories in ADVISORIES.

`audit` ends with 0 where nothing is hit, 1 where something is, 2 where there was nothing to compare with.
"""

import os
import sys
from pathlib import Path

from tests.supply.advisories import Hit, hits, load
from tests.supply.imported import imported
from tests.supply.locks import Part, Supply, supply
from tests.supply.sbom import bom, ref

SBOM = Path("build/sbom.json")


def main(what: str) -> int:
    known = supply()
    if what == "sbom":
        SBOM.parent.mkdir(exist_ok=True)
        SBOM.write_text(bom(known), "utf-8")
        silent = [ref(part) for part in known.parts if not (part.licence.expression or part.licence.name)]
        say(f"{SBOM}: {len(known.parts)} packages, {sum(p.runs for p in known.parts)} of them to run")
        say(f"no licence is declared in installed metadata by: {', '.join(silent) or 'none'}")
        return 0
    given = os.environ.get("ADVISORIES", "")
    if not given:
        say("NOTHING WAS COMPARED: name a file or folder of advisories (OSV, JSON): make audit ADVISORIES=PATH")
        return 2
    advisories = load(Path(given))
    found = hits(known.parts, advisories)
    for line in report(known, found, imported()):
        say(line)
    say(f"{len(known.parts)} packages held against {len(advisories)} advisories: {len(found)} hits")
    return 1 if found else 0


def report(known: Supply, found: list[Hit], files: dict[str, tuple[str, ...]]) -> list[str]:
    """A line for each locked package, and one more for each advisory that hits it."""
    lines = []
    for part in known.parts:
        own = [hit for hit in found if (hit.package, hit.version) == (part.name, part.version)]
        lines.append(f"{'HIT   ' if own else 'no hit'} {part.name} {part.version}: {reached(known, part, files)}")
        for hit in own:
            fix = f"fixed in {', '.join(hit.fixed)}" if hit.fixed else "no fix is named"
            lines.append(
                f"       {hit.id}{' (cannot be judged by version)' if hit.doubtful else ''}: {hit.summary}; {fix}"
            )
    return lines


def reached(known: Supply, part: Part, files: dict[str, tuple[str, ...]]) -> str:
    """How the bot comes to it: the files that import it, the packages that bring it, or the tests alone."""
    ways = [f"imported by {', '.join(files[part.name])}"] if part.name in files else []
    ways += ["asked for in pyproject.toml"] if part.name in known.asked and not ways else []
    ways += [f"brought by {', '.join(users)}"] if (users := known.users(part.name)) else []
    return ("" if part.runs else "for tests alone; ") + ("; ".join(ways) or "named in the lock file alone")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
