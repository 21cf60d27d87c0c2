"""What listening costs and how soon a request is stored, on a real PortAudio stream in a room without hardware.

    python -m bench.listen [--seconds 60] [--requests 20] [--json]

Silence is quiet pink noise, since exact zeros cost less than any real room. Processor time is that of all its processes
together, beside a bare PortAudio stream (a callback that does nothing, same rate and block) and beside what others run
all the time: openWakeWord and a Vosk grammar, in the same run. A request ends where a second recorder in the room heard
its last block less than 40 dB below full scale; it is stored when `listen --json` says `recording`, which it does after
the commit.
Needs pulseaudio, flite and sox, and an installed speech model.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from echoctl import paths
from echoctl.services.models import install
from tests.lab.sound import SoundLab, say

ROOT = Path(__file__).resolve().parent.parent
PAUSE_S = 0.5
TALK = (
    "the train to the coast leaves at seven in the morning and arrives before noon. "
    "my brother wants to paint the fence green, but his neighbours prefer brown. "
    "we went to the market, bought bread and apples, and walked home along the river. "
    "nobody knows who wrote the song that they play on the radio every evening. "
)

BARE = """
import sys, time, sounddevice
device = sounddevice.query_devices(kind="input")
rate = int(device["default_samplerate"])
block = round(rate * 0.08)
stream = sounddevice.RawInputStream(rate, blocksize=block, channels=1, dtype="int16", callback=lambda *a: None)
with stream:
    print("ready", flush=True)
    time.sleep(1e6)
"""

OPEN_WAKE_WORD = """
import sys, time
from pyopen_wakeword import OpenWakeWord, OpenWakeWordFeatures, Model
features, word = OpenWakeWordFeatures.from_builtin(), OpenWakeWord.from_builtin(Model.ALEXA)
pcm = sys.stdin.buffer.read()
begin = time.process_time()
for at in range(0, len(pcm) - 2559, 2560):
    for feature in features.process_streaming(pcm[at:at + 2560]):
        list(word.process_streaming(feature))
print(time.process_time() - begin)
"""

GRAMMAR = """
import sys, time, vosk
vosk.SetLogLevel(-1)
recogniser = vosk.KaldiRecognizer(vosk.Model(sys.argv[1]), 16000, '["alexa", "[unk]"]')
pcm = sys.stdin.buffer.read()
begin = time.process_time()
for at in range(0, len(pcm) - 2559, 2560):
    if recogniser.AcceptWaveform(pcm[at:at + 2560]):
        recogniser.Result()
    else:
        recogniser.PartialResult()
