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
from echoctl.services.sandbox import enter
from tests.conftest import REPOSITORY
from tests.lab.cage import caged, needs_namespaces, somebody

ENTER = """
import json, os, sys
from echoctl.services.sandbox import enter
from echoctl import paths
try:
    sandbox = enter.enter(sys.argv[1])
except enter.Refused as error:
    print(json.dumps({"refused": error.message, "code": error.exit_code})); sys.exit()
paths.private_dir(paths.data_dir())
readable = []
for name in os.listdir(paths.keys_dir()):
    try: open(os.path.join(paths.keys_dir(), name)).read(); readable.append(name)
    except OSError: pass
capabilities = next(line for line in open("/proc/self/status") if line.startswith("CapEff")).split()[1]
print(json.dumps({**sandbox.fields(), "capabilities": int(capabilities, 16), "uid": os.getuid(),
                  "keys": readable, "hidden": sandbox.hidden}))
"""


def entered(policy: str, before: Sequence[str] = ()) -> Any:
    run = subprocess.run(
        [*before, sys.executable, "-c", ENTER, policy], capture_output=True, text=True, cwd=REPOSITORY, check=False
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.fixture
def keys(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store outside pytest's folders, so that another user can reach it, with a key."""
    for kind in ("data", "state", "cache", "config"):
        monkeypatch.setenv(f"ECHOCTL_{kind}_DIR".upper(), str(open_folder / "own" / kind))
    folder = Path(paths.private_dir(paths.keys_dir()))
    (folder / "device.key").write_bytes(b"secret")
    return folder


@pytest.fixture(params=["root", "somebody"])
def person(request: pytest.FixtureRequest, keys: Path, open_folder: Path) -> list[str]:
    return somebody(open_folder / "own") if request.param == "somebody" else []


@needs_namespaces
@pytest.mark.lab
@pytest.mark.parametrize("policy", ["try", "require"])
def test_a_whole_sandbox(person: list[str], policy: str) -> None:
    done = entered(policy, person)
    assert (done["holds"], done["sent_bytes"], done["keys"]) == (SandboxLevel.NAMESPACE, 0, [])
    # Root keeps the right to everybody's files, which it would have had anyway; nobody else keeps anything.
    assert done["capabilities"] == (0b110 if done["uid"] == 0 else 0)


@pytest.mark.lab
@pytest.mark.parametrize("rule", ["unshare=EPERM", "mount=EPERM"])
def test_without_namespaces_the_filter_holds_and_it_says_why(person: list[str], rule: str) -> None:
    done = entered("require", [*person, *caged(rule)])
    assert (done["holds"], done["sent_bytes"]) == (SandboxLevel.SECCOMP, None)
    assert done["why"] == f"{rule.partition('=')[0]}: Operation not permitted"
    assert (done["keys"], done["hidden"]) == ([], [paths.keys_dir()])
    assert done["capabilities"] == (0b110 if done["uid"] == 0 else 0)


@pytest.mark.lab
def test_without_namespaces_and_landlock_the_keys_are_in_reach(person: list[str]) -> None:
    done = entered("require", [*person, *caged("unshare=EPERM", "landlock_create_ruleset=ENOSYS")])
    assert (done["holds"], done["keys"], done["hidden"]) == (SandboxLevel.SECCOMP, ["device.key"], [])


@pytest.mark.lab
def test_a_network_socket_that_was_handed_in_is_no_sandbox(keys: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handed:
        run = subprocess.run(
            [sys.executable, "-c", ENTER, "try"],
            stdin=handed,
            capture_output=True,
            text=True,
            cwd=REPOSITORY,
            check=True,
        )
    done = json.loads(run.stdout)
    assert (done["holds"], done["why"]) == (SandboxLevel.NONE, "it was handed a network socket (descriptor 0)")


@needs_namespaces
@pytest.mark.lab
def test_the_outlook_is_what_comes_of_it_and_makes_nothing(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECHOCTL_STATE_DIR", str(open_folder / "state"))
    code = "from echoctl.services.sandbox import enter; print(enter.outlook().holds)"
    for cage, holds in (([], SandboxLevel.NAMESPACE), (caged("mount=EPERM"), SandboxLevel.SECCOMP)):
        run = subprocess.run([*cage, sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert run.stdout.strip() == holds
    assert not (open_folder / "state").exists()


@pytest.mark.lab
def test_without_filters_there_is_no_sandbox(person: list[str]) -> None:
    done = entered("try", [*person, *caged("seccomp=ENOSYS")])
    assert done["holds"] == SandboxLevel.NONE
    assert done["why"] == "seccomp: Function not implemented"
    refused = entered("require", [*person, *caged("seccomp=ENOSYS")])
    assert refused["code"] == 10
    assert "seccomp: Function not implemented" in refused["refused"]


def test_a_sandbox_that_is_not_wanted_is_not_entered(keys: Path) -> None:
    done = entered("off")
    assert (done["holds"], done["why"], done["keys"]) == (SandboxLevel.NONE, "--no-sandbox", ["device.key"])


def test_elsewhere_than_on_linux_it_says_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enter.sys, "platform", "darwin")
    assert enter.outlook() == enter.enter("try")
    assert enter.enter("try") == enter.Sandbox(SandboxLevel.NONE, "only Linux has what it takes")
    with pytest.raises(Refused, match="only Linux"):
        enter.enter("require")


def test_a_sound_server_across_the_network_is_told_before_it_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", "tcp:kitchen")
    enter.check_sound_server(SandboxLevel.NONE)
    for holds in (SandboxLevel.SECCOMP, SandboxLevel.NAMESPACE):
        with pytest.raises(DeviceError, match="tcp:kitchen") as caught:
            enter.check_sound_server(holds)
        assert "--no-sandbox" in caught.value.hint
    monkeypatch.setenv("PULSE_SERVER", "unix:/run/pulse")
    enter.check_sound_server(SandboxLevel.NAMESPACE)
