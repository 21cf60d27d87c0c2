import os
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.errors import StoreError
from echoctl.services import mute_file, state
from echoctl.services.listening import presence as presences
from echoctl.services.listening.presence import Presence
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.store.database import db, listener_locks


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECHOCTL_DATA_DIR", str(tmp_path / "data"))


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
def test_who_mutes_or_unmutes_wakes_the_front() -> None:
    with Presence(EarSpec()) as presence:
        presence.watch.drain()
        for muted in (True, False):
            state.toggle_muted("a test")
            assert select.select([presence.watch.descriptor], [], [], 5)[0]
            presence.watch.drain()
            assert presence.changed() and presence.muted is muted and presence.muted_by == "a test"
            assert not presence.changed()
            assert mute_file.wanted(presence.lock) is muted


def test_a_program_that_writes_the_row_alone_is_obeyed() -> None:
    with Presence(EarSpec()) as presence, db.session(paths.database()) as other:
        assert not presence.changed()
        for muted in (1, 0):
            with db.immediate(other):
                other.execute("UPDATE state SET muted = ?, muted_by = 'a program'", (muted,))
            assert mute_file.wanted(presence.lock) is not bool(muted)
            assert presence.changed()
            assert mute_file.wanted(presence.lock) is bool(muted)
            assert (presence.muted, presence.muted_by) == (bool(muted), "a program")


def test_a_mute_lasts_for_the_next_listener() -> None:
    with Presence(EarSpec()):
        pass
    state.set_muted(True, "a test")
    with Presence(EarSpec()) as presence:
        assert presence.muted and mute_file.wanted(presence.lock)
        assert presence.doing == mute_file.WAITING
    Path(listener_locks.path(paths.data_dir(), listener_locks.FIRST)).write_bytes(b"\0")
    with Presence(EarSpec()) as presence:
        assert mute_file.wanted(presence.lock), "the row is what lasts"


def test_a_dead_microphone_is_answered_for() -> None:
    with Presence(EarSpec()) as presence:
        mute_file.answer(presence.lock, mute_file.OPEN)
        presence.gone()
        assert mute_file.done(presence.lock) == (mute_file.WAITING, True)
        mute_file.order(presence.lock, True)
        presence.gone()
        assert mute_file.done(presence.lock) == (mute_file.CLOSED, True)


def test_a_microphone_process_has_the_file_without_the_lock() -> None:
    with Presence(EarSpec()) as presence:
        own = presence.mute_descriptor()
        mute_file.order(presence.lock, True)
        assert mute_file.wanted(own)
        assert state.running()
    assert not state.running(), "its microphone may outlive it for a moment"
    os.close(own)


def test_a_microphone_has_one_listener(monkeypatch: pytest.MonkeyPatch) -> None:
    usual, named = EarSpec(), EarSpec(device="a mic")
    with Presence(usual), Presence(named):
        for spec, words in ((usual, "to this microphone"), (named, "to a mic")):
            with pytest.raises(StoreError, match=f"another listener listens {words} already"):
                Presence(spec)
        monkeypatch.setenv("PULSE_SOURCE", "another one of the sound server's")
        with Presence(usual), pytest.raises(StoreError, match="another listener"):
            Presence(usual)
        assert len(state.running()) == 2
    assert state.running() == []


def test_a_listener_that_cannot_begin_leaves_its_microphone_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*what: object) -> None:
        raise db.StoreFull("the disk is full", "")

    before = len(os.listdir("/proc/self/fd"))
    for module, name in ((presences.db, "connect"), (presences.rows, "begin")):
        with monkeypatch.context() as patch, pytest.raises(StoreError, match="full"):
            patch.setattr(module, name, lambda *what, **more: full())
            Presence(EarSpec())
        assert (state.running(), len(os.listdir("/proc/self/fd"))) == ([], before)


def test_any_number_of_files_may_be_listened_to() -> None:
    file = EarSpec(input="talk.wav", room="study")
    with Presence(EarSpec()), Presence(file), Presence(file):
        assert state.running() == ["listener", "listener-file-1", "listener-file-2"]
        assert [each.room for each in state.snapshot().listeners if each.name != "listener"] == ["study", "study"]
    with Presence(file) as presence:
        assert presence.name == "listener-file-1", "names are used again"


def test_an_open_microphone_stands_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, file = EarSpec(), EarSpec(device="a mic"), EarSpec(input="talk.wav")
    with Presence(file) as reads, Presence(first) as one, Presence(second) as other:
        mute_file.answer(reads.lock, mute_file.NONE)
        reads.set(led="listening")
        for presence, does, mic in ((one, mute_file.OPEN, "open"), (other, mute_file.CLOSED, "closed")):
            mute_file.answer(presence.lock, does)
            assert mic in [each.mic for each in state.snapshot().listeners]
        assert (state.snapshot().mic, state.snapshot().name) == ("open", "listener")
        mute_file.answer(one.lock, mute_file.CLOSED)
        assert state.snapshot().mic == "closed"
    assert (state.snapshot().listening, state.snapshot().mic) == (False, "closed")


def test_each_writes_its_own_row() -> None:
    with Presence(EarSpec()) as one, Presence(EarSpec(device="a mic")) as other:
        one.count("wakes")
        one.set(led="idle", device="the usual")
        other.set(led="listening", device="a mic")
        mute_file.answer(one.lock, mute_file.OPEN)
        mute_file.answer(other.lock, mute_file.OPEN)
        now = state.snapshot()
        assert [(each.device, each.led, each.counters.get("wakes")) for each in now.listeners] == [
            ("a mic", "listening", 0),
            ("the usual", "idle", 1),
        ]


def test_looking_does_not_keep_a_listener_from_starting() -> None:
    paths.private_dir(paths.data_dir())
    os.close(listener_locks.hold(paths.data_dir(), listener_locks.FIRST) or 0)
    looking = subprocess.Popen(
        [sys.executable, "-c", "from echoctl.services import state\nwhile True: state.running()"]
    )
    try:
        time.sleep(0.2)
        for _ in range(50):
            os.close(listener_locks.hold(paths.data_dir(), listener_locks.FIRST) or 0)
    finally:
        looking.kill()
        looking.wait()


def test_what_a_full_disk_has_no_room_for_is_shown_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*what: object) -> None:
        raise db.StoreFull("the disk is full", "")

    with Presence(EarSpec()) as presence:
        with monkeypatch.context() as patch:
            patch.setattr(presences.rows, "update", full)
            presence.show(led="idle")
            with pytest.raises(StoreError):
                presence.set(led="idle")
        presence.show(led="idle")
        assert state.snapshot().led == "idle"


def test_an_idle_listener_writes_nothing() -> None:
    with Presence(EarSpec()) as presence:
        presence.set(led="idle", device="a mic")
        watcher = db.connect(paths.database())
        before = db.data_version(watcher)
        presence.set(led="idle", device="a mic")
        presence.health(lag_ms=0)
        presence.set()
        assert db.data_version(watcher) == before
        presence.count("near_misses")
        presence.set()
        assert db.data_version(watcher) != before
        assert state.snapshot().counters["near_misses"] == 1
        watcher.close()
