"""The pictures of a report as SVG: no script, no font and no image from anywhere else."""

import time
from collections.abc import Iterator, Sequence
from html import escape

from echoctl.model.traffic import Upload, VerdictWord
from echoctl.services.traffic.report import ASIDE_S, Share, TrafficReport
from echoctl.text.format import person_time, size_text
from echoctl.text.verdict_text import headline

WIDTH = 1120
LEFT, RIGHT = 88, 40
_PLOT = WIDTH - LEFT - RIGHT

_UP, _DOWN = 190, 96
"""Heights of the upload and of the download part of the first picture, in pixels."""

_RATE_TOP = 168

_SHORTEST_MS = 2000
"""A shorter time without watching is no more than where a second begins and ends."""

_CROWD = 12
"""With more wakes than this their words and lines would hide what is behind them."""
_ROW, _BAR = 62, 13

_STEPS = (
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10_800,
    21_600,
    43_200,
    86_400,
    172_800,
    604_800,
)
"""Seconds between marks of the time axis."""

_STYLE = """
text { font-family: "Inter", "Segoe UI", "Helvetica Neue", "DejaVu Sans", sans-serif; font-size: 12px; fill: #3d4654 }
.title { font-size: 26px; font-weight: 600; fill: #151b26 }
.word { font-size: 15px; fill: #3d4654 }
.head { font-size: 15px; font-weight: 600; fill: #151b26 }
.small { font-size: 11px; fill: #727c8a }
.name { font-size: 13px; fill: #151b26 }
.flag { font-size: 11.5px; font-weight: 600; paint-order: stroke; stroke: #fff; stroke-width: 4px }
.grid { stroke: #e7eaee; stroke-width: 1 }
.base { stroke: #9aa4b1; stroke-width: 1 }
.up { fill: #2f6fde } .down { fill: #b9c6d8 } .other { fill: #8fb0ea }
.called { fill: #0b7a75 } .alone { fill: #c8324a }
.wake { stroke: #0b7a75; stroke-width: 1.2; stroke-dasharray: 2 3 }
.calm { fill: #0b7a75 } .alarm { fill: #c8324a } .doubt { fill: #a86a00 }
"""


def svg(report: TrafficReport) -> str:
    """Both pictures, one above the other."""
    height = _shares_top() + 56 + _ROW * max(1, len(report.shares)) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img"><title>{_plain(f"{report.verdict.name}: {headline(report.verdict)}")}</title>',
        f"<style>{_STYLE}</style>",
        '<defs><pattern id="blind" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="7" height="7" fill="#f4f5f7"/><rect width="1.4" height="7" fill="#dde1e6"/></pattern></defs>',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        *_heading(report),
        *_rate(report),
        *_endpoints(report),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _heading(report: TrafficReport) -> Iterator[str]:
    kinds = {VerdictWord.QUIET: "calm", VerdictWord.CALLED: "calm", VerdictWord.CANNOT_TELL: "doubt"}
    kind = kinds.get(report.verdict.word, "alarm")
    yield f'<rect class="{kind}" x="40" y="36" width="6" height="54" rx="3"/>'
    yield _text(60, 60, headline(report.verdict).capitalize(), "title")
    since, until = person_time(report.begin_ms), person_time(report.end_ms)
    yield _text(60, 86, f"{report.verdict.name} · {since} to {until}", "word")


def _rate(report: TrafficReport) -> Iterator[str]:
    """Upload above the line, download below it, each with a scale of its own."""
    top, zero = _RATE_TOP, _RATE_TOP + _UP
    yield _text(40, top - 36, "What it sends and gets, per second", "head")
    yield from _legend(report, top - 40)
    most_up, most_down = _nice(max(report.up, default=0)), _nice(max(report.down, default=0))
    for share in (0.5, 1.0):
        for y, value in ((zero - share * _UP, most_up * share), (zero + share * _DOWN, most_down * share)):
            yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            yield _text(LEFT - 10, y + 4, size_text(round(value)) + "/s", "small", "end")
    yield _text(LEFT - 10, zero - _UP - 12, "upload", "small", "end")
    yield _text(LEFT - 10, zero + _DOWN + 18, "download", "small", "end")
    yield from _blind(report, top)
    yield from _ticks(report, zero + _DOWN)
    yield _bars(report, report.up, most_up, zero, -_UP, "other")
    yield _bars(report, report.down, most_down, zero, _DOWN, "down")
    yield f'<line class="base" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{zero}" y2="{zero}"/>'
    for upload in report.verdict.explained:
        yield _bars(report, _part(report, upload), most_up, zero, -_UP, "up")
    for upload in report.verdict.unexplained:
        yield _bars(report, _part(report, upload), most_up, zero, -_UP, "alone")
    yield from _wakes(report, zero)
    yield from _flags(report, zero, most_up)


