"""`echoctl vault rotate`: the deep purge."""

from echoctl.cli.terminal import confirm, diagnostics, output, passphrase
from echoctl.errors import Partial
from echoctl.text.format import counted

_PLAN = """this gives the vault new keys and destroys the device key: older copies of the database, also backups,
will open no more, not even with the passphrase; only a recovery line that was made before still opens those"""


def rotate(
    passphrase_file: passphrase.PassphraseFile = None,
    yes: confirm.Yes = False,
    dry_run: confirm.DryRun = False,
    json: output.Json = False,
) -> None:
    """Make every older copy of the database useless: new keys for what is kept, the old device key destroyed.

    Deleting alone cannot reach backups, snapshots and what a solid-state disk keeps; this does. The passphrase stays;
    a recovery line is replaced by a new one, which is shown this once.
    """
    from echoctl.services.purging import rotation
    from echoctl.services.vault import unlocking

    unlocking.status()
    if not confirm.ask(_PLAN, yes=yes, dry_run=dry_run):
        if json:
            output.document({"dry_run": True, "purges": unlocking.status().rotation_due})
        return
    done = rotation.rotate(passphrase.owner(passphrase_file))
    if json:
        output.document(
            {
                "recordings": done.recordings,
                "damaged": done.damaged,
                "recovery": done.recovery,
                "dropped": done.dropped,
                "done": done.done,
                "receipt": done.receipt,
            }
        )
    else:
        diagnostics.note(f"the vault has new keys; {counted(done.recordings)} wrapped anew")
        if done.recovery:
            output.line(done.recovery)
            diagnostics.note(
                "this is the new recovery line, shown this once; destroy the old one: it opens older copies"
            )
    for kind in done.dropped:
        diagnostics.note(f"the {kind} slot was closed: make it anew")
    if not done.done:
        raise Partial("the old keys are still in the write-ahead log", "the next command goes on: echoctl db check")
    if done.damaged:
        raise Partial(f"{counted(done.damaged)} did not open and cannot be wrapped anew", "the others are not affected")
