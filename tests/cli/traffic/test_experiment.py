from pathlib import Path

import pytest

from tests.cli.inside import Main
from tests.traffic.inputs import packets as p
from tests.traffic.inputs.synthetic import speech


@pytest.fixture
def capture(tmp_path: Path) -> str:
    records, sequence = [(1_790_000_000.0, p.upload(bytes(20)))], 20
    for second, size in speech(60.0, 3, 100):
        records.append((1_790_000_000.0 + second, p.upload(bytes(size), seq=1000 + sequence)))
        sequence += size
    records.append((1_790_000_100.0, p.upload(bytes(20), seq=1000 + sequence)))
    (tmp_path / "a.pcap").write_bytes(p.pcap(records))
    return str(tmp_path / "a.pcap")


def test_a_replay_is_judged_phase_by_phase(main: Main, capture: str, tmp_path: Path) -> None:
    said = main("traffic", "experiment", "--replay", capture, "--html", str(tmp_path / "x.html"))
    assert said.exit == 12
    assert said.stdout.splitlines()[0].split() == ["PHASE", "LENGTH", "VERDICT", "MEANING"]
    assert "no speech went out" in said.stdout and "and nobody called it" in said.stdout
    assert (tmp_path / "x.html").read_text().count("<section>") == 2
    phases = main("traffic", "experiment", "--replay", capture, "--json").json["phases"]
    assert [(row["phase"], row["verdict"]) for row in phases] == [("idle", "quiet"), ("asked", "unexplained uploads")]


def test_a_muted_speaker_that_sends(main: Main, capture: str) -> None:
    said = main("traffic", "experiment", "--replay", capture, "--phase", "muted=40-100")
    assert said.exit == 12 and "it sent speech all the same" in said.stdout
    said = main("traffic", "experiment", "--replay", capture, "--phase", "muted=0-50")
    assert said.exit == 0 and "mute holds" in said.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        ([], 2, "say where its packets pass"),
        (["--replay", "/nowhere"], 3, "there is no /nowhere"),
        (["--interface", "none0", "--html", "/nowhere/x.html"], 3, "there is no folder /nowhere"),
        pytest.param(["--interface", "none0", "--silence", "0"], 4, "none0", marks=pytest.mark.lab),  # by tcpdump
    ],
)
def test_mistakes_cost_a_line(main: Main, arguments: list[str], code: int, text: str) -> None:
    said = main("traffic", "experiment", *arguments)
    assert said.exit == code
    assert text in said.stderr and len(said.stderr.splitlines()) <= 2
