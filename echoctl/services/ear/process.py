"""The process of the ear, as its front starts it: `python -m echoctl.services.ear.process SOUND`.

`SOUND` is the descriptor of the microphone's pipe. On stdin come the front's orders, the first of which says what to
do; events go to stdout. Before it loads any library of C it enters the sandbox.
"""

import json
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

from echoctl.errors import EchoctlError, ExitCode
from echoctl.sandbox import libraries
from echoctl.services.ear.inlet import Inlet
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.services.protocol.events import Pipe, error_fields
from echoctl.services.sandbox import enter, roles


def main(argv: list[str]) -> int:
    """Run an ear. Errors travel through the pipe, the exit code repeats theirs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    inlet = Inlet(int(argv[0]), os.dup(0))
    pipe = Pipe(os.dup(1))
    os.dup2(2, 1)  # a library that prints must not speak to the front
    try:
        begin = inlet.order("begin", timeout_s=60.0)
        if begin is not None:
            _listen(begin, pipe, inlet)
    except BrokenPipeError:
        return ExitCode.OK  # the front has gone: what was finished is stored, and nobody is there to be told
    except EchoctlError as error:
        pipe.send("error", fatal=True, **error_fields(error))
        return error.exit_code
    return ExitCode.OK


def _listen(begin: Mapping[str, Any], pipe: Pipe, inlet: Inlet) -> None:
    ear = prepared(begin, pipe, inlet)
    try:
        ear.run()
    finally:
        ear.close()


def prepared(begin: Mapping[str, Any], pipe: Pipe, inlet: Inlet) -> "Ear":
    """An ear as it is when it listens: shut in, loaded, and locked. Raises Refused, NotFound, ModelError."""
    spec = EarSpec.from_json(json.dumps(begin["spec"]))
    libraries.remember("sndfile")
    sandbox = enter.enter(spec.sandbox, roles.ear(spec.model))
    from echoctl.services.ear.wiring import warm, wire  # noqa: PLC0415 - C libraries and threads: the sandbox comes first

    ear = wire(spec, pipe, inlet, begin["to"], sandbox.fields())
    warm(ear)
    sandbox.lock()
    return ear


TYPE_CHECKING = False
if TYPE_CHECKING:
    from echoctl.services.ear.ear import Ear

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
