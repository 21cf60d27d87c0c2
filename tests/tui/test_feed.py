"""What the threads behind the dashboard do on their own; with a real ear it is in test_tmux.py."""

import shutil
from pathlib import Path

from echoctl.led.lights import SysfsLight
from echoctl.tui.feed import Complaint, EarFeed


def test_a_light_that_goes_away_does_not_end_the_ear(tmp_path: Path) -> None:
    (tmp_path / "ring").mkdir()
    for name, text in (("max_brightness", "200\n"), ("brightness", "0\n")):
        (tmp_path / "ring" / name).write_text(text)
    light = SysfsLight("ring", tmp_path)
    told: list[object] = []
    feed = EarFeed.__new__(EarFeed)  # without its thread
    feed._tell = told.append
    assert feed._shine(light, "muted") is light
    assert (tmp_path / "ring" / "brightness").read_text() == "200"
    shutil.rmtree(tmp_path / "ring")
    assert feed._shine(light, "idle") is None
    (said,) = told
    assert isinstance(said, Complaint) and "cannot set the light ring" in said.text
