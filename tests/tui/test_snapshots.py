"""Pictures of the dashboard at its sizes: their words and their shape are compared, and no address is in them.

The picture in the documentation is made here too, from the same code. ECHOCTL_SNAPSHOTS=1 writes all of
them anew: then look at them before they are committed.
"""

import os
import re
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.tui import pictures

FOLDER = Path(__file__).parent / "snapshots"
PICTURE = REPOSITORY / "docs" / "tui.svg"
ANEW = bool(os.environ.get("ECHOCTL_SNAPSHOTS"))

ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}\b")
"""An IPv4 or IPv6 address."""


def compare(name: str, text: str) -> None:
    file = FOLDER / f"{name}.txt"
    if ANEW:
        FOLDER.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8"), f"{name} looks different; look at it, then: ECHOCTL_SNAPSHOTS=1"


@pytest.mark.parametrize("size", ["80x24", "120x40", "200x60", "50x15", "20x5"])
async def test_the_screen_at_each_size(size: str, evening: None) -> None:
    width, _, height = size.partition("x")
    async with pictures.evening_stage((int(width), int(height))) as on:
        compare(size, on.screen + "\n")
        assert not ADDRESS.search(on.app.export_screenshot())


async def test_the_picture_in_the_documentation_is_what_the_code_draws(evening: None) -> None:
    async with pictures.evening_stage((120, 40)) as on:
        svg = pictures.portable(on.app.export_screenshot(title="echoctl tui"))
        assert not ADDRESS.search(svg)
        if ANEW:
            PICTURE.write_text(svg, "utf-8")
        assert pictures.words(svg) == pictures.words(PICTURE.read_text("utf-8"))


def test_the_search_for_addresses_sees_them() -> None:
    assert ADDRESS.search("<text>203.0.113.9</text>")
    assert ADDRESS.search("2001:db8:0:1::9 is 2001:db8:0:1:9:8:7:6")
    assert not ADDRESS.search("21:41:30 alexa 0.97")
