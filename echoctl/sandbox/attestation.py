"""What the kernel says about a process, for anybody who asks: read from /proc, and from the table of unix sockets.

The byte counters belong to a network namespace: they speak of the process alone only where it has one of its own.
What a process has open cannot be asked once nobody may look into its memory; what it was handed it finds out itself.
"""

import os
import re
import socket
import stat
import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from echoctl.sandbox.counters import interfaces

INTERNET = ("tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6", "icmp", "icmp6", "packet")
"""Tables of /proc/PID/net with a row for each socket; the inode's column differs."""

_FILES = (stat.S_IFREG, stat.S_IFDIR, stat.S_IFBLK)
_SOCK_DIAG_BY_FAMILY, _NLMSG_DONE, _NLM_F_REQUEST, _NLM_F_DUMP = 20, 3, 1, 0x300
_SHOW_NAME, _SHOW_PEER = 1, 4
_ATTRIBUTE_NAME, _ATTRIBUTE_PEER = 0, 2


@dataclass(frozen=True, slots=True)
class Attestation:
    """One process, in the kernel's words."""

    pid: int
    seccomp: int
    """0: none, 2: a filter."""
    no_new_privs: bool
    capabilities: int
    """The effective ones, as bits. They count inside the process's own user namespace only."""
    own_network: bool | None
    """Whether its network is another one than the asker's; None where that may not be seen."""
    interfaces: dict[str, tuple[int, int]]
    """Name -> bytes received, bytes sent, since the namespace was made."""
    network_sockets: tuple[str, ...] | None
    """Sockets it holds that are not unix sockets: "tcp 12345", or "unknown 12345" for one from elsewhere; None where
    nobody may look."""
    unix_peers: tuple[str, ...] | None
    """To which unix sockets it is connected, by path; None where the kernel does not tell, or nobody may look."""
    core_bytes: int | None
    """How large a core dump may become; None: as large as it likes."""
    dumpable: bool | None
    """Whether others of its user may look into its memory; None where that is not told, as to root, who may always."""

    @property
    def sent_bytes(self) -> int:
        """Over all interfaces."""
        return sum(sent for _, sent in self.interfaces.values())


def attest(pid: int) -> Attestation:
    """Ask the kernel about a process. Raises OSError when it has gone."""
    proc = Path(f"/proc/{pid}")
    status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
    try:
        inodes = _socket_inodes(proc)
    except PermissionError:
        inodes = None
    own_network = _own_network(proc)
    return Attestation(
        pid=pid,
        seccomp=int(status["Seccomp"]),
        no_new_privs=int(status["NoNewPrivs"]) == 1,
        capabilities=int(status["CapEff"], 16),
        own_network=own_network,
        interfaces=interfaces(pid),
        network_sockets=None if inodes is None else tuple(_network_sockets(proc, inodes)),
        unix_peers=None if inodes is None else _unix_peers(proc, inodes, bool(own_network)),
        core_bytes=_core_bytes(proc),
        dumpable=_dumpable(proc, int(status["Uid"].split()[1]), hidden=inodes is None),
    )


def strays(given: Collection[tuple[int, int]], *, sockets: bool, sound: bool) -> list[int]:
    """Files and folders that this process has open, or sockets, and that it was not `given`, by device and inode.

    It works where nothing can be opened any more, not even the list of what is. `sound`: a connection to a sound server
    is expected, and memory that is shared with it, which is a file without a name.
    """
    found, known = [], 1 if sound else 0
    for number in range(1024):
        try:
            info = os.fstat(number)
        except OSError:
            continue
        if stat.S_ISSOCK(info.st_mode):
            stray = sockets and not (sound and known and _is_unix(number))
            known -= sockets and not stray
        else:
            named = stat.S_ISDIR(info.st_mode) or stat.S_ISBLK(info.st_mode) or bool(info.st_nlink)
            stray = not sockets and stat.S_IFMT(info.st_mode) in _FILES and (named or not sound)
        if stray and (info.st_dev, info.st_ino) not in given:
            found.append(number)
    return found


