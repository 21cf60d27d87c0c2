"""One evening in the lab: somebody says "Alexa", and listener and speaker hear it; later the speaker sends unasked.

    python -m tests.lab.scene        shows it to a person, in less than a minute (make demo-traffic)

All parts are real but the speaker and the cloud: echoctl listens to the room's sound, echoctl watches the router's
packets, and the verdict is echoctl's own.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from echoctl.services.listening.demo import SAMPLE
from tests.lab import net

RATE, CHUNK_S = 16_000, 0.08

QUIET_S = 1.0
HEARD_S = 2.1
"""Where in the sample "Alexa" has been said, and a speaker has noticed."""

REQUEST_S = 4.0
"""Where in the sample the first request is over."""

ALONE_S = 13.0
"""So long after the request the speaker sends unasked."""

LENGTH_S = 27.0
"""The whole scene: more than a verdict needs at the least."""


@dataclass(frozen=True)
class Ending:
    """What the scene leaves behind."""

    truth: list[dict[str, Any]]
    """What the speaker says it did."""
    code: int
    verdict: str


def play(lab: net.NetLab, env: Mapping[str, str], tell: Callable[[str], None]) -> Ending:
    """Play the scene; `env` names the home in which the store lies. `tell` gets what happens, line by line."""

    def echoctl(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "echoctl", *arguments]

    watching = _start(lab.beside("router", *echoctl("traffic", "watch", "--interface", net.INTERFACE)), env)
    tell(_until(watching.stderr, "capturing"))
    listening = _start(echoctl("listen", "--input", "-"), env, stdin=subprocess.PIPE)
    tell(_until(listening.stderr, "listening"))
    threads = [_told(stream, tell) for child in (watching, listening) for stream in (child.stdout, child.stderr)]
    speaker = lab.speaker()
    try:
        _evening(listening, speaker, tell)
        speaker.off()
        time.sleep(2)
    finally:
        watching.terminate()
        for child in (watching, listening):
            child.wait(20)
        for thread in threads:
            thread.join(5)
    subprocess.run(
        echoctl("traffic", "devices", "name", net.SPEAKER_MAC, "kitchen", "--speaker"),
        env=dict(env), check=True, capture_output=True,
    )  # fmt: skip
    done = subprocess.run(echoctl("traffic", "verdict"), env=dict(env), check=False, capture_output=True, text=True)
    return Ending(speaker.truth, done.returncode, done.stdout + done.stderr)


def _evening(listening: "subprocess.Popen[str]", speaker: net.SpeakerProcess, tell: Callable[[str], None]) -> None:
    """Let the room sound, second by second, and have the speaker do its part."""
    acts = [
        (QUIET_S, 'somebody says: "Alexa, what time is it"', ""),
        (QUIET_S + HEARD_S, "", "wake"),
        (QUIET_S + 9, "the speaker reports to its metrics host", "metrics"),
        (QUIET_S + 10.5, "it fetches an update", "update"),
        (QUIET_S + ALONE_S, "nobody says anything, and the speaker uploads", "wake"),
        (QUIET_S + 21, "it takes a noise for its name; its cloud refuses", "false"),
    ]
    assert listening.stdin
    begun = time.monotonic()
    for number, chunk in enumerate(_sound()):
        at = number * CHUNK_S
        while acts and at >= acts[0][0]:
            _, words, deed = acts.pop(0)
            if words:
                tell(f"-- {words}")
            if deed:
                speaker.tell(deed)
        time.sleep(max(0.0, begun + at - time.monotonic()))
        listening.stdin.buffer.write(chunk)
        listening.stdin.flush()
    listening.stdin.close()


def _sound() -> Iterator[bytes]:
    """The room: silence, the sample's first request, silence."""
    import soundfile

    sample = soundfile.read(SAMPLE, dtype="int16")[0][: int(REQUEST_S * RATE)].tobytes()
    sound = bytes(int(QUIET_S * RATE) * 2) + sample
    sound += bytes(int(LENGTH_S * RATE) * 2 - len(sound))
    size = int(CHUNK_S * RATE) * 2
    return (sound[at : at + size] for at in range(0, len(sound), size))


def _start(command: list[str], env: Mapping[str, str], stdin: int = subprocess.DEVNULL) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=stdin, stdout=pipe, stderr=pipe, text=True, env=dict(env), cwd=net.ROOT)


def _until(stream: Any, words: str) -> str:
    """The first line with these words."""
    for line in stream:
        if words in line:
            return str(line.rstrip())
    raise RuntimeError(f"it ended without saying {words!r}")


def _told(stream: Any, tell: Callable[[str], None]) -> threading.Thread:
    """Pass on what a process says."""

    def read() -> None:
        for line in stream:
            tell(line.rstrip())

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def main() -> int:
    """Show the scene."""
    if why := net.missing():
        sys.stderr.write(f"the demonstration {why}: sudo make demo-traffic\n")
        return 1

    def tell(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    from echoctl import paths

    models = os.pathsep.join(paths.model_dirs())
    with tempfile.TemporaryDirectory(prefix="echoctl-demo-") as home, net.network() as lab:
        places = {
            "ECHOCTL_DATA_DIR": f"{home}/data",
            "ECHOCTL_STATE_DIR": f"{home}/state",
            "ECHOCTL_MODELS_DIR": models,
        }
        tell("a simulated speaker, a router and a cloud in namespaces of their own; nothing leaves this machine")
        ending = play(lab, {**os.environ, **places, "PYTHONPATH": str(net.ROOT)}, tell)
    tell(f"\n$ echoctl traffic verdict\n{ending.verdict}exit code {ending.code}")
    return 0 if ending.code == 12 else 1


if __name__ == "__main__":
    sys.exit(main())