print(time.process_time() - begin)
"""


def processor_s(*pids: int) -> float:
    """Seconds that all threads of the processes have run, from the scheduler's own count (ns)."""
    files = [file for pid in pids for file in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(int(file.read_text().split()[0]) for file in files) / 1e9


def memory_mb(*pids: int) -> float:
    """Proportional set size: what the processes share is counted once."""
    total = 0
    for pid in pids:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        total += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    return total / 1000


class Listener:
    """`echoctl listen --json` with its lines stamped as they come."""

    def __init__(self, folder: Path) -> None:
        self.events: list[tuple[float, dict[str, Any]]] = []
        places = {f"ECHOCTL_{name}_DIR": str(folder / name.lower()) for name in ("DATA", "STATE")}
        models_dirs = {"ECHOCTL_MODELS_DIR": os.pathsep.join(paths.model_dirs())}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "echoctl", "listen", "--json"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **places, **models_dirs, "PYTHONPATH": str(ROOT)},
        )
        threading.Thread(target=self._read, daemon=True).start()
        self.wait("ready")

    @property
    def pids(self) -> tuple[int, ...]:
        """Front, ear and microphone, and the two that wait for them outside of their namespaces."""
        found, at = [self.process.pid], 0
        while at < len(found):
            for task in Path(f"/proc/{found[at]}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
            at += 1
        return tuple(found)

    def wait(self, kind: str, since: float = 0.0, limit_s: float = 30.0) -> float:
        """When the first event of the kind after `since` came."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            for at, event in list(self.events):
                if event["type"] == kind and at > since:
                    return at
            time.sleep(0.01)
        raise SystemExit(f"no {kind} within {limit_s:.0f} s")

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.events.append((time.monotonic(), json.loads(line)))


class Witness:
    """A second recorder in the room: when was the last loud block?"""

    def __init__(self, lab: SoundLab) -> None:
        command = ["parec", "--device=room.monitor", "--rate=16000", "--channels=1", "--format=s16le"]
        env = {**os.environ, **lab.env}
        self._recorder = subprocess.Popen([*command, "--latency-msec=10"], env=env, stdout=subprocess.PIPE)
        self.loud_at = 0.0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        import numpy as np

        assert self._recorder.stdout
        while block := self._recorder.stdout.read(320):
            if np.abs(np.frombuffer(block, "<i2")).max() > 230:  # 40 dB below the loudest
                self.loud_at = time.monotonic()

    def close(self) -> None:
        self._recorder.kill()
        self._recorder.wait()


@contextlib.contextmanager
def playing(lab: SoundLab, file: Path) -> Iterator[None]:
    player = lab.play(file, wait=False)
    try:
        yield
    finally:
        player.kill()
        player.wait()


def measured(lab: SoundLab, sound: Path, seconds: float, *pids: int) -> float:
    """Share of one core over `seconds` of the sound, in per cent."""
    with playing(lab, sound):
        time.sleep(2)
        begin, at = processor_s(*pids), time.monotonic()
        time.sleep(seconds)
        return (processor_s(*pids) - begin) / (time.monotonic() - at) * 100


def peer(code: str, pcm: bytes, *arguments: str) -> float | None:
    """Share of one core in per cent, or None where the peer is not installed."""
    run = subprocess.run([sys.executable, "-c", code, *arguments], input=pcm, capture_output=True, check=False)
    return float(run.stdout) / (len(pcm) / 32000) * 100 if run.returncode == 0 else None


def bare(lab: SoundLab, sound: Path, seconds: float) -> float:
    """A stream that does nothing."""
    process = subprocess.Popen([sys.executable, "-c", BARE], stdout=subprocess.PIPE, env={**os.environ, **lab.env})
    assert process.stdout
    process.stdout.readline()
    try:
        return measured(lab, sound, seconds, process.pid)
    finally:
        process.kill()
        process.wait()


def sounds(folder: Path, seconds: float) -> dict[str, Path]:
    """Quiet noise, and speech without a pause that never says the wake word, each long enough."""
    quiet, talk = folder / "quiet.wav", folder / "talk.wav"
    rate = ["-r", "16000", "-c", "1", "-b", "16"]
    length = str(seconds + 10)
    subprocess.run(["sox", "-n", *rate, quiet, "synth", length, "pinknoise", "vol", "0.002"], check=True)
    sentence = say(TALK, folder / "sentence.wav")
    subprocess.run(["sox", sentence, talk, "repeat", "20", "trim", "0", length], check=True)
    return {"silence": quiet, "speech": talk}


def delays(lab: SoundLab, listener: Listener, folder: Path, count: int) -> list[float]:
    """From the last loud block to the stored row, beyond the pause, in ms."""
    witness = Witness(lab)
    found = []
    texts = ["what time is it", "turn on the kitchen light", "how far is the moon", "set a timer for ten minutes"]
    files = [say(f"alexa, {text}", folder / f"request{n}.wav") for n, text in enumerate(texts)]
    for n in range(count):
        begin = time.monotonic()
        with playing(lab, files[n % len(files)]):
            stored = listener.wait("recording", since=begin)
        found.append((stored - witness.loud_at - PAUSE_S) * 1000)
        time.sleep(2.2)  # the refractory period
    witness.close()
    return found


def measure(seconds: float, requests: int) -> dict[str, Any]:
    import soundfile

    found: dict[str, Any] = {"seconds": seconds, "requests": requests}
    with tempfile.TemporaryDirectory(prefix="lab-") as name:
        folder = Path(name)
        lab = SoundLab(folder)
        lab.up()
        os.environ.update(lab.env)
        try:
            made = sounds(folder, seconds)
            found["bare_percent"] = {kind: bare(lab, file, seconds) for kind, file in made.items()}
            listener = Listener(folder)
            found["listen_percent"] = {k: measured(lab, file, seconds, *listener.pids) for k, file in made.items()}
            late = sorted(delays(lab, listener, folder, requests))
            found["stored_ms"] = {"p50": statistics.median(late), "p95": late[max(0, round(len(late) * 0.95) - 1)]}
            found["memory_mb"] = memory_mb(*listener.pids)
            listener.process.terminate()
            listener.process.wait()
            model = install.find()
            found["peers_percent"] = {}
            for kind, file in made.items():
                pcm = soundfile.read(file, dtype="int16")[0].tobytes()
                found["peers_percent"][kind] = {
                    "openWakeWord": peer(OPEN_WAKE_WORD, pcm),
                    "Vosk grammar": peer(GRAMMAR, pcm, model),
                }
        finally:
            lab.down()
    return found


def show(found: dict[str, Any]) -> None:
    row = "{:<34} {:>10} {:>10}   {}".format
    print(row("per cent of one core", "silence", "speech", "bar"))
    base, mine = found["bare_percent"], found["listen_percent"]
    print(row("bare PortAudio stream", *(f"{base[kind]:.2f}" for kind in base), ""))
    print(row("echoctl listen", *(f"{mine[kind]:.2f}" for kind in base), ""))
    print(row("  over the bare stream", *(f"{mine[kind] - base[kind]:.2f}" for kind in base), "0.2 and 1"))
    for name in ("openWakeWord", "Vosk grammar"):
        values = [found["peers_percent"][kind][name] for kind in base]
        print(row(f"{name}, without a stream", *("absent" if v is None else f"{v:.2f}" for v in values), ""))
    print(f"end of speech to stored row, beyond the pause: p50 {found['stored_ms']['p50']:.0f} ms,"
          f" p95 {found['stored_ms']['p95']:.0f} ms of {found['requests']} (bar 200 ms)")  # fmt: skip
    print(f"memory of all its processes: {found['memory_mb']:.0f} MB (bar 300 MB)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60, help="how long each sound is played")
    parser.add_argument("--requests", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    wish = parser.parse_args()
    found = measure(wish.seconds, wish.requests)
    print(json.dumps(found, indent=2)) if wish.json else show(found)


if __name__ == "__main__":
    main()
