"""Files out of the vault; what is told of their names and rights is in test_reader.py."""

import contextlib
import io
from pathlib import Path

import pytest
import soundfile

from echoctl import paths
from echoctl.audio import codec
from echoctl.errors import UsageError, VaultDamaged
from echoctl.model.speech import StoreMode
from echoctl.services.history import exporting, reader
from echoctl.services.history.recorder import Recorder
from echoctl.store.database import db
from echoctl.vault import agefile
from tests.heard import nobody, pcm, say
from tests.vault.identities import pair


def cut_off(chunk: int) -> None:
    with contextlib.closing(db.connect(paths.database())) as connection, db.immediate(connection):
        connection.execute("DELETE FROM chunk WHERE n >= ?", (chunk,))


def exported(uid: str, kind: str, to: exporting.Recipients = ()) -> tuple[bool, bytes]:
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        recording, data = exporting.audio(opened, uid, kind, to)
        return recording.incomplete, data


def test_an_age_file_is_the_stored_payload_behind_a_new_header(recorder: Recorder) -> None:
    sound = pcm(5.0)
    made = say(recorder, "long", sound=sound)
    identity, recipient = pair(False)
    _, data = exported(made.id, "age", [recipient])
    with contextlib.closing(db.connect(paths.database())) as connection:
        stored = b"".join(sealed for (sealed,) in connection.execute("SELECT sealed FROM chunk ORDER BY n"))
    assert data.endswith(b"\n" + stored) and len(stored) > 100_000
    assert codec.decode_flac(agefile.read(data, [identity])) == sound


def test_opus_is_smaller_and_sounds_alike(recorder: Recorder) -> None:
    import numpy as np

    tone = (np.sin(np.arange(32000) / 8) * 8000).astype("<i2").tobytes()
    made = say(recorder, "long", sound=tone)
    _, data = exported(made.id, "opus")
    assert soundfile.info(io.BytesIO(data)).subtype == "OPUS"
    assert len(data) < len(exported(made.id, "flac")[1])
    heard = np.frombuffer(codec.decode_any(data, 10.0), "<i2").astype(float)
    sent = np.frombuffer(tone, "<i2").astype(float)
    n = min(len(heard), len(sent))
    assert abs(len(heard) - len(sent)) < 1600
    assert np.corrcoef(np.abs(np.fft.rfft(heard[:n])), np.abs(np.fft.rfft(sent[:n])))[0, 1] > 0.9


def test_a_recording_without_its_end_opens_as_incomplete_in_every_kind(recorder: Recorder) -> None:
    sound = pcm(6.0)  # noise: three chunks
    made = say(recorder, "long", sound=sound)
    identity, recipient = pair(True)
    cut_off(2)
    cut, wav = exported(made.id, "wav")
    assert cut and 3.5 * 32000 < len(wav) < 5 * 32000 and sound.startswith(wav[44:])
    cut, flac = exported(made.id, "flac")
    assert cut and codec.decode_flac(flac) == wav[44:]
    cut, sealed = exported(made.id, "age", [recipient])
    assert cut and agefile.read(sealed, [identity]) == flac
    cut_off(0)
    with pytest.raises(VaultDamaged):
        exported(made.id, "wav")


@pytest.mark.parametrize(
    "change", ["UPDATE chunk SET sealed = zeroblob(65552) WHERE n = 1", "DELETE FROM chunk WHERE n = 1"]
)
def test_what_was_altered_is_damaged_and_never_taken_for_incomplete(recorder: Recorder, change: str) -> None:
    made = say(recorder, "long", sound=pcm(6.0))
    with contextlib.closing(db.connect(paths.database())) as connection, db.immediate(connection):
        connection.execute(change)
    with pytest.raises(VaultDamaged):
        exported(made.id, "flac")


def test_one_damaged_recording_does_not_end_an_export(recorder: Recorder, vault: Path, tmp_path: Path) -> None:
    good = say(recorder, "good").id
    with contextlib.closing(Recorder(mode=StoreMode.TRANSCRIPT, room="", wall=recorder._wall)) as silent:
        mute = say(silent, "no sound").id
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        done = list(exporting.to_folder(opened, [mute, good], "wav", str(tmp_path)))
    assert [bool(one.problem) for one in done] == [True, False]


def test_nobody_is_no_recipient() -> None:
    assert exporting.recipients([]) == []
    with pytest.raises(UsageError):
        exporting.recipients(["nobody"])
