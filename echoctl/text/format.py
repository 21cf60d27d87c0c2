"""How numbers, times and what was heard read to a person: the same words on the command line and on the dashboard."""

import time

TYPE_CHECKING = False  # typing's own is slow to load, and this is on the fast path
if TYPE_CHECKING:  # what calls these has loaded it; --help, which prints with the rest of this, has not
    from echoctl.model.speech import PurgePlan, Recording


def person_time(at_ms: int) -> str:
    """Unix milliseconds for a person: local date and time to the second."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at_ms / 1000))


def size_text(count: int) -> str:
    """Bytes for a person: 804 B, 48 kB, 1.2 MB."""
    value, unit = float(count), "B"
    for bigger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, bigger
    return f"{value:.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"


def length(ms: int) -> str:
    """A duration for a person: 3.2 s, 4 min 07 s, 2 h 05 min."""
    if ms < 60_000:
        return f"{ms / 1000:.1f} s"
    seconds = round(ms / 1000)
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02} min"


def counted(count: int, noun: str = "recording") -> str:
    """1 recording, 2 recordings."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def printable(text: str) -> str:
    """`text` with each character that could control a terminal replaced."""
    return "".join(c if c.isprintable() else "�" for c in text)


def capital(text: str) -> str:
    """A sentence with a capital first letter."""
    return text[:1].upper() + text[1:]


def said(recording: "Recording") -> str:
    """What was said, or why it is not shown."""
    if recording.locked:
        return "(locked)"
    if recording.damaged:
        return "(damaged)"
    if recording.transcript is None:
        return "(times only)" if recording.mode == "times" else "(audio only)"
    words = printable(recording.transcript.text) or "(no words)"
    return f"{words} → {printable(recording.correction)}" if recording.correction else words


def plan_text(plan: "PurgePlan") -> str:
    """What a purge would take, in a line."""
    text = f"this deletes {'everything that was heard: ' if plan.everything else ''}{counted(plan.count)}"
    if plan.oldest_ms is None or plan.newest_ms is None:
        return text
    text += f", {size_text(plan.size)}, from {person_time(plan.oldest_ms)}"
    return text if plan.count == 1 else f"{text} to {person_time(plan.newest_ms)}"