def _legend(report: TrafficReport, y: float) -> Iterator[str]:
    """Right-aligned: what the colours mean, in words too."""
    entries = [("wake", "wake word"), ("up", "explained"), ("alone", "nobody called it"), ("other", "other upload")]
    x = WIDTH - RIGHT - sum(36 + 6.6 * len(words) for _, words in entries)
    for kind, words in entries:
        if kind == "wake":
            yield _triangle(x + 6, y + 8, "called")
        else:
            yield f'<rect class="{kind}" x="{x:.1f}" y="{y - 5}" width="12" height="12" rx="2.5"/>'
        yield _text(x + 18, y + 5, words)
        x += 36 + 6.6 * len(words)


def _blind(report: TrafficReport, top: int) -> Iterator[str]:
    """Hatch the time in which nothing was watched."""
    at = report.begin_ms
    for begin, end in (*report.watched, (report.end_ms, report.end_ms)):
        x, until = _x(report, at), _x(report, begin)
        if begin - at >= _SHORTEST_MS and until - x > 1.5:
            yield f'<rect x="{x:.1f}" y="{top}" width="{until - x:.1f}" height="{_UP + _DOWN}" fill="url(#blind)"/>'
            if until - x > 90:
                yield _text((x + until) / 2, top + 18, "not watched", "small", "middle")
        at = max(at, end)


def _ticks(report: TrafficReport, bottom: float) -> Iterator[str]:
    span_s = (report.end_ms - report.begin_ms) / 1000
    step = next((step for step in _STEPS if span_s / step <= 10), _STEPS[-1])
    form = "%H:%M:%S" if step < 60 else "%H:%M" if step < 86_400 else "%d %b"
    zone = time.localtime(report.begin_ms / 1000).tm_gmtoff
    at = (report.begin_ms // 1000 + zone) // step * step + step - zone
    while at * 1000 < report.end_ms:
        x = _x(report, at * 1000)
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_RATE_TOP}" y2="{bottom}"/>'
        yield _text(x, bottom + 18, time.strftime(form, time.localtime(at)), "small", "middle")
        at += step


def _bars(report: TrafficReport, values: Sequence[int], most: float, zero: float, height: float, kind: str) -> str:
    """One path for all columns: a bar for each that is not 0, at least a pixel high."""
    width = _PLOT * report.step_s * 1000 / (report.end_ms - report.begin_ms)
    inner = max(0.7 if kind in ("other", "down") else 1.8, min(width - 0.6, width * 0.92))
    path = []
    for at, value in enumerate(values):
        if value:
            tall = max(1.0, abs(height) * value / most) * (1 if height > 0 else -1)
            path.append(f"M{LEFT + at * width:.1f} {zero}v{tall:.1f}h{inner:.2f}V{zero}z")
    return f'<path class="{kind}" d="{"".join(path)}"/>' if path else ""


def _part(report: TrafficReport, upload: Upload) -> list[int]:
    """The columns of one upload, the others 0."""
    step = report.step_s * 1000
    first = (upload.start_ms - report.begin_ms) // step
    last = (upload.end_ms - report.begin_ms) // step
    return [value if first <= at <= last else 0 for at, value in enumerate(report.up)]


def _wakes(report: TrafficReport, zero: float) -> Iterator[str]:
    for wake in report.wakes:
        x = _x(report, wake.at_ms)
        end = zero if len(report.wakes) <= _CROWD else _RATE_TOP + 12
        yield f'<line class="wake" x1="{x:.1f}" x2="{x:.1f}" y1="{_RATE_TOP}" y2="{end}"/>'
        yield _triangle(x, _RATE_TOP, "called")
        if len(report.wakes) <= _CROWD:
            yield _text(x, _RATE_TOP - 12, wake.word or "wake", "flag called", "middle")


