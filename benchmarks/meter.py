"""Sizes and papers of the code: file and function lengths, public names without a docstring or a type.

`make check` runs it; a breach is an error, a figure past the aim a line of information.
"""

import ast
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOTS = ("kairos", "resources", "assets", "jobs", "schedules", "kairos_dagster", "benchmarks")
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
AIM = {"file": (120, 250), "function": (8, 25)}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Breach:
    """Something that must not stay."""

    where: str
    what: str


def main() -> int:
    """Print the figures and the breaches; return 1 if there are any."""
    files = [file for root in ROOTS for file in sorted(Path(root).rglob("*.py"))]
    trees = {file: ast.parse(file.read_text()) for file in files}
    lengths = {file: len(file.read_text().splitlines()) for file in files}
    functions = {
        f"{file}:{node.lineno} {node.name}": _length(node) for file, tree in trees.items() for node in _functions(tree)
    }
    _print_figures("file", list(lengths.values()))
    _print_figures("function", list(functions.values()))
    breaches = [
        Breach(str(file), f"{lines} lines, at most {MAX_FILE_LINES}")
        for file, lines in lengths.items()
        if lines > MAX_FILE_LINES
    ]
    breaches += [
        Breach(name, f"{lines} lines, at most {MAX_FUNCTION_LINES}")
        for name, lines in functions.items()
        if lines > MAX_FUNCTION_LINES
    ]
    breaches += [breach for file, tree in trees.items() for breach in _undocumented(file, tree)]
    for breach in breaches:
        sys.stdout.write(f"{breach.where}: {breach.what}\n")
    return 1 if breaches else 0


def _print_figures(kind: str, lengths: list[int]) -> None:
    deciles = statistics.quantiles(lengths, n=10)
    median, top = AIM[kind]
    sys.stdout.write(
        f"{kind} lengths: median {statistics.median(lengths):.0f} (aim {median}), "
        f"90th percentile {deciles[8]:.0f} (aim {top}), longest {max(lengths)}, of {len(lengths)}\n"
    )


def _functions(tree: ast.AST) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _length(node: Function) -> int:
    """Lines of the body without the docstring and the signature."""
    body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
    return (body[-1].end_lineno or body[-1].lineno) - body[0].lineno + 1


def _undocumented(file: Path, tree: ast.Module) -> Iterator[Breach]:
    if not ast.get_docstring(tree):
        yield Breach(str(file), "module without a docstring")
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield from _unpapered(file, node)


def _unpapered(file: Path, node: Function | ast.ClassDef) -> Iterator[Breach]:
    where = f"{file}:{node.lineno} {node.name}"
    if not ast.get_docstring(node):
        yield Breach(where, "public name without a docstring")
    if isinstance(node, ast.ClassDef):
        methods = (part for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef))
        for method in methods:
            if not method.name.startswith("_"):
                yield from _unpapered(file, method)
        return
    named = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    untyped = [argument.arg for argument in named if argument.annotation is None and argument.arg not in {"self", "cls"}]
    if untyped or node.returns is None:
        yield Breach(where, f"public name without a type: {', '.join(untyped) or 'return'}")


if __name__ == "__main__":
    sys.exit(main())
