import contextlib
import dataclasses
import json
import multiprocessing
import sqlite3
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.audio import codec
from echoctl.clock import SystemClock
from echoctl.errors import NotFound, StoreError
from echoctl.model.speech import Detection, Selection, StoreMode, Transcript
from echoctl.services.history import reader
from echoctl.services.history.recorder import Recorder
from echoctl.services.vault import unlocking
from echoctl.store.database import db
from echoctl.vault import format as fmt
from tests.heard import MORNING_MS, nobody, pcm, read_only, say

ALL = Selection(all=True)


class Frozen(SystemClock):
    def __init__(self, ms: int) -> None:
        self.ms = ms

    def now_ms(self) -> int:
        return self.ms


def rows(query: str) -> list[tuple[object, ...]]:
    with contextlib.closing(db.connect(paths.database())) as connection:
        return connection.execute(query).fetchall()


def texts() -> list[str]:
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        return [r.transcript.text for r in opened.page(ALL, 0) if r.transcript]


def test_what_was_heard_comes_back(recorder: Recorder) -> None:
    sound = pcm(1.0)
    made = say(recorder, "turn on the light", sound=sound)
    assert made.transcript is not None and not made.locked and made.duration_ms == 1000
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        assert opened.show(made.id) == made
        recording, flac = opened.flac(made.id)
    assert dataclasses.replace(recording, transcript=made.transcript) == made
    assert codec.decode_flac(flac) == sound


def test_no_plain_text_or_audio_is_in_any_file(recorder: Recorder, vault: Path) -> None:
    sound = bytes(range(256)) * 200
    say(recorder, "xylophone canary phrase", sound=sound)
    raw = b"".join(file.read_bytes() for file in vault.rglob("*") if file.is_file())
    assert b"alexa" in raw  # the wake word is stored in the clear, so the scan looks at the right files
    for secret in (b"xylophone", b"canary", sound[:64], b"fLaC"):
        assert secret not in raw


@pytest.mark.parametrize(
    ("mode", "has_text", "has_audio"),
    [(StoreMode.TIMES, False, False), (StoreMode.TRANSCRIPT, True, False), (StoreMode.AUDIO, False, True)],
)
def test_a_mode_keeps_what_it_says_and_nothing_else(
    vault: Path, mode: StoreMode, has_text: bool, has_audio: bool
) -> None:
    with contextlib.closing(Recorder(mode=mode, room="hall", wall=SystemClock())) as recorder:
        made = say(recorder, "hello")
    assert rows("SELECT text IS NOT NULL, epoch IS NOT NULL FROM recording") == [
        (has_text, has_text or has_audio),
    ]
    assert rows("SELECT count(*) > 0 FROM chunk") == [(has_audio,)]
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        assert (opened.show(made.id).transcript is not None) == has_text
        if not has_audio:
            with pytest.raises(NotFound, match="no audio"):
                opened.flac(made.id)


def test_one_commit_makes_row_link_and_events_together(recorder: Recorder) -> None:
    made = say(recorder, "hello")
    assert rows("SELECT word, room, recording FROM detection") == [("alexa", "kitchen", 1)]
    kinds = {kind: json.loads(str(data)) for kind, data in rows("SELECT kind, data FROM event")}
    assert kinds["wake"] == {"detection": 1, "word": "alexa", "room": "kitchen"}
    assert kinds["recording"]["id"] == made.id
    assert "hello" not in json.dumps(kinds)


def _fail(*_: object) -> None:
    raise sqlite3.OperationalError("gone")


