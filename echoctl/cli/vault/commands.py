"""`echoctl vault`: how recordings are sealed, and who can open them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from echoctl.cli.terminal import confirm, diagnostics, output, passphrase
from echoctl.cli.terminal.group import command_group
from echoctl.cli.vault import backup, receipts, rotate
from echoctl.errors import Partial, UsageError, VaultLocked
from echoctl.text.format import counted

if TYPE_CHECKING:
    from echoctl.services.vault.credential import OwnerCredential


NewPassphraseFile = Annotated[
    Path | None,
    typer.Option("--new-passphrase-file", metavar="FILE", help="The new passphrase is the first line of FILE."),
]

_OLD_COPIES = "older copies of the database can still be opened with the device key alone: delete those that you know"
_KEEP = "keep this line where a thief of this machine does not find it; it is shown this once"


def init(json: output.Json = False) -> None:
    """Make the vault: a device key, and a database that is sealed to it.

    `echoctl listen` does this by itself when it first runs.
    """
    from echoctl.services.vault import unlocking

    new = unlocking.ensure()
    if json:
        output.document({"made": new})
    else:
        diagnostics.note(unlocking.FIRST_RUN if new else "there is a vault already: nothing was changed")


def status(json: output.Json = False) -> None:
    """Show what opens the vault, and what it holds. Opens nothing."""
    from echoctl.services.vault import unlocking

    now = unlocking.status()
    if json:
        output.document(
            {
                "made": output.moment(now.made_ms),
                "format": now.format,
                "asks_for_passphrase": now.asks,
                "slots": {name: output.moment(made) for name, made in now.slots.items()},
                "damaged_slots": now.damaged_slots,
                "device_key": {"path": now.device_key_path, "state": now.device_key},
                "recordings": now.recordings,
                "epochs": now.epochs,
                "size": now.size,
                "rotation_due": now.rotation_due,
            }
        )
        return
    opens = "device key and passphrase" if now.asks else "the device key alone, without asking"
    opens += ", or this login's keyring" if "keyring" in now.slots else ""
    rows = [
        ("made", output.person_time(now.made_ms)),
        ("opens with", opens),
        ("recovery", "a line made " + output.person_time(made) if (made := now.slots.get("recovery")) else "none"),
        (
            "device key",
            f"{now.device_key_path}: {now.device_key.removeprefix(f'the device key {now.device_key_path} ')}",
        ),
        ("holds", f"{counted(now.recordings)}, {output.size_text(now.size)}"),
    ]
    for name, value in rows:
        output.line(f"{name:<11} {value}")
    for name in now.damaged_slots:
        diagnostics.note(f"the {name} slot is damaged")
    if now.rotation_due:
        diagnostics.hint(
            f"older copies still open what {counted(now.rotation_due, 'purge')} took: echoctl vault rotate"
        )
    if not now.asks:
        diagnostics.hint("a passphrase protects against a stolen disk: echoctl vault passphrase")


def set_passphrase(
    remove: Annotated[bool, typer.Option("--remove", help="Let the device key alone open the vault again.")] = False,
    keyring: Annotated[
        bool | None, typer.Option("--keyring/--no-keyring", help="Let this login's keyring open it too, or no more.")
    ] = None,
    passphrase_file: passphrase.PassphraseFile = None,
    new_passphrase_file: NewPassphraseFile = None,
    json: output.Json = False,
) -> None:
    """Set, change or remove the passphrase.

    It counts together with the device key: neither opens anything without the other. Recordings are not touched,
    and the listener goes on as before. --keyring and --no-keyring leave the passphrase as it is.
    """
    from echoctl.services.vault import unlocking

    owner = passphrase.owner(passphrase_file)
    if keyring is not None:
        if remove or new_passphrase_file:
            raise UsageError("one change at a time", "leave out --keyring or --no-keyring, or the rest")
        _keyring(keyring, owner, json)
        return
    if remove:
        clean = unlocking.remove_passphrase(owner)
    else:
        had = unlocking.status().asks
        clean = unlocking.set_passphrase(owner, lambda: passphrase.new(new_passphrase_file))
        if not had:
            diagnostics.note(_OLD_COPIES)
    _report("the device key alone opens the vault now" if remove else "the passphrase is set", clean, json)


def recover(
    make: Annotated[bool, typer.Option("--make", help="Make a recovery line and show it, this once.")] = False,
    line_file: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="The recovery line is in FILE.")
    ] = None,
    device_only: Annotated[
        bool, typer.Option("--device-only", help="Set no passphrase: let the device key alone open the vault.")
    ] = False,
    end: Annotated[bool, typer.Option("--end", help="Let the recovery line open nothing any more.")] = False,
    passphrase_file: passphrase.PassphraseFile = None,
    new_passphrase_file: NewPassphraseFile = None,
    yes: confirm.Yes = False,
    json: output.Json = False,
) -> None:
    """Open the vault with its recovery line when the passphrase or the device key is lost, and set a new passphrase.

    With --make: make that line first, while the vault still opens. It opens everything without anything else, so
    keep it on paper. A new line ends the one before.
    """
    if make:
        _make_line(passphrase_file, yes, json)
        return
    if end:
        _end_line(passphrase_file, yes, json)
        return
    from echoctl.services.vault import unlocking

    unlocking.status()
    line = line_file.read_text("utf-8", "replace") if line_file else passphrase.secret_line("recovery line: ")
    if line is None:
        raise VaultLocked("nobody is at the terminal to type the recovery line", "give --from FILE")
    if device_only and new_passphrase_file:
        raise UsageError("--device-only sets no passphrase", "leave out one of the two options")
    clean = unlocking.recover(line, None if device_only else lambda: passphrase.new(new_passphrase_file))
    _report("the vault opens again" + ("" if device_only else ", with the new passphrase"), clean, json)


def _make_line(passphrase_file: Path | None, yes: bool, json: bool) -> None:
    from echoctl.services.vault import unlocking

    if "recovery" in unlocking.status().slots:
        confirm.ask("the recovery line that you have will not open anything any more", yes=yes)
    line, clean = unlocking.make_recovery(passphrase.owner(passphrase_file))
    if json:
        output.document({"recovery": line})
    else:
        output.line(line)
    diagnostics.note(_KEEP)
    _check_clean(clean)


def _end_line(passphrase_file: Path | None, yes: bool, json: bool) -> None:
    from echoctl.services.vault import key_slots

    confirm.ask(
        "the recovery line that you have will not open anything any more; older backups it still opens", yes=yes
    )
    _report("there is no recovery line any more", key_slots.end_recovery(passphrase.owner(passphrase_file)), json)


def _keyring(use: bool, owner: "OwnerCredential", json: bool) -> None:
    from echoctl.services.vault import key_slots

    if use:
        _report("this login's keyring opens the vault without asking now", key_slots.use_keyring(owner), json)
    else:
        _report("only the passphrase opens the vault now", key_slots.end_keyring(), json)


def _report(text: str, clean: bool, json: bool) -> None:
    if json:
        output.document({"done": True, "old_slot_gone": clean})
    else:
        diagnostics.note(text)
    _check_clean(clean)


def _check_clean(clean: bool) -> None:
    if not clean:
        raise Partial(
            "the change is made, but the old key slot is still in the write-ahead log: something is reading it",
            "when that has ended: echoctl db check",
        )


app = command_group(
    "Seal and open: make the vault, set a passphrase, keep a way back in.\n\n"
    "\b\n"
    "echoctl vault status            what opens it, and what it holds\n"
    "echoctl vault passphrase        protect it against a stolen disk\n"
    "echoctl vault backup FILE       everything in one sealed file\n"
    "echoctl vault recover --make    a line for paper, should the passphrase be lost"
)

# In the order in which a newcomer needs them.
app.command("status")(status)
app.command("init")(init)
app.command("passphrase")(set_passphrase)
app.command("recover")(recover)
app.command("verify")(backup.verify)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("rotate")(rotate.rotate)
app.command("receipts")(receipts.receipts)
