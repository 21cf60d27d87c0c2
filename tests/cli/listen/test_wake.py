from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from echoctl import paths
from echoctl.services.listening.demo import SAMPLE
from tests.conftest import Run

Cli = Callable[..., Run]


@pytest.fixture
def clips(tmp_path: Path, speech_model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clip with the word, and one of the same voice without it: the demonstration's sample, cut."""
    monkeypatch.setenv("ECHOCTL_SPEECH_MODEL", str(speech_model))
    samples, rate = soundfile.read(SAMPLE, dtype="int16")
    soundfile.write(tmp_path / "said.wav", samples[: 3 * rate], rate)
    soundfile.write(tmp_path / "other.flac", samples[int(1.6 * rate) : 3 * rate], rate)
    return tmp_path


def test_a_curve_with_misses_false_wakes_and_latency(clips: Path, cli: Cli) -> None:
    run = cli("wake", "test", clips / "said.wav", "--without", clips / "other.flac", "--json", timeout=300)
    assert run.exit == 0, run.stderr
    report = run.json
    assert (report["word"], report["said"], report["saved"]) == ("alexa", 1, None)
    assert report["spotter"] and report["model"]
    point = next(p for p in report["points"] if p["threshold"] == report["in_use"])
    assert (point["missed"], point["false_wakes"], point["false_per_hour"]) == ([], 0, 0.0)
    assert -0.2 < point["latency_p50"] < 1.5
    assert not Path(paths.config_file()).exists()


def test_save_keeps_the_best_where_listen_finds_it(clips: Path, cli: Cli) -> None:
    run = cli("wake", "test", clips / "said.wav", "--save", timeout=300)
    assert run.exit == 0, run.stderr
    assert run.stdout.splitlines()[0].split()[:3] == ["THRESHOLD", "MISSED", "FALSE"]
    assert "saved" in run.stderr
    kept = {entry["key"]: entry["value"] for entry in cli("config", "show", "--json").json}
    assert list(kept["wake.thresholds"]) == ["alexa"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([], 2, "nothing to test with"),
        (["nowhere.wav"], 3, "no such file"),
        (["--manifest", "nowhere.tsv"], 3, "no such file"),
    ],
)
def test_mistakes_get_a_line_and_a_hint(cli: Cli, arguments: list[str], code: int, says: str) -> None:
    run = cli("wake", "test", *arguments)
    assert (run.exit, run.stdout) == (code, "")
    assert says in run.stderr and "hint:" in run.stderr


def test_an_unknown_word_is_refused_with_a_suggestion(clips: Path, cli: Cli) -> None:
    run = cli("wake", "test", clips / "said.wav", "--wake-word", "computr")
    assert run.exit == 2
    assert "did you mean computer" in run.stderr
