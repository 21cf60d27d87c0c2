from collections.abc import Callable
from pathlib import Path

from tests.cli.traffic.captures import write_capture
from tests.conftest import Run
from tests.traffic.inputs import packets as p

Cli = Callable[..., Run]


def test_devices_are_listed_named_and_marked(cli: Cli, tmp_path: Path) -> None:
    nothing = cli("traffic", "devices")
    assert (nothing.exit, nothing.stdout) == (0, "")
    assert "traffic import" in nothing.stderr
    cli("traffic", "import", write_capture(tmp_path / "a.pcap"))
    assert f"devices name {p.SPEAKER} kitchen --speaker" in cli("traffic", "devices").stderr
    named = cli("traffic", "devices", "name", p.SPEAKER, "kitchen", "--speaker", "--model", "echo", "--json")
    assert named.json["speaker"] is True
    run = cli("traffic", "devices")
    assert run.stdout.splitlines()[1].split()[:5] == [p.SPEAKER, "kitchen", "Amazon", "yes", "echo"]
    (device,) = cli("traffic", "devices", "--json").json["devices"]
    assert (device["mac"], device["name"], device["first"][:10]) == (p.SPEAKER, "kitchen", "2023-11-14")


def test_an_unknown_device_is_exit_3_and_an_ambiguous_one_2(cli: Cli, tmp_path: Path) -> None:
    cli("traffic", "import", write_capture(tmp_path / "a.pcap"))
    run = cli("traffic", "devices", "name", "cellar", "x")
    assert (run.exit, "no device cellar" in run.stderr) == (3, True)
    other = tmp_path / "b.pcap"
    frame = p.ethernet("44:65:0d:00:00:51", p.ROUTER, p.ipv4("192.168.77.51", p.CLOUD_IP, p.tcp(1, 443, 1, b"x")))
    other.write_bytes(p.pcap([(1_700_000_000.0, frame)]))
    cli("traffic", "import", other)
    run = cli("traffic", "devices", "name", "44:65", "x")
    assert (run.exit, "several devices" in run.stderr) == (2, True)
