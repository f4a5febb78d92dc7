"""What a person answers to the list of the holding pen: `A 0147`, `12 CE-2027-0147`, `12 new`, `12 not ours`,
`UNDO 12`.

One order a line, or several with commas between (`A 0147, B new`; `A, C not ours`). Names are the entry's number or
the letter printed beside it in that one digest. It knows no store: which entry a name means, and which case a ref, is
found by the caller; who may say it as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.mail.patterns.topics import topic

NEW, NOT_OURS, UNDO = "new", "not ours", "undo"
MOST_LINES = 200
#: Letters printed beside the first entries of a digest; the rest have their numbers alone.
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_ORDERS = topic("orders")
_LINE, _ALONE, _BETWEEN = _ORDERS.pattern("line"), _ORDERS.pattern("name_alone"), _ORDERS.pattern("between")
_REF, _NEW, _NOT_OURS = _ORDERS.pattern("ref"), _ORDERS.pattern("new"), _ORDERS.pattern("not_ours")
_UNDO = _ORDERS.pattern("undo")
_COURTESY, _CLOSING = _ORDERS.pattern("courtesy"), _ORDERS.pattern("closing")


@dataclass(frozen=True, slots=True)
class Order:
    """What to do with one entry. `what`: new, not ours, undo, or a ref (`CE-2027-0147`, or its last number alone)."""

    name: str
    what: str


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders in the order of writing, and the lines that are none, as they were written."""

    orders: tuple[Order, ...]
    unclear: tuple[str, ...]


def orders(text: str) -> Orders:
    """Every order in the new text of an answer. An entry that is named twice, with two orders, has none."""
    found: list[Order] = []
    unclear: list[str] = []
    lines = [" ".join(line.split()) for line in text.split("\n")]
    for line in [one for one in lines if one][:MOST_LINES]:
        of_line = _of_line(line)
        if of_line:
            found += of_line
        elif found and _CLOSING.match(line):
            break
        elif not _COURTESY.match(line):
            unclear.append(line[:200])
    torn = {o.name for o in found for p in found if o.name == p.name and o.what != p.what}
    unclear += [f"{name}: two answers" for name in sorted(torn)]
    return Orders(tuple(dict.fromkeys(o for o in found if o.name not in torn)), tuple(unclear))


def _of_line(line: str) -> list[Order]:
    """The orders of a line, all of it or none. Names before the first order share it (`A, C not ours`); a bare name
    anywhere else may as well be the number of a case."""
    order = _order(line)
    if order is not None:
        return [order]
    found: list[Order] = []
    shares = False
    for piece in reversed([one for one in _BETWEEN.split(line) if one.strip()]):
        alone = _ALONE.match(piece)
        order = _order(piece)
        if order is not None and not shares:
            found.append(order)
        elif alone is not None and found and alone.group(1).isdigit() == found[-1].name.isdigit():
            found.append(Order(alone.group(1).upper(), found[-1].what))
            shares = True
        else:
            return []
    return found[::-1]


def _order(line: str) -> Order | None:
    if undone := _UNDO.match(line):
        return Order(undone.group(1).lstrip("0") or "0", UNDO)
    match = _LINE.match(line)
    if match is None:
        return None
    name, words = match.group(1).upper().lstrip("0") or "0", match.group(2).strip()
    if _NEW.match(words):
        return Order(name, NEW)
    if _NOT_OURS.match(words):
        return Order(name, NOT_OURS)
    ref = _REF.match(words)
    return Order(name, ref.group(1).upper()) if ref else None


def lettered(entries: Sequence[int]) -> dict[str, int]:
    """Which letter stands beside which entry of one digest."""
    return dict(zip(LETTERS, entries, strict=False))
