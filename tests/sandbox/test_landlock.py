"""The folder that is hidden, and everything else that is not."""

import os
from pathlib import Path

import pytest

from tests.lab.cage import caged, somebody
from tests.sandbox.conftest import Inside

pytestmark = pytest.mark.lab

HIDE = """
import json, os, sqlite3, socket, subprocess, sys
from pathlib import Path
from echoctl.sandbox import landlock
base = Path(sys.argv[1])
keys, data = base / "state/keys", base / "data"
try: landlock.hide(str(keys), str(data) if len(sys.argv) < 3 else sys.argv[2])
except OSError as error: print(json.dumps(error.strerror)); sys.exit()
said = {}
def attempt(name, act):
    try: act(); said[name] = "open"
    except OSError as error: said[name] = error.strerror
"""

OPEN = "open"


@pytest.fixture(params=["root", "somebody"])
def person(request: pytest.FixtureRequest, open_folder: Path) -> list[str]:
    own = open_folder / "own"
    for name in ("state/keys", "data/models", "config"):
        (own / name).mkdir(parents=True, mode=0o700)
    for name in ("state/keys/device.key", "state/log", "data/old", "config/config.toml"):
        (own / name).write_text("x")
    (own / "data/link").symlink_to(own / "state/keys/device.key")
    (own / "keys of the neighbour").symlink_to(own / "state/keys")
    return somebody(own) if request.param == "somebody" else []


def test_the_key_is_out_of_reach_by_every_way_and_nothing_else_is(
    person: list[str], open_folder: Path, inside: Inside
) -> None:
    code = """
attempt("read", (keys / "device.key").read_bytes)
attempt("over a link", (data / "link").read_bytes)
attempt("over a linked folder", (base / "keys of the neighbour/device.key").read_bytes)
attempt("as another process sees it", Path(f"/proc/{os.getppid()}/root{keys}/device.key").read_bytes)
attempt("write", lambda: (keys / "device.key").write_bytes(b""))
attempt("make", lambda: (keys / "new").touch())
attempt("remove", lambda: (keys / "device.key").unlink())
attempt("move", lambda: os.rename(keys / "device.key", data / "moved"))
attempt("second name", lambda: os.link(keys / "device.key", data / "second"))
"""
    others = """
db = sqlite3.connect(data / "x.db")
db.execute("PRAGMA journal_mode = WAL"); db.execute("CREATE TABLE t(x)"); db.commit()
for name in ("data/old", "config/config.toml", "state/log"):
    attempt(name, (base / name).read_bytes)
attempt("new in data", lambda: (data / "new").write_bytes(b"x"))
attempt("read it", (data / "new").read_bytes)
attempt("remove it", (data / "new").unlink)
attempt("/dev/null", lambda: open("/dev/null", "w").write("x"))
attempt("/etc", Path("/etc/passwd").read_bytes)
print(json.dumps(said))
"""
    said = inside(HIDE + code + others, open_folder / "own", before=person)
    shut = {name for name, outcome in said.items() if outcome != OPEN}
    tried = {"read", "over a link", "over a linked folder", "as another process sees it", "write", "make", "remove"}
    assert shut == {*tried, "move", "second name"}
    assert os.listdir(open_folder / "own/state/keys") == ["device.key"]
    assert (open_folder / "own/state/keys/device.key").read_text() == "x"


def test_a_program_that_is_started_is_bound_as_well(person: list[str], open_folder: Path, inside: Inside) -> None:
    code = "print(subprocess.run(['cat', keys / 'device.key'], capture_output=True).returncode)"
    assert inside(HIDE + code, open_folder / "own", before=person) == 1


def test_keys_inside_of_the_data_folder_cannot_be_hidden(person: list[str], open_folder: Path, inside: Inside) -> None:
    own = open_folder / "own"
    assert inside(HIDE, own, own / "state") == inside(HIDE, own, "/") == "the keys lie in the data folder"


def test_a_kernel_without_it_is_said(person: list[str], open_folder: Path, inside: Inside) -> None:
    before = caged("landlock_create_ruleset=ENOSYS")
    assert inside(HIDE, open_folder / "own", before=before) == "Function not implemented"