def test_a_commit_that_fails_leaves_nothing_and_ends_the_epoch(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(recorder, "one")
    with monkeypatch.context() as broken, pytest.raises(sqlite3.OperationalError):
        broken.setattr("echoctl.store.events.insert", _fail)
        recorder.commit(
            pcm=pcm(), transcript=Transcript("two"), at_ms=MORNING_MS, detection=None, wake_word="", scores={}
        )
    assert rows("SELECT count(*) FROM recording") == [(1,)]
    say(recorder, "three", MORNING_MS + 1)
    assert rows("SELECT epoch, seq FROM recording ORDER BY id") == [(1, 0), (2, 0)]
    assert texts() == ["three", "one"]


def test_an_epoch_takes_256_recordings(vault: Path) -> None:
    with contextlib.closing(Recorder(mode=StoreMode.TRANSCRIPT, room="", wall=SystemClock())) as recorder:
        for n in range(fmt.EPOCH_RECORDS + 2):
            recorder.commit(
                pcm=b"\0\0", transcript=Transcript(str(n)), at_ms=n, detection=None, wake_word="", scores={}
            )
    assert rows("SELECT epoch, count(*), max(seq) FROM recording GROUP BY epoch") == [(1, 256, 255), (2, 2, 1)]
    assert texts() == [str(n) for n in reversed(range(258))]


@pytest.mark.parametrize("step_ms", [fmt.EPOCH_MS, -1000])
def test_an_old_epoch_or_a_clock_set_back_begins_a_new_one(vault: Path, step_ms: int) -> None:
    clock = Frozen(MORNING_MS)
    with contextlib.closing(Recorder(mode=StoreMode.TRANSCRIPT, room="", wall=clock)) as recorder:
        say(recorder, "one")
        clock.ms += 1000
        say(recorder, "two", MORNING_MS + 1)
        clock.ms = MORNING_MS + step_ms
        say(recorder, "three", MORNING_MS + 2)
    assert rows("SELECT epoch FROM recording ORDER BY id") == [(1,), (1,), (2,)]


def test_without_a_vault_nothing_can_be_sealed_but_times_can_be_kept(store: Path) -> None:
    with contextlib.closing(Recorder(mode=StoreMode.BOTH, room="", wall=SystemClock())) as recorder:
        with pytest.raises(NotFound, match="no vault") as caught:
            say(recorder, "hello")
        assert "vault init" in caught.value.hint
    with contextlib.closing(Recorder(mode=StoreMode.TIMES, room="", wall=SystemClock())) as recorder:
        say(recorder, "hello")
    assert rows("SELECT count(*) FROM recording") == [(1,)]


def test_a_recorder_opens_nothing_before_its_first_use(store: Path) -> None:
    Recorder(mode=StoreMode.BOTH, room="", wall=SystemClock()).close()
    assert list(store.iterdir()) == []


def test_a_near_miss_leaves_neither_score_nor_audio(recorder: Recorder) -> None:
    recorder.near_miss("alexa", MORNING_MS)
    assert rows("SELECT kind, data FROM event") == [("near_miss", '{"room": "kitchen", "word": "alexa"}')]
    assert rows("SELECT (SELECT count(*) FROM detection) + (SELECT count(*) FROM recording)") == [(0,)]


def test_a_folder_that_cannot_be_written_is_a_store_error(recorder: Recorder, vault: Path) -> None:
    say(recorder, "one")
    recorder.close()
    with read_only(vault / "data"), pytest.raises(StoreError) as caught:
        say(recorder, "two", MORNING_MS + 1)
    assert "rights" in caught.value.hint
    say(recorder, "three", MORNING_MS + 2)
    assert texts() == ["three", "one"]


def _record(n: int) -> None:
    with contextlib.closing(Recorder(mode=StoreMode.BOTH, room="", wall=SystemClock())) as recorder:
        for k in range(20):
            at_ms = MORNING_MS + n * 1000 + k
            recorder.detected(Detection("alexa", 0, 0, 0), at_ms)
            recorder.commit(
                pcm=pcm(0.1), transcript=Transcript(f"{n} {k}"), at_ms=at_ms, detection=None, wake_word="", scores={}
            )


@pytest.mark.slow
def test_recorders_at_once_share_no_epoch_and_never_find_the_database_locked(vault: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_record, args=(n,)) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert rows("SELECT count(*), count(DISTINCT epoch) FROM recording") == [(60, 3)]
    assert sorted(texts()) == sorted(f"{n} {k}" for n in range(3) for k in range(20))


def test_first_runs_at_once_make_one_vault(store: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(3) as pool:
        made = pool.map(_ensure, range(3))
    assert sorted(made) == [False, False, True]
    assert rows("SELECT count(*) FROM vault") == [(1,)]
    assert unlocking.status().device_key == "ok"


def _ensure(_: int) -> bool:
    return unlocking.ensure()
