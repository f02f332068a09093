"""Whether a file saved by ``torch.export`` holds anything but a graph of operators and tensors.

``torch.export.load`` unpickles some entries without protection, evaluates size expressions and
looks operators up by dotted name: a made-up file could run any code. So the file is read first,
and only what a plain program consists of is let through.
"""

import ast
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from xaudio.errors import ModelError

_PLAIN_ENTRY = re.compile(
    r"archive_format|archive_version|byteorder|\.data/\w+|\.format_version"
    r"|models/model\.json|data/sample_inputs/model\.pt"
    r"|data/weights/(weight_\d+|model_weights_config\.json)"
    r"|data/constants/(tensor_\d+|model_constants_config\.json)"
)
_OPERATOR = re.compile(
    r"torch\.ops\.(aten|prims)\.(?!save\b|load\b|from_file\b)\w+(\.\w+)*"
    r"|torch\.ops\.higher_order\.(cond|map_impl|scan|while_loop|wrap_with_\w+)"
    r"|torch\.sym_\w+|math\.\w+"
    r"|_operator\.(add|sub|mul|truediv|floordiv|mod|pow|neg|eq|ne|lt|le|gt|ge|and_|or_|getitem)"
)
_SIZE_METHODS = {"size", "stride", "dim", "numel", "storage_offset"}


def refuse_code(path: Path) -> None:
    """Raise unless the file is a plain exported program.

    Raises:
        ModelError: It is no such file, or holds pickled objects, compiled code, operators outside
            torch's own, or expressions that are more than arithmetic on sizes.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
            graph = json.loads(entries["models/model.json"])
            configs = [json.loads(data) for name, data in entries.items() if "config.json" in name]
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ModelError(f"'{path}' is not an exported program: {error}") from None
    except RecursionError:
        raise _refused(path, "a graph nested without end") from None
    for name in entries:
        if not _PLAIN_ENTRY.fullmatch(name):
            raise _refused(path, f"'{name}'")
    for config in configs:
        if any(value is True for value in _values(config, "use_pickle")):
            raise _refused(path, "a pickled object")
    _check_samples(path, entries.get("data/sample_inputs/model.pt"))
    _check_graph(path, graph)


def _check_samples(path: Path, samples: bytes | None) -> None:
    try:
        if samples:
            torch.load(io.BytesIO(samples), weights_only=True)
    except Exception:  # whatever it is, loading it unprotected is out of the question
        raise _refused(path, "sample inputs that are not plain tensors") from None


def _check_graph(path: Path, graph: Any) -> None:
    for operator in _values(graph, "target"):
        if isinstance(operator, str) and not _OPERATOR.fullmatch(operator):
            raise _refused(path, f"the operator '{operator}'")
    expressions = [*_values(graph, "expr_str"), *_values(graph, "guards_code")]
    for expression in (line for entry in expressions for line in _lines(entry)):
        if not _is_arithmetic(expression):
            raise _refused(path, f"the expression '{expression[:60]}'")


def _lines(entry: Any) -> list[str]:
    return [str(line) for line in entry] if isinstance(entry, list) else [str(entry)]


def _is_arithmetic(expression: str) -> bool:
    """Whether it only combines numbers, symbols and sizes.

    >>> _is_arithmetic("Add(FloorDiv(Symbol('s1', integer=True), Integer(4)), Integer(1))")
    True
    >>> _is_arithmetic("__import__('os').getcwd()")
    False
    """
    try:
        return all(_is_harmless(node) for node in ast.walk(ast.parse(expression, mode="eval")))
    except (SyntaxError, ValueError, RecursionError):
        return False


def _is_harmless(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return bool(re.fullmatch(r"[A-Z]\w*|len|min|max", name))  # sympy's classes
        case ast.Call(func=ast.Attribute()):
            return True  # its name is checked as the attribute
        case ast.Attribute(attr=name):
            return name in _SIZE_METHODS
        case ast.Name(id=name):
            return not name.startswith("__")
        case ast.Constant(value=str() as text):
            return bool(re.fullmatch(r"\w+", text))  # sympy would evaluate more than a word
        case ast.Constant(value=value):
            return isinstance(value, int | float)
    return isinstance(node, _ARITHMETIC)


_ARITHMETIC = (
    ast.Expression, ast.expr_context, ast.keyword, ast.Subscript, ast.BinOp, ast.UnaryOp,
    ast.BoolOp, ast.Compare, ast.operator, ast.unaryop, ast.boolop, ast.cmpop,
)  # fmt: skip


def _values(tree: Any, key: str) -> Iterator[Any]:
    """All that stands under `key`, at any depth."""
    if isinstance(tree, dict):
        if key in tree:
            yield tree[key]
        for branch in tree.values():
            yield from _values(branch, key)
    elif isinstance(tree, list):
        for branch in tree:
            yield from _values(branch, key)


def _refused(path: Path, what: str) -> ModelError:
    return ModelError(
        f"'{path}' is refused: it holds {what}, which could run code. Export the model again with "
        "torch.export, or wrap it as package.module:factory."
    )
