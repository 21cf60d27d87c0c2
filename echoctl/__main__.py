"""The entry point: hot verbs take the fast path, everything else goes to the command line."""

import gc
import sys


def main() -> int:
    """Run echoctl with the arguments of this process and return its exit code.

    Loading modules makes no garbage, so nobody looks for it until a command runs (cli.app), nor at the end among what
    the system takes back anyway: together that is more than the start of a bare interpreter.
    """
    gc.disable()
    try:
        return _run(sys.argv[1:])
    except KeyboardInterrupt:  # Ctrl-C while modules were still being imported
        return 130
    finally:
        gc.freeze()


def _run(argv: list[str]) -> int:
    if argv and argv[0] in ("--version", "status", "mute", "unmute", "completion", "_complete"):
        from echoctl.fastpath import run  # noqa: PLC0415 - only these verbs need it

        code = run(argv)
        if code is not None:
            return code
    from echoctl import sigint  # noqa: PLC0415 - the hot verbs load too little for an exception to be lost in

    sigint.deadly()
    if argv == ["tui"]:
        code = _dashboard()
        if code is not None:
            return code
    from echoctl.cli.app import main as cli_main  # noqa: PLC0415 - typer costs five bare interpreters

    return cli_main(argv)


def _dashboard() -> int | None:
    """Show the dashboard; None where it cannot be shown, which the command line meets again and reports properly."""
    try:
        from echoctl import sigint  # noqa: PLC0415 - loaded already
        from echoctl.cli.dashboard import show  # noqa: PLC0415 - Textual: ten bare interpreters

        sigint.raised()
        return show()
    except Exception:  # noqa: BLE001 - a mistake or a bug: the command line meets it again and reports it properly
        return None


if __name__ == "__main__":
    sys.exit(main())
