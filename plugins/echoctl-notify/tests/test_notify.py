"""Rules, the desktop, and the whole plugin as echoctl runs it."""

import importlib.util
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from echoctl.errors import PluginError
from echoctl.hooks.plugins import PluginProcess, installed
from echoctl_notify.desktop import command_for, notify
from echoctl_notify.rules import USUAL, load

HERE = Path(__file__).resolve().parent.parent
RECORDING = {"v": 1, "type": "recording", "duration_ms": 2570, "room": "kitchen"}

Rules = Callable[[str], None]
Shown = Callable[[], list[str]]

on_linux = pytest.mark.skipif(sys.platform == "darwin", reason="notify-send is Linux's")


def test_without_a_file_the_usual_rules_hold() -> None:
    assert load() == list(USUAL)


@on_linux
def test_a_rule_shows_what_the_event_has(rules: Rules, shown: Shown) -> None:
    rules('[[rule]]\non = "recording"\nshow = "{duration_ms} ms in {room}"\n')
    (rule,) = load()
    rule(RECORDING)
    assert shown() == ["2570 ms in kitchen"]


@on_linux
def test_where_narrows(rules: Rules, shown: Shown) -> None:
    rules('[[rule]]\non = "state"\nwhere = { state = "muted" }\nshow = "{state}"\n')
    (rule,) = load()
    for state in ("idle", "muted", "listening"):
        rule({"type": "state", "state": state})
    assert shown() == ["muted"]


def test_a_command_gets_the_event_and_no_shell(rules: Rules, tmp_path: Path) -> None:
    rules(
        f"[[rule]]\non = \"recording\"\nrun = '''{shlex.quote(sys.executable)} -c \"import sys; "
        f"open(sys.argv[1], 'w').write(sys.stdin.read())\" {tmp_path}/got ; touch {tmp_path}/trap'''\n"
    )
    (rule,) = load()
    rule(RECORDING)
    assert '"duration_ms": 2570' in (tmp_path / "got").read_text()
    assert not (tmp_path / "trap").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[rule]\n", "cannot be read"),
        ('rule = "x"\n', r"must hold \[\[rule\]\] tables"),
        ('[other]\n[[rule]]\non = "wake"\nshow = "x"\n', "and nothing else"),
        ('[[rule]]\non = "wake"\n', "rule 1: needs on, and show or run"),
        ('[[rule]]\nshow = "x"\n', "rule 1: needs on"),
        ('[[rule]]\non = "wake"\nshow = "x"\n[[rule]]\non = "wake"\nshout = "x"\n', "rule 2: shout is not one of"),
        ('[[rule]]\non = "wake"\nshow = 3\n', "rule 1: show is not"),
    ],
)
def test_a_mistake_in_the_file_is_named(rules: Rules, text: str, words: str) -> None:
    rules(text)
    with pytest.raises(PluginError, match=words):
        load()


@pytest.mark.parametrize("text", ["{nothing}", "{", "{0}", "{type.x}"])
def test_a_key_that_the_event_lacks_is_named(rules: Rules, text: str) -> None:
    rules(f'[[rule]]\non = "recording"\nshow = "{text}"\n')
    (rule,) = load()
    with pytest.raises(PluginError, match="does not have"):
        rule(RECORDING)


def test_a_text_that_is_withheld_is_told_from_a_mistake(rules: Rules) -> None:
    rules('[[rule]]\non = "transcript"\nshow = "{text}"\n')
    (rule,) = load()
    with pytest.raises(PluginError, match=r"'text' \(hooks.transcripts is not true\)"):
        rule({"type": "transcript"})


@pytest.mark.parametrize(("run", "words"), [("false", "exit code 1"), ("/no/such", "cannot run"), ("'", "cannot run")])
def test_a_command_that_fails_is_said(rules: Rules, run: str, words: str) -> None:
    rules(f'[[rule]]\non = "recording"\nrun = "{run}"\n')
    (rule,) = load()
    with pytest.raises(PluginError, match=words):
        rule(RECORDING)


def test_text_is_never_markup_or_script() -> None:
    assert command_for("linux", "<b>-x & y</b>")[-2:] == ["echoctl", "&lt;b&gt;-x &amp; y&lt;/b&gt;"]
    apple = command_for("darwin", '" & (do shell script "x")')
    assert apple[-1] == '" & (do shell script "x")'
    assert apple[0] == "osascript"
    assert "x" not in "".join(apple[1:-2]).replace("script", "")


def test_a_desktop_without_the_command_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(PluginError, match="there is no"):
        notify("x")


@pytest.mark.skipif(importlib.util.find_spec("hatchling") is None, reason="hatchling builds it: tools/setup")
@on_linux
def test_it_installs_and_echoctl_runs_it(tmp_path: Path, shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*pip, "--target", target, HERE], check=True, env={**os.environ, "PIP_USER": "0"})
    monkeypatch.syspath_prepend(str(target))
    monkeypatch.setenv("PYTHONPATH", f"{target}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    (plugin,) = (plugin for plugin in installed() if plugin.name == "notify")
    assert (plugin.distribution, plugin.module) == ("echoctl-notify", "echoctl_notify")
    process = PluginProcess("notify", limit_s=30.0)
    process(RECORDING)
    process({"type": "wake", "word": "alexa"})
    process({"type": "state", "state": "muted"})
    process.close(10.0)
    assert shown() == ["Heard something: 2570 ms", "The microphone is closed"]
