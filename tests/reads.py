"""Which values a letter's template asks for: its own text, what it extends, and the macros that it calls.

A block that a template writes itself is not read in the frame; a macro that nobody calls is not read at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Reads:
    """`texts`: file name to content."""

    def __init__(self, texts: dict[str, str]) -> None:
        env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        self.trees = {name: env.parse(text) for name, text in texts.items() if name.endswith(".txt.j2")}

    def of(self, file: str) -> set[str]:
        """Names that are asked for and made by nobody on the way."""
        return set(self._in_file(file, frozenset()))

    def _in_file(self, file: str, written: frozenset[str]) -> Iterator[str]:
        tree = self.trees[file]
        own = {block.name: block for block in tree.find_all(nodes.Block)}
        parents = list(tree.find_all(nodes.Extends))
        for name, block in own.items():
            if name not in written:
                yield from self._in(block, tree, set(own) | written)
        if not parents:
            yield from self._in(tree, tree, set(own) | written)
        for given in tree.body if parents else ():
            if isinstance(given, nodes.Assign):  # for all its blocks
                yield from self._in(given, tree, set(own) | written)
        for parent in parents:
            assert isinstance(parent.template, nodes.Const)
            yield from self._in_file(parent.template.value, written | set(own))

    def _in(self, part: nodes.Node, tree: nodes.Template, blocks: set[str] | frozenset[str]) -> Iterator[str]:
        made = set(_made(tree))
        macros = {macro.name: macro for macro in tree.find_all(nodes.Macro)}
        imports = tree.find_all(nodes.Import)
        imported = {one.target: one.template.value for one in imports if isinstance(one.template, nodes.Const)}
        for node in _walk(part, blocks):
            if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name) and node.node.name in imported:
                other = self.trees[imported[node.node.name]]
                yield from self._macro(node.attr, other, set())
            elif isinstance(node, nodes.Name) and node.ctx == "load" and node.name not in made | {"self", "super"}:
                yield node.name
            elif isinstance(node, nodes.Name) and node.name in macros:
                yield from self._macro(node.name, tree, set())

    def _macro(self, name: str, tree: nodes.Template, seen: set[str]) -> Iterator[str]:
        """The names of a macro and of those beside it that it calls."""
        macros = {macro.name: macro for macro in tree.find_all(nodes.Macro)}
        made = set(_made(tree))
        seen.add(name)
        for node in macros[name].find_all(nodes.Name):
            if node.name in macros and node.name not in seen:
                yield from self._macro(node.name, tree, seen)
            elif node.ctx == "load" and node.name not in made:
                yield node.name


def _walk(part: nodes.Node, blocks: set[str] | frozenset[str]) -> Iterator[nodes.Node]:
    """The nodes of a part, but for macros, and for blocks, which are asked for by themselves."""
    for child in part.iter_child_nodes():
        if isinstance(child, nodes.Macro) or (isinstance(child, nodes.Block) and child.name in blocks):
            continue
        yield child
        yield from _walk(child, blocks)


def _made(tree: nodes.Template) -> Iterator[str]:
    """Names that the file makes itself: set, loops, arguments, imports, macros."""
    yield from (name.name for name in tree.find_all(nodes.Name) if name.ctx != "load")
    yield from (one.target for one in tree.find_all(nodes.Import))
    yield from (macro.name for macro in tree.find_all(nodes.Macro))
    yield "loop"
