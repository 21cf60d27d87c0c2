import contextlib
import os
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.errors import EchoctlError, NotFound, StoreError, UsageError, VaultDamaged, VaultLocked
from echoctl.services.history import reader
from echoctl.services.history.recorder import Recorder
from echoctl.services.vault import credential, unlocking
from echoctl.services.vault.credential import OwnerCredential
from echoctl.store import vaults as rows
from echoctl.store.database import db
from echoctl.vault import format as fmt
from tests.heard import MORNING_MS, chooses, knows, nobody, say

GOOD = "correct horse battery"


def opens(owner: OwnerCredential = nobody) -> bool:
    with contextlib.closing(db.connect(paths.database())) as connection, unlocking.unlock(connection, owner):
        return True


def slots() -> bytes:
    with contextlib.closing(db.connect(paths.database())) as connection:
        return rows.read_slots(connection)


def damage_slots(position: int, mask: int = 1) -> None:
    with contextlib.closing(db.connect(paths.database())) as connection, db.immediate(connection):
        byte = rows.read_slots(connection)[position]
        rows.write_slot(connection, position, bytes([byte ^ mask]))


def test_the_first_run_makes_key_and_vault_and_the_second_nothing(store: Path) -> None:
    assert unlocking.ensure()
    key = Path(paths.device_key())
    assert (key.stat().st_size, key.stat().st_mode & 0o777, key.parent.stat().st_mode & 0o777) == (32, 0o600, 0o700)
    assert (key.parent / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")
    assert sorted(os.listdir(key.parent)) == ["CACHEDIR.TAG", "device.key"]
    before = slots()
    assert not unlocking.ensure()
    assert slots() == before
    assert opens()


def test_a_key_that_a_first_run_left_behind_is_used(store: Path) -> None:
    unlocking.ensure()
    key = Path(paths.device_key()).read_bytes()
    for name in os.listdir(paths.data_dir()):
        os.unlink(os.path.join(paths.data_dir(), name))
    assert unlocking.ensure()
    assert Path(paths.device_key()).read_bytes() == key
    assert opens()


def test_with_a_passphrase_both_are_needed(vault: Path) -> None:
    assert unlocking.set_passphrase(nobody, chooses(GOOD))
    assert opens(knows(GOOD))
    with pytest.raises(VaultLocked, match="wrong passphrase"):
        opens(knows("Correct horse battery"))
    with pytest.raises(VaultLocked, match="is locked"):
        opens()
    os.rename(paths.device_key(), paths.device_key() + ".away")
    with pytest.raises(VaultLocked, match=r"device\.key is missing"):
        opens(knows(GOOD))


def test_the_device_slot_is_zero_after_a_passphrase_and_in_no_file(vault: Path) -> None:
    device = slots()[: fmt.SLOT_BYTES]
    unlocking.set_passphrase(nobody, chooses(GOOD))
    assert slots()[: fmt.SLOT_BYTES] == bytes(fmt.SLOT_BYTES)
    raw = b"".join(file.read_bytes() for file in Path(paths.data_dir()).iterdir())
    assert device[40:72] not in raw and device[72:120] not in raw
    assert unlocking.status().asks


def test_a_changed_passphrase_ends_the_old_one_in_every_file(vault: Path) -> None:
    unlocking.set_passphrase(nobody, chooses(GOOD))
    old = slots()[fmt.SLOT_BYTES : 2 * fmt.SLOT_BYTES]
    unlocking.set_passphrase(knows(GOOD), chooses("another one entirely"))
    assert opens(knows("another one entirely"))
    with pytest.raises(VaultLocked):
        opens(knows(GOOD))
    raw = b"".join(file.read_bytes() for file in Path(paths.data_dir()).iterdir())
    assert old[72:120] not in raw


def test_a_removed_passphrase_leaves_the_device_key_alone(vault: Path) -> None:
    unlocking.set_passphrase(nobody, chooses(GOOD))
    unlocking.remove_passphrase(knows(GOOD))
    assert opens()
    assert not unlocking.status().asks


def test_a_short_passphrase_is_refused_and_nothing_changes(vault: Path) -> None:
    with pytest.raises(UsageError, match="at least 8"):
        unlocking.set_passphrase(nobody, chooses("sésame"))
    assert opens()


def test_a_passphrase_is_the_same_however_its_accents_are_typed(vault: Path) -> None:
    unlocking.set_passphrase(nobody, lambda: credential.as_passphrase("cre\u0300me bru\u0302le\u0301e"))
    assert opens(OwnerCredential(lambda: credential.as_passphrase("cr\u00e8me br\u00fbl\u00e9e")))


def test_setting_a_passphrase_leaves_the_listener_alone(recorder: Recorder) -> None:
    say(recorder, "before")
    unlocking.set_passphrase(nobody, chooses(GOOD))
    say(recorder, "after", MORNING_MS + 1)
    with reader.opened(knows(GOOD), needs_key=True) as opened:
        assert opened
        from echoctl.model.speech import Selection

        assert [r.transcript.text for r in opened.page(Selection(all=True), 0) if r.transcript] == ["after", "before"]


def test_the_recovery_line_opens_without_key_and_passphrase(recorder: Recorder) -> None:
    made = say(recorder, "hello")
    unlocking.set_passphrase(nobody, chooses(GOOD))
    line, clean = unlocking.make_recovery(knows(GOOD))
    assert clean and line.startswith("AGE-SECRET-KEY-1") and len(line) == 74
    os.unlink(paths.device_key())
    assert unlocking.recover(f"  {line[:30]}\n{line[30:]}\n", chooses("a new passphrase"))
    with reader.opened(knows("a new passphrase"), needs_key=True) as opened:
        assert opened and opened.show(made.id).transcript == made.transcript
    with pytest.raises(VaultLocked):
        opens(knows(GOOD))


def test_recovery_to_the_device_key_alone_sets_a_foreign_key_aside(vault: Path) -> None:
    line, _ = unlocking.make_recovery(nobody)
    foreign = os.urandom(32)
    Path(paths.device_key()).write_bytes(foreign)
    assert unlocking.recover(line.lower(), None)
    assert opens()
    assert Path(paths.device_key() + ".1.old").read_bytes() == foreign


def test_recovery_keeps_a_device_key_that_is_right(vault: Path) -> None:
    line, _ = unlocking.make_recovery(nobody)
    key = Path(paths.device_key()).read_bytes()
    unlocking.set_passphrase(nobody, chooses(GOOD))
    unlocking.recover(line, None)
    assert Path(paths.device_key()).read_bytes() == key
    assert opens()


def test_a_new_recovery_line_ends_the_old_one(vault: Path) -> None:
    old, _ = unlocking.make_recovery(nobody)
    unlocking.make_recovery(nobody)
    with pytest.raises(VaultLocked, match="does not open this vault"):
        unlocking.recover(old, None)


def test_without_a_recovery_line_there_is_no_recovery(vault: Path) -> None:
    from echoctl.vault import age

    with pytest.raises(VaultLocked, match="no recovery line"):
        unlocking.recover(age.identity_line(bytearray(32)), None)


def test_a_mistyped_recovery_line_is_a_usage_error(vault: Path) -> None:
    line, _ = unlocking.make_recovery(nobody)
    with pytest.raises(UsageError, match="mistake"):
        unlocking.recover(line[:-1] + ("Q" if line[-1] != "Q" else "P"), None)


def break_key(how: str) -> None:
    key = Path(paths.device_key())
    if how == "missing":
        key.unlink()
    elif how == "foreign":
        key.write_bytes(os.urandom(32))
    elif how == "short":
        key.write_bytes(bytes(31))
    elif how == "empty":
        key.write_bytes(b"")
    elif how == "open":
        key.chmod(0o644)
    elif how == "link":
        key.rename(key.parent / "other")
        key.symlink_to(key.parent / "other")
    else:
        key.unlink()
        key.mkdir()


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        ("missing", VaultLocked),
        ("foreign", VaultDamaged),
        ("short", VaultDamaged),
        ("empty", VaultDamaged),
        ("open", VaultLocked),
        ("link", VaultLocked),
        ("folder", VaultDamaged),
    ],
)
def test_a_bad_device_key_is_a_line_with_a_hint(vault: Path, how: str, kind: type[EchoctlError]) -> None:
    break_key(how)
    with pytest.raises(kind) as caught:
        opens()
    assert caught.value.exit_code in (6, 7)
    assert caught.value.hint
    assert unlocking.status().device_key != "ok"
    with reader.opened(nobody, needs_key=False) as opened:
        assert opened and isinstance(opened.problem, kind)


