"""The processes of `echoctl audit` that try to get out: a real ear and a real microphone, at work.

`python -m echoctl.services.system.audit_process PROCESS SOUND` is one of them: begun by the code of the listener's own,
loaded, its device open, and locked. Then, instead of listening, it tries everything. `tried` starts them.
"""

import contextlib
import dataclasses
import errno
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from echoctl import paths
from echoctl.config import loader
from echoctl.config.schema import Config
from echoctl.errors import EchoctlError
from echoctl.model.listener import SandboxLevel, SandboxPolicy
from echoctl.sandbox import counters, probes, syscalls
from echoctl.services import mute_file
from echoctl.services.ear import process as ear_process
from echoctl.services.ear.inlet import Inlet
from echoctl.services.listening.demo import SAMPLE
from echoctl.services.microphone import process as microphone_process
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.services.protocol.events import LineReader, Pipe
from echoctl.services.protocol.microphone_spec import MicrophoneSpec
from echoctl.services.protocol.sound import FrameWriter
from echoctl.services.sandbox import enter, roles

PROCESSES = ("ear", "microphone", "file")
"""The last one is the process of the microphone when it takes a sound file apart."""

BROKEN = "do not rely on the sandbox here, and please report it: SECURITY.md"

_SECONDS = 120.0
"""How long one may take; usually it is a few seconds, most of which load a model."""

_FOREIGN = "calls of another architecture"
_NO_SUCH_CALL = 3
"""Exit code of a process that the kernel told so."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What one process was, and what came of its attempts."""

    process: str
    sandbox: Mapping[str, str]
    """What held: `holds` and `why`."""
    missing: str
    """What was not there to be loaded or opened: it was locked without it; "" when all was."""
    attempts: Sequence[Mapping[str, str]]
    """As probes.Attempt has them."""
    sent_bytes: int | None
    """What it sent, by the kernel's count; None where that is not its own."""


def tried(*, muted: bool) -> list[Trial]:
    """Have each of PROCESSES try. `muted`: the microphone is not opened then. Raises EchoctlError when one dies."""
    from echoctl.services.system import audit_leaks  # noqa: PLC0415 - much that no ear or microphone has loaded

    with contextlib.ExitStack() as stack:
        outside = stack.enter_context(audit_leaks.planted())
        runs = [stack.enter_context(_started(process, outside.folder, muted)) for process in PROCESSES]
        begun = [run.line("locked") for run in runs]
        outside.later()
        pids = {run.process: run.pid for run in runs}
        for run in runs:
            other = pids["ear" if run.process == "microphone" else "microphone"]
            run.orders.send("go", around=outside.around(other))
        return [_trial(run, said) for run, said in zip(runs, begun, strict=True)]


def _trial(run: "_Run", said: Mapping[str, Any]) -> Trial:
    attempts = run.line("attempts")["attempts"]
    sent = counters.sent_bytes(run.pid) if said["sandbox"]["holds"] == SandboxLevel.FULL else None
    run.orders.send("end")
    status = run.child.wait(_SECONDS)
    if syscalls.machine() == "x86_64":
        attempts.append(dataclasses.asdict(_foreign(run.process, status)))
    return Trial(run.process, said["sandbox"], said["missing"], attempts, sent)


def _foreign(process: str, status: int) -> probes.Attempt:
    """The last attempt, whose answer is death."""
    if status == -signal.SIGSYS:
        return probes.Attempt(process, "calls", _FOREIGN, probes.FILTER, probes.REFUSED, "SIGSYS")
    if status == _NO_SUCH_CALL:
        return probes.Attempt(process, "calls", _FOREIGN, "", probes.FAILED, "the kernel has none of its calls")
    return probes.Attempt(process, "calls", _FOREIGN, "", probes.OPEN, "it worked")


def _settings() -> Config:
    try:
        return loader.load()
    except EchoctlError:  # said elsewhere in the report
        return Config()


def _spec(process: str, sound: int, mute: int, source: int) -> dict[str, Any]:
    """What it is told: what the settings say."""
    settings = _settings()
    told: EarSpec | MicrophoneSpec = MicrophoneSpec(sound=sound, mute=mute, device=settings.listen.device)
    if process == "file":
        told = MicrophoneSpec(sound=sound, mute=mute, input=str(SAMPLE), source=source)
    elif process == "ear":
        told = dataclasses.replace(EarSpec.configured(settings), sandbox=SandboxPolicy.TRY)
    spec: dict[str, Any] = json.loads(told.to_json())
    return spec


