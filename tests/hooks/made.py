"""Plugins for the tests: real distributions in a folder, with an entry point, as pip would lay them down."""

import os
import textwrap
from pathlib import Path

import pytest


class Shelf:
    """A folder on the path of this process and of its children."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        folder.mkdir()
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")])))

    def put(self, name: str, handler: str = "", *, top: str = "", types: str = "'wake'") -> Path:
        """Install a plugin whose handler has this body (with `event`); returns the file `heard` that it may write."""
        (self.folder / f"{name}_plugin.py").write_text(
            f"import os, sys, time\nfrom echoctl.hooks.specs import hook\nHEARD = {str(self.heard(name))!r}\n"
            f"{textwrap.dedent(top)}\ndef handler(event):\n{textwrap.indent(handler or 'note(event)', '    ')}\n"
            "def note(text):\n    with open(HEARD, 'a') as file:\n        print(text, file=file)\n"
            f"@hook\ndef register_handlers(register):\n    register(handler, {types})\n"
        )
        about = self.folder / f"{name}_plugin-1.2.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}-plugin\nVersion: 1.2\nSummary: Does {name} things\n"
        )
        (about / "entry_points.txt").write_text(f"[echoctl]\n{name} = {name}_plugin\n")
        return self.heard(name)

    def heard(self, name: str) -> Path:
        """What the plugin of this name noted."""
        return self.folder / f"{name}.heard"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """A place to install plugins."""
    return Shelf(tmp_path / "plugins", monkeypatch)
