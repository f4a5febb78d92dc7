"""What earlier releases wrote, as today's JSON: questions, alarms and commitments of a case, and letters of the time
before their values were typed, which wait in outboxes and are asked for by the replies to them.

Nothing is checked here: that is codec.py's. Values that nothing reads any more are left behind; one that was not there
yet is empty.
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from typing import Any, Union, get_args, get_origin, get_type_hints

from bot import model
from bot.model.letters import WORDINGS, Standing

Json = str | int | float | bool | list["Json"] | dict[str, "Json"] | None


def _question(data: dict[str, Any]) -> dict[str, Any]:
    """Two fields, `word` and `note`, meant something else for each kind of question."""
    word, note, kind = data["word"], data["note"], data["about"]
    confirms = dict.fromkeys(("confirm_word", "confirm_word_again"), ("command", "words"))
    meant = {**confirms, "task": ("task", "side"), "transfer": ("agency", "team")}.get(kind, ("word", "whose"))
    named = {name: said for name, said in zip(meant, (word, note), strict=True) if said}
    return {name: said for name, said in data.items() if name not in ("word", "note")} | named


def _case(data: dict[str, Any]) -> dict[str, Any]:
    """`commitments` stood beside the task of the last of them. They may have become tasks before: a case is made again
    from all its rows, early and late."""
    said, tasks = [tuple(one) for one in data["commitments"]], [dict(task) for task in data.get("tasks", ())]
    for task in tasks:
        if said and task["id"] == model.COMMITMENT and not task.get("what"):
            task["what"] = said[-1][1]
    kept = [task for task in tasks if task["id"].partition("/")[0] == model.COMMITMENT]
    known = {(task["owner"]["email"], task["what"]) for task in kept}
    new = [one for one in dict.fromkeys(said) if one not in known]
    past = [
        {"id": f"{model.COMMITMENT}/{n}", "owner": {"email": who}, "what": words}
        for n, (who, words) in enumerate(new, 1)
    ]
    return {name: value for name, value in data.items() if name != "commitments"} | {"tasks": [*past, *tasks]}


def _deadline(data: dict[str, Any]) -> dict[str, Any]:
    """`n` counted, or named one of several: which, the kind said."""
    name = "item" if data["kind"] in ("clock", "action", "prompt", "prompt_late") else "nth"
    return {name: data["n"]} | {name: value for name, value in data.items() if name != "n"}


#: A field that no value of today has, and what reads a value that has it.
EARLIER: dict[type, tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    model.Question: ("note", _question),
    model.Deadline: ("n", _deadline),
    model.Case: ("commitments", _case),
}


def letter_as_now(letter: Mapping[str, Json]) -> dict[str, Json]:
    """Raises ValueError for a wording that is not known."""
    about = letter["about"]
    name = f"{letter['kind']}-{letter.get('variant', '')}"
    if name not in WORDINGS or not isinstance(about, dict):
        raise ValueError(f"a stored letter is of an unknown wording: {name}")
    at = about.get("now") or about.get("opened")
    values = _of(WORDINGS[name], about, at)
    same = {key: value for key, value in letter.items() if key not in ("kind", "variant", "about", "attach")}
    attach = letter.get("attach", [])
    return {
        **same,
        "values": {"is": name, **(values if isinstance(values, dict) else {})},
        "standing": _of(Standing, about, at) if "ref" in about else None,
        "decided": about.get("now"),
        "attach": [_enclosed(str(one)) for one in attach] if isinstance(attach, list) else attach,
    }


def _of(hint: object, old: Json, at: Json) -> Json:
    """An old value as today's JSON of that type: texts of nothing are None, keys that no field bears are gone. `at`:
    the instant for a value that an older version did not have yet."""
    args = get_args(hint)
    if get_origin(hint) in (Union, types.UnionType):
        return None if old in ("", None, {}) else _of(args[0], old, at)
    if get_origin(hint) is tuple and isinstance(old, list):
        return [_of(args[0], one, at) for one in old] if args[-1] is Ellipsis else old
    if isinstance(hint, type) and is_dataclass(hint) and isinstance(old, dict):
        hints, now = get_type_hints(hint), {}
        for field in fields(hint):
            key = field.name.rstrip("_")
            if key in old:
                now[field.name] = _of(hints[field.name], old[key], at)
            elif field.default is MISSING:
                now[field.name] = _nothing(hints[field.name], at)
        return now
    return old


def _nothing(hint: object, at: Json) -> Json:
    """What stands for a value that was not there: nothing of its type."""
    if get_origin(hint) is tuple:
        return []
    if isinstance(hint, type) and is_dataclass(hint):
        return _of(hint, {}, at)
    empty: dict[object, Json] = {str: "", int: 0, bool: False, datetime: at}
    return empty.get(hint)


def _enclosed(text: str) -> Json:
    """ "mail:<digest>", "record:minimal", "form:<id>", "register:<area>", "report:<area>/<quarter>"."""
    what, _, which = text.partition(":")
    area, _, quarter = which.partition("/")
    named: dict[str, Json] = {
        "mail": {"is": "TheMail", "digest": which},
        "record": {"is": "TheRecord", "content": which},
        "form": {"is": "TheForm", "form": which},
        "register": {"is": "TheRegister", "area": which},
        "report": {"is": "TheReport", "area": area, "quarter": quarter},
    }
    if what not in named:
        raise ValueError(f"a stored letter carries something unknown: {what}")
    return named[what]
