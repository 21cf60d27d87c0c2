"""Claims of a listener, held against what the kernel says."""

import dataclasses
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from echoctl.model.listener import SandboxLevel
from echoctl.sandbox.attestation import Attestation
from echoctl.services import state
from echoctl.services.system import audit
from echoctl.services.system.health import Grade
from tests.conftest import Run
from tests.lab.cage import needs_namespaces
from tests.lab.listener import Running

GOOD = Attestation(
    pid=4711,
    seccomp=2,
    no_new_privs=True,
    capabilities=0,
    own_network=True,
    interfaces={"lo": (0, 0)},
    network_sockets=(),
    unix_peers=("/run/user/1000/pulse/native",),
    core_bytes=0,
    dumpable=False,
)


def failed(seen: Attestation, holds: str = SandboxLevel.FULL) -> list[str]:
    return [check.name for check in audit.judge("ear", seen, holds) if check.grade is Grade.FAIL]


def test_a_sandboxed_listener_keeps_what_it_claims() -> None:
    assert failed(GOOD) == failed(GOOD, SandboxLevel.FILTER) == []
    assert "sandboxed, 0 B sent" in next(audit.judge("ear", GOOD, SandboxLevel.FULL)).text


@pytest.mark.parametrize(
    ("change", "missed"),
    [
        ({"seccomp": 0}, "ear: filter"),
        ({"no_new_privs": False}, "ear: filter"),
        ({"own_network": False}, "ear: network"),
        ({"interfaces": {"lo": (0, 0), "eth0": (0, 0)}}, "ear: network"),
        ({"interfaces": {"lo": (9, 9)}}, "ear: network"),
        ({"network_sockets": ("tcp 815",)}, "ear: sockets"),
        ({"core_bytes": None}, "ear: cores"),
        ({"dumpable": True}, "ear: memory"),
    ],
)
def test_one_that_does_not_is_found(change: dict[str, object], missed: str) -> None:
    assert failed(dataclasses.replace(GOOD, **change)) == [missed]  # type: ignore[arg-type]


def test_one_that_claims_less_is_held_to_less() -> None:
    plain = dataclasses.replace(GOOD, own_network=False, interfaces={"eth0": (5, 5)})
    assert failed(plain, SandboxLevel.FILTER) == []
    open_ = dataclasses.replace(plain, seccomp=0, no_new_privs=False, network_sockets=("udp 1",))
    assert failed(open_, SandboxLevel.NONE) == []
    assert next(audit.judge("ear", open_, SandboxLevel.NONE)).grade is Grade.NOTE


def test_one_that_nobody_may_look_into_is_as_it_should_be() -> None:
    private = dataclasses.replace(GOOD, network_sockets=None, unix_peers=None, own_network=None)
    assert failed(private) == []
    said = {check.name: check.text for check in audit.judge("ear", private, SandboxLevel.FULL)}
    assert said["ear: sockets"] == said["ear: memory"] == "cannot be looked into, as it should be"
    assert failed(dataclasses.replace(GOOD, dumpable=None)) == []


def trial(holds: str, *attempts: tuple[str, str], sent: int | None = None) -> audit.Trial:
    made = [{"process": "ear", "kind": "files", "name": n, "by": "", "outcome": o, "detail": "x"} for n, o in attempts]
    return audit.Trial("ear", {"holds": holds, "why": "y"}, "", made, sent)


@pytest.mark.parametrize("holds", [SandboxLevel.FULL, SandboxLevel.FILTER])
@pytest.mark.parametrize("outcome", ["open", "failed"])
def test_whatever_is_not_refused_is_a_failure(holds: str, outcome: str) -> None:
    said = list(audit._sandbox(trial(holds, ("list home", outcome), ("read the key", "refused"))))
    (broken,) = [check for check in said if check.grade is Grade.FAIL]
    assert broken.text == "list home: x, where it should have been refused"
    assert "1 of 2 refused: files 1" in {check.text for check in said}


def test_without_a_sandbox_nothing_is_promised_that_could_be_refused() -> None:
    (check,) = audit._sandbox(trial(SandboxLevel.NONE, ("list home", "open")))
    assert (check.grade, check.text) == (Grade.FAIL, "not sandboxed: y")


def test_one_that_sent_something_is_found() -> None:
    assert next(audit._sandbox(trial(SandboxLevel.FULL, sent=7))).grade is Grade.FAIL


@needs_namespaces
@pytest.mark.lab
def test_a_running_listener_is_looked_at(
    start: Callable[..., Running],
    cli: Callable[..., Run],
    speech_model: object,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "temp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temp"))  # so that nobody else's files are looked through
    monkeypatch.setenv("ECHOCTL_SPEECH_MODEL", str(speech_model))
    listener = start("listen", "--json", "--input", "-", stdin=subprocess.PIPE)
    listener.until('"type": "state"')
    now = state.snapshot()
    run = cli("audit", "--json")
    assert run.exit == 0, run.stdout
    seen = run.json["listener"]
    assert (seen["pid"], seen["seccomp"]) == (now.ear_pid, 2)
    assert seen["interfaces"] == {"lo": {"received": 0, "sent": 0}}
    assert seen["ear"] == {name: value for name, value in seen.items() if name not in ("ear", "microphone")}
    assert (seen["microphone"]["pid"], seen["microphone"]["seccomp"]) == (now.mic_pid, 2)
    said = {finding["name"]: finding["text"] for finding in run.json["findings"] if finding["part"] == "listener"}
    assert said["ear"] == f"pid {now.ear_pid}: sandboxed, 0 B sent"
    assert said["microphone"] == f"pid {now.mic_pid}: sandboxed, 0 B sent"
