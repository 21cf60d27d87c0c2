"""What a person has that opens the vault: its owner a passphrase, where one is needed; a guest the line of a stay."""

import shlex
import subprocess
from collections.abc import Callable
from typing import Protocol

from echoctl import paths
from echoctl.errors import UsageError, VaultDamaged, VaultLocked
from echoctl.services.vault import os_keyring
from echoctl.store import guests
from echoctl.store import vaults as rows
from echoctl.store.database import db
from echoctl.vault import age, device, keys
from echoctl.vault import format as fmt
from echoctl.vault.epoch import VaultReader
from echoctl.vault.primitives import wipe

Ask = Callable[[], bytearray | None]
"""Gets a passphrase: from a person, a file or a command; None when there is none to be had."""

MIN_PASSPHRASE = 8
"""Characters. Length is what counts; a sentence is better."""

_COMMAND_SECONDS = 120.0
_LINE = "it is the line that guest check-in --private has shown: AGE-SECRET-KEY-PQ-1…"


class Credential(Protocol):
    """One way of opening a vault."""

    @property
    def given(self) -> bool:
        """Whether a person gave something at the last `unlock`: then it is an error that it does not open."""

    def unlock(self, connection: db.Connection, vault: keys.Vault) -> VaultReader:
        """Open the vault, or what of it is meant for the bearer. Raises VaultLocked, VaultDamaged."""


class OwnerCredential:
    """The owner's: the device key alone where that is enough, else what `ask` brings as well.

    Raises VaultLocked (no passphrase, a wrong one, no device key), VaultDamaged (foreign device key, damaged slot).
    """

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.given = False

    def unlock(self, connection: db.Connection, vault: keys.Vault) -> VaultReader:
        """Open the vault, asking for a passphrase only where one is needed."""
        self.given = False
        blob = rows.read_slots(connection)
        secret = secret_of(vault)
        try:
            slot = keys.slot_of(blob, fmt.DEVICE_SLOT)
            if slot:
                return VaultReader(vault, keys.open_device(vault, slot, secret))
            if seed := os_keyring.seed(vault, blob, secret):
                return VaultReader(vault, seed)
            slot = keys.slot_of(blob, fmt.PASSPHRASE_SLOT)
            if not slot:
                raise VaultDamaged("the vault has lost its key slots", device.RECOVER)
            return VaultReader(vault, self._seed(vault, slot, secret))
        finally:
            wipe(secret)

    def _seed(self, vault: keys.Vault, slot: keys.Slot, secret: bytearray) -> bytearray:
        passphrase = self.ask()
        if passphrase is None:
            raise VaultLocked("the vault is locked", "give --passphrase-file, or run this at a terminal")
        self.given = True
        try:
            return keys.open_passphrase(vault, slot, secret, passphrase)
        finally:
            wipe(passphrase)


class GuestCredential:
    """A guest's: it opens one private stay, and nothing else. Raises UsageError for a line that is not an identity."""

    given = True

    def __init__(self, line: str) -> None:
        try:
            prefix, self._secret = age.decode("".join(line.split()))
        except ValueError as exc:
            raise UsageError(f"this is not a guest's identity: {exc}", _LINE) from None
        if prefix != age.HYBRID_PREFIX or len(self._secret) != fmt.KEY_BYTES:
            raise UsageError("this is not a guest's identity", _LINE)

    def unlock(self, connection: db.Connection, vault: keys.Vault) -> VaultReader:
        """Open the stay that is sealed to it. Raises VaultLocked."""
        guest = guests.sealed_to(connection, keys.public_bytes(self._secret))
        if guest is None:
            raise VaultLocked("this identity opens no stay here", "after a check-out there is nothing left to open")
        return VaultReader(vault, self._secret, guest)


def secret_of(vault: keys.Vault) -> bytearray:
    """The device secret of this vault, even where it still waits for its place. Raises VaultLocked, VaultDamaged."""
    path = paths.device_key()
    places = [place for place in (path, device.next_path(path)) if place == path or device.present(place)]
    for place in places:
        secret = device.load(place)
        if keys.device_check(secret, vault.uid) == vault.device:
            return secret
        wipe(secret)
    raise VaultDamaged(f"the device key {path} is not this vault's", device.RECOVER)


def check_passphrase(passphrase: bytearray) -> None:
    """Raise UsageError for a passphrase shorter than MIN_PASSPHRASE."""
    if len(passphrase.decode()) < MIN_PASSPHRASE:
        raise UsageError(f"a passphrase needs at least {MIN_PASSPHRASE} characters", "four unrelated words are good")


def as_passphrase(text: str) -> bytearray:
    """What a person typed, as the same bytes on every system."""
    return keys.passphrase_bytes(text)


def passphrase_from_file(path: str) -> bytearray:
    """The first line of a file. Raises UsageError."""
    try:
        with open(path, encoding="utf-8") as file:
            return _first_line(file.readline(), path)
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"cannot read a passphrase from {path}: {exc}", "it is the first line of that file") from None


def passphrase_from_command(command: str) -> bytearray:
    """The first line that the command prints; it is split into words and no shell sees it. Raises VaultLocked."""
    hint = "check vault.passphrase_command: echoctl config show"
    try:  # IndexError: a command without a single word
        run = subprocess.run(shlex.split(command), stdout=subprocess.PIPE, timeout=_COMMAND_SECONDS, check=True)
        return _first_line(run.stdout.decode().split("\n")[0], "the passphrase command")
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as exc:
        raise VaultLocked(f"the passphrase command failed: {type(exc).__name__}", hint) from None


def _first_line(text: str, source: str) -> bytearray:
    line = text.rstrip("\r\n")
    if not line:
        raise UsageError(f"{source} gave no passphrase", "it is the first line")
    return as_passphrase(line)