def inherited() -> list[int]:
    """Descriptors of this process that are sockets of a network: a sandbox does not take away what is already open."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            if not stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                continue
        except OSError:
            continue  # the descriptor of the listing itself
        if not _is_unix(int(name)):
            found.append(int(name))
    return found


def _is_unix(descriptor: int) -> bool:
    with socket.socket(fileno=os.dup(descriptor)) as copy:
        return copy.family == socket.AF_UNIX


def _unix_peers(proc: Path, inodes: set[int], own_network: bool) -> tuple[str, ...] | None:
    """The names of the unix sockets that those of `inodes` are connected to, or None where sock_diag(7) is missing.

    A client's socket has no name; the server's end of the same connection has that of the server, and knows its peer.
    It is kept in the client's network: what has a name in a network of one's own is the far end of a connection.
    """
    try:
        names = {name for name, peer in _unix_sockets() if peer in inodes}
        if own_network:
            rows = (line.split(maxsplit=7) for line in (proc / "net/unix").read_text().splitlines()[1:])
            names.update(row[7] for row in rows if len(row) > 7)
    except OSError:
        return None
    return tuple(sorted(filter(None, names)))


def _unix_sockets() -> Iterator[tuple[str, int]]:
    """(name, inode of the peer) of every unix socket in this network namespace."""
    body = struct.pack("=BBHIIIII", socket.AF_UNIX, 0, 0, 0xFFFFFFFF, 0, _SHOW_NAME | _SHOW_PEER, 0, 0)
    header = struct.pack("=IHHII", 16 + len(body), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST | _NLM_F_DUMP, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4) as diag:
        diag.settimeout(2)
        diag.send(header + body)
        while True:
            data = diag.recv(1 << 18)
            while len(data) >= 16:
                length, kind = struct.unpack_from("=IH", data)
                if kind != _SOCK_DIAG_BY_FAMILY:  # the end, or an error
                    if kind != _NLMSG_DONE:
                        raise OSError(f"sock_diag answered {kind}")
                    return
                yield _unix_socket(data[32:length])
                data = data[(length + 3) & ~3 :]


def _unix_socket(attributes: bytes) -> tuple[str, int]:
    name, peer = "", 0
    while len(attributes) >= 4:
        length, kind = struct.unpack_from("=HH", attributes)
        value = attributes[4:length]
        if kind == _ATTRIBUTE_NAME:
            name = os.fsdecode(value.rstrip(b"\0")).replace("\0", "@")
        elif kind == _ATTRIBUTE_PEER:
            peer = struct.unpack("=I", value)[0]
        attributes = attributes[(max(length, 4) + 3) & ~3 :]
    return name, peer


def _socket_inodes(proc: Path) -> set[int]:
    found = set()
    for link in (proc / "fd").iterdir():
        try:
            target = os.readlink(link)
        except FileNotFoundError:
            continue  # closed meanwhile
        if match := re.fullmatch(r"socket:\[(\d+)\]", target):
            found.add(int(match[1]))
    return found


def _network_sockets(proc: Path, inodes: set[int]) -> Iterator[str]:
    """What of `inodes` is no unix socket. It may have been made in another namespace than the process is in now."""
    unix = {n for place in (proc, Path("/proc/self")) for n in _column(place / "net/unix", 6)}
    for inode in sorted(inodes - unix):
        yield f"{_family(proc, inode)} {inode}"


def _family(proc: Path, inode: int) -> str:
    for place in (proc, Path("/proc/self")):
        for table in INTERNET:
            if inode in _column(place / "net" / table, 8 if table == "packet" else 9):
                return table
    return "unknown"


def _column(table: Path, column: int) -> list[int]:
    try:
        rows = [line.split() for line in table.read_text().splitlines()[1:]]
    except OSError:
        return []
    return [int(row[column]) for row in rows if len(row) > column and row[column].isdecimal()]


def _own_network(proc: Path) -> bool | None:
    try:
        return os.readlink(proc / "ns/net") != os.readlink("/proc/self/ns/net")
    except OSError:
        return None


def _core_bytes(proc: Path) -> int | None:
    line = next(line for line in (proc / "limits").read_text().splitlines() if line.startswith("Max core file size"))
    soft = line[len("Max core file size") :].split()[0]
    return None if soft == "unlimited" else int(soft)


def _dumpable(proc: Path, uid: int, *, hidden: bool) -> bool | None:
    """The files in /proc of a process that is not belong to root, whoever it runs as."""
    try:
        owner = (proc / "limits").stat().st_uid
    except OSError:
        owner = uid
    if hidden or owner != uid:
        return False
    return True if uid else None
