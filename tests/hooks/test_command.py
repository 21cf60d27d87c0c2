import shlex
import sys
import time
from pathlib import Path

import pytest

from echoctl.errors import ExitCode, PluginError, UsageError
from echoctl.hooks.command import Command


def script(path: Path, body: str) -> str:
    path.write_text(body)
    return shlex.join([sys.executable, str(path)])


def test_the_event_arrives_on_stdin_as_one_json_line(tmp_path: Path) -> None:
    out = tmp_path / "out"
    Command(script(tmp_path / "s.py", f"import sys; open({str(out)!r}, 'w').write(sys.stdin.read())"))({"type": "wake"})
    assert out.read_text() == '{"type": "wake"}\n'


def test_no_shell_runs(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    Command(f"true ; touch {trap} ; $(touch {trap})")({"type": "wake"})
    assert not trap.exists()


def test_partials_start_no_process(tmp_path: Path) -> None:
    Command("/does/not/exist")({"type": "partial", "text": "what"})


@pytest.mark.parametrize("text", ["", "'unclosed"])
def test_an_unusable_command_is_refused_at_once(text: str) -> None:
    with pytest.raises(UsageError):
        Command(text)


@pytest.mark.parametrize(("command", "words"), [("/does/not/exist", "cannot run"), ("false", "exit code 1")])
def test_failures_are_plugin_errors(command: str, words: str) -> None:
    with pytest.raises(PluginError, match=words) as caught:
        Command(command)({"type": "wake"})
    assert caught.value.exit_code == ExitCode.PLUGIN


def test_a_long_run_is_ended_with_its_children(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    body = (
        f"import subprocess; p = subprocess.Popen(['sleep', '60']); open({str(pid)!r}, 'w').write(str(p.pid)); p.wait()"
    )
    with pytest.raises(PluginError, match="was ended"):
        Command(script(tmp_path / "s.py", body), limit_s=1.0)({"type": "wake"})
    state = Path(f"/proc/{pid.read_text()}/stat")
    deadline = time.monotonic() + 10  # a killed process stays listed until the kernel has come round to it
    while state.exists() and state.read_text().split(") ")[1][0] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.01)
