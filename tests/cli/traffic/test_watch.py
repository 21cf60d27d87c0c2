import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, Run
from tests.lab.programs import path as path
from tests.lab.programs import program
from tests.traffic.inputs import packets as p

pytestmark = pytest.mark.slow  # a capture happens in real time

Cli = Callable[..., Run]


def until(path: Path, wanted: str, *options: str) -> tuple[int, list[str], str]:
    """Run `traffic watch` until a line says `wanted`, then Ctrl-C as at a terminal, where all that it started gets it,
    too: exit code, lines, stderr.
    """
    command = [sys.executable, "-m", "echoctl", "traffic", "watch", "--interface", "lo", *options]
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, start_new_session=True
    ) as child:
        assert child.stdout is not None
        lines = []
        for line in child.stdout:
            lines.append(line)
            if wanted in line:
                os.killpg(child.pid, signal.SIGINT)
                break
        rest, errors = child.communicate(timeout=20)
    return child.returncode, [*lines, *rest.splitlines()], errors


def test_with_json_each_event_is_a_line(path: Path) -> None:
    program(path, "tcpdump", "head(); speak(4); time.sleep(20)", live=True)
    code, lines, _ = until(path, '"class": "voice"', "--json")
    events = [json.loads(line) for line in lines]
    assert code == 130
    assert {event["v"] for event in events} == {1}
    assert events[0]["what"] == "begun"
    assert {"second", "burst", "end"} <= {event["type"] for event in events}
    burst = next(event for event in events if event.get("class") == "voice")
    assert (burst["device"], burst["endpoint"], burst["wake"]) == (p.SPEAKER, p.CLOUD_IP, None)
    assert events[-1]["bursts"]["voice"] == 1


def test_without_a_terminal_lines_are_plain(path: Path) -> None:
    program(path, "tcpdump", "head(); speak(4); time.sleep(20)", live=True)
    code, lines, errors = until(path, "  voice  ")
    assert code == 130
    assert "\x1b" not in "".join(lines) + errors
    assert "capturing on interface lo" in errors


def test_where_to_capture_must_be_said(cli: Cli) -> None:
    run = cli("traffic", "watch")
    assert (run.exit, "--interface" in run.stderr) == (2, True)


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--interface", "nowhere0"), 4, "no interface nowhere0"),
        (("--interface", "lo", "--device", "cellar"), 3, "no device cellar"),
        (("--ssh=-oProxyCommand=true",), 2, "no ssh target"),
    ],
)
def test_bad_input_is_one_line_a_hint_and_a_code(
    path: Path, cli: Cli, options: tuple[str, ...], code: int, message: str
) -> None:
    program(path, "tcpdump", "")
    run = cli("traffic", "watch", *options)
    assert run.exit == code
    assert message in run.stderr.splitlines()[0]
    assert "echoctl: hint: " in run.stderr


def test_a_refused_capture_says_how_to_get_the_right(path: Path, cli: Cli) -> None:
    program(path, "tcpdump", "import sys; sys.exit('tcpdump: lo: (socket: Operation not permitted)')")
    run = cli("traffic", "watch", "--interface", "lo", "--json")
    assert run.exit == 4
    assert "setcap" in run.stderr
    assert run.events[-1]["code"] == 4
