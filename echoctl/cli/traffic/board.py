"""What `traffic watch` shows at a terminal, like bmon: who talks to whom, and how fast. Drawn from numbers alone."""

from collections import deque
from dataclasses import dataclass, field

from echoctl.model.traffic import Burst, BurstClass, Second
from echoctl.text.format import length, person_time, size_text

KEEP_S = 60

MOST_LINES = 2000

_COLUMNS = f"{'UP now':>8} {'10 s':>8} {'1 min':>8} {'total':>8}  {'DOWN now':>8} {'total':>8}"
_BARS = " ▁▂▃▄▅▆▇█"
_RESET = "\x1b[0m"
_COLOURS = {"voice": "\x1b[31m", "possible": "\x1b[33m", "called": "\x1b[32m", "dim": "\x1b[2m"}


@dataclass(slots=True)
class Line:
    """One device and one endpoint."""

    device: str
    remote: str
    name: str = ""
    up: int = 0
    down: int = 0
    history: deque[tuple[int, int, int]] = field(default_factory=lambda: deque(maxlen=KEEP_S))
    """(second, up, down), the newest last; only seconds in which bytes moved."""
    bursts: dict[int, str] = field(default_factory=dict)
    """Second -> what was seen in it: voice, possible or called."""
    last: str = ""
    """The last burst worth a word."""

    @property
    def seen(self) -> int:
        """The newest second in which bytes moved."""
        return self.history[-1][0] if self.history else 0

    def rate(self, now_s: int, span: int) -> tuple[float, float]:
        """Bytes per second up and down over the last `span` seconds."""
        recent = [(up, down) for at_s, up, down in self.history if now_s - span < at_s <= now_s]
        return sum(up for up, _ in recent) / span, sum(down for _, down in recent) / span


class Board:
    """All lines, and the seconds in which a wake word was heard."""

    def __init__(self) -> None:
        self.lines: dict[tuple[str, str], Line] = {}
        self.wakes: set[int] = set()
        self.names: dict[str, str] = {}
        """What a person calls a device."""

    def seconds(self, rows: tuple[Second, ...], names: dict[tuple[str, str], str]) -> None:
        """Take seconds that are over."""
        for row in rows:
            line = self._line(row.device, row.remote)
            line.name = names.get((row.device, row.remote), line.name)
            line.up += row.up
            line.down += row.down
            line.history.append((row.at_s, row.up, row.down))

    def burst(self, burst: Burst) -> None:
        """Take a burst that was decided, or that has grown."""
        if burst.grade not in (BurstClass.VOICE, BurstClass.POSSIBLE):
            return
        line = self._line(burst.device, burst.remote)
        line.name = burst.name or line.name
        word = "called" if burst.wake is not None else burst.grade.value
        for at_s in range(burst.start_ms // 1000, burst.end_ms // 1000 + 1):
            line.bursts[at_s] = word
        for old in sorted(line.bursts)[: -2 * KEEP_S]:
            del line.bursts[old]
        lasted = length(burst.end_ms - burst.start_ms)
        line.last = f"{word} {person_time(burst.start_ms)[11:]} {size_text(burst.bytes_up)} in {lasted}"

    def draw(self, now_s: int, width: int, height: int, *, colour: bool) -> list[str]:
        """The screen's lines: a head, the wakes, and the busiest endpoints."""
        names = max([len(self._who(line)) for line in self.lines.values()] or [0])
        label = max(16, min(names, width - 70))
        cells = max(0, min(KEEP_S, width - label - 67))
        head = f"{'DEVICE → ENDPOINT':{label}}  " + _COLUMNS
        wakes = "".join("w" if now_s - cells + 1 + n in self.wakes else " " for n in range(cells))
        out = [_fit(head, width), _fit(f"{'':{label + 57}}{wakes}", width)]
        ranked = sorted(self.lines.values(), key=lambda line: (-line.rate(now_s, KEEP_S)[0], -line.up, line.remote))
        for line in ranked[: max(0, (height - 3) // 2)]:
            out += self._draw_line(line, now_s, label, cells, width, colour)
        return out

    def _draw_line(self, line: Line, now_s: int, label: int, cells: int, width: int, colour: bool) -> list[str]:
        now, ten, minute = (line.rate(now_s, span) for span in (1, 10, KEEP_S))
        up = "".join(f"{_rate(rate):>8} " for rate in (now[0], ten[0], minute[0]))
        down = f"{_rate(now[1]):>8} {size_text(line.down):>8}"
        text = f"{self._who(line)[:label]:{label}}  {up}{size_text(line.up):>8}  {down}  "
        rows = [_fit(text, width) + (_spark(line, now_s, cells, colour) if cells else "")]
        if line.last:
            word = line.last.split()[0]
            rows.append(_painted(_fit(f"  ● {line.last}", width), word, colour))
        return rows

    def _line(self, device: str, remote: str) -> Line:
        if len(self.lines) >= MOST_LINES and (device, remote) not in self.lines:
            del self.lines[
                min(self.lines, key=lambda pair: max((row[0] for row in self.lines[pair].history), default=0))
            ]
        return self.lines.setdefault((device, remote), Line(device, remote))

    def _who(self, line: Line) -> str:
        return f"{self.names.get(line.device, line.device)} → {line.name or line.remote}"


def _spark(line: Line, now_s: int, cells: int, colour: bool) -> str:
    """Upload per second, the newest on the right; on a logarithmic scale, since speech and video share the screen."""
    by_second = {at_s: up for at_s, up, _ in line.history}
    out = []
    for at_s in range(now_s - cells + 1, now_s + 1):
        bar = _BARS[min(len(_BARS) - 1, max(0, by_second.get(at_s, 0).bit_length() - 6))]
        out.append(_painted(bar, line.bursts.get(at_s, ""), colour))
    return "".join(out)


def _painted(text: str, word: str, colour: bool) -> str:
    return f"{_COLOURS[word]}{text}{_RESET}" if colour and word in _COLOURS else text


def _rate(rate: float) -> str:
    return f"{size_text(round(rate))}/s" if rate >= 0.5 else "·"


def _fit(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"