def test_a_keys_folder_that_others_can_write_is_refused(store: Path) -> None:
    folder = Path(paths.keys_dir())
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    with pytest.raises(StoreError, match="can be changed by others"):
        unlocking.ensure()


@pytest.mark.parametrize("position", range(fmt.SLOT_BYTES))
def test_every_byte_of_the_device_slot_counts(vault: Path, position: int) -> None:
    damage_slots(position)
    with pytest.raises(VaultDamaged):
        opens()


def test_a_damaged_passphrase_slot_is_not_called_a_wrong_passphrase(vault: Path) -> None:
    unlocking.set_passphrase(nobody, chooses(GOOD))
    damage_slots(fmt.SLOT_BYTES + 50)
    with pytest.raises(VaultDamaged):
        opens(knows(GOOD))
    assert unlocking.status().damaged_slots == ("passphrase",)


def test_a_swapped_public_key_is_noticed(vault: Path) -> None:
    with contextlib.closing(db.connect(paths.database())) as connection, db.immediate(connection):
        public = bytearray(connection.execute("SELECT public FROM vault").fetchone()[0])
        public[-1] ^= 1
        connection.execute("UPDATE vault SET public = ?", (bytes(public),))
    with pytest.raises(VaultDamaged, match="public key"):
        opens()


def test_a_newer_format_is_refused(vault: Path) -> None:
    with contextlib.closing(db.connect(paths.database())) as connection, db.immediate(connection):
        connection.execute("UPDATE vault SET format = 2")
    with pytest.raises(StoreError, match="format 2"):
        opens()


def test_before_there_is_a_vault(store: Path) -> None:
    with pytest.raises(NotFound):
        unlocking.status()
    db.connect(paths.database(), create=True).close()
    with pytest.raises(NotFound):
        unlocking.status()
    with reader.opened(nobody, needs_key=True) as opened:
        assert opened
