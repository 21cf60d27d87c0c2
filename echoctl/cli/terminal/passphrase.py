"""Where passphrases come from: a file, the configured command, or the person at the terminal. Never from argv."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from echoctl.errors import UsageError, VaultLocked

if TYPE_CHECKING:
    from echoctl.services.vault.unlocking import Ask

PassphraseFile = Annotated[
    Path | None, typer.Option("--passphrase-file", metavar="FILE", help="The passphrase is the first line of FILE.")
]
"""The option of every command that may have to open the vault."""


IdentityFile = Annotated[
    Path | None,
    typer.Option("--identity", metavar="FILE", help="A guest's identity is in FILE: open that private stay."),
]


def asking(file: Path | None, *, prompt: bool = True, identity: Path | None = None) -> "Ask":
    """A way to a passphrase: the file, else vault.passphrase_command, else (with `prompt`) the person.

    With `identity` a guest's private stay is opened instead of the vault. Raises UsageError.
    """
    if identity:
        from echoctl.services.vault import guest_identity  # noqa: PLC0415 - cryptography, 35 ms that --help should not pay

        return guest_identity.Identity(identity.read_text("utf-8", "replace"))
    return lambda: _given(file) or (_prompted("passphrase: ") if prompt else None)


def new(file: Path | None) -> bytearray:
    """A new passphrase: from the file, or typed twice. Raises UsageError, VaultLocked."""
    from echoctl.services.vault import unlocking  # noqa: PLC0415 - cryptography, 35 ms that --help should not pay

    if file:
        return unlocking.passphrase_from_file(str(file))
    first = _prompted("new passphrase: ")
    if first is None:
        raise VaultLocked("nobody is at the terminal to choose a passphrase", "give --new-passphrase-file")
    unlocking.check_passphrase(first)
    if _prompted("the same again: ") != first:
        raise UsageError("the two passphrases differ", "nothing was changed: try again")
    return first


def secret_line(prompt: str) -> str | None:
    """A line that is not shown while it is typed; None without a terminal."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return None
    import getpass  # noqa: PLC0415 - for those who are asked only

    try:
        return getpass.getpass(f"echoctl: {prompt}")
    except EOFError:
        return None


def _given(file: Path | None) -> bytearray | None:
    from echoctl.services.vault import unlocking  # noqa: PLC0415 - cryptography, 35 ms that --help should not pay

    if file:
        return unlocking.passphrase_from_file(str(file))
    from echoctl.config import loader  # noqa: PLC0415 - 8 ms that --help should not pay

    command = loader.load().vault.passphrase_command
    return unlocking.passphrase_from_command(command) if command else None


def _prompted(prompt: str) -> bytearray | None:
    from echoctl.services.vault import unlocking  # noqa: PLC0415 - cryptography, 35 ms that --help should not pay

    line = secret_line(prompt)
    return unlocking.as_passphrase(line) if line is not None else None
