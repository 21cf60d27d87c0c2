"""Users and groups of a namespace of one's own: everybody keeps their number."""

import os
from pathlib import Path

import pytest

from tests.lab.cage import needs_namespaces, somebody
from tests.sandbox.conftest import Inside

pytestmark = [pytest.mark.lab, needs_namespaces]

MAP = """
import json, os, sys
from pathlib import Path
from echoctl.sandbox import namespaces, syscalls
folder = Path(sys.argv[1])
before = os.getuid(), os.geteuid(), os.getgid()
with namespaces.mapper() as map_users:
    syscalls.call("unshare", 0x10000000)
    map_users()
assert (os.getuid(), os.geteuid(), os.getgid()) == before
"""


@pytest.mark.parametrize("who", ["root", "somebody"])
def test_what_is_made_belongs_to_whom_it_always_did(who: str, open_folder: Path, inside: Inside) -> None:
    (open_folder / "own").mkdir(mode=0o700)
    before = somebody(open_folder / "own") if who == "somebody" else []
    code = "(folder / 'made').touch(); s = (folder / 'made').stat(); print(json.dumps([s.st_uid, s.st_gid, *before]))"
    uid, gid, own, _, own_group = inside(MAP + code, open_folder / "own", before=before)
    assert (uid, gid) == (own, own_group)
    made = (open_folder / "own/made").stat()
    assert (made.st_uid, made.st_gid) == ((open_folder / "own").stat().st_uid, (open_folder / "own").stat().st_gid)


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
def test_root_still_reads_what_belongs_to_others(open_folder: Path, inside: Inside) -> None:
    other = open_folder / "of somebody else"
    other.write_text("1")
    os.chown(other, 4711, 4711)
    other.chmod(0o600)
    assert inside(MAP + "print((folder / 'of somebody else').read_text())", open_folder) == 1
