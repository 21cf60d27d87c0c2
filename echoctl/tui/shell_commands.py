"""Every verb of the command line, for the palette: those that the dashboard has no key for run in the terminal."""

import subprocess
import sys
from collections.abc import Sequence

from textual.app import App

VERBS = (
    ("status", "state, mute and counters"),
    ("history stats", "count what was heard"),
    ("vault status", "what opens the vault, and what it holds"),
    ("vault passphrase", "set or change the passphrase"),
    ("vault recover --make", "make a recovery line"),
    ("vault init", "make the vault"),
    ("traffic devices", "the devices that were seen"),
    ("traffic endpoints", "whom they talk to"),
    ("traffic bursts", "uploads, and what they look like"),
    ("traffic verdict", "did a speaker send what nobody asked it to"),
    ("audit", "what this installation holds, sends and could leak"),
    ("retention show", "how long recordings are kept, and what goes next"),
    ("guest list", "stays of guests"),
    ("model list", "speech models"),
    ("model install", "fetch the speech model; says first what and from where"),
    ("model verify", "whether the speech models are whole"),
    ("devices", "microphones and speakers"),
    ("doctor", "check the installation, each finding with its cure"),
    ("config show", "the settings, and where each comes from"),
    ("config path", "the file of the settings"),
    ("plugins list", "plugins"),
    ("db check", "whether the database is sound"),
    ("db path", "where the database is"),
)
"""Words of the command, and what it does."""


def run(app: App[int], words: Sequence[str]) -> None:
    """Lend the terminal to a command, and wait for Enter. Its messages go where the dashboard is drawn."""
    with app.suspend():
        sys.stdout.write(f"\n$ echoctl {' '.join(words)}\n")
        sys.stdout.flush()
        command = [sys.executable, "-P", "-m", "echoctl", *words]
        subprocess.run(command, stderr=sys.__stderr__, check=False)
        sys.stdout.write("\n[Enter] back to the dashboard ")
        sys.stdout.flush()
        sys.stdin.readline()