class _Run:
    """One of the processes, as it is seen from outside."""

    def __init__(self, process: str, child: "subprocess.Popen[bytes]") -> None:
        assert child.stdin and child.stdout
        self.process = process
        self.child = child
        self.orders = Pipe(child.stdin.fileno())
        self._out = child.stdout.fileno()
        self._lines = LineReader()

    @property
    def pid(self) -> int:
        """Of the process that does the work: behind an empty root it is the child of the one that was started."""
        with contextlib.suppress(OSError, IndexError):
            return int(Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children").read_text().split()[0])
        return self.child.pid

    def line(self, kind: str) -> Any:
        """What it says next, which is of this kind. Raises EchoctlError when it dies instead."""
        end, lines = time.monotonic() + _SECONDS, list[bytes]()
        while not lines:
            ready = select.select([self._out], [], [], max(0.0, end - time.monotonic()))[0]
            data = os.read(self._out, 65536) if ready else b""
            if not data:
                raise self._death(ready=bool(ready))
            lines = self._lines.feed(data)
        said = json.loads(lines[0])
        assert said["type"] == kind, said
        return said

    def _death(self, *, ready: bool) -> EchoctlError:
        self.child.kill()
        _, errors = self.child.communicate()
        how = errors.decode(errors="replace").strip().rpartition("\n")[2][-300:] if ready else "it does not answer"
        return EchoctlError(f"the {self.process} that was to try everything died: {how}", BROKEN)


@contextlib.contextmanager
def _started(process: str, folder: Path, muted: bool) -> Iterator[_Run]:
    """Start one as the front of a listener does."""
    with contextlib.ExitStack() as stack:
        heard, sound = os.pipe()
        mute = os.open(folder / f"mute-{process}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        source = os.open(SAMPLE, os.O_RDONLY | os.O_CLOEXEC)
        for descriptor in (heard, sound, mute, source):
            stack.callback(os.close, descriptor)
        passing = {"ear": [heard], "microphone": [sound, mute], "file": [sound, mute, source]}[process]
        child = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-P", "-m", "echoctl.services.system.audit_process", process, str(heard)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=passing,
                env=paths.child_environment(), start_new_session=True,
            )
        )  # fmt: skip
        stack.callback(child.kill)
        run = _Run(process, child)
        with contextlib.suppress(BrokenPipeError):  # its end is noticed where it is read
            spec = _spec(process, sound, mute, source)
            run.orders.send("begin", spec=spec, to={"recipient": None, "serial": 0}, muted=muted)
        yield run


class _Noting(FrameWriter):
    """The microphone's pipe, which notes what it says of its sandbox."""

    sandbox: Mapping[str, str] | None = None

    def event(self, kind: str, **fields: Any) -> None:
        """Write an event."""
        self.sandbox = fields.get("sandbox", self.sandbox)
        super().event(kind, **fields)


class _Trying:
    """What one of them does."""

    def __init__(self, process: str, inlet: Inlet, pipe: Pipe) -> None:
        self._process = process
        self._inlet = inlet
        self._pipe = pipe
        self._given: list[tuple[int, int]] = []

    def run(self) -> None:
        """Begin as it is told, and try everything."""
        begin = self._inlet.order("begin", timeout_s=_SECONDS)
        if begin is not None and self._process == "ear":
            self._ear(begin)
        elif begin is not None:
            self._microphone(begin)

    def _ear(self, begin: Mapping[str, Any]) -> NoReturn:
        spec = EarSpec.from_json(json.dumps(begin["spec"]))
        forecast = enter.outlook(roles.ear(spec.model))  # inside one cannot be told any more
        try:
            ear = ear_process.prepared(begin, self._pipe, self._inlet)
        except EchoctlError as error:
            self._at_work(_locked(forecast).fields(), error.message)
        self._at_work(ear.sandbox)

    def _microphone(self, begin: Mapping[str, Any]) -> NoReturn:
        spec = MicrophoneSpec.from_json(json.dumps(begin["spec"]))
        device = spec.input is None
        given = [os.fstat(number) for number in (spec.mute, spec.source) if number is not None]
        self._given = [(info.st_dev, info.st_ino) for info in given]
        pipe = _Noting(spec.sound, live=device)
        missing = "it is muted" if device and begin["muted"] else ""
        if not missing:
            try:
                microphone_process.listen(spec, pipe, mute_file.Watch(spec.mute), lambda: self._at_work(pipe.sandbox))
            except EchoctlError as error:
                missing = error.message
        if pipe.sandbox is None:
            pipe.sandbox = enter.enter(spec.sandbox, roles.microphone() if device else roles.decoder()).fields()
        enter.Sandbox(**pipe.sandbox).lock(talks=device)
        self._at_work(pipe.sandbox, missing)

    def _at_work(self, sandbox: Mapping[str, str] | None, missing: str = "") -> NoReturn:
        """Try everything, tell, and end; nothing can be imported any more."""
        assert sandbox is not None
        self._pipe.send("locked", sandbox=dict(sandbox), missing=missing)
        go = self._inlet.order("go", timeout_s=_SECONDS)
        if go is None:
            os._exit(1)
        around = probes.Surroundings(
            process=self._process,
            whole=sandbox["holds"] != SandboxLevel.FILTER,
            given=self._given,
            sound=self._process == "microphone",
            **go["around"],
        )
        tried = [dataclasses.asdict(attempt) for attempt in probes.attempts(around)] if sys.platform == "linux" else []
        self._pipe.send("attempts", attempts=tried)
        self._inlet.order("end", timeout_s=_SECONDS)
        try:
            syscalls.raw_syscall(0x40000000 + 39)
        except OSError as error:
            os._exit(_NO_SUCH_CALL if error.errno == errno.ENOSYS else 0)
        os._exit(0)


def _locked(forecast: enter.Sandbox) -> enter.Sandbox:
    """What holds of a forecast, which does not ask whether there are filters."""
    try:
        forecast.lock()
    except OSError as error:
        return enter.Sandbox(SandboxLevel.NONE, f"{error.filename}: {error.strerror}")
    return forecast


def main(argv: list[str]) -> int:
    """Be one of PROCESSES: `argv[0]`. `argv[1]` is the descriptor of the pipe that an ear hears by."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    inlet = Inlet(int(argv[1]), os.dup(0))
    pipe = Pipe(os.dup(1))
    os.dup2(2, 1)  # as in the ear: a library that prints must not speak to the front
    _Trying(argv[0], inlet, pipe).run()
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
