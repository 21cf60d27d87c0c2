"""Check that every room stays small: module and function lengths, docstrings, no leftovers.

ruff has the rules of a line and mypy those of a type; these are the rules of a room (CONTRIBUTING.md).
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

MODULE_LINES = 320
FUNCTION_LINES = 45
TEST_LINES = 400
WORDS = "TODO|FIXME|XXX|HACK"
TABLE = re.compile(r"^\S.*?\S {2,}\S", re.MULTILINE)
LEFTOVERS = re.compile(rf"#.*\b({WORDS})\b")

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("echoctl", "tests", "bench", "tools", "plugins")


def main() -> int:
    """Print every problem; the exit code is 1 when there is one."""
    found = 0
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob("*.py")):
            for line, problem in problems(file.read_text("utf-8"), test=folder == "tests"):
                print(f"{file.relative_to(ROOT)}:{line}: {problem}")
                found += 1
    for place, problem in unsigned(ROOT / "echoctl"):
        print(f"{place.relative_to(ROOT)}:1: {problem}")
        found += 1
    return 1 if found else 0


def unsigned(folder: Path) -> Iterator[tuple[Path, str]]:
    """(package's file, what is wrong): a signpost with a table of modules must name every one of them."""
    for file in sorted(folder.rglob("__init__.py")):
        post = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
        modules = {module.stem for module in file.parent.glob("*.py")} - {"__init__"}
        missing = modules - set(re.findall(r"\w+", post))
        if missing and TABLE.search(post):
            yield file, f"the signpost does not name {', '.join(sorted(missing))}"


def problems(source: str, *, test: bool = False) -> Iterator[tuple[int, str]]:
    """(line, what is wrong) for one module's text. Tests say in their names what they are for."""
    lines = source.splitlines()
    most = TEST_LINES if test else MODULE_LINES
    if len(lines) > most:
        yield 1, f"the module has {len(lines)} lines, more than {most}: it wants a second room"
    for number, line in enumerate(lines, 1):
        if word := LEFTOVERS.search(line):
            yield number, f"{word[1]}: finish it or file an issue"
    tree = ast.parse(source)
    if source.strip() and not test and not ast.get_docstring(tree):
        yield 1, "the module has no docstring: why does it exist?"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield node.lineno, f"{node.name} has {length} lines, more than {FUNCTION_LINES}"


if __name__ == "__main__":
    sys.exit(main())
