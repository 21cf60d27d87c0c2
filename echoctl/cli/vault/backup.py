"""`echoctl vault verify`, `backup` and `restore`: that nothing is lost, and how it is brought back."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from echoctl.cli.terminal import diagnostics, output, passphrase
from echoctl.errors import NotFound, VaultDamaged
from echoctl.text.format import counted, size_text

if TYPE_CHECKING:
    from echoctl.services.history.verifying import Finding
    from echoctl.services.vault.unlocking import Status


def verify(passphrase_file: passphrase.PassphraseFile = None, json: output.Json = False) -> None:
    """Open everything that is stored, and name each recording that is damaged. Changes nothing.

    A recording whose end was never written is incomplete: what is there of it can be heard and exported.
    """
    from echoctl.services.history import reader, verifying

    with reader.opened(passphrase.owner(passphrase_file), needs_key=True) as opened:
        if opened is None:
            raise NotFound("there is no vault yet", "echoctl listen makes it")
        progress = diagnostics.Progress(opened.count(), "verifying")
        problems = verifying.problems(opened)
        bad: list[Finding] = []
        looked = 0
        try:
            for looked, finding in enumerate(verifying.recordings_of(opened), 1):
                progress.update(looked)
                if finding.state != verifying.State.WHOLE:
                    bad.append(finding)
        finally:
            progress.close()
    _report(looked, bad, problems, json)


def _report(looked: int, bad: "list[Finding]", problems: list[str], json: bool) -> None:
    whole = looked - len(bad)
    if json:
        listed = [{"id": finding.name, "state": finding.state} for finding in bad]
        output.document({"recordings": looked, "whole": whole, "not_whole": listed, "problems": problems})
    else:
        for finding in bad:
            output.line(f"{finding.name}  {finding.state}")
        for problem in problems:
            diagnostics.note(problem)
        diagnostics.note(f"{counted(looked)}, {whole} whole")
    damaged = [finding for finding in bad if finding.state in ("damaged", "unreadable")]
    if damaged or problems:
        what = f"{len(damaged)} of {counted(looked)} damaged" if damaged else problems[0]
        raise VaultDamaged(what, "the others are not affected; history delete ID removes one, a backup may have it")


def backup(
    path: Annotated[str, typer.Argument(metavar="FILE", help="A new file; nothing is overwritten.")],
    json: output.Json = False,
) -> None:
    """Write everything into one file, as it is now, while a listener goes on. Needs no passphrase.

    The file is sealed like the store itself and does not hold the device key: elsewhere its recovery line opens it.
    """
    from echoctl.services.vault import backups

    made = backups.backup(path)
    if json:
        output.document(
            {
                "path": made.path,
                "size": made.size,
                "recordings": made.recordings,
                "opens_elsewhere": made.opens_elsewhere,
            }
        )
    else:
        output.line(made.path)
        what = f"{counted(made.recordings)}, {size_text(made.size)}"
        diagnostics.note(f"{what}; what is purged later still opens from it")
    if not made.opens_elsewhere:
        diagnostics.note("it opens only with this machine's device key, which is not in it")
        diagnostics.hint("make a recovery line, and back up again: echoctl vault recover --make")


def restore(
    path: Annotated[str, typer.Argument(metavar="FILE", help="What vault backup has written.")],
    json: output.Json = False,
) -> None:
    """Make a store of a backup, where there is none yet."""
    from echoctl.services.vault import backups

    status = backups.restore(path)
    if json:
        output.document({"recordings": status.recordings, "size": status.size, "opens_with": _ways(status)})
    else:
        diagnostics.note(f"restored {counted(status.recordings)}, {size_text(status.size)}")
    if status.device_key == "ok":
        return
    if "recovery" in status.slots:
        diagnostics.hint("open it with its recovery line: echoctl vault recover")
    else:
        diagnostics.hint(f"it opens with the device key of its old machine only: put that to {status.device_key_path}")


def _ways(status: "Status") -> list[Any]:
    """What opens the store on this machine."""
    usable = status.device_key == "ok"
    return [name for name in status.slots if name == "recovery" or usable]
