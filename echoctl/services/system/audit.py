"""`audit`: does what we promise about ourselves hold on this machine, now? By trying, and by the kernel's own word.

Five parts: the sandbox (a real ear and a real microphone try to get out), the listener that runs (its counters and
sockets), plaintext (a canary is recorded, and looked for everywhere), rights, and what could still leak. Only loopback
is ever spoken to.
"""

import contextlib
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from echoctl.clock import SystemClock
from echoctl.errors import ExitCode
from echoctl.model.listener import Listener, SandboxLevel
from echoctl.model.speech import BYTES_PER_SECOND, Detection, StoreMode, Transcript, Word
from echoctl.sandbox import attestation, landlock, probes
from echoctl.services import state
from echoctl.services.history.recorder import Recorder
from echoctl.services.history.sealer import Sealer, make
from echoctl.services.listening.demo import throw_away_store
from echoctl.services.system import audit_leaks, audit_scan
from echoctl.services.system.audit_process import BROKEN, PROCESSES, Trial, tried
from echoctl.services.system.health import Check, Grade
from echoctl.services.vault import unlocking
from echoctl.text.format import size_text
from echoctl.text.status import sandbox_text

PARTS = ("sandbox", "listener", "plaintext", "rights", "leaks")

PRIVATE = "cannot be looked into, as it should be"


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What was found."""

    trials: Sequence[Trial]
    """What was tried, by each of PROCESSES."""
    listener: Mapping[str, attestation.Attestation]
    """The kernel's word on the ear and the microphone of the running listener, as far as there are any."""
    findings: Mapping[str, Sequence[Check]]
    """Part -> what is to be said of it."""

    @property
    def exit_code(self) -> int:
        """0 when everything that is promised holds; 11 when something does not: the report says what."""
        grades = [check.grade for checks in self.findings.values() for check in checks]
        return ExitCode.PARTIAL if Grade.FAIL in grades else ExitCode.OK


def audit() -> AuditReport:
    """Look at everything. Nothing of the person's is changed; a throw-away store is made and removed."""
    started_s = time.time()
    own = audit_scan.folders()
    trials = tried(muted=state.snapshot().muted)
    phrase = "canary " + " ".join(secrets.token_hex(4) for _ in range(4))
    pcm = secrets.token_bytes(2 * BYTES_PER_SECOND)
    with throw_away_store(), _stored(phrase, pcm):
        plaintext = list(_plaintext(phrase, pcm, own, started_s))
    listener, words = _listener()
    weakest = SandboxLevel.FULL
    for trial in trials:
        weakest = SandboxLevel.weaker(weakest, trial.sandbox["holds"])
    findings = {
        "sandbox": [check for trial in trials for check in _sandbox(trial)],
        "listener": words,
        "plaintext": plaintext,
        "rights": list(audit_scan.rights(own)),
        "leaks": list(audit_leaks.leaks(weakest)),
    }
    return AuditReport(trials, listener, findings)


@contextlib.contextmanager
def _stored(phrase: str, pcm: bytes) -> Iterator[None]:
    """The canary in a store that is open: sealed as an ear does it, and written as a front does."""
    unlocking.ensure()
    clock = SystemClock()
    recorder = Recorder(mode=StoreMode.BOTH, room="", wall=clock)
    try:
        words = tuple(Word(word, n / 2, n / 2 + 0.4, 1.0) for n, word in enumerate(phrase.split()))
        number = recorder.detected(Detection("canary", 0.0, 0.0, 0.0), clock.now_ms())
        recipient = recorder.recipient()
        assert recipient is not None
        made = make(
            Sealer(clock), recipient, mode=StoreMode.BOTH, pcm=pcm, transcript=Transcript(phrase, words),
            at_ms=clock.now_ms(), wake_word="canary", scores={},
        )  # fmt: skip
        recorder.keep(made, number)
        yield
    finally:
        recorder.close()


