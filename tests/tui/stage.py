"""A dashboard on a screen in memory, with the events of an ear that is not there."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

from textual.pilot import Pilot

from echoctl.config.schema import Config
from echoctl.model.listener import Listener, Snapshot
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.tui.app import Dashboard
from echoctl.tui.feed import EarEvent
from echoctl.tui.live_state import Role
from echoctl.tui.options import Options

READY = {
    "type": "ready",
    "words": ["alexa"],
    "device": "Built-in Microphone",
    "sandbox": {"holds": "full", "sent_bytes": 0, "why": ""},
}
IDLE = {"type": "state", "state": "idle", "muted": False, "by": ""}
LISTENING = {**IDLE, "state": "listening"}
THINKING = {**IDLE, "state": "thinking"}
MUTED = {"type": "state", "state": "muted", "muted": True, "by": "echoctl mute"}
ERROR = {**IDLE, "state": "error"}
WAKE = {"type": "wake", "word": "alexa", "scores": {"spotter": 0.97}, "t": 1.0}
PARTIAL = {"type": "partial", "text": "turn on the kitchen"}
TRANSCRIPT = {"type": "transcript", "id": None, "text": "turn on the kitchen light", "words": []}
LEVEL = {"type": "level", "level": 0.6, "score": 0.3, "threshold": 0.5}

STATES = {
    "idle": (READY, IDLE),
    "listening": (READY, IDLE, WAKE, LISTENING, LEVEL, PARTIAL),
    "thinking": (READY, IDLE, WAKE, LISTENING, THINKING),
    "muted": (READY, MUTED),
    "error": (READY, {"type": "device", "what": "lost", "reason": "ended", "device": "x"}, ERROR),
}


class Scene:
    """One dashboard and the hands at its keys."""

    def __init__(self, app: Dashboard, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    def hear(self, *events: dict[str, Any]) -> None:
        """Let the ear say something."""
        if self.app.live.now.role is Role.NONE:
            self.app.live.now = replace(self.app.live.now, role=Role.STARTING)
        for event in events:
            self.app.on_ear_event(EarEvent(event))

    async def until(self, true: Callable[[], object], limit_s: float = 10.0) -> None:
        """Wait for something to come true."""
        end = time.monotonic() + limit_s
        while not true():
            assert time.monotonic() < end, f"it never came; the screen says:\n{self.screen}"
            await self.pilot.pause(0.02)

    async def press(self, *keys: str) -> None:
        """Press keys."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    @property
    def screen(self) -> str:
        """All that is to be read."""
        width, _ = self.app.size
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text[:width].rstrip() for strip in strips)

    async def sees(self, text: str) -> None:
        """Wait until the screen says so."""
        await self.until(lambda: text in self.screen)


@contextlib.asynccontextmanager
async def stage(
    size: tuple[int, int] = (100, 30), settings: Config | None = None, **changes: Any
) -> AsyncIterator[Scene]:
    """A dashboard that does not listen, once it has read the store."""
    options = replace(Options(spec=EarSpec(), listen=False), **changes)
    app = Dashboard(options, settings or Config())
    async with app.run_test(size=size) as pilot:
        app.live.ring.clock = lambda: 0.3
        scene = Scene(app, pilot)
        await scene.until(lambda: app._store is not None)
        yield scene


NOBODY = {"led": "off", "mic": "closed", "pid": 0, "ear_pid": 0, "mic_pid": 0, "sandbox": "", "mic_sandbox": ""}


def snapshot(listening: bool = True, **changes: object) -> Snapshot:
    now: dict[str, Any] = {"listening": listening, "device": "x"}
    now |= (
        {"led": "idle", "mic": "open", "pid": 7, "ear_pid": 8, "mic_pid": 9, "sandbox": "none"} if listening else NOBODY
    )
    now |= {
        "mic_sandbox": now["sandbox"],
        "led_ms": 0,
        "started_ms": 0,
        "sent_bytes": None,
        "counters": {"wakes": 3},
        **changes,
    }
    mute = {name: now.pop(name) for name in ("muted", "muted_by", "muted_ms") if name in now}
    one = Listener(**now)
    return Snapshot(one, **mute, listeners=(one,) if listening else ())
