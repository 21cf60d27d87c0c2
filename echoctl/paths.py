"""Where echoctl keeps its files, and with which rights.

    data    the database and the speech models       ECHOCTL_DATA_DIR    or  $XDG_DATA_HOME/echoctl
    state   keys/device.key, the log                 ECHOCTL_STATE_DIR   or  $XDG_STATE_HOME/echoctl
    config  config.toml                              ECHOCTL_CONFIG_DIR  or  $XDG_CONFIG_HOME/echoctl
    cache   downloads in progress                    ECHOCTL_CACHE_DIR   or  $XDG_CACHE_HOME/echoctl

On macOS the platform's places under ~/Library are used. The device key lies apart from the database, so that a
backup of the one does not carry the other. A store outside the usual place (ECHOCTL_DATA_DIR) has a state folder
of its own, because two stores must not share a device key. Paths are plain strings and this module imports
nothing but os and sys: the fast path goes through here.
"""

import os
import sys

from echoctl.errors import StoreError

_MAC = {
    "data": "Application Support",
    "state": "Application Support",
    "config": "Preferences",
    "cache": "Caches",
}
_XDG = {"data": ".local/share", "state": ".local/state", "config": ".config", "cache": ".cache"}


def _platform(kind: str) -> str:
    home = os.path.expanduser("~")
    if sys.platform == "darwin":
        return os.path.join(home, "Library", _MAC[kind], "echoctl")
    base = os.environ.get(f"XDG_{kind.upper()}_HOME", "")
    # The XDG specification: a relative path is invalid and must be ignored.
    return os.path.join(base if os.path.isabs(base) else os.path.join(home, _XDG[kind]), "echoctl")


def data_dir() -> str:
    """The folder of the database."""
    return os.path.abspath(os.environ.get("ECHOCTL_DATA_DIR") or _platform("data"))


def state_dir() -> str:
    """The folder of what must never travel with the database: keys, and the log."""
    if own := os.environ.get("ECHOCTL_STATE_DIR"):
        return os.path.abspath(own)
    base = _platform("state")
    if not os.environ.get("ECHOCTL_DATA_DIR"):
        return base
    return os.path.join(base, "stores", os.path.realpath(data_dir()).strip("/").replace("/", "%") or "%")


def config_dir() -> str:
    """The folder of config.toml."""
    return os.path.abspath(os.environ.get("ECHOCTL_CONFIG_DIR") or _platform("config"))


def cache_dir() -> str:
    """The folder of downloads in progress; may be emptied at any time."""
    return os.path.abspath(os.environ.get("ECHOCTL_CACHE_DIR") or _platform("cache"))


def database() -> str:
    """The one SQLite file that all parts share."""
    return os.path.join(data_dir(), "echoctl.db")


def keys_dir() -> str:
    """The folder of the device key, 0700, and out of backups."""
    return os.path.join(state_dir(), "keys")


def device_key() -> str:
    """The device secret, 32 bytes, 0600."""
    return os.path.join(keys_dir(), "device.key")


def log_file() -> str:
    """Where messages go that have no terminal: those of C libraries, and tracebacks of bugs."""
    return os.path.join(state_dir(), "echoctl.log")


def models_dir() -> str:
    """Where `model install` puts speech models."""
    return os.path.join(data_dir(), "models")


def model_dirs() -> list[str]:
    """Where speech models are looked for: this store's folder, the user's usual one, then ECHOCTL_MODELS_DIR."""
    more = [folder for folder in os.environ.get("ECHOCTL_MODELS_DIR", "").split(os.pathsep) if folder]
    return list(dict.fromkeys([models_dir(), os.path.join(_platform("data"), "models"), *more]))


def config_file() -> str:
    """The configuration, which need not exist."""
    return os.path.join(config_dir(), "config.toml")


def private_dir(path: str) -> str:
    """Make sure that `path` is a folder of ours that nobody else can change, and return it.

    New folders get mode 0700, those above it too (the XDG specification wants that). Raises StoreError when it cannot
    be made, belongs to somebody else, or can be written by others.
    """
    try:
        _make(path)
        info = os.stat(path)
    except OSError as exc:
        raise StoreError(
            f"cannot make the folder {path}: {exc.strerror}", "check its owner, its rights and the disk"
        ) from exc
    if info.st_uid != os.geteuid() or info.st_mode & 0o022:
        raise StoreError(f"the folder {path} can be changed by others", f"chown it to yourself, and: chmod 700 {path}")
    return path


def child_environment() -> dict[str, str]:
    """The environment in which a child finds this very echoctl, also in a checkout that is not installed."""
    mine = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return {**os.environ, "PYTHONPATH": os.pathsep.join([mine, *filter(None, [os.environ.get("PYTHONPATH")])])}


def _make(path: str) -> None:
    """What os.makedirs does, whose mode is for the last folder alone."""
    above = os.path.dirname(path)
    if above and not os.path.isdir(above):
        _make(above)
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        if not os.path.isdir(path):
            raise
