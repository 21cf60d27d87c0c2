"""Opening an archive from elsewhere without letting it do anything but make plain files in one folder.

An archive with a single entry that tries more (an absolute path, "..", a link, a device, two files of one name, an
absurd size) is refused as a whole: it is not what it claims to be. It is taken apart by a process that is shut in
(unpacker.py); here its files are written, and their names looked at once more.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import IO, Any

from echoctl import paths
from echoctl.errors import ModelError
from echoctl.services.models.unpacker import CONTENT, FRAME, HEAD, PIECE, Entry, fault
from echoctl.text.format import printable

_MOST_HEAD_BYTES = 16_384

_BROKEN = "fetch it again: it is damaged, or no archive"


def unpack_model(path: str, target: str) -> None:
    """Unpack the model that lies somewhere in the archive `path` into the new folder `target`.

    Raises ModelError when it is not an archive, not a safe one, or holds no model.
    """
    command = [sys.executable, "-P", "-m", "echoctl.services.models.unpacker"]
    with (
        open(path, "rb") as archive,
        subprocess.Popen(
            command,
            stdin=archive,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=paths.child_environment(),
            start_new_session=True,
        ) as child,
    ):
        assert child.stdout is not None
        try:
            take(child.stdout, path, target)
        except EOFError:
            raise ModelError(f"{path} cannot be unpacked: the process that reads it died", _BROKEN) from None
        finally:
            child.kill()


def take(said: IO[bytes], path: str, target: str) -> None:
    """Write the files that the other process hands out, and believe no name of theirs.

    Raises ModelError, and EOFError for what breaks off.
    """
    seen: set[str] = set()
    total = 0
    while "end" not in (head := _head(_frame(said), path)):
        entry = Entry(str(head["name"]), int(head["size"]), folder=False, plain=True)
        total += entry.size
        if problem := fault(entry, seen, total):
            raise ModelError(f"the archive is not safe: it has {problem}: {entry.name!r}", "take it from elsewhere")
        seen.add(entry.name)
        _write(said, entry, path, os.path.join(target, entry.name))


def _frame(said: IO[bytes]) -> tuple[bytes, bytes]:
    """The next piece of what is said: its kind and its bytes. Raises EOFError."""
    kind, size = FRAME.unpack(_exactly(said, FRAME.size))
    if size > (_MOST_HEAD_BYTES if kind == HEAD else PIECE):
        raise EOFError
    return kind, _exactly(said, size)


def _exactly(said: IO[bytes], size: int) -> bytes:
    data = said.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _head(frame: tuple[bytes, bytes], path: str) -> Mapping[str, Any]:
    """What a header says. Raises ModelError where it says what is wrong."""
    kind, data = frame
    fields = json.loads(data) if kind == HEAD else None
    if not isinstance(fields, dict):
        raise EOFError
    if "refused" in fields:
        raise ModelError(printable(str(fields["refused"])), printable(str(fields["hint"])))
    if "damaged" in fields:
        raise ModelError(f"{path} cannot be unpacked: {printable(str(fields['damaged']))}", _BROKEN)
    return fields


def _write(said: IO[bytes], entry: Entry, path: str, target: str) -> None:
    os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
    left = entry.size
    with open(target, "xb") as file:
        while left:
            kind, piece = _frame(said)
            if kind != CONTENT:
                _head((kind, piece), path)  # what is wrong
                raise EOFError
            left -= len(piece)
            if left < 0 or not piece:
                raise EOFError
            file.write(piece)