def _sandbox(trial: Trial) -> Iterator[Check]:
    """Of one process: what holds, what it lacked, and what became of its attempts."""
    name, holds, why = trial.process, trial.sandbox["holds"], trial.sandbox["why"]
    sentence = sandbox_text(holds, trial.sent_bytes)
    if holds == SandboxLevel.NONE:
        yield Check(name, Grade.FAIL, f"{sentence}: {why}", "use Linux 4.14 or newer on x86_64 or aarch64")
        return
    if holds == SandboxLevel.FILTER:
        text = f"{sentence}; no namespaces: {why}. {_less(name)}"
        yield Check(name, Grade.NOTE, text, "allow user namespaces to this program")
    else:
        yield Check(name, Grade.FAIL if trial.sent_bytes else Grade.OK, sentence, BROKEN if trial.sent_bytes else "")
    if trial.missing:
        yield Check(name, Grade.NOTE, f"tried without what it works with: {trial.missing}")
    yield Check(name, Grade.OK, _refused(trial.attempts))
    for attempt in trial.attempts:
        if attempt["outcome"] != probes.REFUSED:
            text = f"{attempt['name']}: {attempt['detail']}, where it should have been refused"
            yield Check(f"{name}, broken", Grade.FAIL, text, BROKEN)


def _less(process: str) -> str:
    """What a process can do without an empty root, that it could not do behind one."""
    try:
        landlock.version()
        files = "it may see the names of files"
    except OSError:
        files = "it may read files, since this kernel has no Landlock"
    connects = ", and connect to local services" if process == "microphone" else ""
    return f"While it loads {files}{connects}; at work it sees names"


def _refused(attempts: Sequence[Mapping[str, str]]) -> str:
    """How many, and of what kind."""
    kinds = Counter(attempt["kind"] for attempt in attempts if attempt["outcome"] == probes.REFUSED)
    return f"{kinds.total()} of {len(attempts)} refused: {', '.join(f'{kind} {n}' for kind, n in kinds.items())}"


def _listener() -> tuple[dict[str, attestation.Attestation], list[Check]]:
    running = state.snapshot().listeners
    if not running:
        return {}, [Check("listener", Grade.OK, "not running; while it does, its own counters are shown here")]
    seen, words = dict[str, attestation.Attestation](), list[Check]()
    for number, one in enumerate(running, 1):
        looked, said = _processes(one, f" {number}" if len(running) > 1 else "")
        seen |= looked
        words += said
    return seen, words


def _processes(one: Listener, which: str) -> tuple[dict[str, attestation.Attestation], list[Check]]:
    """The three processes of a running listener; `which` tells it from others."""
    seen, words = dict[str, attestation.Attestation](), list[Check]()
    parts = ((f"ear{which}", one.ear_pid, one.sandbox), (f"microphone{which}", one.mic_pid, one.mic_sandbox))
    for name, pid, holds in parts:
        if not pid:
            words.append(Check(name, Grade.OK, "does not run now"))
            continue
        try:
            seen[name] = attestation.attest(pid)
        except OSError as error:
            words.append(Check(name, Grade.NOTE, f"pid {pid} may not be looked at: {error.strerror or error}"))
        else:
            words += judge(name, seen[name], holds)
    return seen, [*words, *_front(f"front{which}", one.pid)]


def _front(name: str, pid: int) -> Iterator[Check]:
    """The third process of a listener, which is not sandboxed: what it has open."""
    with contextlib.suppress(OSError):
        sockets = attestation.attest(pid).network_sockets
        text = PRIVATE if sockets is None else ", ".join(sockets) or "no network socket"
        yield Check(name, Grade.NOTE if sockets else Grade.OK, f"pid {pid}, not sandboxed: {text}")


