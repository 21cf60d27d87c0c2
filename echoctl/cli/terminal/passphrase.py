"""Where passphrases come from: a file, the configured command, or the person at the terminal. Never from argv."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from echoctl.errors import UsageError, VaultLocked

if TYPE_CHECKING:
    from echoctl.services.vault.credential import Credential, OwnerCredential

PassphraseFile = Annotated[
    Path | None, typer.Option("--passphrase-file", metavar="FILE", help="The passphrase is the first line of FILE.")
]
"""The option of every command that may have to open the vault."""


IdentityFile = Annotated[
    Path | None,
    typer.Option("--identity", metavar="FILE", help="A guest's identity is in FILE: open that private stay."),
]


def owner(file: Path | None, *, prompt: bool = True) -> "OwnerCredential":
    """The owner's credential: the passphrase of the file, else of vault.passphrase_command, else (with `prompt`) of
    the person.
    """
    from echoctl.services.vault.credential import OwnerCredential

    return OwnerCredential(lambda: _given(file) or (_prompted("passphrase: ") if prompt else None))


def credential(file: Path | None, identity: Path | None, *, prompt: bool = True) -> "Credential":
    """A guest's credential where there is an `identity`, else the owner's. Raises UsageError."""
    if not identity:
        return owner(file, prompt=prompt)
    from echoctl.services.vault.credential import GuestCredential

    return GuestCredential(identity.read_text("utf-8", "replace"))


def new(file: Path | None) -> bytearray:
    """A new passphrase: from the file, or typed twice. Raises UsageError, VaultLocked."""
    from echoctl.services.vault import credential as words

    if file:
        return words.passphrase_from_file(str(file))
    first = _prompted("new passphrase: ")
    if first is None:
        raise VaultLocked("nobody is at the terminal to choose a passphrase", "give --new-passphrase-file")
    words.check_passphrase(first)
    if _prompted("the same again: ") != first:
        raise UsageError("the two passphrases differ", "nothing was changed: try again")
    return first


def secret_line(prompt: str) -> str | None:
    """A line that is not shown while it is typed; None without a terminal."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return None
    import getpass  # only for those who are asked

    try:
        return getpass.getpass(f"echoctl: {prompt}")
    except EOFError:
        return None


def _given(file: Path | None) -> bytearray | None:
    from echoctl.services.vault import credential as words

    if file:
        return words.passphrase_from_file(str(file))
    from echoctl.config import loader

    command = loader.load().vault.passphrase_command
    return words.passphrase_from_command(command) if command else None


def _prompted(prompt: str) -> bytearray | None:
    from echoctl.services.vault import credential as words

    line = secret_line(prompt)
    return words.as_passphrase(line) if line is not None else None
