"""How much a capture can make the process that reads it take."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from echoctl.errors import DeviceError
from echoctl.services.sandbox.child import Child
from echoctl.services.traffic import capture_reader, devices, importer
from echoctl.store import traffic
from tests.conftest import REPOSITORY
from tests.traffic.inputs import packets as p

T = 1_700_000_000
NOW_MS = (T + 86_400) * 1000
MB = 1 << 20

IMPORT = """
import resource, sys
from echoctl.services.traffic import importer
print(importer.import_file(sys.argv[1], 1_800_000_000_000).capture.packets)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10)
"""

LITTLE = """
import sys
from echoctl.services.traffic import capture_process
capture_process.MEMORY_BYTES = 32 << 20
capture_process.main(sys.argv[1:])
"""


@pytest.mark.slow
@pytest.mark.parametrize("frame", [MB - 64, 3000])
def test_what_unzips_to_a_thousand_times_its_size_takes_no_memory(home: Path, tmp_path: Path, frame: int) -> None:
    bomb = tmp_path / "bomb.pcap.gz"
    number = 800 * MB // frame
    records = p.pcap([(T + 1.0, bytes(frame))])[24:] * (MB // frame + 1)
    with gzip.open(bomb, "wb", 6) as file:
        file.write(p.pcap([(T + 0.0, p.upload(100))]))
        for _ in range(number // (MB // frame + 1)):
            file.write(records)
    assert bomb.stat().st_size < 2 * MB
    run = subprocess.run(
        [sys.executable, "-c", IMPORT, str(bomb)], capture_output=True, text=True, cwd=REPOSITORY, check=True
    )
    packets, peak = map(int, run.stdout.split())
    assert packets > 700 * MB // frame
    assert peak < 120


def test_of_more_connections_than_fit_into_memory_the_first_count(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "little.py").write_text(LITTLE)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{REPOSITORY}")
    monkeypatch.setattr(capture_reader, "Child", lambda _, *told, **more: Child("little", *told, **more))
    hosts = (f"8.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(90_000))
    sent = [p.ethernet(p.SPEAKER, p.ROUTER, p.ipv4(p.SPEAKER_IP, host, p.tcp(4000, 443, 1, b"x"))) for host in hosts]
    scan = [(T + n / 1000, frame) for n, frame in enumerate(sent)]
    file = tmp_path / "scan.pcap"
    file.write_bytes(p.pcap(scan))
    report = importer.import_file(str(file), NOW_MS)
    assert report.damage == "its connections do not fit into memory"
    assert 0 < report.endpoints < 90_000
    with devices.opened() as connection:
        assert traffic.captures(connection, 0, NOW_MS)[0].truncated


def test_a_file_that_cannot_be_read_says_why(home: Path) -> None:
    """Where memory of a process is not mapped the kernel has an error instead of bytes."""
    with pytest.raises(DeviceError, match="no packets: it cannot be read on: Input/output error"):
        importer.import_file("/proc/self/mem", NOW_MS)
