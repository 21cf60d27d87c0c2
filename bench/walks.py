"""How many modules a reader enters who follows a thing through the program: a chunk of sound, and an id to be deleted.

    python -m bench.walks        prints the modules in the order in which they are entered, and how many there are

A module counts when one of its functions takes or returns the thing or what it has become: sound is bytes or samples of
a chunk's size and more, an id is itself and whatever carries it. docs/architecture.md has both walks in words.
"""

import contextlib
import dataclasses
import fcntl
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

SOUND_BYTES = 2048
NO_SANDBOX = {"holds": "none", "why": "a walk in one process"}
LIMITS = {"a chunk of sound": 22, "an id to be deleted": 12}


def is_sound(value: Any) -> bool:
    """Whether a value is, or holds, the sound of a chunk or more."""
    if isinstance(value, bytes | bytearray | memoryview):
        return len(value) >= SOUND_BYTES
    if isinstance(value, list | tuple):
        return any(map(is_sound, value))
    return hasattr(value, "dtype") and getattr(value, "nbytes", 0) >= SOUND_BYTES


def carries(uid: str) -> Callable[[Any], bool]:
    """A test for values that are, or hold, this id."""

    def check(value: Any) -> bool:
        if isinstance(value, str | bytes):
            return uid == value
        if isinstance(value, list | tuple | set | frozenset):
            return any(map(check, value))
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return any(check(getattr(value, one.name, None)) for one in dataclasses.fields(value))
        return False

    return check


@contextlib.contextmanager
def watched(wanted: Callable[[Any], bool]) -> Iterator[list[str]]:
    """The modules of echoctl that take or return what is wanted while this lasts, in order."""
    seen: list[str] = []

    def look(frame: FrameType, event: str, value: Any) -> None:
        name = frame.f_globals.get("__name__", "")
        if event not in ("call", "return") or not name.startswith("echoctl.") or name in seen:
            return
        code = frame.f_code
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        held = [value] if event == "return" else [frame.f_locals.get(one) for one in names]
        if any(map(wanted, held)):
            seen.append(name)

    sys.setprofile(look)
    threading.setprofile(look)
    try:
        yield seen
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def chunk_of_sound() -> list[str]:
    """The packaged sample through microphone, ear and front, up to the first sealed row; all in this process."""
    from echoctl.services import mute_file
    from echoctl.services.ear import wiring
    from echoctl.services.ear.inlet import Inlet
    from echoctl.services.listening.demo import SAMPLE
    from echoctl.services.listening.keeper import Keeper
    from echoctl.services.listening.presence import Presence
    from echoctl.services.microphone.opening import Opening
    from echoctl.services.protocol import checks, events, sound
    from echoctl.services.protocol.ear_spec import EarSpec
    from echoctl.services.protocol.microphone_spec import MicrophoneSpec
    from echoctl.services.vault import unlocking

    unlocking.ensure()
    spec = EarSpec(input=str(SAMPLE), once=True)
    (sound_in, sound_out), (said, say), (orders, order) = pipes = [os.pipe() for _ in range(3)]
    for _, end in pipes:
        fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, 1 << 20)  # all of the sample, since one process comes after the other
    with Presence(spec) as presence, Keeper(spec, presence, events.Pipe(order).send) as keeper:
        to = MicrophoneSpec(sound_out, presence.lock, spec.input, os.open(SAMPLE, os.O_RDONLY))
        microphone = Opening(to, sound.FrameWriter(sound_out, live=False), mute_file.Watch(presence.lock), lambda: None)
        ear = wiring.wire(spec, events.Pipe(say), Inlet(sound_in, orders), keeper.address(), NO_SANDBOX)
        with watched(is_sound) as seen:
            microphone.run()
            thread = threading.Thread(target=ear.run)
            thread.start()
            lines, told = events.LineReader(), []
            while not any(event["type"] == "recording" for event in told):
                for line in lines.feed(os.read(said, 65536)):
                    told += keeper.take(checks.checked(line))
            thread.join()
        ear.close()
    return seen


def id_to_be_deleted() -> list[str]:
    """`history delete ID --yes`, of the recording that the first walk has left."""
    from echoctl.cli import app
    from echoctl.model.speech import Selection
    from echoctl.services.purging import purge

    [uid] = purge.plan(Selection(all=True)).ids
    with watched(carries(uid)) as seen:
        assert app.main(["history", "delete", uid, "--yes"]) == 0
    return seen


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("DATA", "STATE", "CONFIG", "CACHE"):
            os.environ[f"ECHOCTL_{kind}_DIR"] = os.path.join(folder, kind)
        walks = {"a chunk of sound": chunk_of_sound(), "an id to be deleted": id_to_be_deleted()}
    for name, seen in walks.items():
        print(f"{name}: {len(seen)} modules, at most {LIMITS[name]}")
        print("".join(f"  {number:>2}  {module}\n" for number, module in enumerate(seen, 1)), end="")
    return int(any(len(seen) > LIMITS[name] for name, seen in walks.items()))


if __name__ == "__main__":
    sys.exit(main())
