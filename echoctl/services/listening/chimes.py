"""Chimes at the start and the end of a request, played by a process of their own.

PortAudio prints where it likes, and a sound server that hangs may hold a call for ever: neither may befall the front
or the ear. So the front writes `start` or `end` to a player and reads one line back, empty or what went wrong.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from echoctl import logs, paths
from echoctl.errors import EchoctlError, PluginError
from echoctl.model.speech import LedState


class Chimes:
    """A hook that plays a chime when a request begins, and another when it has been heard. Close it at the end."""

    def __init__(self) -> None:
        log = logs.open_log()
        try:
            self._player = subprocess.Popen(
                [sys.executable, "-P", "-m", "echoctl.services.listening.chimes"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=paths.child_environment(),
                start_new_session=True,  # a Ctrl-C in the terminal is for the front
            )
        finally:
            os.close(log)
        self._listening = False

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Hear of one event. Raises PluginError when there is no speaker, or the player has died."""
        if event["type"] != "state":
            return
        was, self._listening = self._listening, event["state"] == LedState.LISTENING
        if self._listening and not was:
            self._play("start")
        elif was and event["state"] in (LedState.THINKING, LedState.IDLE):
            self._play("end")

    def close(self) -> None:
        """End the player, also one that hangs."""
        self._player.kill()
        self._player.communicate()

    def _play(self, kind: str) -> None:
        assert self._player.stdin and self._player.stdout
        answer = b""
        with contextlib.suppress(BrokenPipeError):
            self._player.stdin.write(kind.encode() + b"\n")
            self._player.stdin.flush()
            answer = self._player.stdout.readline()
        if not answer:
            raise PluginError("the player has died", "")
        if answer.strip():
            raise PluginError(answer.decode().strip(), "")


def main() -> None:
    """The player: one chime per line of stdin, until that ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is for the log
    # numpy and PortAudio, 200 ms: before the first chime is wanted.
    from echoctl.audio import devices, playback  # noqa: PLC0415

    for line in sys.stdin:
        try:
            playback.play(playback.chime("start" if line.strip() == "start" else "end"))
        except EchoctlError as error:
            answers.write(" ".join(error.message.split()))
            with contextlib.suppress(EchoctlError):
                devices.refresh()  # a speaker that came since is found the next time
        answers.write("\n")
        answers.flush()


if __name__ == "__main__":
    main()
