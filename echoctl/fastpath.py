"""The hot verbs, answered in the time of a bare interpreter: --version, status, mute, unmute, and what Tab asks for.

Shell prompts, status bars, key bindings and Tab call these many times a minute. Only their plain forms are answered
here; anything else (--help, --follow, a typing error) returns None and goes to the command line, which prints the
same bytes for the same state.
"""

import os
import sys
import time

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
        return _print(answer(verb, as_json=bool(rest)))
    except EchoctlError as error:
        return _fail(error, as_json="--json" in rest)
    except Exception:  # noqa: BLE001 - a bug: the command line meets it again and reports it properly
        return None


def answer(verb: str, *, as_json: bool) -> str:
    """What `status`, `mute` or `unmute` prints."""
    from echoctl.services import state  # noqa: PLC0415 - `--version` must not pay for sqlite3

    now = state.snapshot() if verb == "status" else state.set_muted(verb == "mute", f"echoctl {verb}")
    if as_json:
        return status_json(now)
    return status_text(now) if verb == "status" else mute_text(now)


def status_json(now: "Snapshot") -> str:
    """One JSON document."""
    import json  # noqa: PLC0415 - 6 ms that the plain form does not pay

    return json.dumps(status_fields(now), indent=2, ensure_ascii=False) + "\n"


def status_fields(now: "Snapshot") -> dict[str, object]:
    """The state as JSON carries it: one object, shared by `status --json` and `status --follow --json`."""
    from echoctl.text.timestamps import moment  # noqa: PLC0415 - `--version` needs no time

    return {
        "state": now.led,
        "listening": now.listening,
        "pid": now.pid or None,
        "since": moment(now.started_ms) if now.listening else None,
        "mic": now.mic,
        "device": now.device,
        "seal": now.seal or None,
        "sent_bytes": now.sent_bytes,
        "muted": now.muted,
        "muted_by": now.muted_by if now.muted_ms else None,
        "muted_since": moment(now.muted_ms) if now.muted_ms else None,
        "counters": now.counters,
    }


def status_text(now: "Snapshot") -> str:
    """Lines for a person; the first one is enough for a status bar."""
    lines = [now.led]
    if now.listening:
        lines.append(f"  listener    pid {now.pid}, since {_clock(now.started_ms)}")
        lines.append(f"  input       {now.device}" if now.mic == "none" else f"  microphone  {_microphone(now)}")
        lines.append(f"  network     {_seal_text(now)}")
    else:
        lines.append("  listener    not running")
    if now.muted_ms:
        word = "muted" if now.muted else "unmuted"
        lines.append(f"  {word:<10}  by {now.muted_by}, since {_clock(now.muted_ms)}")
    if now.counters:
        lines.append(
            "  counted     " + " · ".join(f"{name.replace('_', ' ')} {value}" for name, value in now.counters.items())
        )
    return "\n".join(lines) + "\n"


def _microphone(now: "Snapshot") -> str:
    return f"{now.mic} ({now.device})" if now.device else now.mic


def _seal_text(now: "Snapshot") -> str:
    from echoctl.services.sandbox import levels  # noqa: PLC0415 - loaded by services.state already

    return levels.sentence(now.seal, now.sent_bytes)


def mute_text(now: "Snapshot") -> str:
    """One line: what the microphone does now."""
    if not now.listening:
        return f"{'muted' if now.muted else 'unmuted'}; no listener is running\n"
    return f"{'muted' if now.muted else 'unmuted'}{_MIC.get(now.mic, f': the microphone is {now.mic}')}\n"


_MIC = {
    "dropped": ": what comes through the pipe is thrown away",
    "none": "; the listener that runs reads a file, and goes on",
}


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


def _clock(at_ms: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at_ms // 1000))


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


TYPE_CHECKING = False
if TYPE_CHECKING:
    from echoctl.services.state import Snapshot
