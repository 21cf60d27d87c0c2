"""Claims of a listener, held against what the kernel says."""

import dataclasses
import json
import subprocess
from collections.abc import Callable

import pytest

from echoctl.model.listener import SandboxLevel
from echoctl.sandbox.attestation import Attestation
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
)


def failed(seen: Attestation, holds: str = SandboxLevel.NAMESPACE) -> list[str]:
    return [check.name for check in audit.judge(seen, holds) if check.grade is Grade.FAIL]


def test_a_sandboxed_listener_keeps_what_it_claims() -> None:
    assert failed(GOOD) == failed(GOOD, SandboxLevel.SECCOMP) == []
    assert "sandboxed, 0 B sent" in next(audit.judge(GOOD, SandboxLevel.NAMESPACE)).text


@pytest.mark.parametrize(
    ("change", "missed"),
    [
        ({"seccomp": 0}, "filter"),
        ({"no_new_privs": False}, "filter"),
        ({"own_network": False}, "interfaces"),
        ({"interfaces": {"lo": (0, 0), "eth0": (0, 0)}}, "interfaces"),
        ({"interfaces": {"lo": (9, 9)}}, "interfaces"),
        ({"network_sockets": ("tcp 815",)}, "sockets"),
        ({"core_bytes": None}, "core dumps"),
    ],
)
def test_one_that_does_not_is_found(change: dict[str, object], missed: str) -> None:
    assert failed(dataclasses.replace(GOOD, **change)) == [missed]  # type: ignore[arg-type]


def test_one_that_claims_less_is_held_to_less() -> None:
    plain = dataclasses.replace(GOOD, own_network=False, interfaces={"eth0": (5, 5)})
    assert failed(plain, SandboxLevel.SECCOMP) == []
    open_ = dataclasses.replace(plain, seccomp=0, no_new_privs=False, network_sockets=("udp 1",))
    assert failed(open_, SandboxLevel.NONE) == []
    assert next(audit.judge(open_, SandboxLevel.NONE)).grade is Grade.NOTE


@needs_namespaces
@pytest.mark.lab
def test_a_running_listener_is_looked_at(
    start: Callable[..., Running], cli: Callable[..., Run], speech_model: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECHOCTL_SPEECH_MODEL", str(speech_model))
    listener = start("listen", "--json", "--input", "-", stdin=subprocess.PIPE)
    listener.until('"type": "state"')
    run = cli("audit", "--json")
    assert run.exit == 0, run.stdout
    seen = run.json["listener"]
    assert (seen["pid"], seen["seccomp"], seen["own_network"]) == (listener.ear, 2, True)
    assert seen["interfaces"] == {"lo": {"received": 0, "sent": 0}}
    said = {finding["name"]: finding["text"] for finding in run.json["findings"] if finding["part"] == "listener"}
    assert said["claim"] == f"pid {listener.ear}: sandboxed, 0 B sent"
    assert json.dumps(run.json).count(str(listener.ear)) >= 2
