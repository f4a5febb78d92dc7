"""Which small faults a file can have: a comparison flipped, a boundary moved, a condition turned round, a call dropped.

Each is one change of meaning at one place, as text: what stood there and what stands there instead. Nothing is changed
of types, words for people, logs and failpoints. It runs nothing and knows no test.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_COMPARED: dict[type[ast.cmpop], str] = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}
_TURNED: dict[type[ast.cmpop], str] = {ast.Lt: ">=", ast.LtE: ">", ast.Gt: "<=", ast.GtE: "<"}
_EMPTY = {"tuple": "()", "list": "[]", "dict": "{}", "str": '""', "int": "0", "frozenset": "frozenset()"}
#: Calls that mean nothing to anybody but a reader of logs or a test of kills.
_SILENT = ("log.", "failpoint(", "super(")


@dataclass(frozen=True, slots=True)
class Fault:
    """One change of one file: the bytes from `start` to `end` become `after`. `line` counts from 1.

    `within`: the first line of the function, decorators and all, that it is in; 0 in none.
    """

    path: Path
    line: int
    within: int
    what: str
    start: int
    end: int
    before: str
    after: str

    def put_into(self, source: bytes) -> bytes:
        return source[: self.start] + self.after.encode() + source[self.end :]


def faults(path: Path) -> list[Fault]:
    """Every fault of the file that is Python still, in the order of its lines."""
    source = path.read_bytes()
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found, tree = [], ast.parse(source)
    for node, what, after in _changes(tree):
        start, end = starts[node.lineno - 1] + node.col_offset, starts[(node.end_lineno or 0) - 1] + _end(node)
        before = source[start:end].decode()
        fault = Fault(path, node.lineno, _within(tree, node.lineno), what, start, end, before, after)
        if " ".join(before.split()) != " ".join(after.split()) and _is_python(fault.put_into(source)):
            found.append(fault)
    return sorted(found, key=lambda one: (one.start, one.what, one.after))


def _end(node: ast.expr | ast.stmt) -> int:
    assert node.end_col_offset is not None
    return node.end_col_offset


def _within(tree: ast.Module, line: int) -> int:
    around = [
        min([node.lineno, *(one.lineno for one in node.decorator_list)])
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.body[0].lineno <= line <= (node.end_lineno or 0)
    ]
    return max(around, default=0)


def _is_python(source: bytes) -> bool:
    try:
        compile(source, "a fault", "exec")
    except SyntaxError:
        return False
    return True


Change = tuple[ast.expr | ast.stmt, str, str]


def _changes(tree: ast.Module) -> Iterator[Change]:
    for node in _walked(tree):
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            yield from _compared(node)
        elif isinstance(node, ast.BoolOp):
            yield node, "and and or swapped", _joined(node)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield node, "a not dropped", ast.unparse(node.operand)
        elif isinstance(node, ast.If | ast.While | ast.IfExp):
            yield node.test, "a condition turned round", f"(not ({ast.unparse(node.test)}))"
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            other = "-" if isinstance(node.op, ast.Add) else "+"
            yield node, "plus and minus swapped", f"({ast.unparse(node.left)} {other} {ast.unparse(node.right)})"
        elif isinstance(node, ast.Constant) and type(node.value) is int:
            yield node, "a number off by one", str(node.value + 1)
        elif isinstance(node, ast.Call):
            yield from _swapped(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield from _dropped(node)
        elif isinstance(node, ast.comprehension):
            yield from ((test, "a filter dropped", "True") for test in node.ifs)
        elif isinstance(node, ast.FunctionDef):
            yield from _returned(node)


def _walked(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those of types, of words for people, and of what is only logged or raised."""
    yield tree
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "decorator_list", "bases"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _is_passed_over(child):
                yield from _walked(child)


def _is_passed_over(node: ast.AST) -> bool:
    if isinstance(node, ast.JoinedStr | ast.Raise | ast.Import | ast.ImportFrom):
        return True
    return isinstance(node, ast.Call | ast.Expr) and ast.unparse(node).startswith(_SILENT)


def _compared(node: ast.Compare) -> Iterator[Change]:
    left, right, op = ast.unparse(node.left), ast.unparse(node.comparators[0]), type(node.ops[0])
    yield node, "a comparison moved", f"({left} {_COMPARED[op]} {right})"
    if op in _TURNED:
        yield node, "a comparison turned round", f"({left} {_TURNED[op]} {right})"


def _joined(node: ast.BoolOp) -> str:
    word = " or " if isinstance(node.op, ast.And) else " and "
    return "(" + word.join(f"({ast.unparse(value)})" for value in node.values) + ")"


def _swapped(node: ast.Call) -> Iterator[Change]:
    """Two neighbours among the plain arguments change places."""
    for n, (one, other) in enumerate(zip(node.args, node.args[1:], strict=False)):
        if all(isinstance(arg, ast.Name | ast.Attribute) for arg in (one, other)):
            args = [*node.args[:n], other, one, *node.args[n + 2 :]]
            call = ast.Call(node.func, args, node.keywords)
            yield node, "two arguments swapped", ast.unparse(call)


def _dropped(node: ast.Expr) -> Iterator[Change]:
    yield node, "a call dropped", "pass"


def _returned(node: ast.FunctionDef) -> Iterator[Change]:
    """Returns nothing in place of something, or returns before the last step is done."""
    kind = ast.unparse(node.returns) if node.returns is not None else ""
    for one in ast.walk(node):
        if isinstance(one, ast.Return) and one.value is not None:
            if kind == "bool":
                yield one.value, "the opposite returned", f"(not ({ast.unparse(one.value)}))"
            elif kind.endswith("| None"):
                yield one.value, "nothing returned", "None"
            elif kind.partition("[")[0] in _EMPTY:
                yield one.value, "nothing returned", _EMPTY[kind.partition("[")[0]]
    if kind == "None" and len(node.body) > 2:
        yield node.body[-1], "returned before the last step", "return"
