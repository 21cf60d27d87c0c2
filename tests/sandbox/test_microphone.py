"""PortAudio over a sound server, from behind an empty root: opened while loading, heard and closed when locked."""

from pathlib import Path

import pytest

from tests.lab.cage import needs_namespaces
from tests.lab.sound import SoundLab
from tests.sandbox.conftest import Inside
from tests.sandbox.house import BEGIN, house, person

pytestmark = [pytest.mark.lab, needs_namespaces]
__all__ = ["house", "person"]


def test_a_stream_is_opened_heard_and_closed(
    person: list[str], house: Path, inside: Inside, sound_lab: SoundLab
) -> None:
    code = """
import ctypes.util
server = os.path.dirname(os.environ["PULSE_SERVER"].removeprefix("unix:"))
library = ctypes.util.find_library("portaudio")
enter(Confinement((*program, "/usr/share/alsa", "/etc/alsa"), usable=(server,), unix_sockets=True))
ctypes.util.find_library = lambda name: library  # ours asks ldconfig, a program
import sounddevice
heard = []
stream = sounddevice.RawInputStream(16000, 1600, "lab_mic", 1, "int16", callback=lambda b, *_: heard.append(len(b)))
stream.start()
while not heard: time.sleep(0.01)
filters.lock(talks=True)
heard.clear(); time.sleep(0.5)
attempt("connect", lambda: socket.socket(socket.AF_UNIX))
attempt("open", lambda: os.listdir(server))
stream.stop(); stream.close()
sounddevice._terminate()
print(json.dumps([sum(heard) > 3200, said]))
"""
    assert inside(BEGIN + code, house, before=person) == [True, {"connect": "EACCES", "open": "EACCES"}]
    assert sound_lab.recorders() == []
