import os
from collections.abc import Callable
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.errors import StoreError, VaultDamaged, VaultLocked
from echoctl.model.speech import Selection
from echoctl.services.history import reader
from echoctl.services.history.recorder import Recorder
from echoctl.services.purging import guests, purge, rotation
from echoctl.services.purging.guests import CheckIn
from echoctl.services.vault import os_keyring, unlocking
from echoctl.services.vault.credential import GuestCredential
from echoctl.store import purging
from echoctl.store.database import db
from echoctl.vault import device
from tests.heard import MORNING_MS, chooses, knows, nobody, say
from tests.services.purging.stored import files, listed, rows, wraps

GOOD = "correct horse battery"
STATE = [".db", ".db-wal", ".db-shm"]


def copy_of_everything() -> dict[str, bytes]:
    """The database and the device key, as a backup would have them."""
    named = [paths.database(), paths.database() + "-wal", paths.device_key()]
    return {name: Path(name).read_bytes() for name in named if Path(name).exists()}


def bring_back(copy: dict[str, bytes], *, key: bool) -> None:
    for end in ("-wal", "-shm"):
        Path(paths.database() + end).unlink(missing_ok=True)
    for name, data in copy.items():
        if key or name != paths.device_key():
            Path(name).write_bytes(data)


def test_survivors_open_and_older_copies_are_dead(recorder: Recorder) -> None:
    kept, gone = say(recorder, "kept"), say(recorder, "gone", MORNING_MS + 1)
    older = copy_of_everything()
    before = wraps()
    purge.run(purge.plan(Selection(ids=(gone.id,))))
    assert unlocking.status().rotation_due == 1
    done = rotation.rotate(nobody)
    assert (done.recordings, done.damaged, done.recovery, done.dropped, done.done) == (1, 0, None, (), True)
    assert unlocking.status().rotation_due == 0
    assert listed() == {kept.id: "kept"}
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened and opened.flac(kept.id)[1]
    later = say(recorder, "later", MORNING_MS + 2)  # the recorder goes on, with the new key
    assert listed() == {kept.id: "kept", later.id: "later"}
    raw = files() + Path(paths.device_key()).read_bytes()
    for uid in (kept.id, gone.id):
        assert before[uid][:16] not in raw and before[uid][-16:] not in raw
    assert older[paths.device_key()] not in raw
    assert [receipt.why for receipt in purge.receipts()] == ["vault rotate", "history delete"]
    bring_back(older, key=False)
    with pytest.raises(VaultDamaged, match="not this vault's"), reader.opened(nobody, needs_key=True):
        pass


def test_passphrase_and_recovery_line_go_along(recorder: Recorder) -> None:
    kept = say(recorder, "kept")
    unlocking.set_passphrase(nobody, chooses(GOOD))
    old_line, _ = unlocking.make_recovery(knows(GOOD))
    with pytest.raises(VaultLocked, match="wrong passphrase"):
        rotation.rotate(knows("something else"))
    assert listed(knows(GOOD)) == {kept.id: "kept"}
    done = rotation.rotate(knows(GOOD))
    assert done.recovery and done.recovery != old_line
    assert listed(knows(GOOD)) == {kept.id: "kept"}
    with pytest.raises(VaultLocked):
        unlocking.recover(old_line, None)
    unlocking.recover(done.recovery, None)
    assert listed() == {kept.id: "kept"}


def test_a_private_stay_stays_the_guests(recorder: Recorder) -> None:
    say(recorder, "mine")
    line = guests.check_in(CheckIn("Ann", private=True))
    theirs = say(recorder, "theirs", MORNING_MS + 1)
    assert rotation.rotate(nobody).recordings == 1
    assert line and listed(GuestCredential(line))[theirs.id] == "theirs"


def test_a_damaged_recording_does_not_keep_the_others(recorder: Recorder) -> None:
    kept, spoilt = say(recorder, "kept"), say(recorder, "spoilt", MORNING_MS + 1)
    with db.session(paths.database()) as connection:
        connection.execute("UPDATE recording SET at_ms = at_ms + 1 WHERE uid = ?", (spoilt.id,))
    done = rotation.rotate(nobody)
    assert (done.recordings, done.damaged) == (1, 1)
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
        assert opened.show(kept.id).transcript


def test_what_is_purged_while_it_is_prepared_stays_purged(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, gone = say(recorder, "kept"), say(recorder, "gone", MORNING_MS + 1)
    slots = rotation._slots

    def meanwhile(*args: object) -> object:
        purge.run(purge.plan(Selection(ids=(gone.id,))))
        say(recorder, "new", MORNING_MS + 2)
        return slots(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(rotation, "_slots", meanwhile)
    assert rotation.rotate(nobody).recordings == 2
    assert list(listed().values()) == ["new", "kept"]
    slab = rows("SELECT hex(substr(wraps, 4097 + 48, 48)) FROM keyslab ORDER BY epoch LIMIT 1")
    assert slab == [("00" * 48,)]
    assert kept


def stop() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("point", ["begin_rotation", "promote", "_overwrite", "erase_log"])
def test_a_rotation_that_is_cut_short_is_finished_or_never_was(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    kept = say(recorder, "kept")
    older = Path(paths.device_key()).read_bytes()
    module = device if point in ("promote", "_overwrite") else purging
    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(module, point, lambda *_: stop())
        rotation.rotate(nobody)
    assert listed() == {kept.id: "kept"}  # by the next command, which finishes it
    committed = point != "begin_rotation"
    assert (Path(paths.device_key()).read_bytes() != older) == committed
    assert rows("SELECT count(*) FROM purge_job WHERE done_ms IS NULL") == [(0,)]
    assert rotation.rotate(nobody).done
    assert not Path(paths.device_key() + ".next").exists()
    assert listed() == {kept.id: "kept"}


def test_after_the_old_key_was_zeroed_the_waiting_one_opens(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = say(recorder, "kept")
    rename: Callable[..., None] = os.rename
    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(os, "rename", lambda *_: stop())
        rotation.rotate(nobody)
    assert Path(paths.device_key()).read_bytes() == bytes(32)
    assert rename is os.rename
    assert unlocking.status().device_key == "ok"
    assert listed() == {kept.id: "kept"}
    assert Path(paths.device_key()).read_bytes() != bytes(32)


def test_two_rotations_at_once_are_one_and_an_error(recorder: Recorder) -> None:
    say(recorder, "kept")
    with device.changing(paths.device_key()), pytest.raises(StoreError, match="being changed already"):
        rotation.rotate(nobody)


def test_where_the_keyring_opens_it_the_passphrase_is_asked_for(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It must not be lost, and the device key alone must not open the vault afterwards."""
    kept = say(recorder, "kept")
    unlocking.set_passphrase(nobody, chooses(GOOD))
    with db.session(paths.database()) as connection, unlocking.unlock(connection, knows(GOOD)) as reader:
        seed = bytes(reader.seed)
    with monkeypatch.context() as opened:
        opened.setattr(os_keyring, "seed", lambda *_: bytearray(seed))
        with pytest.raises(VaultLocked, match="need the passphrase"):
            rotation.rotate(nobody)
        with pytest.raises(VaultLocked, match="wrong passphrase"):
            rotation.rotate(knows("something else"))
        assert rotation.rotate(knows(GOOD)).done
    assert unlocking.status().asks
    assert listed(knows(GOOD)) == {kept.id: "kept"}
