"""Plugins that do all that a plugin must not do, in processes of their own, as they run."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from echoctl.errors import PluginError
from echoctl.hooks.plugins import LIVES, PluginProcess, installed, missing
from tests.hooks.made import Shelf

WAKE = {"v": 1, "type": "wake", "word": "alexa"}


def told(name: str, limit_s: float = 20.0, times: int = 1) -> tuple[list[str], bool]:
    """What a plugin did wrong over `times` events, and whether it has been left out since."""
    plugin = PluginProcess(name, limit_s)
    faults = []
    for _ in range(times):
        try:
            plugin(WAKE)
        except PluginError as error:
            faults.append(error.message)
    plugin.close(10.0)
    return faults, any("left out" in fault for fault in faults)


def test_a_plugin_hears_what_it_wants_to_hear(shelf: Shelf) -> None:
    heard = shelf.put("one", "note(event['type'])", types="'wake', 'state'")
    plugin = PluginProcess("one")
    for kind in ("wake", "partial", "state", "recording"):
        plugin({"type": kind})
    plugin.close(10.0)
    assert heard.read_text().split() == ["wake", "state"]


def test_what_it_does_not_want_does_not_wake_it(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.put("one", types="'wake'")
    plugin = PluginProcess("one")
    plugin(WAKE)
    monkeypatch.setattr("echoctl.hooks.plugins._say", lambda process, event: pytest.fail("woken"))
    plugin({"type": "partial"})
    plugin.close(10.0)


def test_without_types_it_hears_everything(shelf: Shelf) -> None:
    heard = shelf.put("one", "note(event['type'])", types="")
    plugin = PluginProcess("one")
    for kind in ("wake", "partial"):
        plugin({"type": kind})
    plugin.close(10.0)
    assert heard.read_text().split() == ["wake", "partial"]


def test_it_stays_the_same_process_and_leaves_in_good_order(shelf: Shelf) -> None:
    heard = shelf.put("one", "note(os.getpid())", top="import atexit\natexit.register(lambda: note('bye'))")
    plugin = PluginProcess("one")
    plugin(WAKE)
    plugin(WAKE)
    plugin.close(10.0)
    first, second, last = heard.read_text().split()
    assert first == second != str(os.getpid())
    assert last == "bye"


@pytest.mark.parametrize(
    ("top", "words"),
    [
        ("raise RuntimeError", "does not load: RuntimeError in bad_plugin.py, line 4"),
        ("import nothing_of_this_name", "does not load: ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("sys.exit(0)", "does not load: SystemExit"),
        ("os._exit(3)", "ended by itself (exit code 3)"),
        ("@hook\ndef register_lights(register): pass", "unknown hook 'register_lights'"),
    ],
)
def test_one_that_fails_at_import_is_left_out(shelf: Shelf, top: str, words: str) -> None:
    heard = shelf.put("bad", top=top)
    faults, out = told("bad", times=LIVES)
    assert words in faults[0]
    assert out
    assert not heard.exists()


def test_one_that_raises_goes_on_and_its_words_are_not_shown(shelf: Shelf) -> None:
    shelf.put("bad", "raise ValueError('what time is it')")
    faults, out = told("bad", times=5)
    assert faults == ["ValueError in bad_plugin.py, line 6"] * 5
    assert not out


def test_an_error_for_people_is_shown(shelf: Shelf) -> None:
    shelf.put("bad", "from echoctl.errors import PluginError\nraise PluginError('there is no broker at home', '')")
    assert told("bad")[0] == ["there is no broker at home"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("os._exit(7)", "ended by itself (exit code 7)"),
        ("os.kill(os.getpid(), 11)", "was killed by SIGSEGV"),
        ("os.abort()", "was killed by SIGABRT"),
    ],
)
def test_one_that_dies_is_started_again_until_it_has_died_too_often(shelf: Shelf, body: str, words: str) -> None:
    heard = shelf.put("bad", f"note('once')\n{body}")
    faults, out = told("bad", times=LIVES + 2)
    assert len(faults) == LIVES
    assert all(words in fault for fault in faults)
    assert out
    assert heard.read_text().split() == ["once"] * LIVES


@pytest.mark.slow
@pytest.mark.parametrize("body", ["time.sleep(600)", "while True: pass", "os.kill(os.getpid(), 19)"])
def test_one_that_hangs_is_ended_with_its_children(shelf: Shelf, body: str) -> None:
    child = "import subprocess\nnote(subprocess.Popen(['sleep', '600']).pid)\n"
    heard = shelf.put("bad", child + body)
    faults, _ = told("bad", limit_s=3.0)
    assert faults == ["took more than 3 s and was ended"]
    assert gone(int(heard.read_text()))


def test_one_that_hangs_at_import_is_ended(shelf: Shelf) -> None:
    shelf.put("bad", top="time.sleep(600)")
    assert told("bad", limit_s=1.0)[0] == ["took more than 1 s and was ended"]


def test_what_it_prints_reaches_nobody_and_it_reads_nothing(shelf: Shelf, capfd: pytest.CaptureFixture[str]) -> None:
    heard = shelf.put("loud", "print('x' * 100000)\nprint('y', file=sys.stderr)\nnote(repr(sys.stdin.read()))")
    assert told("loud", times=2) == ([], False)
    assert capfd.readouterr() == ("", "")
    assert heard.read_text().split() == ["''", "''"]


def test_with_debug_its_author_sees_what_happened(
    shelf: Shelf, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECHOCTL_DEBUG", "1")
    shelf.put("bad", "print('here')\nraise ValueError('because')")
    told("bad")
    said = capfd.readouterr().err
    assert "here\n" in said
    assert "ValueError: because" in said


@pytest.mark.slow
def test_when_the_front_is_killed_a_hanging_plugin_goes_too(shelf: Shelf) -> None:
    heard = shelf.put("bad", "note(os.getpid())\ntime.sleep(600)")
    code = "from echoctl.hooks.plugins import PluginProcess; PluginProcess('bad')({'type': 'wake'})"
    front = subprocess.Popen([sys.executable, "-c", code])
    wait_for(heard.exists)
    wait_for(lambda: bool(heard.read_text().strip()))
    front.kill()
    front.wait()
    assert gone(int(heard.read_text()))


def test_a_plugin_that_nobody_installed_is_said(shelf: Shelf) -> None:
    assert told("absent")[0] == ["does not load: absent is not installed; it is left out from now on"]


def test_plugins_are_found_without_importing_them(shelf: Shelf) -> None:
    shelf.put("one", top="raise RuntimeError")
    (found,) = (plugin for plugin in installed({}) if plugin.name == "one")
    assert (found.distribution, found.version, found.summary) == ("one-plugin", "1.2", "Does one things")
    assert (found.module, found.enabled) == ("one_plugin", True)
    assert "one_plugin" not in sys.modules


@pytest.mark.parametrize(
    ("text", "enabled", "absent"),
    [("", True, []), ("none", False, []), ("one", True, []), ("two", False, ["two"]), (" one , two,", True, ["two"])],
)
def test_the_variable_limits_them(shelf: Shelf, text: str, enabled: bool, absent: list[str]) -> None:
    shelf.put("one")
    environ = {"ECHOCTL_PLUGINS": text}
    found = installed(environ)
    assert [plugin.enabled for plugin in found if plugin.name == "one"] == [enabled]
    assert missing(found, environ) == absent


def wait_for(true: Callable[[], bool], limit_s: float = 20.0) -> None:
    end = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def gone(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    # A killed process stays listed until somebody has asked for its end.
    wait_for(lambda: not stat.exists() or stat.read_text().split(") ")[1][0] in "ZX")
    return True
