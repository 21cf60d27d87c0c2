"""The process that reads a capture: what it can do, and what happens when it does something else."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from echoctl.errors import DeviceError
from echoctl.model.traffic import Endpoint, Naming
from echoctl.sandbox import attestation
from echoctl.services.sandbox.child import Child
from echoctl.services.traffic import capture_protocol as protocol
from echoctl.services.traffic import capture_reader, devices, importer, live
from echoctl.services.traffic.capture_reader import Broken, CaptureReader
from echoctl.store import traffic
from tests.conftest import REPOSITORY
from tests.lab.cage import caged, needs_namespaces
from tests.lab.programs import path as path
from tests.lab.programs import program
from tests.traffic.inputs import packets as p
from tests.traffic.protocols.greetings import client_hello

T = 1_700_000_000
NOW_MS = (T + 86_400) * 1000
HELLO = client_hello("avs-alexa-4-na.amazon.com")
CAPTURE = p.pcap([(T + 0.0, p.upload(HELLO)), *((T + 1 + n / 10, p.upload(800, 9999 + 800 * n)) for n in range(40))])

RUBBISH = """
import os, sys
from echoctl.services.traffic import capture_protocol as c
def order():
    kind, size = c.ORDER.unpack(sys.stdin.buffer.read(c.ORDER.size)); sys.stdin.buffer.read(size)
def head(text, seconds): return c.HEAD.pack(text, seconds, *[0] * 7)
def say(data): sys.stdout.buffer.write(data); sys.stdout.buffer.flush()
order(); say(c.packed(c.Answer())); order()
"""


@pytest.fixture
def fed(home: Path) -> Iterator[CaptureReader]:
    with CaptureReader({}, {}) as reader:
        yield reader


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Has a process of a test's own in the place of the reader."""

    def play(code: str) -> None:
        (tmp_path / "a_played_reader.py").write_text(RUBBISH + code)
        monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{REPOSITORY}")
        monkeypatch.setattr(
            capture_reader, "Child", lambda module, *told, **more: Child("a_played_reader", *told, **more)
        )

    return play


def pipe_of(data: bytes) -> tuple[int, int]:
    """A pipe with a capture that never ends."""
    read, write = os.pipe()
    os.write(write, data)
    return read, write


def assert_shut_in(pid: int) -> None:
    seen = attestation.attest(pid)
    assert (seen.seccomp, seen.no_new_privs, seen.own_network, seen.core_bytes) == (2, True, True, 0)
    assert (seen.interfaces, seen.network_sockets, seen.capabilities) == ({"lo": (0, 0)}, (), 0)
    assert os.stat(f"/proc/{pid}/mem").st_uid == 0, "nobody may look into it"


@pytest.mark.lab
@needs_namespaces
def test_what_reads_a_file_is_shut_in_and_has_that_file_and_its_pipes(home: Path) -> None:
    read, write = pipe_of(CAPTURE)
    with CaptureReader({}, {}, read) as reader:
        while not reader.figures.packets:
            reader.read()
        assert_shut_in(reader.pid)
        given = os.fstat(read).st_ino
        held = {os.stat(f"/proc/{reader.pid}/fd/{number}").st_ino for number in os.listdir(f"/proc/{reader.pid}/fd")}
        assert len(held) == 4 and given in held
        with open(f"/proc/{reader.pid}/limits") as file:
            limits = {line[:26].strip(): line[26:].split()[0] for line in file}
    os.close(read)
    os.close(write)
    assert limits["Max file size"] == limits["Max core file size"] == "0"
    assert 0 < int(limits["Max address space"]) < 2 << 30


