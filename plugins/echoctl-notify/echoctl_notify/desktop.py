"""Notifications of the desktop: notify-send on Linux, osascript on macOS."""

import html
import subprocess
import sys

from echoctl.errors import PluginError

TITLE = "echoctl"

_APPLE = ("on run argv", "display notification (item 2 of argv) with title (item 1 of argv)", "end run")


def notify(text: str) -> None:
    """Show `text`. Raises PluginError when the desktop's command is missing or fails."""
    command = command_for(sys.platform, text)
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise PluginError(f"there is no {command[0]} (Debian and Ubuntu: libnotify-bin)", "") from error
    if done.returncode:
        raise PluginError(f"{command[0]} ended with exit code {done.returncode}", "")


def command_for(platform: str, text: str) -> list[str]:
    """The command that shows `text` as it is: as an argument, never as a part of a script or of markup."""
    if platform == "darwin":
        script = [word for line in _APPLE for word in ("-e", line)]
        return ["osascript", *script, TITLE, text]
    # Notification servers read simple HTML.
    return ["notify-send", "--app-name", TITLE, "--", TITLE, html.escape(text, quote=False)]
