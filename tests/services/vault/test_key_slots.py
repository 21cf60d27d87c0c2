import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from echoctl import paths
from echoctl.errors import NotFound, UsageError, VaultLocked
from echoctl.model.speech import Selection
from echoctl.services.history import reader
from echoctl.services.history.recorder import Recorder
from echoctl.services.vault import key_slots, os_keyring, unlocking
from echoctl.services.vault.credential import OwnerCredential
from echoctl.store.database import db
from tests.heard import chooses, knows, nobody, say

GOOD, NEW = "correct horse battery", "another one entirely"


class KeyringError(Exception):
    """As the package's."""


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    """A login session's keyring; returns what it holds. The package and its service are the system's, not ours."""
    held: dict[tuple[str, str], str] = {}
    module = ModuleType("keyring")
    module.errors = SimpleNamespace(KeyringError=KeyringError)  # type: ignore[attr-defined]
    module.get_password = lambda service, user: held.get((service, user))  # type: ignore[attr-defined]
    module.set_password = lambda service, user, text: held.update({(service, user): text})  # type: ignore[attr-defined]

    def delete(service: str, user: str) -> None:
        if (service, user) not in held:
            raise KeyringError
        del held[service, user]

    module.delete_password = delete  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", module)
    return held


@pytest.fixture
def locked(recorder: Recorder) -> Iterator[None]:
    say(recorder, "hello")
    unlocking.set_passphrase(nobody, chooses(GOOD))
    yield


def opens(owner: OwnerCredential) -> bool:
    try:
        with reader.opened(owner, needs_key=True) as opened:
            assert opened
            return [r.transcript and r.transcript.text for r in opened.page(Selection(all=True), 0)] == ["hello"]
    except VaultLocked:
        return False


def slots() -> bytes:
    with contextlib.closing(db.connect(paths.database())) as connection:
        return bytes(connection.execute("SELECT slots FROM keyslots").fetchone()[0])


def test_the_keyring_opens_without_asking_until_it_is_told_not_to(locked: None, keyring: dict[object, str]) -> None:
    assert not opens(nobody)
    key_slots.use_keyring(knows(GOOD))
    assert opens(nobody) and opens(knows(GOOD))
    assert set(unlocking.status().slots) == {"passphrase", "keyring"} and unlocking.status().asks
    key_slots.end_keyring()
    assert not opens(nobody) and opens(knows(GOOD)) and keyring == {}


def test_each_way_changes_alone(locked: None, keyring: dict[object, str]) -> None:
    key_slots.use_keyring(knows(GOOD))
    line, _ = unlocking.make_recovery(knows(GOOD))
    before = slots()
    unlocking.set_passphrase(knows(GOOD), chooses(NEW))
    after = slots()
    changed = [n for n in range(8) if before[n * 128 : n * 128 + 128] != after[n * 128 : n * 128 + 128]]
    assert changed == [1]
    assert opens(nobody) and opens(knows(NEW))
    key_slots.end_recovery(knows(NEW))
    with pytest.raises(VaultLocked):
        unlocking.recover(line, None)
    assert opens(nobody)


def test_the_keyring_alone_opens_nothing_elsewhere(locked: None, keyring: dict[object, str]) -> None:
    """Without the device key, or with another one, what the keyring holds is of no use."""
    key_slots.use_keyring(knows(GOOD))
    key = Path(paths.device_key())
    whole = key.read_bytes()
    key.unlink()
    assert not opens(nobody)
    key.write_bytes(whole)
    key.chmod(0o600)
    assert opens(nobody)


@pytest.mark.parametrize("held", ["", "zz", "00" * 31, "00" * 32])
def test_a_keyring_that_lost_its_content_means_asking(locked: None, keyring: dict[object, str], held: str) -> None:
    key_slots.use_keyring(knows(GOOD))
    keyring.update(dict.fromkeys(keyring, held))
    assert not opens(nobody) and opens(knows(GOOD))


def failing(*_: object) -> None:
    raise KeyringError


@pytest.mark.parametrize("what", ["get_password", "set_password"])
def test_a_locked_keyring_means_asking(
    locked: None, keyring: dict[object, str], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if what == "get_password":
        key_slots.use_keyring(knows(GOOD))
    monkeypatch.setattr(sys.modules["keyring"], what, failing)
    if what == "set_password":
        with pytest.raises(UsageError, match="keyring"):
            key_slots.use_keyring(knows(GOOD))
        assert "keyring" not in unlocking.status().slots
    assert not opens(nobody) and opens(knows(GOOD))


def test_a_keyring_that_keeps_nothing_is_not_relied_on(
    locked: None, keyring: dict[object, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["keyring"], "set_password", lambda *_: None)
    with pytest.raises(UsageError, match="keep"):
        key_slots.use_keyring(knows(GOOD))


def test_without_the_package_it_says_how_to_get_it(locked: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(UsageError) as caught:
        key_slots.use_keyring(knows(GOOD))
    assert "echoctl[keyring]" in caught.value.hint
    assert os_keyring.fetch(bytes(16)) is None and opens(knows(GOOD))


@pytest.mark.parametrize("change", [lambda: unlocking.remove_passphrase(knows(GOOD)), None])
def test_it_goes_where_it_has_no_use(
    locked: None, keyring: dict[object, str], change: Callable[[], object] | None
) -> None:
    key_slots.use_keyring(knows(GOOD))
    if change:
        change()
        with pytest.raises(UsageError, match="device key alone"):
            key_slots.use_keyring(nobody)
    else:
        line, _ = unlocking.make_recovery(knows(GOOD))
        Path(paths.device_key()).unlink()
        unlocking.recover(line, chooses(NEW))
        assert not opens(nobody) and opens(knows(NEW))
    assert "keyring" not in unlocking.status().slots


def test_a_line_that_is_not_there_cannot_be_ended(locked: None) -> None:
    with pytest.raises(NotFound):
        key_slots.end_recovery(knows(GOOD))
