"""Running a few lines in a process of their own, since a sandbox is never left again."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.conftest import REPOSITORY

Inside = Callable[..., Any]


@pytest.fixture
def inside() -> Inside:
    """inside(code, argument…, before=[…]): run Python code in a new process; returns the JSON that it printed."""

    def run(code: str, *arguments: object, before: Sequence[str] = ()) -> Any:
        done = subprocess.run(
            [*before, sys.executable, "-c", code, *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=REPOSITORY,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