def judge(name: str, seen: attestation.Attestation, holds: str) -> Iterator[Check]:
    """What one process of a listener claims, held against what the kernel says of it."""
    if holds == SandboxLevel.NONE:
        yield Check(name, Grade.NOTE, f"pid {seen.pid}: not sandboxed", "start it without --no-sandbox")
    else:
        sent = seen.sent_bytes if holds == SandboxLevel.FULL else None
        yield Check(name, Grade.OK, f"pid {seen.pid}: {sandbox_text(holds, sent)}")
        text = f"Seccomp {seen.seccomp}, NoNewPrivs {seen.no_new_privs:d}"
        yield _held(f"{name}: filter", seen.seccomp == 2 and seen.no_new_privs, text)
        looked = {True: "its user's programs may look into it", False: PRIVATE, None: "root alone may look into it"}
        yield _held(f"{name}: memory", not seen.dumpable, looked[seen.dumpable])
    if holds == SandboxLevel.FULL:
        counted = ", ".join(f"{name} {got} B in, {sent} B out" for name, (got, sent) in seen.interfaces.items())
        alone = seen.own_network is not False and not seen.sent_bytes and set(seen.interfaces) <= {"lo"}
        yield _held(f"{name}: network", alone, counted or "none")
    sockets = ", ".join(seen.network_sockets or ()) or "no network socket, not even an inherited one"
    held = not seen.network_sockets or holds == SandboxLevel.NONE
    yield _held(f"{name}: sockets", held, PRIVATE if seen.network_sockets is None else sockets)
    if seen.unix_peers is not None:
        yield Check(f"{name}: peers", Grade.OK, ", ".join(seen.unix_peers) or "connected to no service")
    yield _held(f"{name}: cores", seen.core_bytes == 0, "none is written" if seen.core_bytes == 0 else "may be written")


def _held(name: str, true: bool, text: str) -> Check:
    return Check(name, Grade.OK if true else Grade.FAIL, text, "" if true else BROKEN)


def _plaintext(phrase: str, pcm: bytes, own: Mapping[str, str], started_s: float) -> Iterator[Check]:
    """While the canary's store is open: the canary everywhere, and what looks plain in the person's own files."""
    at = len(pcm) // 2
    needles = {
        "the canary's text": phrase.split()[1].encode(),
        "the canary's sound": pcm[at : at + 64],
        "the canary's sound as FLAC has it": b"".join(pcm[n + 1 : n - 1 : -1] for n in range(at, at + 64, 2)),
    }
    mine = list(audit_scan.files(own))
    stored = list(audit_scan.files(audit_scan.folders()))
    temporary = audit_scan.temporary_files(started_s)
    canary = audit_scan.search(dict.fromkeys([*mine, *stored, *temporary]), needles)
    yield _nowhere("canary", canary, "a recording was stored as the listener does it, and is nowhere in the clear")
    plain = audit_scan.search([*mine, *stored], audit_scan.SIGNATURES)
    yield _nowhere("sound and text", plain, "nothing in echoctl's folders begins as plain sound or text does")


def _nowhere(name: str, found: audit_scan.ScanResult, text: str) -> Check:
    if found.hits:
        places = ", ".join(f"{what} in {path}" for path, what in found.hits[: audit_scan.SHOWN])
        return Check(
            name, Grade.FAIL, places, "move away what you put there yourself; report anything else: SECURITY.md"
        )
    return Check(name, Grade.OK, f"{text} ({found.files} files, {size_text(found.size)})")


def as_json(report: AuditReport) -> dict[str, Any]:
    """The document of docs/scripting.md."""
    held = {trial.process: dict(trial.sandbox) for trial in report.trials}
    (ear,) = (trial for trial in report.trials if trial.process == PROCESSES[0])
    sandbox = {**held, **ear.sandbox, "sent_bytes": ear.sent_bytes}  # the ear's own stood here alone, until version 2
    listener = {name: _seen(seen) for name, seen in report.listener.items()}
    return {
        "ok": report.exit_code == ExitCode.OK,
        "sandbox": sandbox,
        "seal": sandbox,  # its old name, until version 2
        "attempts": [attempt for trial in report.trials for attempt in trial.attempts],
        "listener": {**listener.get("ear", {}), **listener} or None,
        "findings": [
            {"part": part, "name": check.name, "grade": check.grade, "text": check.text, "fix": check.fix}
            for part in PARTS
            for check in report.findings[part]
        ],
    }


def _seen(seen: attestation.Attestation) -> dict[str, Any]:
    return {
        "pid": seen.pid,
        "seccomp": seen.seccomp,
        "no_new_privs": seen.no_new_privs,
        "own_network": seen.own_network,
        "interfaces": {name: {"received": got, "sent": sent} for name, (got, sent) in seen.interfaces.items()},
        "network_sockets": seen.network_sockets,
        "unix_peers": seen.unix_peers,
        "dumpable": seen.dumpable,
    }
