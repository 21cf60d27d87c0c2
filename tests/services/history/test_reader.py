import contextlib
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.clock import SystemClock
from echoctl.errors import NotFound, UsageError, VaultDamaged, VaultLocked
from echoctl.model.speech import Feedback, Selection, StoreMode
from echoctl.services.history import exporting, reader, statistics, transcript_json
from echoctl.services.history.recorder import Recorder
from echoctl.services.vault import unlocking
from echoctl.store import slabs
from echoctl.store.database import db
from tests.heard import MORNING_MS, chooses, knows, nobody, pcm, say

ALL = Selection(all=True)


def change(query: str, *values: object) -> None:
    with contextlib.closing(db.connect(paths.database())) as connection, db.immediate(connection):
        connection.execute(query, values)


@pytest.fixture
def three(recorder: Recorder) -> list[str]:
    """Three recordings, an hour apart, the newest last."""
    return [
        say(recorder, f"number {n}", MORNING_MS + n * 3_600_000, word="alexa" if n else "echo").id for n in range(3)
    ]


def page(selection: Selection = ALL, limit: int = 0, before: str | None = None) -> list[str]:
    with reader.opened(nobody, needs_key=False) as opened:
        assert opened
        return [recording.id for recording in opened.page(selection, limit, before)]


def test_the_newest_comes_first_and_pages_follow_each_other(three: list[str]) -> None:
    newest_first = three[::-1]
    assert page() == newest_first
    assert page(limit=2) == newest_first[:2]
    assert page(limit=2, before=newest_first[1]) == newest_first[2:]


def test_selections_narrow_each_other(three: list[str]) -> None:
    assert page(Selection(since_ms=MORNING_MS + 1)) == three[:0:-1]
    assert page(Selection(since_ms=MORNING_MS + 3_600_000)) == three[:0:-1]
    assert page(Selection(before_ms=MORNING_MS + 3_600_000)) == three[:1]
    assert page(Selection(wake_word="echo")) == three[:1]
    assert page(Selection(wake_word=" Echo")) == three[:1]
    assert page(Selection(wake_word="echo", room="hall")) == []
    assert page(Selection(room="kitchen", since_ms=MORNING_MS + 7_200_000)) == three[2:]
    assert page(Selection(ids=(three[1],))) == [three[1]]
    assert page(Selection()) == []


def test_nothing_is_made_by_looking(store: Path) -> None:
    with reader.opened(nobody, needs_key=False) as opened:
        assert opened is None
    assert statistics.stats() is None
    assert list(store.iterdir()) == []


def test_locked_there_are_times_and_lengths_but_no_texts(three: list[str]) -> None:
    unlocking.set_passphrase(nobody, chooses("correct horse"))
    with reader.opened(nobody, needs_key=False) as opened:
        assert opened and isinstance(opened.problem, VaultLocked)
        for recording in opened.page(ALL, 0):
            assert recording.locked and recording.transcript is None and recording.duration_ms == 400
    with pytest.raises(VaultLocked), reader.opened(nobody, needs_key=True):
        pass
    with reader.opened(knows("correct horse"), needs_key=True) as opened:
        assert opened and not opened.problem
        assert [r.transcript.text for r in opened.page(ALL, 0) if r.transcript] == ["number 2", "number 1", "number 0"]


def test_a_wrong_passphrase_is_never_taken_for_none(three: list[str]) -> None:
    unlocking.set_passphrase(nobody, chooses("correct horse"))
    with pytest.raises(VaultLocked, match="wrong passphrase"), reader.opened(knows("wrong"), needs_key=False):
        pass


def test_what_was_kept_as_times_only_is_not_locked(vault: Path) -> None:
    with contextlib.closing(Recorder(mode=StoreMode.TIMES, room="", wall=SystemClock())) as recorder:
        say(recorder, "hello")
    unlocking.set_passphrase(nobody, chooses("correct horse"))
    with reader.opened(nobody, needs_key=False) as opened:
        assert opened
        assert [recording.locked for recording in opened.page(ALL, 0)] == [False]


