"""A real terminal: tmux, with keys typed into it and its screen read back."""

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent.parent


class Terminal:
    """A server and a session of its own, in an empty environment but for what the test has set."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._kept = socket.with_name("exit")

    def start(self, *arguments: str, columns: int = 80, rows: int = 24, term: str = "xterm-256color") -> None:
        """Run `echoctl …` in a screen of the given size."""
        command = shlex.join([sys.executable, "-m", "echoctl", *arguments])
        # The shell must outlive a Ctrl-C that is meant for the command.
        environment = f"TERM={term} PYTHONPATH={shlex.quote(str(REPOSITORY))}"
        shown = f"trap : INT; {environment} {command}; echo $? > {self._kept}; sleep 60"
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), shown)

    def type(self, *keys: str) -> None:
        """Press keys, by tmux's names: `m`, `Enter`, `C-c`."""
        self._tmux("send-keys", *keys)

    def resize(self, columns: int, rows: int = 24) -> None:
        """Pull at the window's corner."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def screen(self, *, colours: bool = False) -> str:
        """What is shown now, with its escape sequences if wanted."""
        return self._tmux("capture-pane", "-p", *(["-e"] if colours else []))

    def until(self, text: str, timeout_s: float = 30) -> str:
        """Wait until the screen shows `text`; returns the screen."""
        return self._wait(lambda: text in self.screen(), timeout_s, f"no {text!r} on the screen")

    def until_not(self, text: str, timeout_s: float = 30) -> str:
        """Wait until the screen does not show `text` any more; returns the screen."""
        return self._wait(lambda: text not in self.screen(), timeout_s, f"still {text!r} on the screen")

    def exit_code(self, timeout_s: float = 20) -> int:
        """Wait for the end of the command."""
        self._wait(lambda: self._kept.exists() and self._kept.read_text().strip() != "", timeout_s, "it has not ended")
        return int(self._kept.read_text())

    def close(self) -> None:
        """End everything that runs in it."""
        subprocess.run(["tmux", "-S", self._socket, "kill-server"], capture_output=True, check=False)

    def _wait(self, done: Callable[[], bool], timeout_s: float, problem: str) -> str:
        end = time.monotonic() + timeout_s
        while not done():
            if time.monotonic() > end:
                raise AssertionError(f"{problem}:\n{self.screen()}")
            time.sleep(0.05)
        return self.screen()

    def _tmux(self, *arguments: str) -> str:
        env = {**os.environ, "LC_ALL": "C.UTF-8"}
        for name in ("TMUX", "COLUMNS", "LINES"):  # the sizes of another terminal
            env.pop(name, None)
        command = ["tmux", "-S", str(self._socket), *arguments]
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=20, check=True).stdout


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A terminal for the test; what runs in it ends with the test."""
    if shutil.which("tmux") is None:
        pytest.skip("not installed: tmux")
    made = Terminal(tmp_path / "tmux")
    yield made
    made.close()
