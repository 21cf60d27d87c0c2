"""How far the sandbox of this process goes, and what a person asked for."""

import json
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from echoctl import paths
from echoctl.errors import DeviceError, Refused
from echoctl.model.listener import SandboxLevel
from echoctl.services.sandbox import enter, roles
from tests.conftest import REPOSITORY
from tests.lab.cage import caged, needs_namespaces, somebody

ENTER = """
import json, os, sys
from echoctl.services.sandbox import enter, roles
from echoctl import paths
role = getattr(roles, sys.argv[2])()
try:
    sandbox = enter.enter(sys.argv[1], role)
except enter.Refused as error:
    print(json.dumps({"refused": error.message, "code": error.exit_code})); sys.exit()
def readable(path):
    try: return bool(open(path).read())
    except OSError: return False
key = os.path.join(paths.keys_dir(), "device.key")
model = os.path.join(paths.models_dir(), "small", "final.mdl")
before = [readable(key), readable(model)]
import zlib  # the program can still be loaded
sandbox.lock()
said = {**sandbox.fields(), "number": os.getpid(), "loading": before, "locked": [readable(key), readable(model)]}
print(json.dumps(said))
"""


def entered(policy: str, before: Sequence[str] = (), role: str = "ear") -> Any:
    run = subprocess.run(
        [*before, sys.executable, "-c", ENTER, policy, role],
        capture_output=True, text=True, cwd=REPOSITORY, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.fixture
def store(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store outside pytest's folders, so that another user can reach it, with a key and a model."""
    for kind in ("data", "state", "cache", "config"):
        monkeypatch.setenv(f"ECHOCTL_{kind}_DIR".upper(), str(open_folder / "own" / kind))
    Path(paths.private_dir(paths.keys_dir()), "device.key").write_bytes(b"secret")
    model = Path(paths.private_dir(paths.data_dir()), "models", "small")
    model.mkdir(parents=True)
    (model / "final.mdl").write_bytes(b"model")
    return open_folder


@pytest.fixture(params=["root", "somebody"])
def person(request: pytest.FixtureRequest, store: Path) -> list[str]:
    return somebody(store / "own") if request.param == "somebody" else []


@needs_namespaces
@pytest.mark.lab
@pytest.mark.parametrize("policy", ["try", "require", "full"])
def test_a_whole_sandbox_shows_the_models_and_later_nothing(person: list[str], policy: str) -> None:
    done = entered(policy, person)
    assert (done["holds"], done["why"], done["number"]) == (SandboxLevel.FULL, "", 1)
    assert (done["loading"], done["locked"]) == ([False, True], [False, False])


@needs_namespaces
@pytest.mark.lab
@pytest.mark.parametrize("role", ["microphone", "decoder"])
def test_who_needs_no_model_sees_none(person: list[str], role: str) -> None:
    done = entered("full", person, role)
    assert (done["loading"], done["locked"]) == ([False, False], [False, False])


@pytest.mark.lab
@pytest.mark.parametrize("rule", ["unshare=EPERM", "mount=EPERM"])
def test_without_namespaces_the_filter_holds_and_it_says_why(person: list[str], rule: str) -> None:
    done = entered("require", [*person, *caged(rule)])
    assert done["holds"] == SandboxLevel.FILTER
    assert done["why"] == f"{rule.partition('=')[0]}: Operation not permitted"
    assert (done["loading"], done["locked"]) == ([False, True], [False, False])
    refused = entered("full", [*person, *caged(rule)])
    assert (refused["code"], "(filter)" in refused["refused"]) == (10, True)


@pytest.mark.lab
def test_without_landlock_as_well_the_key_is_in_reach_until_it_is_locked(person: list[str]) -> None:
    done = entered("require", [*person, *caged("unshare=EPERM", "landlock_create_ruleset=ENOSYS")])
    assert (done["holds"], done["loading"]) == (SandboxLevel.FILTER, [True, True])
    assert done["why"].endswith("; no Landlock (landlock_create_ruleset: Function not implemented)"), (
        "what is less is said"
    )
    assert done["locked"] == [False, False]


@pytest.mark.lab
def test_a_network_socket_that_was_handed_in_is_no_sandbox(store: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handed:
        run = subprocess.run(
            [sys.executable, "-c", ENTER, "try", "ear"],
            stdin=handed, capture_output=True, text=True, cwd=REPOSITORY, check=True,
        )  # fmt: skip
    done = json.loads(run.stdout)
    assert (done["holds"], done["why"]) == (SandboxLevel.NONE, "it was handed a network socket (descriptor 0)")


@needs_namespaces
@pytest.mark.lab
def test_the_outlook_is_what_comes_of_it_and_makes_nothing(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECHOCTL_STATE_DIR", str(open_folder / "state"))
    code = "from echoctl.services.sandbox import enter, roles; print(enter.outlook(roles.ear()).holds)"
    for cage, holds in (([], SandboxLevel.FULL), (caged("mount=EPERM"), SandboxLevel.FILTER)):
        run = subprocess.run([*cage, sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert run.stdout.strip() == holds
    assert not (open_folder / "state").exists()


@pytest.mark.lab
def test_without_filters_there_is_no_sandbox(person: list[str]) -> None:
    done = entered("try", [*person, *caged("unshare=EPERM", "seccomp=ENOSYS")])
    assert (done["holds"], done["why"]) == (SandboxLevel.NONE, "seccomp: Function not implemented")
    refused = entered("require", [*person, *caged("unshare=EPERM", "seccomp=ENOSYS")])
    assert refused["code"] == 10
    assert "seccomp: Function not implemented" in refused["refused"]


def test_a_sandbox_that_is_not_wanted_is_not_entered(store: Path) -> None:
    done = entered("off")
    assert (done["holds"], done["why"]) == (SandboxLevel.NONE, "--no-sandbox")
    assert done["locked"] == [True, True]


def test_elsewhere_than_on_linux_it_says_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enter.sys, "platform", "darwin")
    monkeypatch.setattr(enter, "_leave_no_core", lambda: None)
    role = roles.decoder()
    assert enter.outlook(role) == enter.enter("try", role)
    assert enter.enter("try", role) == enter.Sandbox(SandboxLevel.NONE, "only Linux has what it takes")
    for policy in ("require", "full"):
        with pytest.raises(Refused, match="only Linux"):
            enter.enter(policy, role)


def test_a_sound_server_across_the_network_is_told_before_it_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", "tcp:kitchen")
    with pytest.raises(DeviceError, match="tcp:kitchen") as caught:
        roles.check_sound_server()
    assert "--no-sandbox" in caught.value.hint
    monkeypatch.setenv("PULSE_SERVER", "unix:/run/pulse")
    roles.check_sound_server()
