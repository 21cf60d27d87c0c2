"""A house with rooms that a process may and may not enter, and everything that it tries: for root and for Landlock."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.cage import somebody

BEGIN = """
import errno, json, mmap, os, socket, subprocess, sys, threading, time
from pathlib import Path
from echoctl.sandbox import filters, landlock, root
from echoctl.sandbox.confinement import Confinement, program_reads
folder = Path(sys.argv[1])
program = program_reads()
def confined(*more, **others):
    return Confinement((*program, *(str(folder / place) for place in more)), **others)
def enter(confinement):
    assert root.obstacle(confinement) == "", root.obstacle(confinement)
    root.enter(confinement)
said = {}
def attempt(name, act):
    try: act(); said[name] = "open"
    except OSError as error: said[name] = errno.errorcode[error.errno]
"""


ATTEMPTS = """
outer = os.getppid()
def connect():
    with socket.socket(socket.AF_UNIX) as s: s.connect(str(folder / "elsewhere/socket"))
def new():
    (folder / "input/new").touch(); (folder / "input/new").unlink()
def fork():
    if (child := os.fork()) == 0: os._exit(0)
    os.waitpid(child, 0)
def everything():
    attempt("read elsewhere", (folder / "elsewhere/x").read_bytes)
    attempt("read a key", (folder / "data/keys/device.key").read_bytes)
    attempt("over a link", (folder / "input/to the key").read_bytes)
    attempt("read the input", (folder / "input/sound").read_bytes)
    attempt("read a model", (folder / "data/models/small/final.mdl").read_bytes)
    attempt("write the input", lambda: (folder / "input/sound").open("r+b").close())
    attempt("make a file", new)
    attempt("see another process", lambda: os.listdir(f"/proc/{outer}/fd") and None)
    attempt("signal another", lambda: os.kill(outer, 0))
    attempt("connect", connect)
    attempt("run", lambda: subprocess.run(["/bin/true"], check=True))
    attempt("fork", fork)
"""
REFUSED = {
    "read elsewhere", "read a key", "over a link", "write the input", "make a file", "see another process",
    "signal another", "connect", "run", "fork",
}  # fmt: skip


@pytest.fixture
def house(open_folder: Path) -> Iterator[Path]:
    """A folder with what a process may see, must not see, and might connect to."""
    for name in ("input", "data/keys", "data/models/small", "elsewhere"):
        (open_folder / name).mkdir(parents=True)
    for name in (
        "input/sound",
        "data/keys/device.key",
        "data/echoctl.db",
        "data/models/small/final.mdl",
        "elsewhere/x",
    ):
        (open_folder / name).write_text("x")
    (open_folder / "link").symlink_to("input")
    (open_folder / "linked model").symlink_to(open_folder / "data/models/small")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(open_folder / "elsewhere/socket"))
        server.listen()
        (open_folder / "elsewhere/socket").chmod(0o777)
        yield open_folder


@pytest.fixture(params=["root", "somebody"])
def person(request: pytest.FixtureRequest, house: Path) -> list[str]:
    if request.param == "somebody":
        return somebody(house)
    if os.geteuid() != 0:
        pytest.skip("not root")
    return []
