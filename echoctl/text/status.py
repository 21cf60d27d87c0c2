"""The listener's state as `status`, `mute` and `unmute` print it, and what the sandbox holds, in words.

On the fast path: dataclasses, enum, typing and json stay out, but for json where JSON is asked for.
"""

from echoctl.model.listener import Listener, SandboxLevel, Snapshot


def status_json(now: Snapshot) -> str:
    """One JSON document, also that of `mute` and `unmute`."""
    import json  # noqa: PLC0415 - 6 ms that the plain form does not pay

    return json.dumps(status_fields(now), indent=2, ensure_ascii=False) + "\n"


def status_fields(now: Snapshot) -> dict[str, object]:
    """The state as JSON carries it: one object, shared by `status --json` and `status --follow --json`."""
    from echoctl.text.timestamps import moment  # noqa: PLC0415 - a module less where no JSON is asked for

    return {
        **_listener_fields(now),
        "seal": now.sandbox or None,  # its old name, until version 2
        "muted": now.muted,
        "muted_by": now.muted_by if now.muted_ms else None,
        "muted_since": moment(now.muted_ms) if now.muted_ms else None,
        "listeners": [_listener_fields(each) for each in now.listeners],
    }


def _listener_fields(one: Listener) -> dict[str, object]:
    from echoctl.text.timestamps import moment  # noqa: PLC0415 - as above

    return {
        "state": one.led,
        "listening": one.listening,
        "pid": one.pid or None,
        "since": moment(one.started_ms) if one.listening else None,
        "mic": one.mic,
        "device": one.device,
        "room": one.room,
        "sandbox": one.sandbox or None,
        "mic_sandbox": one.mic_sandbox or None,
        "sent_bytes": one.sent_bytes,
        "counters": one.counters,
    }


def status_text(now: Snapshot) -> str:
    """Lines for a person; the first one is enough for a status bar."""
    from echoctl.text.format import person_time  # noqa: PLC0415 - as above, for `mute` and --json

    lines = [now.led]
    for each in now.listeners:
        state = f", {each.led}" if len(now.listeners) > 1 else ""
        lines.append(f"  listener    pid {each.pid}{state}, since {person_time(each.started_ms)}")
        lines.append(f"  input       {each.device}" if each.mic == "none" else f"  microphone  {_microphone(each)}")
        lines += [f"  room        {each.room}"] if each.room else []
        lines.append(f"  sandbox     {sandboxes_text(each.sandbox, each.mic_sandbox, each.sent_bytes)}")
        lines += _counted(each)
    if not now.listeners:
        lines += ["  listener    not running", *_counted(now)]
    if now.muted_ms:
        word = "muted" if now.muted else "unmuted"
        lines.append(f"  {word:<10}  by {now.muted_by}, since {person_time(now.muted_ms)}")
    return "\n".join(lines) + "\n"


def _counted(one: Listener) -> list[str]:
    counted = " · ".join(f"{name.replace('_', ' ')} {value}" for name, value in one.counters.items())
    return [f"  counted     {counted}"] if counted else []


def _microphone(one: Listener) -> str:
    return f"{one.mic} ({one.device})" if one.device else one.mic


def mute_text(now: Snapshot) -> str:
    """One line: what the microphones do now."""
    if not now.listening:
        return f"{'muted' if now.muted else 'unmuted'}; no listener is running\n"
    alike = sum(each.mic == now.mic for each in now.listeners)
    which = "the microphone is" if alike < 2 else f"{alike} microphones are"
    return f"{'muted' if now.muted else 'unmuted'}{_MIC.get(now.mic, f': {which} {now.mic}')}\n"


_MIC = {
    "dropped": ": what comes through the pipe is thrown away",
    "none": "; only files are listened to, and that goes on",
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
