"""The format is what docs/vault-format.md says: a reader that shares no code opens what echoctl writes."""

import contextlib
import sqlite3
from pathlib import Path

from echoctl import paths
from echoctl.audio import codec
from echoctl.services.history.recorder import Recorder
from echoctl.services.vault import unlocking
from echoctl.vault import age
from tests.heard import MORNING_MS, chooses, nobody, pcm, say
from tests.vault.independent import Vault


def opened(**ways: bytes) -> dict[str, tuple[dict[str, object], bytes]]:
    with contextlib.closing(sqlite3.connect(paths.database())) as connection:
        return Vault(connection, **ways).recordings()


def test_a_reader_made_from_the_specification_opens_everything_by_every_way(recorder: Recorder) -> None:
    sounds = [pcm(0.2), pcm(3.0)]
    made = [say(recorder, f"number {n}", MORNING_MS + n, sound=sound) for n, sound in enumerate(sounds)]
    device = Path(paths.device_key()).read_bytes()
    by_device = opened(device=device)
    for recording, sound in zip(made, sounds, strict=True):
        text, flac = by_device[recording.id]
        assert text["text"] == (recording.transcript and recording.transcript.text)
        assert text["words"] == [["number", 0.0, 0.4, 0.9], [text["text"][-1:], 0.5, 0.9, 0.9]]  # type: ignore[index]
        assert codec.decode_flac(flac) == sound
    line, _ = unlocking.make_recovery(nobody)
    unlocking.set_passphrase(nobody, chooses("correct horse"))
    assert opened(recovery=bytes(age.parse_identity(line))) == by_device
    assert opened(device=device, passphrase=b"correct horse") == by_device
