"""How soon the dashboard shows what others do: a mute by another process, and a new recording.

    python -m bench.tui_delay [--times N] [--json]

From before the other process writes until the dashboard has drawn the word at its terminal. Three dashboards: one that
nobody listens for, one beside the listener of another terminal, one with its own ear; of the latter two the microphone
must be closed first. Those need pulseaudio and an installed speech model, and are left out without them.
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.screen import Screen, screen
from echoctl import paths
from echoctl.clock import SystemClock
from echoctl.model.speech import StoreMode, Transcript, Word
from echoctl.services import state
from echoctl.services.history.recorder import Recorder
from echoctl.services.models import install
from echoctl.services.vault import unlocking
from tests.lab.sound import SoundLab

DASHBOARD = [sys.executable, "-m", "echoctl", "tui"]
LISTENER = [sys.executable, "-m", "echoctl", "listen", "--json"]
BAR_MS = 150


def mutes(at: Screen, times: int, unmuted: str) -> list[float]:
    """Milliseconds until each mute is drawn."""
    return [_until(at, "MUTED", lambda: state.set_muted(True, "bench"), unmuted) for _ in range(times)]


def _until(at: Screen, word: str, act: Callable[[], object], unmuted: str) -> float:
    time.sleep(random.uniform(0.3, 0.6))
    drawn, began = at.bytes, time.perf_counter()
    act()
    took = (at.seen(word, drawn) - began) * 1000
    drawn = at.bytes
    state.set_muted(False, "bench")
    at.seen(unmuted, drawn)
    return took


def recordings(at: Screen, times: int) -> list[float]:
    """Milliseconds until the text of each new recording is drawn."""
    recorder = Recorder(mode=StoreMode.TRANSCRIPT, room="bench", wall=SystemClock())
    found = []
    for number in range(times):
        time.sleep(random.uniform(0.3, 0.6))
        text = f"kiwi{number:03}"
        transcript = Transcript(text, (Word(text, 0.0, 0.4, 0.9),))
        drawn, began = at.bytes, time.perf_counter()
        recorder.commit(
            pcm=b"", transcript=transcript, at_ms=time.time_ns() // 1_000_000, detection=None, wake_word="", scores={}
        )
        found.append((at.seen(text, drawn) - began) * 1000)
    recorder.close()
    return found


@contextlib.contextmanager
def room(folder: Path) -> Iterator[bool]:
    """A room with a microphone, if there can be one."""
    if not shutil.which("pulseaudio") or install.find() is None:
        yield False
        return
    lab = SoundLab(folder)
    lab.up()
    os.environ.update(lab.env)
    try:
        yield True
    finally:
        lab.down()


def measure(times: int) -> dict[str, list[float]]:
    found = {}
    model_dirs = os.pathsep.join(paths.model_dirs())
    with tempfile.TemporaryDirectory(prefix="lab-") as name, room(Path(name)) as audible:
        os.environ |= {f"ECHOCTL_{kind}_DIR": f"{name}/{kind.lower()}" for kind in ("DATA", "STATE", "CONFIG")}
        os.environ |= {"ECHOCTL_MODELS_DIR": model_dirs, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        unlocking.ensure()
        with screen([*DASHBOARD, "--no-listen"], dict(os.environ)) as at:
            at.seen("nothing was heard yet")
            found["a mute, nobody listens"] = mutes(at, times, "off")
            found["a new recording"] = recordings(at, times)
        if audible:
            listener = subprocess.Popen(LISTENER, stdout=subprocess.PIPE, env=dict(os.environ))
            assert listener.stdout and b'"ready"' in listener.stdout.readline()
            with screen(DASHBOARD, dict(os.environ)) as at:
                at.seen("idle")
                found["a mute, another terminal listens"] = mutes(at, times, "idle")
            listener.terminate()
            listener.wait()
            with screen(DASHBOARD, dict(os.environ)) as at:
                at.seen("idle")
                found["a mute, it listens itself"] = mutes(at, times, "idle")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.times)
    result: dict[str, Any] = {
        name: {"median_ms": round(statistics.median(late)), "worst_ms": round(max(late))}
        for name, late in found.items()
    }
    if options.json:
        print(json.dumps(result | {"times": options.times, "load": round(os.getloadavg()[0], 1)}, indent=2))
        return
    print(f"{options.times} times each; load {os.getloadavg()[0]:.1f}; bar {BAR_MS} ms")
    for name, late in result.items():
        print(f"{name:<34} median {late['median_ms']:>4} ms, worst {late['worst_ms']:>4} ms")


if __name__ == "__main__":
    main()
