"""What only makes words for people, or that Python does not run: no fault is put there."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_REPORTS = {"print", "log", "debug", "info", "warning", "warn", "error", "exception"}
_CHECKS = {"strict"}  # zip(strict=True) only checks what is true


def without_words(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all below it that can change a value."""
    if _makes_words(node):
        return
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        if name in ("body", "orelse") and _explains_an_error(node, value):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from without_words(child)


def is_words(node: ast.AST) -> bool:
    """Whether a node is a text, possibly with values in it: not a path that ends with one."""
    if isinstance(node, ast.Call):  # "...".join(), "...".format()
        return isinstance(node.func, ast.Attribute) and is_words(node.func.value)
    if isinstance(node, ast.BinOp):
        return not isinstance(node.op, ast.Div) and (is_words(node.left) or is_words(node.right))
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    )


def _makes_words(node: ast.AST) -> bool:
    if isinstance(node, ast.Raise | ast.Assert) or is_words(node):
        return True
    if isinstance(node, ast.Expr):
        return _makes_words(node.value)
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        return name in _REPORTS or name.endswith(("Error", "Warning"))
    if isinstance(node, ast.keyword):
        return node.arg in _CHECKS
    if isinstance(node, ast.Assign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(getattr(target, "id", "") == "__all__" for target in targets)
    return isinstance(node, ast.If) and _is_not_run(node.test)


def _is_not_run(test: ast.expr) -> bool:
    return ast.unparse(test) in ("TYPE_CHECKING", "__name__ == '__main__'")


def _explains_an_error(node: ast.AST, block: object) -> bool:
    """Whether a branch ends with an error, so that the rest of it makes the text."""
    if not (isinstance(node, ast.If | ast.ExceptHandler) and isinstance(block, list) and block):
        return False
    return isinstance(block[-1], ast.Raise)
