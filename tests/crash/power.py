"""Power loss, simulated: the writes and syncs of a real process, recorded by strace, are replayed up to a moment.

A write that was not followed by a sync of its file may be on the disk or not, wholly or up to some sector, whatever
the others did: chance decides about each. Names are taken to be made, moved and removed in order, as on a journalling
file system.
"""

import random
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512

TRACED = "openat,pwrite64,write,writev,fsync,fdatasync,ftruncate,unlink,rename,link,linkat,mkdir,fallocate"

_CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)")
_PLACE = re.compile(r"^\d+<([^>]*)>")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True, slots=True)
class Call:
    """One system call that changes the disk."""

    kind: str
    """`write`, `sync`, `cut`, `make`, `link`, `move`, `remove`, `tell`."""
    path: str
    data: bytes = b""
    offset: int = 0
    other: str = ""


def calls(trace: Path) -> Iterator[Call]:
    """What strace has seen, with -y -xx -s 1000000."""
    for line in trace.read_text(errors="replace").splitlines():
        found = _CALL.match(line)
        if found and not found[3].startswith("-"):
            yield from _call(found[1], found[2])


def _call(name: str, arguments: str) -> Iterator[Call]:
    texts = [bytes.fromhex(text.replace("\\x", "")) for text in _TEXT.findall(arguments)]
    place = _PLACE.match(arguments)
    path = place[1] if place else ""
    path = bytes.fromhex(path.replace("\\x", "")).decode() if path.startswith("\\x") else path
    last = arguments.rsplit(", ", 1)[-1]
    if name == "pwrite64":
        yield Call("write", path, texts[0], int(last))
    elif name in ("write", "writev"):
        yield Call("write", path, b"".join(texts), -1)
    elif name in ("fsync", "fdatasync"):
        yield Call("sync", path)
    elif name == "ftruncate":
        yield Call("cut", path, offset=int(last))
    elif name in _NAMED and (name != "openat" or "O_CREAT" in arguments):
        yield Call(_NAMED[name], texts[0].decode(), other=texts[-1].decode())


_NAMED = {"openat": "make", "unlink": "remove", "rename": "move", "link": "link", "linkat": "link", "mkdir": "tell"}


@dataclass(slots=True)
class Disk:
    """Files as they are after a sync, and the writes that no sync has followed yet."""

    files: dict[str, bytearray]
    waiting: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, folder: Path) -> "Disk":
        return cls({str(file): bytearray(file.read_bytes()) for file in folder.rglob("*") if file.is_file()})

    def apply(self, call: Call) -> None:
        """The next call of the trace."""
        waiting = self.waiting.setdefault(call.path, [])
        if call.kind == "tell":
            self.told.append(call.path)
        elif call.kind == "write" and call.path in self.files:
            end = max([len(self.files[call.path]), *(offset + len(data) for offset, data in waiting)])
            waiting.append((end if call.offset < 0 else call.offset, call.data))
        elif call.kind == "sync":
            for offset, data in self.waiting.pop(call.path, []):
                _put(self.files[call.path], offset, data)
        elif call.kind == "make":
            self.files.setdefault(call.path, bytearray())
        else:
            self._name(call, waiting)

    def _name(self, call: Call, waiting: list[tuple[int, bytes]]) -> None:
        if call.kind == "cut" and call.path in self.files:
            self.waiting[call.path] = [(offset, data[: max(0, call.offset - offset)]) for offset, data in waiting]
            del self.files[call.path][call.offset :]
        elif call.kind == "remove":
            self.files.pop(call.path, None)
            self.waiting.pop(call.path, None)
        elif call.kind == "link" and call.path in self.files:
            self.files[call.other] = bytearray(self.files[call.path])
        elif call.kind == "move" and call.path in self.files:
            self.files[call.other] = self.files.pop(call.path)
            self.waiting[call.other] = self.waiting.pop(call.path, [])

    def lose_power(self, chance: random.Random, source: Path, to: Path) -> None:
        """Write below `to` what may be on the disk of `source` now."""
        shutil.rmtree(to, ignore_errors=True)
        for name, content in self.files.items():
            if not name.startswith(str(source)) or name.endswith("-shm"):
                continue
            left = bytearray(content)
            for offset, data in chance.sample(waiting := self.waiting.get(name, []), len(waiting)):
                how = chance.random()
                if how < 0.4:
                    _put(left, offset, data)
                elif how < 0.6:
                    _put(left, offset, data[: chance.randrange(len(data) // SECTOR + 1) * SECTOR])
            file = to / Path(name).relative_to(source)
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file.write_bytes(left)
            file.chmod(0o600)


def _put(content: bytearray, offset: int, data: bytes) -> None:
    if offset > len(content):
        content += bytes(offset - len(content))
    content[offset : offset + len(data)] = data
