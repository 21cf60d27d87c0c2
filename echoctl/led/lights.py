"""Lights that show the ring: a line of the terminal, and a light of the kernel (/sys/class/leds)."""

import contextlib
import unicodedata
from pathlib import Path

from echoctl.errors import DeviceError
from echoctl.led import ring
from echoctl.model.speech import LedState

WORD_WIDTH = 12
"""Columns of a blank, the symbol, a blank and the longest word."""

SYSFS = Path("/sys/class/leds")
"""The kernel's LED class (Documentation/leds/leds-class.rst)."""

_FILES = ("multi_intensity", "brightness")
"""The files that set a light; the first exists only where it has several colours."""


def terminal_line(state: LedState, seconds: float, *, level: float, text: str, width: int, colour: bool) -> str:
    """One line: the ring unrolled, the state as a word, and what is being understood. Never wider than `width`.

    Where the line is short the ring gives way: the symbol and the word tell the state.
    """
    words = f"{ring.SYMBOLS[state]} {state.value:<9} {text}"
    room = width - 1
    segments = min(ring.SEGMENTS, room - WORD_WIDTH) if colour else 0
    if segments < 3:
        return _cut(words, room)
    strip = "".join(f"\x1b[38;2;{r};{g};{b}m━" for r, g, b in ring.colours(state, seconds, level, segments))
    return f"{strip}\x1b[0m {_cut(words, room - segments - 1)}"


def _cut(text: str, width: int) -> str:
    """At most `width` columns of `text`; wide characters take two."""
    for at, letter in enumerate(text):
        width -= 2 if unicodedata.east_asian_width(letter) in "FW" else 1
        if width < 0:
            return text[:at]
    return text


class SysfsLight:
    """A light of /sys/class/leds by its name, or a folder of that layout by its path; dark at first.

    Raises DeviceError when it is missing or may not be set.
    """

    def __init__(self, name: str, root: Path = SYSFS) -> None:
        self._light = root / name  # an absolute path stands for itself
        try:
            self._most = int((self._light / "max_brightness").read_text())
            self._before = {name: (self._light / name).read_text() for name in _FILES if (self._light / name).exists()}
        except (OSError, ValueError) as exc:
            raise DeviceError(f"no light named {name} in {root}", f"the lights there: {_names(root)}") from exc
        self.show(LedState.OFF)

    def show(self, state: LedState) -> None:
        """Set the light to the state's colour, or to its brightness when it has one colour only."""
        try:
            if "multi_intensity" in self._before:
                red, green, blue = ring.colours(state, 0.0, level=1.0, segments=1)[0]
                dark = state in (LedState.OFF, LedState.IDLE)
                (self._light / "multi_intensity").write_text("0 0 0" if dark else f"{red} {green} {blue}")
            (self._light / "brightness").write_text(str(round(ring.brightness(state) * self._most)))
        except OSError as exc:
            raise DeviceError(
                f"cannot set the light {self._light.name}: {exc.strerror}",
                f"its files must be writable for you: {self._light}",
            ) from exc

    def close(self) -> None:
        """Leave the light as it was found."""
        for name, text in self._before.items():
            with contextlib.suppress(OSError):
                (self._light / name).write_text(text)


def _names(root: Path) -> str:
    with contextlib.suppress(OSError):
        if names := sorted(entry.name for entry in root.iterdir()):
            return ", ".join(names)
    return "none"
