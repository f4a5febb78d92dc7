"""Which files of the bot import which package: read from the source, imports inside functions too.

A package that no file imports is there because another brings it; whether that one ever calls it is not known here.
"""

import ast
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.utils import canonicalize_name

from tests.supply.locks import ROOT


def imported(folder: Path = ROOT / "bot") -> dict[str, tuple[str, ...]]:
    """Package -> files below `folder` that import it, as paths from the folder's parent. Where several
    packages share a top-level name, each counts.
    """
    owners = _owners()
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*.py")):
        for top in _tops(ast.parse(path.read_text("utf-8"))):
            for owner in owners.get(top, ()):
                found.setdefault(str(canonicalize_name(owner)), set()).add(path.relative_to(folder.parent).as_posix())
    return {name: tuple(sorted(files)) for name, files in sorted(found.items())}


@cache  # it reads the list of files of every installed package
def _owners() -> Mapping[str, list[str]]:
    return packages_distributions()


def _tops(tree: ast.Module) -> set[str]:
    tops = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            tops |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            tops.add(node.module.partition(".")[0])
    return tops
