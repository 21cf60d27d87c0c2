"""What the dashboard knows of this moment, and how the ear's events and the store's state change it. Pure."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from echoctl.errors import EchoctlError
from echoctl.model.listener import SandboxLevel, Snapshot
from echoctl.model.speech import LedState
from echoctl.text.status import ready_text, sandboxes_text

PAST = 120
"""Levels that are remembered, one per chunk of 80 ms."""


class Role(StrEnum):
    """Whose ear listens."""

    NONE = "none"
    """Nobody listens."""
    STARTING = "starting"
    OWN = "own"
    """Ours: live words, level and scores come over its pipe."""
    OTHER = "other"
    """That of another terminal: state, counters and what it commits are seen through the store."""


@dataclass(frozen=True, slots=True)
class LastRequest:
    """What was said last after a wake word or push to talk."""

    word: str
    at_ms: int
    scores: Mapping[str, float] = field(default_factory=dict)
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Now:
    """All that the panes show of this moment: replaced as a whole, never changed."""

    role: Role = Role.NONE
    led: LedState = LedState.OFF
    mic: str = "closed"
    muted: bool = False
    by: str = ""
    """Who muted."""
    device: str = ""
    more: int = 0
    """Listeners on this store besides the one that is shown."""
    pid: int = 0
    words: tuple[str, ...] = ()
    level: float = 0.0
    past: tuple[float, ...] = ()
    score: float = 0.0
    threshold: float = 0.0
    partial: str = ""
    last: LastRequest | None = None
    counters: Mapping[str, int] = field(default_factory=dict)
    sandbox: str = ""
    """How the ear is kept off the network: text.status.sandboxes_text."""
    sandboxed: bool = False
    trouble: str = ""
    """What is wrong with the ear, while it is."""
    unread: str = ""
    """Why the store cannot be read, while it cannot."""


def heard(now: Now, event: Mapping[str, Any]) -> Now:
    """What an event of our own ear changes."""
    change = _CHANGES.get(event["type"])
    return change(now, event) if change else now


def seen(now: Now, store: Snapshot) -> Now:
    """What the store says; of our own ear's state the pipe knows first."""
    one = store.of(os.getpid())
    counters = one.counters if one.listening else now.counters
    more = max(0, len(store.listeners) - 1)
    now = replace(now, muted=store.muted, by=store.muted_by, counters=counters, more=more, unread="")
    if one.sandbox:
        sandbox = sandboxes_text(one.sandbox, one.mic_sandbox, one.sent_bytes)
        now = replace(now, sandbox=sandbox, sandboxed=one.sandbox != SandboxLevel.NONE)
    if now.role in (Role.OWN, Role.STARTING):
        return replace(now, mic=one.mic)
    # A look that was taken while our own ear died, and comes after the news of it, still shows it alive.
    others = store.listening and store.pid != os.getpid()
    role, trouble = (Role.OTHER, "") if others else (Role.NONE, now.trouble)
    return replace(
        now,
        role=role,
        # The store knows nothing of an ear that failed before it had a row; "off" would hide why.
        led=LedState.ERROR if trouble and not store.muted else LedState(store.led),
        mic=store.mic,
        device=store.device or now.device,
        pid=store.pid,
        level=0.0,
        partial="",
        trouble=trouble,
    )


def ended(now: Now, error: EchoctlError | None) -> Now:
    """What remains of this moment when our own ear has gone, with the error or because it was told to."""
    led = LedState.MUTED if now.muted else LedState.ERROR if error else LedState.OFF
    trouble = f"{error.message}: {error.hint}" if error else ""
    return replace(
        now, role=Role.NONE, led=led, mic="closed", level=0.0, past=(), score=0.0, partial="", trouble=trouble
    )


def _ready(now: Now, event: Mapping[str, Any]) -> Now:
    sandbox = event["sandbox"]
    return replace(
        now,
        role=Role.OWN,
        words=tuple(event["words"]),
        device=str(event["device"]),
        trouble="",
        sandbox=ready_text(sandbox),
        sandboxed=sandbox["holds"] != SandboxLevel.NONE,
    )


def _state(now: Now, event: Mapping[str, Any]) -> Now:
    led = LedState(event["state"])
    if led is now.led:
        return now
    calm = led not in (LedState.LISTENING, LedState.THINKING)
    past = () if led is LedState.LISTENING else now.past
    return replace(
        now,
        led=led,
        muted=bool(event["muted"]),
        by=str(event["by"]),
        partial="" if led in (LedState.LISTENING, LedState.MUTED) else now.partial,
        level=0.0 if calm else now.level,
        score=0.0 if calm else now.score,
        past=past,
        trouble="" if led is LedState.IDLE else now.trouble,
    )


def _level(now: Now, event: Mapping[str, Any]) -> Now:
    level = float(event["level"])
    return replace(
        now,
        level=level,
        past=(*now.past[1 - PAST :], level),
        score=float(event.get("score", now.score)),
        threshold=float(event.get("threshold", now.threshold)),
    )


def _wake(now: Now, event: Mapping[str, Any]) -> Now:
    return replace(now, last=LastRequest(str(event["word"]), _ms(), dict(event["scores"])), partial="")


def _partial(now: Now, event: Mapping[str, Any]) -> Now:
    return replace(now, partial=str(event["text"]))


def _transcript(now: Now, event: Mapping[str, Any]) -> Now:
    # A request without a wake word follows none, so what was heard before it is not its own.
    last = now.last if now.last and now.last.text is None else LastRequest("", _ms())
    return replace(now, last=replace(last, text=str(event["text"])), partial="")


def _device(now: Now, event: Mapping[str, Any]) -> Now:
    what = event["what"]
    if what in ("lost", "retrying"):
        return replace(now, trouble=f"microphone {what}: {event.get('message') or event.get('reason', '')}")
    if what == "silent":
        return replace(now, trouble="the microphone gives silence only: is its switch off?")
    return replace(now, trouble="", device=str(event.get("device", now.device)))


def _error(now: Now, event: Mapping[str, Any]) -> Now:
    return replace(now, trouble=f"{event['message']}: {event['hint']}")


def _ms() -> int:
    return time.time_ns() // 1_000_000


_CHANGES = {
    "ready": _ready,
    "state": _state,
    "level": _level,
    "wake": _wake,
    "partial": _partial,
    "transcript": _transcript,
    "device": _device,
    "error": _error,
}
