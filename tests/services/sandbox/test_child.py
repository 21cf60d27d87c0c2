import os
import select
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.services.sandbox import child as module
from echoctl.services.sandbox.child import Child

Start = Callable[..., Child]


@pytest.fixture
def start(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts a process that does what a text says."""
    made: list[Child] = []
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def run(code: str, *arguments: str, **more: int | list[int]) -> Child:
        (tmp_path / "a_child.py").write_text(code)
        made.append(Child("a_child", arguments, **more))  # type: ignore[arg-type]
        return made[-1]

    yield run
    for one in made:
        one.close()


def ended(one: Child, limit_s: float = 10) -> int:
    """Its exit code; all that it said has been listened to."""
    end = time.monotonic() + limit_s
    while (code := one.listen() if select.select([one], [], [], 0.1)[0] else None) is None:
        assert time.monotonic() < end
    return code


def log() -> str:
    file = Path(paths.log_file())
    return file.read_text() if file.exists() else ""


SAY = "import os, sys\nos.write(2, b'first line\\n')\n"


def test_what_a_library_says_goes_to_the_log(start: Start) -> None:
    assert ended(start(SAY)) == 0
    assert log() == "first line\n"


def test_what_is_said_goes_to_the_log_up_to_a_limit(start: Start) -> None:
    assert ended(start("import os\nfor _ in range(100): os.write(2, b'x' * 4096)")) == 0
    assert module._MOST_SAID <= len(log()) < module._MOST_SAID + 4096


def test_what_somebody_says_who_hears_goes_nowhere(start: Start) -> None:
    one = start(SAY + "sys.exit(3)")
    one.trusted = False
    assert ended(one) == 3
    assert log() == ""


def test_of_a_bug_of_somebody_who_hears_the_places_are_told(start: Start, tmp_path: Path) -> None:
    one = start(
        "import os\n"
        'os.write(2, b\'  File "/what was said", line 7\\n  File "/etc/passwd\\nwhat was said", line 8\\n\')\n'
        "def inner():\n    what_was_said = 1\n    raise RuntimeError('what was said')\ninner()\n"
    )
    one.trusted = False
    assert ended(one) == 1
    lines = log().splitlines()
    assert [line for line in lines if str(tmp_path) in line] == [
        f"  died at {tmp_path}/a_child.py, line {number}" for number in (6, 5)
    ]
    assert "said" not in log()
    assert all(os.path.isfile(line.split()[2].rstrip(",")) for line in lines if "frozen" not in line)


def test_somebody_who_hears_and_ends_well_leaves_nothing(start: Start, tmp_path: Path) -> None:
    one = start(f"import os\nos.write(2, b'  File \"{tmp_path}/a_child.py\", line 7\\n')")
    one.trusted = False
    assert ended(one) == 0
    assert log() == ""


@pytest.mark.parametrize(
    ("code", "ends"), [("", 0), ("raise SystemExit(4)", 4), ("import os; os.kill(os.getpid(), 9)", -9)]
)
def test_it_tells_how_it_ended(start: Start, code: str, ends: int) -> None:
    one = start(code)
    assert ended(one) == ends


def test_nothing_to_tell_is_none(start: Start) -> None:
    one = start(SAY + "import time\ntime.sleep(60)")
    assert select.select([one], [], [], 10)[0]
    assert one.listen() is None
    one.kill()
    assert ended(one) == -9


def test_close_kills_and_may_come_after_the_end(start: Start, store: Path) -> None:
    before = len(os.listdir("/dev/fd"))
    (store / "b_child.py").write_text("import time\ntime.sleep(60)")
    one = Child("b_child", [])
    pid = one._process.pid
    one.close()
    assert not os.path.exists(f"/proc/{pid}") and len(os.listdir("/dev/fd")) == before


def test_it_has_its_descriptors_and_no_others(start: Start) -> None:
    read, write = os.pipe()
    own, other = os.pipe()
    os.set_inheritable(other, True)
    code = "import os, sys\nos.write(int(sys.argv[1]), ' '.join(sorted(os.listdir('/proc/self/fd'))).encode())\n"
    one = start(code, str(write), passing=[write])
    assert ended(one) == 0
    open_there = {int(number) for number in os.read(read, 4096).split()}
    assert {0, 1, 2, write} <= open_there and other not in open_there and read not in open_there
    for descriptor in (read, write, own, other):
        os.close(descriptor)


def test_it_has_no_terminal_and_a_session_of_its_own(start: Start) -> None:
    code = "import os, sys\nos.write(2, repr((os.getsid(0) == os.getpid(), os.read(0, 1), os.isatty(0))).encode())"
    ended(start(code))
    assert log() == "(True, b'', False)"


def test_what_cannot_be_started_leaves_nothing_open(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*what: object, **more: object) -> None:
        raise OSError(11, "no more processes")

    monkeypatch.setattr(subprocess, "Popen", fail)
    before = len(os.listdir("/dev/fd"))
    with pytest.raises(OSError):
        Child("a_child", [])
    assert len(os.listdir("/dev/fd")) == before


def test_of_a_process_in_a_sandbox_the_inner_one_counts(start: Start) -> None:
    code = "import os, time\npid = os.fork()\nif pid: os.write(2, b'%d' % pid)\ntime.sleep(60)\n"
    one = start(code)
    assert select.select([one], [], [], 10)[0]
    one.listen()
    inner = int(log())
    assert one.pid == inner != one._process.pid
    os.kill(inner, 9)
