"""A policy that stands on another: the fields of its parent, unless it gives them itself.

Blocks are laid over one another key by key; a list stands as it is given, but a stage that has the id of a parent's
takes that stage's fields for those it leaves out, and an empty value takes a field away. Texts are handed in: it opens
no file, and it judges no policy (file.py).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.model.errors import Problem
from bot.rules.policy.yaml_file import Document, Path, nearest, read

#: Stands in the copy of a policy that is kept with a case, before each file that it stands on.
KEPT = "\n--- # the policy it stands on: "
#: The folder of a configuration's policies, one file each.
POLICIES = "policies"
#: What is a file's own, and never its parent's.
OWN = ("id", "parent", "areas")


def kept(policy_id: str, texts: Mapping[str, str]) -> str:
    """The policy's text with those it stands on, as one text: what a case keeps. `texts` by policy id."""
    names, here = [policy_id], texts.get(policy_id, "")
    while (above := _parent(here)) in texts and above not in names:
        names.append(above)
        here = texts[above]
    return "".join(
        f"{KEPT if n else ''}{name + chr(10) if n else ''}{texts.get(name, '')}" for n, name in enumerate(names)
    )


def as_it_stands(policy_id: str, files: Mapping[str, str]) -> str:
    """The same of a configuration's files by their name below its folder, policies/NAME.yaml."""
    return kept(policy_id, {n.removeprefix(f"{POLICIES}/").removesuffix(".yaml"): text for n, text in files.items()})


def apart(text: str, others: Mapping[str, tuple[str, str]]) -> tuple[str, dict[str, tuple[str, str]]]:
    """A kept text's own part, and the others by id as (text, file): those kept with it come before those given."""
    own, *above = text.split(KEPT)
    named = {part.partition("\n")[0]: part.partition("\n")[2] for part in above}
    return own, {**others, **{name: (part, f"{name}.yaml as it was kept") for name, part in named.items()}}


def _parent(text: str) -> str:
    document, _ = read(text, "")
    found = document.at(("parent",)) if document is not None else None
    return found if isinstance(found, str) else ""


def overlaid(document: Document, others: Mapping[str, tuple[str, str]]) -> tuple[Document, tuple[Problem, ...]]:
    """The document on its parents; a parent that is not there, or that stands on this one, is a fault."""
    line, problems = [document], []
    seen = [document.at(("id",))]  # as the file has it: it may be no text yet
    while (name := line[-1].at(("parent",))) is not None:
        child = line[-1]
        if name in seen:
            problems.append(child.problem(("parent",), f"parent: {name} stands on this policy itself; name another"))
            break
        if not isinstance(name, str) or name not in others:
            text = f"parent: there is no policy {name}{nearest(str(name), others)}"
            problems.append(child.problem(("parent",), text))
            break
        above, found = read(*others[name])
        if above is None:
            problems.append(child.problem(("parent",), f"parent: {name} cannot be read; mend it first"))
            break
        problems += found
        seen.append(name)
        line.append(above)
    whole = line.pop()
    while line:
        whole = _laid(line.pop(), whole)
    return whole, tuple(problems)


def _laid(child: Document, parent: Document) -> Document:
    value: dict[str, Any] = {}
    lines: dict[Path, int] = {(): child.line(())}
    files: dict[Path, str] = {}
    above = {key: inner for key, inner in parent.value.items() if key not in OWN}
    for path, part, source, there in _merged(child, parent, child.value, above, (), (), ()):
        _put(value, path, part)
        lines[path] = source.lines.get(there, source.line(there))
        if (file := source.files.get(there, source.file)) != child.file:
            files[path] = file
    return Document(child.file, value, lines, files)


#: (path in the result, value there, where it comes from, path there)
_Piece = tuple[Path, Any, Document, Path]


def _merged(
    child: Document, parent: Document, own: Any, above: Any, path: Path, mine: Path, theirs: Path
) -> Iterator[_Piece]:
    """Every value of the result, blocks before what is in them."""
    if path:
        yield path, type(own)(), child, mine
    for key in dict.fromkeys((*above, *own)):
        here = (*path, key)
        if key not in own:
            yield from _whole(parent, above[key], here, (*theirs, key))
        elif own[key] is None and key in above:
            continue  # an empty value takes the parent's away
        elif key == "stages" and not path and isinstance(own[key], list) and isinstance(above.get(key), list):
            yield from _stages(child, parent, own[key], above[key])
        elif isinstance(own[key], dict) and isinstance(above.get(key), dict):
            yield from _merged(child, parent, own[key], above[key], here, (*mine, key), (*theirs, key))
        else:
            yield from _whole(child, own[key], here, (*mine, key))


def _stages(child: Document, parent: Document, own: list[Any], above: list[Any]) -> Iterator[_Piece]:
    yield ("stages",), [], child, ("stages",)
    numbers = {stage.get("id"): n for n, stage in enumerate(above) if isinstance(stage, dict)}
    for n, stage in enumerate(own):
        here: Path = ("stages", n)
        at = numbers.get(stage.get("id")) if isinstance(stage, dict) else None
        if at is None:
            yield from _whole(child, stage, here, here)
        else:
            yield from _merged(child, parent, stage, above[at], here, here, ("stages", at))


def _whole(source: Document, value: Any, path: Path, there: Path) -> Iterator[_Piece]:
    """A value as one file gives it, with all that is in it."""
    yield path, type(value)() if isinstance(value, dict | list) else value, source, there
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield from _whole(source, part, (*path, key), (*there, key))


def _put(value: Any, path: Path, part: Any) -> None:
    here = value
    for step in path[:-1]:
        here = here[step]
    if isinstance(here, list):
        here.append(part)
    else:
        here[path[-1]] = part


# --- overlays of one parent -------------------------------------------------------------------------------------------


def contradictions(documents: Mapping[str, Document]) -> Iterator[Problem]:
    """Two overlays of one parent that are for one area and give one field two values, at both their lines."""
    standing = [(name, d) for name, d in documents.items() if isinstance(d.at(("parent",)), str)]
    for n, (_, one) in enumerate(standing):
        for other_name, other in standing[n + 1 :]:
            shared = sorted(_areas(one) & _areas(other))
            if one.at(("parent",)) != other.at(("parent",)) or not shared:
                continue
            values = dict(_fields(other.value, ()))
            for path, value in _fields(one.value, ()):
                if path in values and values[path] != value and path[0] not in (*OWN, "title", "version", "source"):
                    what = ".".join(path)
                    text = (
                        f"{what} is {value} here and {values[path]} in {other_name}.yaml, line"
                        f" {other.line(_steps(other, path))}; both are overlays for area {', '.join(shared)}: keep one"
                    )
                    yield one.problem(_steps(one, path), text)


def _areas(document: Document) -> set[str]:
    areas = document.at(("areas",))
    return set(areas) if isinstance(areas, list) else {areas} if isinstance(areas, str) else set()


def _fields(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every single value with its path; a stage's path has its id."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _fields(part, (*path, str(key)))
    elif isinstance(value, list):
        for n, part in enumerate(value):
            own = part.get("id") if isinstance(part, dict) else None
            yield from _fields(part, (*path, str(own or n + 1)))
    elif value is not None:
        yield path, str(value)


def _steps(document: Document, path: tuple[str, ...]) -> Path:
    """The path with numbers where ids stand."""
    there: Path = ()
    for step in path:
        here = document.at(there)
        if isinstance(here, list):
            ids = [str(p.get("id") or n + 1) if isinstance(p, dict) else str(n + 1) for n, p in enumerate(here)]
            there = (*there, ids.index(step))
        else:
            there = (*there, step)
    return there