@pytest.mark.lab
@pytest.mark.slow
@needs_namespaces
def test_what_reads_a_running_capture_is_shut_in(path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(path, "tcpdump", "head(); speak(20)", live=True)
    made: list[CaptureReader] = []
    monkeypatch.setattr(live, "reader_for", lambda *told: made.append(importer.reader_for(*told)) or made[0])

    class Look:
        seen = 0

        def beat(self, at_ms: int) -> bool:
            if made and made[0].figures.packets:
                assert_shut_in(made[0].pid)
                self.seen += 1
            return not self.seen

        def __getattr__(self, name: str) -> Callable[..., None]:
            return lambda *told: None

    look = Look()
    live.LiveWatch(live.Where("lo"), look).run()
    assert look.seen


ATTEMPTS = """
import errno, os, socket, subprocess, sys
from echoctl.services.traffic import capture_process
def attempt(name, act):
    try: act(); print(name, "open")
    except OSError as error: print(name, errno.errorcode[error.errno])
class Tries:
    def __init__(self, *given):
        attempt("read", lambda: open(sys.argv[1]))
        attempt("program", lambda: open(capture_process.__file__))
        attempt("write", lambda: open("/tmp/new", "w"))
        attempt("socket", socket.socket)
        attempt("unix", lambda: socket.socket(socket.AF_UNIX))
        attempt("run", lambda: subprocess.run(["/bin/true"]))
        attempt("fork", os.fork)
        attempt("signal", lambda: os.kill(os.getppid() or 1, 0))
        sys.stdout.flush()
        os._exit(0)
capture_process._Work = Tries
capture_process.main([])
"""


def test_before_it_reads_a_byte_nothing_can_be_opened_or_started(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    run = subprocess.run(
        [sys.executable, "-c", ATTEMPTS, str(secret)], capture_output=True, text=True, cwd=REPOSITORY, check=True
    )
    outcomes = dict(line.split() for line in run.stdout.splitlines())
    assert set(outcomes) == {"read", "program", "write", "socket", "unix", "run", "fork", "signal"}
    assert set(outcomes.values()) <= {"EACCES", "EPERM"}, outcomes


def test_bytes_may_come_in_any_pieces(home: Path) -> None:
    def result(step: int) -> tuple[Any, ...]:
        with CaptureReader({}, {}) as reader:
            answers = [reader.feed(CAPTURE[at : at + step]) for at in range(0, len(CAPTURE), step)]
            answers += [reader.end(), reader.finish()]
            seconds = [row for each in answers for row in each.seconds]
            last = {row[:2]: row for each in answers for row in each.bursts}
            return reader.figures, reader.pairs, reader.endpoints, seconds, last

    whole = result(len(CAPTURE))
    assert whole[0].packets == 41
    assert whole[2] == [Endpoint(p.CLOUD_IP, "avs-alexa-4-na.amazon.com", Naming.SNI)]
    assert result(1013) == result(97) == whole


def test_streams_may_follow_each_other_and_one_that_is_none_is_an_error(fed: CaptureReader) -> None:
    fed.feed(CAPTURE)
    assert fed.end().ended
    with pytest.raises(DeviceError, match="not a capture") as caught:
        fed.feed(b"welcome to the router")
    assert caught.value.hint and not isinstance(caught.value, Broken)
    with pytest.raises(DeviceError, match="empty"):
        fed.end()
    fed.feed(CAPTURE)
    assert fed.figures.packets == 82


def test_a_name_that_is_learnt_later_is_told_when_names_are_asked_for(fed: CaptureReader) -> None:
    """The greeting is in two parts, and a second is over in between."""
    first, rest = HELLO[:60], HELLO[60:]
    fed.feed(p.pcap([(T + 0.0, p.upload(first))]))
    fed.tick((T + 2) * 1000)
    assert fed.endpoints == [Endpoint(p.CLOUD_IP)]
    fed.feed(p.pcap([(T + 2.5, p.upload(rest, 1000 + len(first)))])[24:])
    assert fed.endpoints == [Endpoint(p.CLOUD_IP)]
    fed.ask_names()
    assert fed.endpoints[0].name == "avs-alexa-4-na.amazon.com"


def test_a_pipe_with_nothing_in_it_is_waited_for(home: Path) -> None:
    read, write = os.pipe()
    with CaptureReader({}, {}, read) as reader:
        answer = reader.read()
        assert not answer.ended
        os.write(write, CAPTURE)
        os.close(write)
        while not answer.ended:
            answer = reader.read()
        assert reader.figures.packets == 41
    os.close(read)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def test_of_a_reader_that_is_killed_what_came_before_is_kept(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fifo = tmp_path / "capture"
    os.mkfifo(fifo)
    made: list[CaptureReader] = []
    monkeypatch.setattr(importer, "CaptureReader", lambda *told: made.append(CaptureReader(*told)) or made[0])
    writer = threading.Thread(target=lambda: (held.append(os.open(fifo, os.O_WRONLY)), os.write(held[0], CAPTURE)))
    held: list[int] = []
    writer.start()
    with pytest.raises(Broken, match=r"died \(signal SIGKILL\)") as caught:
        importer.import_file(str(fifo), NOW_MS, lambda packets: kill(made[0].pid))
    assert (caught.value.exit_code, bool(caught.value.hint)) == (4, True)
    with devices.opened() as connection:
        (capture,) = traffic.captures(connection, 0, NOW_MS)
        assert (capture.packets, capture.truncated) == (41, True)
        assert sum(row.up for row in traffic.endpoints(connection, None, 0)) == 800 * 30 + len(HELLO)
    os.close(held[0])


@pytest.mark.slow
def test_a_watch_whose_reader_is_killed_ends_and_keeps_what_came(
    path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(path, "tcpdump", "head(); speak(20)", live=True)
    made: list[CaptureReader] = []
    monkeypatch.setattr(live, "reader_for", lambda *told: made.append(importer.reader_for(*told)) or made[0])

    notices: list[str] = []

    class Kills:
        def notice(self, what: str, text: str) -> None:
            notices.append(what)

        def fresh(self, fresh: importer.Fresh) -> None:
            kill(made[0].pid)

        def beat(self, at_ms: int) -> bool:
            return True

        def __getattr__(self, name: str) -> Callable[..., None]:
            return lambda *told: None

    with pytest.raises(Broken, match="SIGKILL"):
        live.LiveWatch(live.Where("lo"), Kills()).run()
    assert notices == ["begun"]
    with devices.opened() as connection:
        assert traffic.captures(connection, 0, 1 << 53)[0].truncated
        assert traffic.endpoints(connection, None, 0)[0].up >= 800


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("say(b'x' * 999)", "more than fits"),
        ("say(head(c.MOST_JSON_BYTES + 1, 0))", "more than fits"),
        ("say(head(0, c.MOST_SECONDS_BYTES + 1))", "more than fits"),
        ("say(head(2, 0) + b'{}')", "other fields"),
        ("say(c.packed(c.Answer(seconds=((0, 1, 1, 1, 1),))))", "cannot be"),
        ("say(head(99, 0) + b'{')", r"died \(exit code 0\)"),
        ("sys.exit(7)", r"died \(exit code 7\)"),
        ("os.abort()", r"died \(signal SIGABRT\)"),
        ("os.close(1); order()", "speaks no more"),
        ("order()", "does not answer for 1 s"),
        ("say(head(99, 0)); order()", "does not answer for 1 s"),
    ],
)
def test_a_reader_that_says_what_it_never_would_is_ended_and_nothing_of_it_taken(
    played: Callable[[str], None], home: Path, monkeypatch: pytest.MonkeyPatch, code: str, why: str
) -> None:
    played(code)
    monkeypatch.setattr(capture_reader, "LIMIT_S", 1.0 if "answer" in why else 20.0)
    with CaptureReader({}, {}) as reader:
        with pytest.raises(Broken, match=why) as caught:
            reader.feed(CAPTURE)
        assert caught.value.hint
        assert (reader.pairs, reader.figures) == ([], protocol.Figures())
        with pytest.raises(Broken, match=why):
            reader.finish()


def test_one_that_takes_no_order_is_waited_for_only_so_long(
    played: Callable[[str], None], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played("say(c.packed(c.Answer())); import time; time.sleep(60)")
    monkeypatch.setattr(capture_reader, "LIMIT_S", 1.5)
    begun = time.monotonic()
    with CaptureReader({}, {}) as reader:
        reader.feed(CAPTURE)
        with pytest.raises(Broken, match="does not answer"):
            reader.feed(bytes(1 << 20))
    assert time.monotonic() - begun < 10


@pytest.mark.lab
@needs_namespaces
def test_where_namespaces_are_refused_it_reads_with_filters_alone(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(CAPTURE)
    code = (
        "import sys, os; from echoctl.sandbox import attestation\n"
        "from echoctl.services.traffic.capture_reader import CaptureReader\n"
        "with CaptureReader({}, {}, os.open(sys.argv[1], os.O_RDONLY)) as reader:\n"
        "    reader.read(); seen = attestation.attest(reader.pid)\n"
        "print(reader.figures.packets, seen.seccomp, seen.capabilities, seen.own_network)"
    )
    run = subprocess.run(
        [*caged("unshare=EPERM"), sys.executable, "-c", code, str(tmp_path / "a.pcap")],
        capture_output=True, text=True, cwd=REPOSITORY, check=True,
    )  # fmt: skip
    assert run.stdout.split() == ["41", "2", "0", "False"]
