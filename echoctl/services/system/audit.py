"""`audit`: does what we promise about ourselves hold on this machine, now? By trying, and by the kernel's own word.

Five parts: the sandbox (a child in it tries to get out), the listener that runs (its counters and sockets), plaintext
(a canary is recorded, and looked for everywhere), rights, and what could still leak. Only loopback is ever spoken to.
"""

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from echoctl import paths
from echoctl.errors import EchoctlError, ExitCode
from echoctl.model.listener import SandboxLevel
from echoctl.model.speech import BYTES_PER_SECOND
from echoctl.sandbox import attestation, brokers, probes
from echoctl.services import state
from echoctl.services.listening.demo import throw_away_store
from echoctl.services.system import audit_leaks, audit_scan
from echoctl.services.system.health import Check, Grade
from echoctl.services.vault import unlocking
from echoctl.text.format import size_text
from echoctl.text.status import sandbox_text

CHILD_SECONDS = 60.0
"""How long the child may take; usually it is below two seconds."""

PARTS = ("sandbox", "listener", "plaintext", "rights", "leaks")

BROKEN = "do not rely on the sandbox here, and please report it: SECURITY.md"


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What was found."""

    sandbox: Mapping[str, Any]
    """Of the child: `holds`, `sent_bytes`, `why`, `hidden`."""
    attempts: Sequence[Mapping[str, str]]
    """What it tried: `name`, `by`, `outcome`, `detail`."""
    listener: attestation.Attestation | None
    """The kernel's word on the running listener, if there is one that may be asked about."""
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
    phrase = "canary " + " ".join(secrets.token_hex(4) for _ in range(4))
    pcm = secrets.token_bytes(2 * BYTES_PER_SECOND)
    own = audit_scan.folders()
    with _child(phrase, pcm) as said:
        plaintext = list(_plaintext(phrase, pcm, own, started_s))
    listener, words = _listener()
    findings = {
        "sandbox": list(_sandbox(said)),
        "listener": words,
        "plaintext": plaintext,
        "rights": list(audit_scan.rights(own)),
        "leaks": list(audit_leaks.leaks(said["sandbox"]["holds"], said["sandbox"]["hidden"])),
    }
    return AuditReport(said["sandbox"], said["attempts"], listener, findings)


@contextlib.contextmanager
def _child(phrase: str, pcm: bytes) -> Iterator[dict[str, Any]]:
    """Yields what the sandboxed child said, while it still has the canary's database open."""
    # The real keys are what must be out of sight; where there are none yet, those of the throw-away store.
    own = {"ECHOCTL_STATE_DIR": paths.state_dir()} if os.path.exists(paths.device_key()) else {}
    abstract = f"echoctl-audit-{secrets.token_hex(8)}"
    with throw_away_store(), _outside(abstract) as outside:
        unlocking.ensure()
        keys = os.path.join(own["ECHOCTL_STATE_DIR"], "keys") if own else paths.keys_dir()
        spec = {"abstract": outside, "keys": keys, "phrase": phrase, "sound_bytes": len(pcm)}
        spec["senders"] = brokers.found(os.environ, [])
        with subprocess.Popen(
            [sys.executable, "-P", "-m", "echoctl.services.system.audit_process", json.dumps(spec)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**paths.child_environment(), **own},
        ) as child:
            assert child.stdin and child.stdout and child.stderr
            try:
                child.stdin.write(pcm)
                child.stdin.flush()
                line = child.stdout.readline()
            except BrokenPipeError:
                line = b""
            if not line:
                _, errors = child.communicate(timeout=CHILD_SECONDS)
                raise EchoctlError(
                    f"the sandboxed child died: {errors.decode(errors='replace').strip()[-300:]}", BROKEN
                )
            yield json.loads(line)
            child.stdin.close()


@contextlib.contextmanager
def _outside(name: str) -> Iterator[str]:
    """An abstract unix socket in this process, which is not sandboxed; yields its name, "" where there are none."""
    if sys.platform != "linux":
        yield ""
        return
    with socket.socket(socket.AF_UNIX) as listening_socket:
        listening_socket.bind("\0" + name)
        listening_socket.listen()
        yield name


