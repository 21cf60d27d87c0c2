"""What can go wrong, each with a hint and an exit code that scripts can rely on.

    EchoctlError        1  a bug, or anything that has no code of its own
    ├─ UsageError       2  a bad flag, value or configuration
    ├─ NotFound         3  no such recording, device or file
    ├─ DeviceError      4  no microphone, PortAudio missing, capture not permitted
    ├─ ModelError       5  the speech model is missing, damaged or refused
    ├─ VaultLocked      6  the vault is locked, or the passphrase is wrong
    ├─ VaultDamaged     7  something sealed does not open: altered, truncated, foreign
    ├─ StoreError       8  the database is busy, full, or newer than this program
    ├─ PluginError      9  a plugin failed
    ├─ Refused         10  needs --yes, or the person said no
    └─ Partial         11  some items went, some did not; the report says which

12 and 13 are verdicts of the traffic monitor; 130 and 143 follow SIGINT and SIGTERM. Codes are never reused.
The fast path imports this module, so it needs nothing but the language (no enum, no dataclass).
"""


class ExitCode:
    """The exit codes, as documented in docs/scripting.md."""

    OK = 0
    BUG = 1
    USAGE = 2
    NOT_FOUND = 3
    DEVICE = 4
    MODEL = 5
    LOCKED = 6
    DAMAGED = 7
    STORE = 8
    PLUGIN = 9
    REFUSED = 10
    PARTIAL = 11
    UNEXPLAINED = 12
    CANNOT_TELL = 13
    SIGINT = 130
    SIGTERM = 143


class EchoctlError(Exception):
    """Something a person can understand: what happened, and in `hint` what to do about it."""

    exit_code = ExitCode.BUG

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(EchoctlError):
    """A bad flag, value or configuration."""

    exit_code = ExitCode.USAGE


class NotFound(EchoctlError):
    """No such recording, device or file."""

    exit_code = ExitCode.NOT_FOUND


class DeviceError(EchoctlError):
    """No microphone, PortAudio missing, or capture not permitted."""

    exit_code = ExitCode.DEVICE


class ModelError(EchoctlError):
    """The speech model is missing, damaged or refused."""

    exit_code = ExitCode.MODEL


class VaultLocked(EchoctlError):
    """The vault is locked, or the passphrase is wrong."""

    exit_code = ExitCode.LOCKED


class VaultDamaged(EchoctlError):
    """Something sealed does not open: altered, truncated, or from another vault."""

    exit_code = ExitCode.DAMAGED


class StoreError(EchoctlError):
    """The database is busy, full, unwritable, or newer than this program."""

    exit_code = ExitCode.STORE


class PluginError(EchoctlError):
    """A plugin raised, took too long or ended; listening goes on without it."""

    exit_code = ExitCode.PLUGIN


class Refused(EchoctlError):
    """Needs --yes, or the person said no; nothing was touched."""

    exit_code = ExitCode.REFUSED


class Partial(EchoctlError):
    """Some items went, some did not; the report says which."""

    exit_code = ExitCode.PARTIAL
