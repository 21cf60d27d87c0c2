"""The packaged sample must wake whichever spotter a machine has; transcripts: tests/e2e/test_listen_file.py."""

import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from echoctl.model.speech import BYTES_PER_SECOND, CHUNK_BYTES, Detection
from echoctl.services.listening.demo import SAMPLE
from echoctl.speech import wake
from echoctl.speech.models import Model
from echoctl.speech.spotters import micro_installed

ROOT = Path(__file__).resolve().parent.parent.parent


def wakes(model: Path) -> list[Detection]:
    pcm = soundfile.read(SAMPLE, dtype="int16")[0].tobytes()
    heard = 0

    def recent(seconds: float) -> bytes:
        return pcm[max(0, heard - int(seconds * BYTES_PER_SECOND) // 2 * 2) : heard]

    detector = wake.WakeDetector(["alexa"], Model.load(str(model)), recent=recent, thresholds={})
    found = []
    for at in range(0, len(pcm), CHUNK_BYTES):
        heard = min(len(pcm), at + CHUNK_BYTES)
        if isinstance(wake_or_not := detector.feed(pcm[at:heard], heard / BYTES_PER_SECOND), Detection):
            found.append(wake_or_not)
    return found


@pytest.mark.parametrize("neural", [True, False])
def test_the_sample_wakes_twice(neural: bool, speech_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not neural:
        monkeypatch.setattr(wake, "micro_installed", lambda: False)
    elif not micro_installed():
        pytest.skip("pymicro-wakeword is not installed")
    found = wakes(speech_model)
    assert [detection.word for detection in found] == ["alexa", "alexa"]
    assert all(("spotter" in detection.scores) is neural for detection in found)


@pytest.mark.lab
def test_the_committed_script_makes_exactly_the_packaged_sample() -> None:
    subprocess.run([sys.executable, ROOT / "tools" / "make_demo.py", "--check"], check=True)