_BREAKS = {
    "text": "UPDATE recording SET text = CAST(substr(text,1,20)||zeroblob(8)||substr(text,29) AS BLOB) WHERE uid = ?",
    "no text": "UPDATE recording SET text = NULL WHERE uid = ?",
    "time": "UPDATE recording SET at_ms = at_ms + 1 WHERE uid = ?",
    "no time": "UPDATE recording SET at_ms = -1 WHERE uid = ?",
    "place": "UPDATE recording SET seq = 77 WHERE uid = ?",
    "no place": "UPDATE recording SET seq = NULL WHERE uid = ?",
    "far place": "UPDATE recording SET seq = 1000000 WHERE uid = ?",
    "below": "UPDATE recording SET seq = -1 WHERE uid = ?",
}


@pytest.mark.parametrize("how", list(_BREAKS))
def test_a_damaged_recording_is_marked_and_leaves_the_others_alone(three: list[str], how: str) -> None:
    change(_BREAKS[how], three[1])
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        assert [(r.damaged, r.transcript is None) for r in opened.page(ALL, 0)] == [
            (False, False), (True, True), (False, False),
        ]  # fmt: skip
        with pytest.raises(VaultDamaged, match=three[1]):
            opened.show(three[1])


def test_texts_that_change_places_do_not_open(three: list[str]) -> None:
    change("UPDATE recording SET text = (SELECT text FROM recording WHERE uid = ?) WHERE uid = ?", three[0], three[1])
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        assert [r.damaged for r in opened.page(ALL, 0)] == [False, True, False]


@pytest.mark.parametrize(
    "how",
    [
        "UPDATE epoch SET sealed = zeroblob(length(sealed))",
        "UPDATE epoch SET uid = randomblob(16)",
        "UPDATE keyslab SET wraps = zeroblob(length(wraps))",
        "UPDATE keyslab SET wraps = x''",
    ],
)
def test_a_damaged_epoch_takes_its_own_recordings_only(recorder: Recorder, how: str) -> None:
    lost = say(recorder, "lost").id
    recorder.close()
    change(how)
    kept = say(recorder, "kept", MORNING_MS + 1).id
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        assert [(r.id, r.damaged) for r in opened.page(ALL, 0)] == [(kept, False), (lost, True)]


@pytest.mark.parametrize(
    "how",
    [
        "UPDATE chunk SET sealed = CAST(substr(sealed,1,40)||zeroblob(8)||substr(sealed,49) AS BLOB) WHERE n = 0",
        "UPDATE chunk SET sealed = x'' WHERE n = 1",
        "DELETE FROM chunk WHERE n = 0",
        "DELETE FROM chunk",
        "UPDATE chunk SET n = 1 - n + 10",
        "INSERT INTO chunk SELECT recording, 2, sealed FROM chunk WHERE n = 1",
    ],
)
def test_damaged_audio_does_not_open_and_its_text_does(recorder: Recorder, how: str) -> None:
    made = say(recorder, "long", sound=pcm(3.0))  # 96 kB of noise: two chunks
    change(how)
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        assert opened.show(made.id).transcript == made.transcript
        with pytest.raises(VaultDamaged):
            opened.flac(made.id)


def test_every_bit_of_a_wrapped_key_counts(recorder: Recorder) -> None:
    made = say(recorder, "hello")
    with contextlib.closing(db.connect(paths.database())) as connection:
        good = slabs.read(connection, 1)[: slabs.SLOT_BYTES]
        for n in range(slabs.SLOT_BYTES):
            bad = bytearray(good)
            bad[n] ^= 1 << n % 8
            slabs.write(connection, 1, 0, bytes(bad))
            with pytest.raises(VaultDamaged), reader.opened(nobody, needs_key=True) as opened:
                assert opened
                opened.show(made.id)


def test_feedback_is_kept_and_its_correction_is_sealed(three: list[str], store: Path) -> None:
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        opened.feedback(three[0], Feedback.WRONG, "zanzibar")
        opened.feedback(three[1], Feedback.RIGHT, None)
        shown = opened.show(three[0])
        assert (shown.feedback, shown.correction) == (Feedback.WRONG, "zanzibar")
        opened.feedback(three[0], Feedback.RIGHT, None)
        assert opened.show(three[0]).correction == "zanzibar"
    raw = b"".join(file.read_bytes() for file in store.rglob("*") if file.is_file())
    assert b"zanzibar" not in raw
    counted = statistics.stats()
    assert counted and counted.by_feedback == {"right": 2}


