"""The hot verbs, answered in the time of a bare interpreter: --version, status, mute, unmute, and what Tab asks for.

Shell prompts, status bars, key bindings and Tab call these many times a minute. Only their plain forms are answered
here; anything else (--help, --follow, a typing error) returns None and goes to the command line, which prints the
same bytes for the same state.
"""

import os
import sys

from echoctl import __version__
from echoctl.errors import EchoctlError


def run(argv: list[str]) -> int | None:
    """Answer `argv` and return the exit code, or None when it is not a hot verb in its plain form."""
    if argv == ["--version"]:
        return _print(f"echoctl {__version__}\n")
    verb, rest = argv[0], argv[1:]
    try:
        if verb in ("completion", "_complete"):
            return _complete(verb, rest)
        if rest not in ([], ["--json"]) or verb == "--version":
            return None
        return _print(_answer(verb, as_json=bool(rest)))
    except EchoctlError as error:
        return _fail(error, as_json="--json" in rest)
    except Exception:  # noqa: BLE001 - a bug: the command line meets it again and reports it properly
        return None


def _answer(verb: str, *, as_json: bool) -> str:
    """What `status`, `mute` or `unmute` prints."""
    from echoctl.services import state  # noqa: PLC0415 - `--version` must not pay for sqlite3
    from echoctl.text.status import mute_text, status_json, status_text  # noqa: PLC0415 - nor for words

    now = state.snapshot() if verb == "status" else state.set_muted(verb == "mute", f"echoctl {verb}")
    if as_json:
        return status_json(now)
    return status_text(now) if verb == "status" else mute_text(now)


def _complete(verb: str, rest: list[str]) -> int | None:
    """`completion SHELL`, and `_complete KIND [PREFIX]`: values for the scripts in completions/, one a line."""
    from echoctl.services.system import completion  # noqa: PLC0415 - only these two verbs need it

    if verb == "completion":
        return _print(completion.script(rest[0])) if len(rest) == 1 and rest[0] in completion.SCRIPTS else None
    kind, prefix = [*rest, "", ""][:2]
    try:
        return _print("".join(f"{value}\t{what}\n" for value, what in completion.values(kind, prefix)))
    except Exception:  # noqa: BLE001 - nobody wants to read at Tab what is wrong with the store
        return 0


def _print(text: str) -> int:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 0


def _fail(error: EchoctlError, *, as_json: bool) -> int:
    from echoctl.cli.terminal import diagnostics  # noqa: PLC0415 - an error may take its time

    return diagnostics.report(error, json=as_json)
