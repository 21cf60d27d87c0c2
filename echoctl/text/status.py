"""The listener's state as `status`, `mute` and `unmute` print it, and what the sandbox holds, in words.

On the fast path: dataclasses, enum, typing and json stay out, but for json where JSON is asked for.
"""

from echoctl.model.listener import SandboxLevel, Snapshot


def status_json(now: Snapshot) -> str:
    """One JSON document, also that of `mute` and `unmute`."""
    import json  # noqa: PLC0415 - 6 ms that the plain form does not pay

    return json.dumps(status_fields(now), indent=2, ensure_ascii=False) + "\n"


def status_fields(now: Snapshot) -> dict[str, object]:
    """The state as JSON carries it: one object, shared by `status --json` and `status --follow --json`."""
    from echoctl.text.timestamps import moment  # noqa: PLC0415 - a module less where no JSON is asked for

    return {
        "state": now.led,
        "listening": now.listening,
        "pid": now.pid or None,
        "since": moment(now.started_ms) if now.listening else None,
        "mic": now.mic,
        "device": now.device,
        "sandbox": now.sandbox or None,
        "mic_sandbox": now.mic_sandbox or None,
        "seal": now.sandbox or None,  # its old name, until version 2
        "sent_bytes": now.sent_bytes,
        "muted": now.muted,
        "muted_by": now.muted_by if now.muted_ms else None,
        "muted_since": moment(now.muted_ms) if now.muted_ms else None,
        "counters": now.counters,
    }


def status_text(now: Snapshot) -> str:
    """Lines for a person; the first one is enough for a status bar."""
    from echoctl.text.format import person_time  # noqa: PLC0415 - as above, for `mute` and --json

    lines = [now.led]
    if now.listening:
        lines.append(f"  listener    pid {now.pid}, since {person_time(now.started_ms)}")
        lines.append(f"  input       {now.device}" if now.mic == "none" else f"  microphone  {_microphone(now)}")
        lines.append(f"  sandbox     {sandboxes_text(now.sandbox, now.mic_sandbox, now.sent_bytes)}")
    else:
        lines.append("  listener    not running")
    if now.muted_ms:
        word = "muted" if now.muted else "unmuted"
        lines.append(f"  {word:<10}  by {now.muted_by}, since {person_time(now.muted_ms)}")
    if now.counters:
        lines.append(
            "  counted     " + " · ".join(f"{name.replace('_', ' ')} {value}" for name, value in now.counters.items())
        )
    return "\n".join(lines) + "\n"


def _microphone(now: Snapshot) -> str:
    return f"{now.mic} ({now.device})" if now.device else now.mic


def mute_text(now: Snapshot) -> str:
    """One line: what the microphone does now."""
    if not now.listening:
        return f"{'muted' if now.muted else 'unmuted'}; no listener is running\n"
    return f"{'muted' if now.muted else 'unmuted'}{_MIC.get(now.mic, f': the microphone is {now.mic}')}\n"


_MIC = {
    "dropped": ": what comes through the pipe is thrown away",
    "none": "; the listener that runs reads a file, and goes on",
}


def sandbox_text(holds: str, sent_bytes: int | None) -> str:
    """What a SandboxLevel means. `sent_bytes` are the kernel's counters, where they are the listener's own."""
    if holds == SandboxLevel.FULL:
        return "sandboxed" if sent_bytes is None else f"sandboxed, {sent_bytes} B sent"
    return "sandboxed by a filter alone" if holds == SandboxLevel.FILTER else "not sandboxed"


def sandboxes_text(ear: str, microphone: str, sent_bytes: int | None) -> str:
    """What holds for both processes of a listener: one phrase where it is the same, else one for each."""
    if microphone in ("", ear):
        return sandbox_text(ear, sent_bytes)
    return f"ear {sandbox_text(ear, sent_bytes)}; microphone {sandbox_text(microphone, None)}"


def ready_text(sandbox: "Mapping[str, Any]") -> str:
    """The same, of what a `ready` event says."""
    microphone = sandbox.get("microphone") or {"holds": ""}
    return sandboxes_text(sandbox["holds"], microphone["holds"], sandbox["sent_bytes"])


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any
