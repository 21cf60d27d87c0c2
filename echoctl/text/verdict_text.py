"""A verdict in sentences that a person understands, each with the times it rests on."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from echoctl.model.grades import BurstClass, ClockBasis, Obstacle, VerdictWord
from echoctl.text.format import counted, length, person_time, printable, size_text

if TYPE_CHECKING:
    from echoctl.model.traffic import Stretch, Upload, Verdict

ENOUGH_WAKES = 3
"""With fewer wakes no pattern can be told from chance, so nothing is said of it."""

SHOWN = 5
"""How many uploads of a kind are told one by one; the rest are counted."""


class Sentence(NamedTuple):
    """A statement, and the Unix milliseconds that it rests on."""

    text: str
    times: tuple[int, ...] = ()


def headline(verdict: "Verdict") -> str:
    """The verdict in a line."""
    if verdict.word is VerdictWord.UNEXPLAINED:
        return f"{verdict.word}: {len(verdict.unexplained)}"
    if verdict.obstacle:
        return f"{verdict.word} ({verdict.obstacle})"
    return str(verdict.word)


def sentences(verdict: "Verdict") -> list[Sentence]:
    """All that a person should know, the gravest first, the limits last; no accusation where there is no telling."""
    span = (verdict.since_ms, verdict.until_ms)
    if verdict.obstacle is Obstacle.UNWATCHED:
        text = f"{_who(verdict)} was not watched from {person_time(verdict.since_ms)} on: nothing can be said."
        return [Sentence(text, span)]
    said = [_watched(verdict)]
    if verdict.obstacle:
        said.append(Sentence(_OBSTACLES[verdict.obstacle], span))
    if verdict.obstacle not in _SHAPELESS:
        alone = ("", "uploads look like it") if verdict.obstacle else (_ALONE, "uploads were called by nobody")
        said += [_stream(verdict, stretch) for stretch in verdict.streams[:SHOWN]]
        said += _several(verdict, verdict.unexplained, *alone)
        said += _several(verdict, verdict.explained, ": explained", "uploads followed a wake word: explained")
        said += _doubtful(verdict) + _silent(verdict) + _uncalled(verdict)
    return said + _statistics(verdict)


_ALONE = ", and nobody called it"

_SHAPELESS = (Obstacle.TUNNELLED, Obstacle.PADDED)
"""Then uploads have no shape that means anything."""

_OBSTACLES = {
    Obstacle.SHORT: "That is too short for a verdict: watch for at least 25 seconds, better for hours.",
    Obstacle.TUNNELLED: "Most of what it sends goes through a tunnel, which hides who gets it and mixes everything: "
    "whether speech is among it cannot be told.",
    Obstacle.PADDED: "It uploads at an even rate without pause, as a speaker does that hides when it sends: "
    "speech could be in it at any time, or never.",
    Obstacle.CLOCK: "The capture's clock and the listener's do not fit, and there are too few wakes to tell by how "
    "much: what is explained and what is not cannot be told. Watch from this machine, or through --ssh, which asks "
    "for the clock.",
}


def _watched(verdict: "Verdict") -> Sentence:
    span = f"{person_time(verdict.since_ms)} to {person_time(verdict.until_ms)}"
    return Sentence(
        f"{_who(verdict)} was watched for {length(verdict.watched_ms)}, from {span}.",
        (verdict.since_ms, verdict.until_ms),
    )


def _several(verdict: "Verdict", uploads: "Sequence[Upload]", end: str, counting: str) -> list[Sentence]:
    """The first few one by one, the rest in one sentence with their times."""
    said = [Sentence(f"{_upload(verdict, each)}{_after(each)}{end}.", (each.start_ms,)) for each in uploads[:SHOWN]]
    rest = uploads[SHOWN:]
    if rest:
        times = _times(verdict, [each.start_ms for each in rest])
        said.append(Sentence(f"{len(rest)} more {counting}, at {times}.", tuple(each.start_ms for each in rest)))
    return said


def _upload(verdict: "Verdict", upload: "Upload") -> str:
    doubt = ", which may be slow speech," if upload.grade is BurstClass.POSSIBLE else ""
    return (
        f"{_clock(verdict, upload.start_ms)}: {_who(verdict)} uploaded {size_text(upload.bytes_up)} over "
        f"{length(upload.end_ms - upload.start_ms)} to {_endpoint(upload)}{doubt}"
    )


def _after(upload: "Upload") -> str:
    if upload.wake is None:
        return ""
    word = f'the word "{printable(upload.wake.word).title()}"' if upload.wake.word else "a wake word"
    late = abs(upload.late_ms) / 1000
    place = "after" if upload.late_ms >= 0 else "before"
    return f", {late:.1f} s {place} {word} was heard"


def _stream(verdict: "Verdict", stretch: "Stretch") -> Sentence:
    lasted = stretch.end_ms - stretch.start_ms
    rate = size_text(stretch.bytes_up * 1000 // max(lasted, 1))
    return Sentence(
        f"{_clock(verdict, stretch.start_ms)} to {_clock(verdict, stretch.end_ms)}: {_who(verdict)} uploaded without "
        f"pause for {length(lasted)} at {rate}/s to {_endpoint(stretch)}: that is how a live microphone looks.",
        (stretch.start_ms, stretch.end_ms),
    )


def _doubtful(verdict: "Verdict") -> list[Sentence]:
    if not verdict.doubtful:
        return []
    times = _times(verdict, [each.start_ms for each in verdict.doubtful])
    text = (
        f"{counted(len(verdict.doubtful), 'small even upload')} that may be slow speech followed no wake word, at "
        f"{times}: no more than false alarms explain in that time."
    )
    return [Sentence(text, tuple(each.start_ms for each in verdict.doubtful))]


def _silent(verdict: "Verdict") -> list[Sentence]:
    if not verdict.silent or verdict.obstacle is Obstacle.CLOCK:
        return []
    times = _times(verdict, [wake.at_ms for wake in verdict.silent])
    text = f"{counted(len(verdict.silent), 'wake word')} that was heard led to no upload, at {times}."
    if len(verdict.silent) > 1:
        text = text.replace("that was heard", "that were heard")
    return [Sentence(text, tuple(wake.at_ms for wake in verdict.silent))]


def _uncalled(verdict: "Verdict") -> list[Sentence]:
    """An accusation needs a witness: was anybody listening?"""
    if verdict.obstacle or not verdict.unexplained or verdict.explained or verdict.silent:
        return []
    text = "No wake word at all was heard in this time: it counts only if a listener ran and its history still stands."
    return [Sentence(text, (verdict.since_ms, verdict.until_ms))]


def _statistics(verdict: "Verdict") -> list[Sentence]:
    """What the numbers can carry, and what could still hide."""
    said, span = [], (verdict.since_ms, verdict.until_ms)
    if verdict.clock.basis is ClockBasis.ESTIMATED:
        off = -verdict.clock.offset_ms / 1000
        ahead = "ahead of" if off > 0 else "behind"
        text = (
            f"The listener's clock is taken to be {abs(off):.1f} s {ahead} the capture's: "
            f"{verdict.clock.matched} wakes fit so."
        )
        said.append(Sentence(text, span))
    if verdict.p_value is not None and len(verdict.explained) + len(verdict.silent) >= ENOUGH_WAKES:
        chance = "1 in 1000 or less" if verdict.p_value <= 0.001 else f"p = {verdict.p_value:.3f}"
        follow = (
            "Uploads follow the wake words"
            if verdict.p_value < 0.05
            else "Uploads do not clearly follow the wake words"
        )
        said.append(Sentence(f"{follow} (chance alone would look like this: {chance}).", span))
    if verdict.most_per_hour is not None and verdict.obstacle is None:
        text = f"Unexplained uploads are fewer than {_rate(verdict.most_per_hour)} per hour, with 95 % confidence."
        said.append(Sentence(text, span))
    if verdict.hidden:
        amounts = ", ".join(f"{_seconds(value)} at {codec}" for codec, value in verdict.hidden.items())
        text = (
            f"What it sent otherwise, {size_text(verdict.background)} in all, could still hide this much speech per "
            f"hour: {amounts}."
        )
        said.append(Sentence(text, span))
    return said


def _who(verdict: "Verdict") -> str:
    return f"the speaker {printable(verdict.name)}"


def _endpoint(place: "Upload | Stretch") -> str:
    return printable(place.name or place.remote)


def _clock(verdict: "Verdict", at_ms: int) -> str:
    """The time, with the day where several days were watched."""
    days = {time.strftime("%Y-%m-%d", time.localtime(at / 1000)) for at in (verdict.since_ms, verdict.until_ms)}
    return time.strftime("%H:%M:%S" if len(days) == 1 else "%d %b %H:%M:%S", time.localtime(at_ms / 1000))


def _times(verdict: "Verdict", times: Sequence[int]) -> str:
    """The first SHOWN of them, and whether there are more."""
    return ", ".join(_clock(verdict, at_ms) for at_ms in times[:SHOWN]) + (" and later" if len(times) > SHOWN else "")


def _rate(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def _seconds(value: float) -> str:
    if value >= 3600:
        return "all of it"
    return f"{value / 60:.0f} min" if value >= 600 else f"{value:.0f} s" if value >= 10 else f"{value:.1f} s"
