"""The process of the microphone, as the front starts it: `python -m echoctl.services.microphone.process SPEC`.

It writes sound and what happens to its device into one pipe for the ear, and into the mute file what it does.
"""

import os
import signal
import sys
from collections.abc import Callable

from echoctl.errors import EchoctlError, ExitCode
from echoctl.model.listener import SandboxPolicy
from echoctl.sandbox import libraries
from echoctl.services import mute_file
from echoctl.services.protocol.events import error_fields
from echoctl.services.protocol.microphone_spec import MicrophoneSpec
from echoctl.services.protocol.sound import FrameWriter
from echoctl.services.sandbox import enter, roles


def main(argv: list[str]) -> int:
    """Run a microphone; `argv[0]` is its spec. Errors travel through the pipe, the exit code repeats theirs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    spec = MicrophoneSpec.from_json(argv[0])
    watch = mute_file.Watch(spec.mute)  # before the sandbox, in which a file has no name
    pipe = FrameWriter(spec.sound, live=spec.input is None)
    try:
        listen(spec, pipe, watch)
    except BrokenPipeError:
        return ExitCode.OK  # the ear has gone, and the front with it or soon with another one
    except EchoctlError as error:
        pipe.event("error", **error_fields(error))
        return error.exit_code
    return ExitCode.OK


def listen(
    spec: MicrophoneSpec, pipe: FrameWriter, watch: mute_file.Watch, at_work: Callable[[], None] = lambda: None
) -> None:
    """Shut this process in, open what is to be heard, lock the process, and hear it to its end.

    `at_work` is called once all that is done, with the device open. Raises Refused, and what Opening.run raises.
    """
    device = spec.input is None
    if device and spec.sandbox != SandboxPolicy.OFF and sys.platform == "linux":
        roles.check_sound_server()
    libraries.remember("portaudio", "sndfile")
    sandbox = enter.enter(spec.sandbox, roles.microphone() if device else roles.decoder())
    pipe.event("sandbox", sandbox=sandbox.fields())
    from threading import Thread  # noqa: PLC0415 - the sandbox must be there before the first thread

    from echoctl.services.microphone.opening import Opening  # noqa: PLC0415 - C libraries: the sandbox comes first

    def lock() -> None:
        sandbox.lock(talks=device)
        at_work()

    opening = Opening(spec, pipe, watch, lock)
    Thread(target=opening.watch, name="mute", daemon=True).start()
    opening.run()


if __name__ == "__main__":
    code = main(sys.argv[1:])
    os._exit(code)  # PortAudio's own end would wait for a server that hangs
