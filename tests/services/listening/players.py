"""A supervisor with two processes that only play ear and microphone, and write down what happens to them."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from echoctl.services.listening import processes, supervisor
from echoctl.services.listening.supervisor import Supervisor
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.services.sandbox import child

Event = dict[str, Any]

_BOTH = """
import json, os, sys, time, threading
from echoctl.services import mute_file
from echoctl.services.protocol.events import Pipe, LineReader
from echoctl.services.protocol.sound import FrameReader, FrameWriter
from echoctl.services.protocol.microphone_spec import MicrophoneSpec

def note(text):
    journal = os.open(os.environ["JOURNAL"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(journal, text.encode() + b"\\n")

def die(signal=9):
    os.kill(os.getpid(), signal)
    time.sleep(60)
"""

EAR = (
    _BOTH
    + """
pipe = Pipe(1)
say = pipe.send

def hear():
    reader = FrameReader()
    while data := os.read(int(sys.argv[1]), 65536):
        for frame in reader.feed(data):
            if isinstance(frame, bytes):
                continue
            if frame["type"] == "error":
                say(fatal=True, kind="error", **{name: frame[name] for name in ("code", "message", "hint")})
                os._exit(frame["code"])
            if frame["type"] == "end":
                os._exit(0)
            say("microphone", said=frame)

def ready():
    say("ready", words=["alexa"], spotters={}, notes=[], sandbox={"holds": "none", "why": "a play"})

note(f"ear {os.getpid()}")
reader = LineReader()
obey = {"stop": lambda: os._exit(0), "begin": lambda: (ready(), threading.Thread(target=hear).start())}
exec(os.environ.get("EAR", ""))
while data := os.read(0, 65536):
    for line in reader.feed(data):
        order = json.loads(line)
        note(f"order {order['type']}")
        obey.get(order["type"], lambda: None)()
os._exit(0)
"""
)

MICROPHONE = (
    _BOTH
    + """
spec = MicrophoneSpec.from_json(sys.argv[1])
note(f"microphone {os.getpid()}{' first' if spec.first else ''}")
pipe = FrameWriter(spec.sound, live=spec.input is None)
muted = lambda: mute_file.wanted(spec.mute)
pipe.event("sandbox", sandbox={"holds": "none", "why": "a play"})
exec(os.environ.get("MICROPHONE", ""))
while muted():
    mute_file.answer(spec.mute, mute_file.CLOSED)
    time.sleep(0.005)
mute_file.answer(spec.mute, mute_file.OPEN)
pipe.event("opened", device="a mic")
exec(os.environ.get("WHEN_OPEN", ""))
while not muted():
    time.sleep(0.005)
mute_file.answer(spec.mute, mute_file.CLOSED)
pipe.event("muted")
"""
)


class Play:
    """A listener whose processes are played. `begin` once all is set."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._patch = patch
        self._journal = folder / "journal"
        self.real: tuple[str, ...] = ()
        """Which of both is not played: ear, microphone."""
        self.running: Supervisor | None = None
        (folder / "a_played_ear.py").write_text(EAR)
        (folder / "a_played_microphone.py").write_text(MICROPHONE)
        patch.setenv("JOURNAL", str(self._journal))
        patch.setenv("PYTHONPATH", str(folder))
        patch.setattr(supervisor, "BACKOFF_S", (0.05, 0.1))
        patch.setattr(processes, "Child", self._played)

    def _played(self, module: str, arguments: Sequence[str], **more: Any) -> child.Child:
        who = module.split(".")[2]
        return child.Child(module if who in self.real else f"a_played_{who}", arguments, **more)

    def plays(self, **parts: str) -> None:
        """What processes do that are started from now on: ear, microphone, when_open."""
        for name, code in parts.items():
            self._patch.setenv(name.upper(), code)

    def begin(self, **spec: Any) -> Supervisor:
        self.running = Supervisor(EarSpec(**{"keep": False, **spec}))
        return self.running.__enter__()

    def end(self) -> None:
        if self.running is not None:
            self.running.__exit__(None, None, None)
            self.running = None

    @property
    def journal(self) -> list[str]:
        return self._journal.read_text().splitlines() if self._journal.exists() else []

    def pids(self, who: str) -> list[int]:
        """Of the processes that were started so far."""
        return [int(line.split()[1]) for line in self.journal if line.split()[0] == who]

    @property
    def orders(self) -> list[str]:
        return [line.split()[1] for line in self.journal if line.startswith("order ")]

    def until(self, done: Callable[[list[Event]], bool], limit_s: float = 15.0) -> list[Event]:
        """Everything that is told until it is enough."""
        assert self.running is not None
        events: list[Event] = []
        end = time.monotonic() + limit_s
        while not done(events):
            assert time.monotonic() < end and not self.running.ended, (events, self.journal)
            events += self.running.poll(0.05)[0]
        return events

    def until_light(self, state: str) -> list[Event]:
        return self.until(lambda events: any(event.get("state") == state for event in events))

    def for_a_while(self, seconds: float) -> list[Event]:
        end = time.monotonic() + seconds
        return self.until(lambda events: time.monotonic() > end)


def alive(pid: int) -> bool:
    return os.path.exists(f"/proc/{pid}") and ") Z " not in Path(f"/proc/{pid}/stat").read_text()
