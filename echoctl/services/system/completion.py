"""What a shell needs to complete echoctl's command line: a script per shell, and values for Tab.

On the fast path, since every Tab that asks for a value starts a process: os and, for the store, sqlite3.
"""

import os

import echoctl
from echoctl import paths
from echoctl.errors import EchoctlError, NotFound

SCRIPTS = {"bash": "echoctl.bash", "zsh": "_echoctl", "fish": "echoctl.fish", "powershell": "echoctl.ps1"}
"""The generated script of each shell (tools/make_completions.py), by the name that its shell expects."""


_INTERFACES = "/sys/class/net"
"""One folder for each network interface, on Linux."""


def script(shell: str) -> str:
    """The text of a shell's script. Raises NotFound when this installation lacks it."""
    package = os.path.dirname(os.path.abspath(echoctl.__file__))
    for folder in (package, os.path.dirname(package)):  # inside a wheel; beside the package in a checkout
        try:
            with open(os.path.join(folder, "completions", SCRIPTS[shell]), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            continue
    raise NotFound(f"this installation has no completions/{SCRIPTS[shell]}", "install echoctl anew")


def values(kind: str, prefix: str) -> list[tuple[str, str]]:
    """(value, what it is) of those that begin with `prefix`; an unknown `kind` has none."""
    known = _known(kind, prefix)
    try:
        return list({**known, **dict(_stored(kind, prefix))}.items())
    except EchoctlError:
        return list(known.items())


def _known(kind: str, prefix: str) -> dict[str, str]:
    """Values that are in no store."""
    if kind == "models":
        folders = [folder for folder in paths.model_dirs() if os.path.isdir(folder)]
        names = [name for folder in folders for name in os.listdir(folder) if not name.startswith(".")]
        return {name: "" for name in sorted(names) if name.startswith(prefix)}
    if kind == "interfaces":
        names = os.listdir(_INTERFACES) if os.path.isdir(_INTERFACES) else []
        return {name: "" for name in sorted(names) if name.startswith(prefix)}
    if kind == "wake-words":
        from echoctl.speech.builtin_words import NEURAL  # noqa: PLC0415 - of no use to the others

        return {word: "has a neural model" for word in NEURAL if word.startswith(prefix)}
    return {}


def _stored(kind: str, prefix: str) -> list[tuple[str, str]]:
    if not os.path.exists(paths.database()):  # looking makes nothing
        return []
    from echoctl.store import completion  # noqa: PLC0415 - sqlite3, of no use to `script`
    from echoctl.store.database import db  # noqa: PLC0415 - sqlite3, of no use to `script`

    if kind not in completion.KINDS:
        return []
    with db.session(paths.database()) as connection:
        return completion.offered(connection, kind, prefix)
