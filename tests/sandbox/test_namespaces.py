"""What a process sees and does in namespaces of its own: as root, as somebody, and where they are refused."""

import os
from pathlib import Path

import pytest

from tests.lab.cage import caged, needs_namespaces, somebody
from tests.sandbox.conftest import Inside

pytestmark = [pytest.mark.lab, needs_namespaces]

ENTER = """
import json, os, sqlite3, sys
from pathlib import Path
from echoctl.sandbox import counters, namespaces
folder = Path(sys.argv[1])
hide = [str(folder / "keys"), str(folder / "bus")]
before = os.getuid(), os.geteuid(), os.getgid()
os.chdir(folder / "keys")
assert namespaces.obstacle(hide) == "", namespaces.obstacle(hide)
namespaces.enter(hide)
assert (os.getuid(), os.geteuid(), os.getgid()) == before
"""


@pytest.fixture(params=["root", "somebody"])
def person(request: pytest.FixtureRequest, open_folder: Path) -> list[str]:
    for name in ("keys", "data"):
        (open_folder / name).mkdir(mode=0o700)
    (open_folder / "keys/device.key").write_bytes(b"secret")
    (open_folder / "bus").write_bytes(b"")
    if request.param == "somebody":
        return somebody(open_folder)
    if os.geteuid() != 0:
        pytest.skip("not root")
    return []


def test_there_is_no_interface_and_no_key_and_files_keep_their_owner(
    person: list[str], open_folder: Path, inside: Inside
) -> None:
    code = """
db = sqlite3.connect(folder / "data/x.db")
db.execute("PRAGMA journal_mode = WAL"); db.execute("CREATE TABLE t(x)"); db.commit()
(folder / "data/made").write_bytes(b"x")
print(json.dumps({
    "interfaces": counters.interfaces(os.getpid()),
    "keys": os.listdir(folder / "keys"),
    "here": os.listdir("."),
    "bus": (folder / "bus").is_char_device(),
    "mine": {p.name: [p.stat().st_uid == os.getuid(), p.stat().st_gid == os.getgid()]
             for p in (folder / "data").iterdir()},
}))
"""
    seen = inside(ENTER + code, open_folder, before=person)
    assert seen["interfaces"] == {"lo": [0, 0]}
    assert seen["keys"] == seen["here"] == []
    assert seen["bus"]
    assert len(seen["mine"]) == 4
    assert set(map(tuple, seen["mine"].values())) == {(True, True)}
    # Outside nothing is covered, and what was made belongs to whom it should.
    assert (open_folder / "keys/device.key").read_bytes() == b"secret"
    data = open_folder / "data"
    owners = {(file.stat().st_uid, file.stat().st_gid) for file in (data, *data.iterdir())}
    assert len(owners) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
def test_root_still_reads_what_belongs_to_others(open_folder: Path, inside: Inside) -> None:
    (open_folder / "keys").mkdir()
    (open_folder / "bus").touch()
    other = open_folder / "of somebody else"
    other.write_text("1")
    os.chown(other, 4711, 4711)
    other.chmod(0o600)
    assert inside(ENTER + "print((folder / 'of somebody else').read_text())", open_folder) == 1


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("unshare=EPERM", "unshare: Operation not permitted"),
        ("unshare=ENOSPC", "unshare: the limit is reached"),
        ("mount=EACCES", "mount: "),
    ],
)
@pytest.mark.parametrize("who", ["root", "somebody"])
def test_where_it_is_refused_nothing_has_happened(
    rule: str, said: str, who: str, tmp_path: Path, inside: Inside
) -> None:
    code = """
import json, os, sys
from echoctl.sandbox import namespaces
before = os.readlink("/proc/self/ns/user"), os.getuid()
why = namespaces.obstacle([sys.argv[1]])
print(json.dumps([why, (os.readlink("/proc/self/ns/user"), os.getuid()) == before]))
"""
    as_who = somebody(tmp_path) if who == "somebody" else []
    why, untouched = inside(code, tmp_path, before=[*as_who, *caged(rule)])
    assert why.startswith(said)
    assert untouched


def test_what_need_not_be_covered_is_no_obstacle(tmp_path: Path, inside: Inside) -> None:
    code = (
        "import json; from echoctl.sandbox import namespaces as n; print(json.dumps(n.enter([], ['/no/such', '/mnt'])))"
    )
    assert inside(code) == ["/mnt"]


def test_what_cannot_be_covered_is_an_obstacle(tmp_path: Path, inside: Inside) -> None:
    code = "import json; from echoctl.sandbox import namespaces; print(json.dumps(namespaces.obstacle(['/no/such'])))"
    assert "No such file" in inside(code)
