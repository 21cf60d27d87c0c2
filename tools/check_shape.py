"""Check that every room stays small and tidy: lengths, modules per folder, signposts, what tests import.

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
MODULES = 15
TABLE = re.compile(r"^\S.*?\S {2,}\S", re.MULTILINE)
NAMED = re.compile(r"^(\w+) {2,}\S", re.MULTILINE)
TEST_MODULE = re.compile(r"(^|\.)test_\w+(\.|$)")

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
    rooms = [problem for folder in FOLDERS for problem in crowded(ROOT / folder)]
    for place, problem in [*rooms, *unsigned(ROOT / "echoctl"), *doubles(ROOT / "echoctl")]:
        print(f"{place.relative_to(ROOT)}:1: {problem}")
        found += 1
    return 1 if found else 0


def crowded(folder: Path) -> Iterator[tuple[Path, str]]:
    """(folder, what is wrong): where more modules lie than a reader takes in at a glance."""
    for place in (folder, *sorted(path for path in folder.rglob("*") if path.is_dir())):
        count = len({module.name for module in place.glob("*.py")} - {"__init__.py", "conftest.py"})
        if count > MODULES:
            yield place, f"{count} modules lie here, more than {MODULES}: they want packages"


def doubles(folder: Path) -> Iterator[tuple[Path, str]]:
    """(module, what is wrong): a name of a class stands for one thing in the whole package."""
    seen: dict[str, Path] = {}
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                first = seen.setdefault(node.name, file)
                if first != file:
                    yield (
                        file,
                        f"{node.name} is a class of {first.relative_to(folder)}, too: one of them wants its own name",
                    )


def unsigned(folder: Path) -> Iterator[tuple[Path, str]]:
    """(package's file, what is wrong): a signpost with a table of modules names every one, and no others."""
    for file in sorted(folder.rglob("__init__.py")):
        post = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
        modules = {module.stem for module in file.parent.glob("*.py")} - {"__init__"}
        missing = modules - set(re.findall(r"\w+", post))
        if missing and TABLE.search(post):
            yield file, f"the signpost does not name {', '.join(sorted(missing))}"
        packages = {place.parent.name for place in file.parent.glob("*/__init__.py")}
        if gone := set(NAMED.findall(post)) - modules - packages:
            yield file, f"the signpost names {', '.join(sorted(gone))}, which is not here"


def problems(source: str, *, test: bool = False) -> Iterator[tuple[int, str]]:
    """(line, what is wrong) for one module's text. Tests say in their names what they are for."""
    lines = source.splitlines()
    most = TEST_LINES if test else MODULE_LINES
    if len(lines) > most:
        yield 1, f"the module has {len(lines)} lines, more than {most}: it wants a second room"
    tree = ast.parse(source)
    yield from _borrowed(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield node.lineno, f"{node.name} has {length} lines, more than {FUNCTION_LINES}"


def _borrowed(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Imports from modules of tests: a change to one test must not break another's."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in filter(TEST_MODULE.search, names):
            yield node.lineno, f"imports {name}: what tests share goes into a helper module or a conftest"


if __name__ == "__main__":
    sys.exit(main())
