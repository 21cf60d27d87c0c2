from pathlib import Path

import pytest

from echoctl import paths
from echoctl.errors import UsageError, VaultLocked
from echoctl.services.vault import credential, unlocking
from echoctl.store.database import db
from tests.heard import chooses, knows, nobody


def test_passphrases_from_file_and_command(tmp_path: Path) -> None:
    file = tmp_path / "pw"
    file.write_text("one two three \nsecond line\n")
    assert credential.passphrase_from_file(str(file)) == b"one two three "
    assert credential.passphrase_from_command(f"cat {file}") == b"one two three "
    for bad in (str(tmp_path / "none"), str(tmp_path)):
        with pytest.raises(UsageError):
            credential.passphrase_from_file(bad)
    file.write_text("\n")
    with pytest.raises(UsageError):
        credential.passphrase_from_file(str(file))
    for command in ("false", "/does/not/exist", "sh -c 'echo", ""):
        with pytest.raises((VaultLocked, UsageError)):
            credential.passphrase_from_command(command)


def test_an_owner_knows_whether_something_was_given_the_last_time(vault: Path) -> None:
    somebody = knows("correct horse")
    with db.session(paths.database()) as connection:
        with unlocking.unlock(connection, somebody):
            assert not somebody.given, "the device key was enough"
        unlocking.set_passphrase(nobody, chooses("correct horse"))
        with unlocking.unlock(connection, somebody):
            assert somebody.given
        with pytest.raises(VaultLocked):
            unlocking.unlock(connection, nobody)
        unlocking.remove_passphrase(somebody)
        with unlocking.unlock(connection, somebody):
            assert not somebody.given, "this time nothing was asked"
        assert not nobody.given
