from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.traffic.captures import NAME, T, write_capture
from tests.conftest import Run
from tests.traffic.inputs import packets as p

Cli = Callable[..., Run]
SINCE = ("--since", "2023-11-01")


@pytest.fixture
def imported(cli: Cli, tmp_path: Path) -> None:
    cli("traffic", "import", write_capture(tmp_path / "a.pcap"))


def test_bursts_have_the_fields_that_scripts_rely_on(cli: Cli, imported: None) -> None:
    found = cli("traffic", "bursts", *SINCE, "--json").json["bursts"]
    assert [burst["class"] for burst in found] == ["keepalive", "voice", "keepalive"]
    assert found[1] == {
        "device": p.SPEAKER,
        "endpoint": p.CLOUD_IP,
        "name": NAME,
        "start": T + 20,
        "end": T + 22.9,
        "bytes_up": 24_000,
        "class": "voice",
        "wake": None,
    }


def test_bursts_for_a_person_and_of_one_class(cli: Cli, imported: None) -> None:
    run = cli("traffic", "bursts", *SINCE, "--class", "voice")
    head, line = run.stdout.splitlines()
    assert head.split() == ["START", "LENGTH", "DEVICE", "ENDPOINT", "UP", "CLASS", "EXPLAINED", "BY"]
    assert NAME in line
    assert "no such burst was seen in that time" in cli("traffic", "bursts", *SINCE, "--class", "bulk").stderr


def test_endpoints_have_names_and_bytes(cli: Cli, imported: None) -> None:
    (endpoint,) = cli("traffic", "endpoints", *SINCE, "--json").json["endpoints"]
    assert (endpoint["name"], endpoint["how"], endpoint["packets"], endpoint["older"]) == (NAME, "sni", 32, False)
    assert endpoint["bytes_up"] > 24_300
    assert NAME in cli("traffic", "endpoints").stdout
    assert "no endpoint was seen in that time" in cli("traffic", "endpoints", "--since", "7d").stderr


def test_an_older_connection_is_said_with_its_cure(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "a.pcap"
    file.write_bytes(p.pcap([(T + 1.0, p.upload(b"\x17\x03\x03\x00\x10" + bytes(16)))]))
    run = cli("traffic", "import", file)
    assert "restart the device" in run.stderr
    run = cli("traffic", "endpoints", *SINCE)
    assert "open before the capture" in run.stderr
    assert "hint: restart the device" in run.stderr


@pytest.mark.parametrize("command", ["bursts", "endpoints"])
def test_nothing_watched_is_exit_3_with_a_hint(cli: Cli, command: str) -> None:
    run = cli("traffic", command)
    assert run.exit == 3
    assert "traffic import" in run.stderr


def test_a_device_that_is_not_there_is_exit_3(cli: Cli, imported: None) -> None:
    assert cli("traffic", "endpoints", "cellar", *SINCE).exit == 3
    assert cli("traffic", "bursts", "cellar", *SINCE).exit == 3