def test_feedback_needs_a_key_only_for_a_correction(three: list[str]) -> None:
    unlocking.set_passphrase(nobody, chooses("correct horse"))
    with reader.opened(nobody, needs_key=False) as opened:
        assert opened
        opened.feedback(three[0], Feedback.WRONG, None)
        with pytest.raises(VaultLocked):
            opened.feedback(three[0], Feedback.WRONG, "other words")


def test_feedback_on_what_has_no_transcript_is_refused(vault: Path) -> None:
    with contextlib.closing(Recorder(mode=StoreMode.AUDIO, room="", wall=SystemClock())) as recorder:
        made = say(recorder, "hello")
    with reader.opened(nobody, needs_key=False) as opened, pytest.raises(NotFound, match="no transcript"):
        assert opened
        opened.feedback(made.id, Feedback.RIGHT, None)


def test_stats_count_without_a_key(three: list[str], recorder: Recorder) -> None:
    unlocking.set_passphrase(nobody, chooses("correct horse"))
    from echoctl.model.speech import Detection

    recorder.detected(Detection("alexa", 0, 0, 0), MORNING_MS)
    counted = statistics.stats()
    assert counted
    assert (counted.recordings, counted.duration_ms) == (3, 1200)
    assert (counted.first_ms, counted.last_ms) == (MORNING_MS, MORNING_MS + 7_200_000)
    assert counted.by_wake_word == {"alexa": 2, "echo": 1}
    assert (counted.detections, counted.detections_alone) == (4, 1)


def test_an_export_is_exact_private_and_never_overwrites(recorder: Recorder, tmp_path: Path) -> None:
    sound = pcm(1.0)
    made = say(recorder, "hello", sound=sound)
    out = tmp_path / "out.wav"
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        done = exporting.to_file(opened, made.id, "wav", str(out))
        assert out.read_bytes()[44:] == sound
        assert out.stat().st_mode & 0o777 == 0o600
        assert done.size == 44 + len(sound)
        with pytest.raises(UsageError, match="exists"):
            exporting.to_file(opened, made.id, "wav", str(out))
        first = list(exporting.to_folder(opened, [made.id], "flac", str(tmp_path)))
        again = list(exporting.to_folder(opened, [made.id], "flac", str(tmp_path)))
    assert [e.problem for e in first] == [None]
    assert again[0].problem is not None
    assert Path(first[0].path).read_bytes().startswith(b"fLaC")


def test_an_export_follows_no_link(recorder: Recorder, tmp_path: Path) -> None:
    link = tmp_path / "link.wav"
    link.symlink_to(tmp_path / "target")
    made = say(recorder, "hello")
    with reader.opened(nobody, needs_key=True) as opened, pytest.raises(UsageError):
        assert opened
        exporting.to_file(opened, made.id, "wav", str(link))
    assert not (tmp_path / "target").exists()


def test_a_failed_export_leaves_no_file(recorder: Recorder, tmp_path: Path) -> None:
    made = say(recorder, "hello")
    change("DELETE FROM chunk")
    with reader.opened(nobody, needs_key=True) as opened, pytest.raises(VaultDamaged):
        assert opened
        exporting.to_file(opened, made.id, "wav", str(tmp_path / "out.wav"))
    assert not (tmp_path / "out.wav").exists()


def test_a_text_that_opens_and_is_none_of_ours_is_damage(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sealing needs no secret, so somebody may have sealed anything."""
    monkeypatch.setattr(transcript_json, "of_transcript", lambda _: b'["not", "ours"]')
    uid = say(recorder, "never sealed").id
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        assert [(r.id, r.damaged) for r in opened.page(ALL, 0)] == [(uid, True)]
        with pytest.raises(VaultDamaged):
            opened.show(uid)
