"""The Now pane: level, wake score and its threshold, live words, the last request, counters, device, sandbox."""

import time
from collections.abc import Sequence

from rich.cells import cell_len

from echoctl.model.speech import LedState
from echoctl.text.format import printable
from echoctl.tui.live_state import PAST, LastRequest, Now, Role
from echoctl.tui.widgets.lines import Line, Lines, columns, cut, fit, tail, wrap

LABEL = 8
"""Columns of the labels."""

WAVE = 12
"""Rows of the loudness, at most."""

COUNTED = (("wakes", "wakes"), ("near misses", "near_misses"), ("recordings", "recordings"))
SUFFERED = (("overflows", "overflows"), ("dropped ms", "dropped_ms"), ("lag ms", "lag_ms"))


MICS = {"none": "", "dropped": "muted: thrown away"}
"""What a listener has instead of a microphone: a file, and a pipe that is muted."""


class NowPane(Lines):
    """This moment, one line for each thing; in a low pane the less important ones are left out."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._now = Now()

    def show(self, now: Now) -> None:
        """Show another moment; what has not changed is not drawn again."""
        self._now = now
        self.update()

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """The most important first: what does not fit is left out from the end of the list below."""
        now = self._now
        room = max(8, width - LABEL - 1)
        lines = [
            self._line("level", self._meter(now, room)),
            self._line("wake", self._score(now, room)),
            *self._words(now, room, 2 if height >= 9 else 1),
            self._line("last", _last(now.last, room)),
            self._line("counted", _counters(now, COUNTED, room)),
            self._line("device", _device(now, room)),
            self._line("network", _sandbox(now, room)),
        ]
        if height > len(lines):
            lines.insert(-2, self._line("drops", _counters(now, SUFFERED, room)))
        wave = height - len(lines) - 1
        if wave >= 2:
            lines = [*self._wave(now, room, min(wave, WAVE)), *lines]
        if height > len(lines) + 1:
            lines.insert(len(lines) - 4, ())
        return lines

    def _line(self, label: str, pieces: Line) -> Line:
        return ((fit(label, LABEL) + " ", "label"), *pieces)

    def _meter(self, now: Now, room: int) -> Line:
        if now.role is Role.OTHER:
            return ((cut(f"live in the terminal of pid {now.pid}", room), "dim"),)
        cells = min(room, PAST)
        full = round(now.level * cells)
        on, off = ("#", "-") if self.ascii else ("━", "─")
        name = "warn" if now.level > 0.9 else "talk"
        return ((on * full, name), (off * (cells - full), "faint"))

    def _score(self, now: Now, room: int) -> Line:
        """The bar is so long that the threshold stands in its middle: beyond it, it wakes."""
        if now.role is Role.OTHER or not now.threshold:
            words = " or ".join(now.words)
            return ((cut(f"waits for {words}" if words else "-", room), "dim"),)
        text = f" {now.score:.2f} of {now.threshold:.2f}"
        cells = max(4, min(room, PAST) - len(text)) // 2 * 2
        full = min(cells, round(now.score / now.threshold * cells / 2))
        on, off, mark = ("=", "-", "|") if self.ascii else ("━", "─", "┃")
        bar = on * full + off * (cells - full)
        name, middle = ("good" if full * 2 >= cells else "accent"), cells // 2
        left, right = bar[:middle], bar[middle + 1 :]
        lit, beyond = min(full, middle), max(0, full - middle - 1)
        return (
            (left[:lit], name),
            (left[lit:], "faint"),
            (mark, "label"),
            (right[:beyond], name),
            (right[beyond:], "faint"),
            (text, "dim"),
        )

    def _words(self, now: Now, room: int, rows: int) -> list[Line]:
        """What is being said, as far as it is understood; or what stands in the way of hearing it."""
        if trouble := now.unread or now.trouble:
            shown = wrap(printable(trouble), room, rows)
            return [self._line("trouble" if n == 0 else "", ((text, "bad"),)) for n, text in enumerate(shown)]
        if now.partial:
            return [self._line("hears", ((tail(printable(now.partial), room), "strong"),))]
        return [self._line("hears", ((cut(_quiet(now), room), "dim"),))]

    def _wave(self, now: Now, room: int, rows: int) -> list[Line]:
        """The loudness of the last seconds, the newest on the right."""
        cells = min(room, PAST)
        past = now.past[-cells:]
        shares = (*(0.0 for _ in range(cells - len(past))), *past)
        style = "talk" if now.led is LedState.LISTENING else "faint"
        return [self._line("", ((row, style),)) for row in columns(shares, rows, ascii_only=self.ascii)]


def _quiet(now: Now) -> str:
    if now.led is LedState.MUTED:
        return f"muted by {now.by}" if now.by else "muted"
    if now.role is Role.OTHER:
        return "the live words are in that terminal"
    if now.led is LedState.LISTENING:
        return "…"
    if now.role is Role.STARTING:
        return "starting"
    return "nothing right now" if now.role is Role.OWN else "nobody listens: s starts"


def _last(last: LastRequest | None, room: int) -> Line:
    if last is None:
        return (("-", "dim"),)
    when = time.strftime("%H:%M:%S", time.localtime(last.at_ms / 1000))
    scores = " ".join(f"{name} {score:.2f}" for name, score in last.scores.items())
    word = printable(last.word) or "push to talk"
    said = "" if last.text is None else printable(last.text) or "(no words)"
    head = f"{when} {word}"
    return ((head, "accent"), (cut(f"  {said or scores}", max(0, room - cell_len(head))), "" if said else "dim"))


def _counters(now: Now, wanted: Sequence[tuple[str, str]], room: int) -> Line:
    text = " · ".join(f"{name} {now.counters.get(key, 0)}" for name, key in wanted)
    troubled = wanted is SUFFERED and any(now.counters.get(key, 0) for _, key in wanted[:2])
    return ((cut(text, room), "warn" if troubled else ""),)


def _device(now: Now, room: int) -> Line:
    state = "closed" if now.role is Role.NONE else MICS.get(now.mic, now.mic)
    more = f", and {now.more} more {'listens' if now.more == 1 else 'listen'}" if now.more else ""
    return ((cut(f"{printable(now.device) or 'no microphone'}{f' ({state})' if state else ''}{more}", room), ""),)


def _sandbox(now: Now, room: int) -> Line:
    if not now.sandbox:
        return (("-", "dim"),)
    return ((cut(now.sandbox.replace(", ", " · "), room), "good" if now.sandboxed else "warn"),)
