"""The process of the ear, as its front starts it: `python -m echoctl.services.listening.process SPEC`.

It prints NDJSON on its stdout for the front, never touches the terminal, and ends when the front does. Its file
descriptor 2 is the log, since PortAudio, ALSA and Kaldi write there. Before it loads any of them it enters the sandbox.
"""

import ctypes
import os
import resource
import signal
import sys

from echoctl import paths
from echoctl.errors import EchoctlError, ExitCode
from echoctl.services import state
from echoctl.services.listening.ear_spec import EarSpec
from echoctl.services.listening.protocol import Pipe, error_fields
from echoctl.services.sandbox import enter

_PR_SET_PDEATHSIG = 1


def main(argv: list[str]) -> int:
    """Run an ear; `argv[0]` is its spec. Errors travel through the pipe, the exit code repeats theirs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # what a crash leaves behind would hold what was heard
    spec = EarSpec.from_json(argv[0])
    pipe = Pipe(os.dup(1))
    os.dup2(2, 1)  # a library that prints must not speak to the front
    try:
        paths.private_dir(paths.data_dir())
        sandbox = enter.enter(spec.sandbox, reads=[spec.input or "", spec.model])
        _end_with_the_front()
        if spec.input is None:
            enter.check_sound_server(sandbox.holds)
        _listen(spec, pipe, sandbox)
    except BrokenPipeError:
        return ExitCode.OK  # the front has gone: what was finished is sealed, and nobody is there to be told
    except EchoctlError as error:
        pipe.send("error", fatal=True, **error_fields(error))
        return error.exit_code
    return ExitCode.OK


def _listen(spec: EarSpec, pipe: Pipe, sandbox: enter.Sandbox) -> None:
    from threading import Event, Thread  # noqa: PLC0415 - the sandbox must be there before the first thread

    from echoctl.services.listening.wiring import wire  # noqa: PLC0415 - C libraries and threads: the sandbox comes first
    from echoctl.services.purging import retention  # noqa: PLC0415 - as above

    with state.Presence(pid=os.getppid()) as presence:
        presence.set(ear_pid=os.getpid(), seal=sandbox.holds)
        ear = wire(spec, pipe, presence, sandbox)
        signal.signal(signal.SIGTERM, lambda number, frame: ear.stop())
        signal.signal(signal.SIGUSR2, lambda number, frame: ear.push())
        done = Event()
        keeper = Thread(target=retention.enforce, args=[done], daemon=True)
        try:
            if spec.keep:
                keeper.start()
            ear.run()
        finally:
            done.set()
            ear.close()


def _end_with_the_front() -> None:
    """Ask the kernel for a SIGTERM when the front dies (prctl(2), Linux); elsewhere the broken pipe tells."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
