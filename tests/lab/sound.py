"""A room without hardware: a private PulseAudio server with a virtual microphone and a virtual speaker.

`room` (sink) is the air: what is played there is heard by `lab_mic` (source, the default input). `lab_speaker` (sink,
the default output) is where the program's own sound goes; the microphone does not hear it. Through ALSA, and so through
PortAudio, the devices are `lab_mic`, `lab_speaker`, `pulse` and `default`. No sound card, no D-Bus, no systemd.

For a look by hand:  python -m tests.lab.sound   prints the variables of a server that lives until Ctrl-C.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAMS = ("pulseaudio", "pactl", "paplay", "parec")

# norewinds: without it the first block of a stream comes after 1 to 2 s, and the start of what is played is lost.
DEVICES = {
    "room": "module-null-sink sink_name=room rate={rate} channels=1 format=s16le norewinds=1",
    "lab_mic": "module-remap-source source_name=lab_mic master=room.monitor channels=1",
    "lab_speaker": "module-null-sink sink_name=lab_speaker rate=48000 channels=2 format=s16le norewinds=1",
}


class SoundLab:
    """One server in a folder of its own. `env` points a process, and its libraries, at it."""

    def __init__(self, folder: Path, rate: int = 48000) -> None:
        self._folder = folder
        self._rate = rate
        self._server: subprocess.Popen[bytes] | None = None
        alsa = "/usr/share/alsa/alsa.conf"
        self.env = {
            "PULSE_SERVER": f"unix:{folder}/pulse",
            "PULSE_CLIENTCONFIG": f"{folder}/client.conf",
            "PULSE_COOKIE": f"{folder}/cookie",
            "ALSA_CONFIG_PATH": f"{alsa}:{folder}/asound.conf",
        }
        folder.chmod(0o755)
        (folder / "cookie").write_bytes(os.urandom(256))
        (folder / "client.conf").write_text("autospawn = no\nenable-shm = no\n")
        (folder / "asound.conf").write_text(
            "".join(
                f'pcm.{name} {{ type pulse; server "unix:{folder}/pulse"; device "{name}" }}\n'
                for name in ("lab_mic", "lab_speaker")
            )
        )
        (folder / "lab.pa").write_text(
            f"load-module module-native-protocol-unix socket={folder}/pulse auth-anonymous=1\n"
            + "".join(f"load-module {line.format(rate=rate)}\n" for line in DEVICES.values())
            + "set-default-sink lab_speaker\nset-default-source lab_mic\n"
        )

    def up(self) -> None:
        """Start the server and wait until it answers. Starts a killed one again."""
        (self._folder / "pulse").unlink(missing_ok=True)
        options = ["-n", "-F", f"{self._folder}/lab.pa", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
        options += ["--disable-shm=yes", "--realtime=no", "--high-priority=no"]
        nowhere = dict.fromkeys(("HOME", "PULSE_RUNTIME_PATH", "PULSE_STATE_PATH"), f"{self._folder}/x")
        without_bus = dict.fromkeys(("DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS"), "disabled:")
        (self._folder / "x").mkdir(mode=0o700, exist_ok=True)
        log = (self._folder / "log").open("ab")
        self._server = subprocess.Popen(
            ["pulseaudio", *options],
            env={"PATH": os.environ["PATH"], "PULSE_COOKIE": self.env["PULSE_COOKIE"], **nowhere, **without_bus},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        for _ in range(500):
            if self._server.poll() is not None or "lab_mic" in self.pactl("list", "short", "sources", check=False):
                break
            time.sleep(0.02)
        else:
            raise RuntimeError("the sound server does not answer")
        if self._server.poll() is not None:
            raise RuntimeError(f"the sound server did not start: {(self._folder / 'log').read_text()}")
        (self._folder / "pulse").chmod(0o777)

    def down(self) -> None:
        """End the server, whatever state it is in."""
        if self._server is not None and self._server.poll() is None:
            self._server.kill()
            self._server.wait(10)

    def pactl(self, *arguments: str, check: bool = True) -> str:
        """Talk to the server."""
        command = ["pactl", *arguments]
        env = {**os.environ, **self.env}
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=20, check=check).stdout

    def recorders(self) -> list[str]:
        """Who records from the microphone now, the room's own plumbing left out."""
        lines = self.pactl("list", "short", "source-outputs").splitlines()
        return [line for line in lines if "module-remap-source" not in line]

    def play(self, sound: Path | str, *, wait: bool = True) -> "subprocess.Popen[bytes]":
        """Speak in the room: play a WAV file."""
        command = ["paplay", "--device=room", str(sound)]
        player = subprocess.Popen(command, env={**os.environ, **self.env}, stderr=subprocess.DEVNULL)
        if wait:
            player.wait(120)
        return player

    def record_speaker(self, into: Path) -> "subprocess.Popen[bytes]":
        """Record what comes out of the speaker, raw s16le 48 kHz mono, until the process is ended."""
        command = ["parec", "--device=lab_speaker.monitor", "--rate=48000", "--channels=1", "--format=s16le"]
        with into.open("wb") as file:
            recorder = subprocess.Popen([*command, "--latency-msec=20"], env={**os.environ, **self.env}, stdout=file)
        for _ in range(200):
            if into.stat().st_size:
                return recorder
            time.sleep(0.02)
        raise RuntimeError("parec does not record")

    # What can go wrong with a microphone.

    def unplug(self) -> None:
        """Every device disappears: open streams end."""
        self._unload("room", "lab_mic", "lab_speaker")

    def move(self) -> None:
        """Only the microphone disappears: the server moves its streams to another source, which is silent."""
        self._unload("lab_mic")

    def replug(self) -> None:
        """What is missing comes back."""
        loaded = self.pactl("list", "short", "modules")
        for name, line in DEVICES.items():
            if f"_name={name} " not in loaded:
                self.pactl("load-module", *line.format(rate=self._rate).split())
        self.pactl("set-default-sink", "lab_speaker")
        self.pactl("set-default-source", "lab_mic")

    def suspend(self, asleep: bool) -> None:
        """The device goes to sleep, or wakes up: blocks stop while the stream stays."""
        self.pactl("suspend-source", "lab_mic", str(int(asleep)))

    def mute(self, muted: bool) -> None:
        """The switch on the microphone: it gives zeros."""
        self.pactl("set-source-mute", "lab_mic", str(int(muted)))

    def freeze(self) -> None:
        """The server hangs."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """The server goes on."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """The server dies; `up` starts it again."""
        self.down()

    def _signal(self, number: signal.Signals) -> None:
        assert self._server is not None
        self._server.send_signal(number)

    def _unload(self, *names: str) -> None:
        for line in self.pactl("list", "short", "modules").splitlines():
            number, _, rest = line.partition("\t")
            if any(f"_name={name} " in rest for name in names):
                self.pactl("unload-module", number, check=False)


def say(text: str, into: Path, voice: str = "slt") -> Path:
    """Speak a sentence into a 16 kHz mono WAV, with a little silence around it. Needs flite and sox."""
    raw = into.with_suffix(".flite.wav")
    subprocess.run(["flite", "-voice", voice, "-t", text, "-o", raw], check=True, capture_output=True)
    effects = ["gain", "-n", "-3", "pad", "0.4", "0.8"]
    subprocess.run(["sox", "-G", raw, "-r", "16000", "-c", "1", "-b", "16", into, *effects], check=True)
    raw.unlink()
    return into


@pytest.fixture
def sound_lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundLab]:
    """A room of its own for the test, in force for this process and those that it starts.

    PortAudio reads its devices when it is loaded, so tests that open one in this process refresh it first.
    """
    if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
        pytest.skip(f"not installed: {', '.join(missing)} (apt install pulseaudio pulseaudio-utils libasound2-plugins)")
    # Not tmp_path: the path of a unix socket holds at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="lab-", ignore_cleanup_errors=True) as folder:
        lab = SoundLab(Path(folder))
        lab.up()
        for name, value in lab.env.items():
            monkeypatch.setenv(name, value)
        try:
            yield lab
        finally:
            lab.down()


def _by_hand() -> None:
    with tempfile.TemporaryDirectory(prefix="lab-") as folder:
        lab = SoundLab(Path(folder))
        lab.up()
        sys.stdout.write("".join(f"export {name}='{value}'\n" for name, value in lab.env.items()))
        sys.stdout.flush()
        try:
            signal.pause()
        except KeyboardInterrupt:
            lab.down()


if __name__ == "__main__":
    _by_hand()