def _sandbox(said: Mapping[str, Any]) -> Iterator[Check]:
    holds, why, tried = said["sandbox"]["holds"], said["sandbox"]["why"], said["attempts"]
    sentence = sandbox_text(holds, said["sandbox"]["sent_bytes"])
    if holds == SandboxLevel.NONE:
        yield Check("sandbox", Grade.FAIL, f"{sentence}: {why}", "use Linux 4.14 or newer on x86_64 or aarch64")
        return
    if holds == SandboxLevel.SECCOMP:
        yield Check("sandbox", Grade.NOTE, f"{sentence}; no namespace: {why}", "allow user namespaces to this program")
    else:
        yield Check("sandbox", Grade.OK, sentence)
    yield Check("attempts", Grade.OK, _refused(tried))
    for attempt in tried:
        if attempt["outcome"] == probes.REFUSED:
            continue
        text = f"{attempt['name']}: {attempt['detail']}, where {attempt['by']} should have refused it"
        if attempt["by"] == probes.NAMESPACE and holds == SandboxLevel.SECCOMP:
            yield Check("open", Grade.NOTE, f"{attempt['name']}, without a namespace ({attempt['detail']})")
        else:
            yield Check("broken", Grade.FAIL, text, BROKEN)
    if said["inherited"]:
        yield Check("inherited", Grade.FAIL, f"the child was handed network sockets: {said['inherited']}", BROKEN)


def _refused(tried: Sequence[Mapping[str, str]]) -> str:
    names = [attempt["name"] for attempt in tried if attempt["outcome"] == probes.REFUSED]
    told = [name for name in names if name not in probes.SYSCALLS]
    calls = f"{len(names) - len(told)} system calls that undo a sandbox or go around it"
    return f"{len(names)} of {len(tried)} refused: {', '.join(told)}, {calls}"


def _listener() -> tuple[attestation.Attestation | None, list[Check]]:
    now = state.snapshot()
    if not now.listening:
        return None, [Check("listener", Grade.OK, "not running; while it does, its own counters are shown here")]
    try:
        seen = attestation.attest(now.ear_pid)
    except OSError as error:
        return None, [Check("listener", Grade.NOTE, f"runs, and may not be looked at: {error.strerror or error}")]
    return seen, [*judge(seen, now.sandbox), *_front(now.pid)]


def _front(pid: int) -> Iterator[Check]:
    """The listener's other half, which is not sandboxed: what it has open."""
    with contextlib.suppress(OSError):
        sockets = ", ".join(attestation.attest(pid).network_sockets)
        grade = Grade.NOTE if sockets else Grade.OK
        yield Check("front", grade, f"pid {pid}, not sandboxed: {sockets or 'no network socket'}")


def judge(seen: attestation.Attestation, holds: str) -> Iterator[Check]:
    """What a listener claims, held against what the kernel says of it."""
    if holds == SandboxLevel.NONE:
        yield Check("claim", Grade.NOTE, f"pid {seen.pid}: not sandboxed", "start it without --no-sandbox")
    else:
        sent = seen.sent_bytes if holds == SandboxLevel.NAMESPACE else None
        yield Check("claim", Grade.OK, f"pid {seen.pid}: {sandbox_text(holds, sent)}")
        text = f"Seccomp {seen.seccomp}, NoNewPrivs {seen.no_new_privs:d}"
        yield _held("filter", seen.seccomp == 2 and seen.no_new_privs, text)
    if holds == SandboxLevel.NAMESPACE:
        counted = ", ".join(f"{name} {got} B in, {sent} B out" for name, (got, sent) in seen.interfaces.items())
        alone = seen.own_network is not False and not seen.sent_bytes and set(seen.interfaces) <= {"lo"}
        yield _held("interfaces", alone, counted or "none")
    sockets = ", ".join(seen.network_sockets) or "no network socket, not even an inherited one"
    yield _held("sockets", not seen.network_sockets or holds == SandboxLevel.NONE, sockets)
    peers = "cannot be asked" if seen.unix_peers is None else ", ".join(seen.unix_peers) or "no service"
    yield Check("connected to", Grade.OK, peers)
    yield _held("core dumps", seen.core_bytes == 0, "none is written" if seen.core_bytes == 0 else "may be written")


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
    seen = report.listener
    listener = seen and {
        "pid": seen.pid,
        "seccomp": seen.seccomp,
        "no_new_privs": seen.no_new_privs,
        "own_network": seen.own_network,
        "interfaces": {name: {"received": got, "sent": sent} for name, (got, sent) in seen.interfaces.items()},
        "network_sockets": seen.network_sockets,
        "unix_peers": seen.unix_peers,
    }
    return {
        "ok": report.exit_code == ExitCode.OK,
        "sandbox": report.sandbox,
        "seal": report.sandbox,  # its old name, until version 2
        "attempts": report.attempts,
        "listener": listener,
        "findings": [
            {"part": part, "name": check.name, "grade": check.grade, "text": check.text, "fix": check.fix}
            for part in PARTS
            for check in report.findings[part]
        ],
    }
