"""`echoctl history play`: hear again what was heard."""

from typing import Annotated

import typer

from echoctl.cli.history.options import present
from echoctl.cli.terminal import diagnostics, output, passphrase


def play(
    id_: Annotated[str, typer.Argument(metavar="ID", help="A recording's id, or any beginning of it that is unique.")],
    device: Annotated[str, typer.Option("--device", help="Speaker by name or number; see echoctl devices.")] = "",
    passphrase_file: passphrase.PassphraseFile = None,
    identity: passphrase.IdentityFile = None,
    json: output.Json = False,
) -> None:
    """Play a recording on the speaker. Ctrl-C stops it. Nothing is written anywhere."""
    # cryptography, numpy and PortAudio: 200 ms that --help should not pay
    from echoctl.services.history import reader
    from echoctl.services.system import devices

    with reader.opened(passphrase.credential(passphrase_file, identity), needs_key=True) as maybe:
        recording, flac = present(maybe, id_).flac(id_)
    whole_s = recording.duration_ms / 1000
    shown = diagnostics.is_terminal()

    def tell(seconds: float) -> None:
        if shown:
            diagnostics.status(f"▶ {seconds:.1f} / {whole_s:.1f} s")

    try:
        devices.play(flac, device, tell)
    finally:
        if shown:
            diagnostics.status("")
    if json:
        output.document({"id": recording.id, "played_ms": recording.duration_ms})