def _flags(report: TrafficReport, zero: float, most: float) -> Iterator[str]:
    """Words beside what nobody called, since colour alone says nothing to some."""
    for upload in report.verdict.unexplained[:8]:
        part = [value for value in _part(report, upload) if value]
        y = zero - _UP * max(part, default=0) / most - 10
        x = (_x(report, upload.start_ms) + _x(report, upload.end_ms)) / 2
        anchor = "middle" if LEFT + 60 < x < WIDTH - RIGHT - 60 else "start" if x < WIDTH / 2 else "end"
        yield _text(x, max(y, _RATE_TOP + 12), "nobody called it", "flag alone", anchor)


def _shares_top() -> int:
    return _RATE_TOP + _UP + _DOWN + 84


def _endpoints(report: TrafficReport) -> Iterator[str]:
    top = _shares_top()
    if report.requests:
        many = f"mean of {report.requests} requests" if report.requests > 1 else "one request"
        words = f"Who it talks to, {ASIDE_S} s before, during and {ASIDE_S} s after a request ({many})"
    else:
        words = "Who it talks to (no request in this time)"
    yield _text(40, top, words, "head")
    x = WIDTH - RIGHT - 170
    for kind, word in (("up", "upload"), ("down", "download")):
        yield f'<rect class="{kind}" x="{x}" y="{top - 10}" width="12" height="12" rx="2.5"/>'
        yield _text(x + 18, top, word)
        x += 84
    if not report.shares:
        yield _text(60, top + 44, "Nothing moved.", "word")
        return
    most = max(sum(part) for share in report.shares for part in (share.before, share.during, share.after)) or 1
    for number, share in enumerate(report.shares):
        yield from _share(share, top + 30 + number * _ROW, most, bool(report.requests))


def _share(share: Share, y: float, most: float, split: bool) -> Iterator[str]:
    """One endpoint: its name, and three bars."""
    bars = (("before", share.before), ("during", share.during), ("after", share.after))
    room = _PLOT - 440
    yield f'<line class="grid" x1="40" x2="{WIDTH - RIGHT}" y1="{y - 6:.1f}" y2="{y - 6:.1f}"/>'
    yield _text(40, y + 26, _cut(share.name, 38), "name")
    for row, (word, (up, down)) in enumerate(bars if split else (("in all", share.during),)):
        at = y + 2 + row * (_BAR + 4) if split else y + 17
        yield _text(LEFT + 256, at + 11, word, "small", "end")
        wide = [room * part / most for part in (up, down)]
        if up:
            yield f'<rect class="up" x="{LEFT + 266}" y="{at}" width="{max(1.0, wide[0]):.1f}" height="{_BAR}" rx="2"/>'
        if down:
            x = LEFT + 266 + (max(1.0, wide[0]) + 1 if up else 0)
            yield f'<rect class="down" x="{x:.1f}" y="{at}" width="{max(1.0, wide[1]):.1f}" height="{_BAR}" rx="2"/>'
        words = f"{size_text(round(up))} up · {size_text(round(down))} down" if up or down else "nothing"
        yield _text(LEFT + 276 + sum(wide), at + 11, words, "small")


def _x(report: TrafficReport, at_ms: float) -> float:
    return LEFT + _PLOT * (at_ms - report.begin_ms) / (report.end_ms - report.begin_ms)


def _nice(value: int) -> float:
    """The next round number above."""
    if value <= 0:
        return 1000.0
    power = 10 ** (len(str(value)) - 1)
    return float(next(step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * power >= value))


def _triangle(x: float, y: float, kind: str) -> str:
    return f'<path class="{kind}" d="M{x - 5:.1f} {y - 8}h10l-5 8z"/>'


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "") -> str:
    attributes = (f' class="{kind}"' if kind else "") + (f' text-anchor="{anchor}"' if anchor else "")
    return f'<text x="{x:.1f}" y="{y:.1f}"{attributes}>{_plain(words)}</text>'


def _plain(words: str) -> str:
    return escape("".join(c for c in words if c.isprintable()))


def _cut(name: str, most: int) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
