import os
from pathlib import Path

import pytest

from echoctl.errors import DeviceError, NotFound, UsageError
from echoctl.traffic import sources
from echoctl.traffic.pcap import PcapReader
from tests.lab.programs import path as path
from tests.lab.programs import program
from tests.traffic.inputs import packets as p

CAPTURE = p.pcap([(1.5, p.upload(10)), (2.5, p.upload(10, 1010))])


def beat() -> bool:
    return True


def content(stream: object) -> bytes:
    whole = b""
    for block in PcapReader(stream).blocks():  # type: ignore[arg-type]
        block.used = len(block.data)
        whole += block.data
    return whole


def test_a_file_is_opened_and_not_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "a.pcap"
    file.write_bytes(CAPTURE)
    descriptor = sources.open_capture(str(file))
    assert os.lseek(descriptor, 0, os.SEEK_CUR) == 0
    assert not os.get_inheritable(descriptor)
    os.close(descriptor)


def test_stdin_is_a_source_too() -> None:
    descriptor = sources.open_capture("-")
    assert os.path.sameopenfile(descriptor, 0)
    os.close(descriptor)


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no file"):
        sources.open_capture(str(tmp_path / "a.pcap"))
    with pytest.raises(DeviceError, match="folder"):
        sources.open_capture(str(tmp_path))


def test_tcpdump_is_asked_for_few_bytes_at_once_and_only_for_the_device(path: Path) -> None:
    program(path, "tcpdump", "import sys; sys.stderr.write(' '.join(sys.argv[1:]))")
    live = sources.tcpdump("lo", p.SPEAKER, beat)
    assert live.read1(9) == b""
    words = str(live.problem())
    assert "--immediate-mode -U -n -s 256 -w - -i lo ether host 44:65:0d:00:00:50" in words
    live.close()


@pytest.mark.slow
def test_what_the_child_writes_is_read_and_its_drops_are_counted(path: Path) -> None:
    program(
        path,
        "tcpdump",
        f"import sys,time,signal\nsys.stdout.buffer.write({CAPTURE!r}); sys.stdout.flush()\n"
        "signal.signal(2, lambda *_: (sys.stderr.write('7 packets dropped by kernel\\n'), sys.exit()))\n"
        "time.sleep(30)",
    )
    rounds = iter([True] * 40)
    live = sources.tcpdump("lo", "", lambda: next(rounds, False))
    assert content(live) == CAPTURE[24:]
    assert live.begun
    assert live.close() == 7


def test_tcpdump_that_is_missing_says_how_to_get_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_SYSTEM_PATHS", "")
    monkeypatch.setenv("PATH", str(path))
    with pytest.raises(DeviceError, match="tcpdump is missing") as caught:
        sources.tcpdump("lo", "", beat)
    assert "install" in caught.value.hint


def test_an_interface_that_is_not_there_is_named_beside_those_that_are(path: Path) -> None:
    program(path, "tcpdump", "")
    with pytest.raises(DeviceError, match="no interface nowhere0") as caught:
        sources.tcpdump("nowhere0", "", beat)
    assert "lo" in caught.value.hint.split()


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (
            "tcpdump: eth0: You don't have permission to perform this capture on that device",
            "may not capture on there",
            "setcap",
        ),
        (
            "tcpdump: eth0: You don't have permission to capture on that device\n(socket: Operation not permitted)",
            "may not",
            "setcap",
        ),
        ("tcpdump: br-lan: No such device exists", "no such interface on there", "ip link"),
        ("ash: tcpdump: not found", "tcpdump is missing on there", "opkg"),
        ("root@router: Permission denied (publickey,password).", "ssh to there was refused", "ssh TARGET"),
        ("ssh: connect to host router port 22: Connection refused", "ssh has no connection to there", "ssh TARGET"),
        (
            "ssh: Could not resolve hostname router: Name or service not known",
            "ssh has no connection to there",
            "ssh TARGET",
        ),
        ("tcpdump: pcap_loop: The interface disappeared", "went down on there", "up again"),
        ("something else", "ended: something else", "by hand"),
    ],
)
def test_last_words_become_a_line_and_a_hint(words: str, message: str, hint: str) -> None:
    error = sources.explain(words, "there")
    assert message in str(error)
    assert hint in error.hint


def test_over_ssh_the_clock_comes_first_and_the_line_itself_is_left_out(path: Path) -> None:
    said = path / "said"
    program(
        path,
        "ssh",
        "import sys,time\n"
        f"open({str(said)!r}, 'w').write(sys.argv[-1])\n"
        "print(f'{time.time() + 12:.9f}', flush=True)\n"
        f"sys.stdout.buffer.write({CAPTURE!r})",
    )
    live, offset = sources.over_ssh("root@router", "br-lan", "", beat)
    assert content(live) == CAPTURE[24:]
    assert offset is not None
    assert 11_000 < offset < 12_500
    live.close()
    remote = said.read_text()
    assert "tcpdump --immediate-mode -U -n -s 256 -w - -i br-lan" in remote
    assert "not (tcp port $2 and host $1)" in remote


def test_a_router_without_a_clock_line_gives_its_packets_all_the_same(path: Path) -> None:
    program(path, "ssh", f"import sys; sys.stdout.buffer.write({CAPTURE!r})")
    live, offset = sources.over_ssh("router", "br-lan", "", beat)
    assert offset is None
    assert content(live) == CAPTURE[24:]
    live.close()


@pytest.mark.parametrize("target", ["-oProxyCommand=sh", "", " "])
def test_an_ssh_target_cannot_be_an_option(target: str) -> None:
    with pytest.raises(UsageError, match="no ssh target"):
        sources.over_ssh(target, "br-lan", "", beat)


@pytest.mark.parametrize(
    ("line", "offset"),
    [(b"1000.250000000", 250), (b"999", -500), (b"1000.%N", 500), (b"", None), (b"banner", None)],
)
def test_the_clock_of_a_router_is_read_as_far_as_it_goes(line: bytes, offset: int | None) -> None:
    assert sources.clock_offset(line, 1000.0) == offset
