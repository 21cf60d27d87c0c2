"""The file by which a microphone is muted: what is wanted, and what the process that holds the device does.

It is the listener's lock file. Whoever mutes writes an order into it; the microphone process has it open, with neither
path nor database, does as it is told, and writes what it does beside the order's number. So a mute needs neither the
front nor the ear, and is believed only when it was carried out.
On the fast path: os alone, until somebody watches it.
"""

import os

OPEN, CLOSED, DROPPED, NONE, WAITING = b"o", b"c", b"d", b"n", b"w"
"""What is done: the device is open; it is closed; what comes through a pipe is dropped; a file, which nobody mutes; the
device is not open, and wanted.
"""

_ORDER, _DONE, _HURRY = 0, 1, 3
_IN_MODIFY = 0x2
POLL_MS = 50
"""How often somebody who watches looks, where the kernel does not tell."""


def order(descriptor: int, muted: bool) -> None:
    """Have the microphone closed or opened, and wake those who watch.

    Orders are counted, and the odd ones mute; the same order once more is no other one.
    """
    number = _read(descriptor, _ORDER)
    os.pwrite(descriptor, bytes([(number + (number % 2 != muted)) % 256]), _ORDER)


def wanted(descriptor: int) -> bool:
    """Whether it is to be muted."""
    return _read(descriptor, _ORDER) % 2 == 1


def answer(descriptor: int, what: bytes) -> None:
    """Write what is done, as an answer to the last order, unless it stands there: who answers watches the file, too."""
    said = bytes([_read(descriptor, _ORDER)]) + what
    if os.pread(descriptor, 2, _DONE) != said:
        os.pwrite(descriptor, said, _DONE)


def done(descriptor: int) -> tuple[bytes, bool]:
    """What is done, b"" before there is an answer, and whether that is the answer to the last order."""
    data = os.pread(descriptor, 3, _ORDER)
    if len(data) < 3:
        return b"", False
    what, muted = data[2:3], data[0] % 2 == 1
    # An order may come between a look at the last one and the answer to that: what does not obey is no answer.
    obeyed = what == NONE or (what in (CLOSED, DROPPED)) == muted
    return what, data[0] == data[1] and obeyed


def hurry(descriptor: int, wanted: bool) -> None:
    """Have each chunk of sound handed on as it comes, while somebody speaks to us; else a few may gather."""
    if in_hurry(descriptor) != wanted:
        os.pwrite(descriptor, bytes([wanted]), _HURRY)


def in_hurry(descriptor: int) -> bool:
    """Whether each chunk is to be handed on as it comes."""
    return _read(descriptor, _HURRY) == 1


def _read(descriptor: int, at: int) -> int:
    return (os.pread(descriptor, 1, at) or b"\0")[0]


class Watch:
    """Tells that the file was written: `fileno` becomes readable (inotify(7), Linux). Elsewhere one has to look."""

    def __init__(self, descriptor: int) -> None:
        from echoctl.sandbox import syscalls  # noqa: PLC0415 - ctypes, which `status` and `mute` must not pay for

        self.descriptor = -1
        try:
            self.descriptor = syscalls.call("inotify_init1", os.O_NONBLOCK | os.O_CLOEXEC)
            syscalls.call("inotify_add_watch", self.descriptor, b"/proc/self/fd/%d" % descriptor, _IN_MODIFY)
        except (OSError, AttributeError):  # no /proc, macOS
            self.close()

    @property
    def works(self) -> bool:
        """Whether the kernel tells."""
        return self.descriptor >= 0

    def drain(self) -> None:
        """Take what has been told, so that the next change is news."""
        try:
            while os.read(self.descriptor, 4096):
                pass
        except BlockingIOError:
            return

    def close(self) -> None:
        """Watch no longer."""
        if self.works:
            os.close(self.descriptor)
            self.descriptor = -1
