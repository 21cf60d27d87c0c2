"""A second SQLite, built without SECURE_DELETE: the shared library that the wheel of pyproj carries.

Preloaded it takes the place of the system's own below the very same `sqlite3` module, so that nothing of echoctl
changes. `python -m tests.crash.other_sqlite` prints the version and the compile options of both.
"""

import importlib.metadata
import os
import subprocess
import sys

_TELL = """
import sqlite3
print(sqlite3.sqlite_version, *(name for (name,) in sqlite3.connect(":memory:").execute("PRAGMA compile_options")))
"""


def library() -> str:
    """Its path; empty where the wheel has none for this machine."""
    try:
        files = importlib.metadata.files("pyproj") or []
    except importlib.metadata.PackageNotFoundError:
        return ""
    return next((str(file.locate()) for file in files if file.name.startswith("libsqlite3")), "")


def environment() -> dict[str, str]:
    """In which a Python has that library."""
    return {**os.environ, "LD_PRELOAD": library()}


if __name__ == "__main__":
    for env in (os.environ, environment()):
        subprocess.run([sys.executable, "-c", _TELL], env=env, check=True)
