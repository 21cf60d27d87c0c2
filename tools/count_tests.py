"""Add up the results of several pytest runs and print them as pytest would."""

import sys
from collections.abc import Sequence
from xml.etree import ElementTree


def main(files: Sequence[str]) -> None:
    """Print one summary line for the JUnit files."""
    total = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    seconds = 0.0
    for file in files:
        for suite in ElementTree.parse(file).getroot().iter("testsuite"):
            seconds += float(suite.get("time", 0))
            for name in total:
                total[name] += int(suite.get(name, 0))
    passed = total["tests"] - total["failures"] - total["errors"] - total["skipped"]
    parts = [
        f"{count} {word}"
        for count, word in (
            (total["failures"], "failed"),
            (passed, "passed"),
            (total["skipped"], "skipped"),
            (total["errors"], "errors"),
        )
        if count or word == "passed"
    ]
    print(f"{'=' * 12} all tests: {', '.join(parts)} in {seconds:.2f}s {'=' * 12}")


if __name__ == "__main__":
    main(sys.argv[1:])
