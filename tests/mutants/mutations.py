"""Small faults in Python code: a place in a file, and the text that replaces it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from mutants.words import is_words, without_words

COMPARISONS = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: (r"is\s+not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: (r"not\s+in", "in"),
}
ARITHMETIC = {
    ast.Add: (r"\+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: (r"\*", "/"),
    ast.Div: ("/", "*"),
}
LOGIC = {ast.And: ("and", "or"), ast.Or: ("or", "and")}
_PAIRS = (
    *(("min", "max"), ("any", "all"), ("argmin", "argmax"), ("floor", "ceil")),
    *(("minimum", "maximum"), ("nanmin", "nanmax")),
)
CALLS = {**dict(_PAIRS), **{second: first for first, second in _PAIRS}}


@dataclass(frozen=True, order=True)
class Mutation:
    """Bytes ``begin`` to ``end`` of a file, and the text to put there."""

    begin: int
    end: int
    text: str

    def apply(self, source: bytes) -> bytes:
        return source[: self.begin] + self.text.encode() + source[self.end :]

    def line(self, source: bytes) -> int:
        """The line where it begins, from 1."""
        return source.count(b"\n", 0, self.begin) + 1

    def shown(self, source: bytes) -> str:
        """The line before and after."""
        number = self.line(source) - 1
        lines = (text.decode().splitlines() for text in (source, self.apply(source)))
        return " -> ".join(line[number].strip() for line in lines)


def mutations(source: bytes) -> list[Mutation]:
    """All mutations of a file, in order; what only makes words has none."""
    places = _Places(source)
    found = {mutation for node in without_words(ast.parse(source)) for mutation in places.of(node)}
    return sorted(mutation for mutation in found if _is_python(mutation.apply(source)))


def _is_python(source: bytes) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


class _Places:
    """Finds the bytes of nodes and of the operators between them."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        lengths = [0, *map(len, source.splitlines(keepends=True))]
        self.starts = [sum(lengths[: i + 1]) for i in range(len(lengths))]

    def of(self, node: ast.AST) -> Iterator[Mutation]:
        """The mutations of one node, without those of the nodes in it."""
        if isinstance(node, ast.Compare):
            for operator, pair in zip(
                node.ops, pairwise([node.left, *node.comparators]), strict=True
            ):
                yield from self._between(*pair, COMPARISONS[type(operator)])
        elif isinstance(node, ast.BoolOp):
            for pair in pairwise(node.values):
                yield from self._between(*pair, LOGIC[type(node.op)])
        elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
            if not (is_words(node.left) or is_words(node.right)):
                yield from self._between(node.left, node.right, ARITHMETIC[type(node.op)])
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            begin, end = self._span(node)
            yield Mutation(begin, end, f"bool({self._text(node.operand)})")
        elif isinstance(node, ast.Constant):
            yield from self._constant(node)
        elif isinstance(node, ast.Call):
            yield from self._call(node.func)
        elif isinstance(node, ast.Slice):
            for bound in filter(None, (node.lower, node.upper)):
                if not _is_number(bound):  # numbers are mutated as constants
                    yield Mutation(*self._span(bound), f"({self._text(bound)}) + 1")
        elif _is_call_statement(node) or isinstance(node, ast.AugAssign):
            yield Mutation(*self._span(node), "pass")

    def _between(
        self, left: ast.expr, right: ast.expr, change: tuple[str, str]
    ) -> Iterator[Mutation]:
        begin, end = self._span(left)[1], self._span(right)[0]
        gap = self.source[begin:end]
        operator, other = change
        if b"#" not in gap and (match := re.search(operator.encode(), gap)):
            yield Mutation(begin + match.start(), begin + match.end(), other)

    def _constant(self, node: ast.Constant) -> Iterator[Mutation]:
        if isinstance(node.value, bool):
            yield Mutation(*self._span(node), str(not node.value))
        elif isinstance(node.value, int | float) and node.value + 1 != node.value:
            yield Mutation(*self._span(node), repr(node.value + 1))

    def _call(self, function: ast.expr) -> Iterator[Mutation]:
        name = self._text(function).rpartition(".")[2]
        if isinstance(function, ast.Name | ast.Attribute) and name in CALLS:
            end = self._span(function)[1]
            yield Mutation(end - len(name), end, CALLS[name])

    def _span(self, node: ast.AST) -> tuple[int, int]:
        begin = self.starts[node.lineno - 1] + node.col_offset
        return begin, self.starts[node.end_lineno - 1] + node.end_col_offset

    def _text(self, node: ast.AST) -> str:
        begin, end = self._span(node)
        return self.source[begin:end].decode()


def _is_number(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, ast.Constant)


def _is_call_statement(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
