import pytest

from echoctl.cli.traffic import verdict
from echoctl.model.traffic import Device
from tests.cli.inside import Main
from tests.traffic.inputs.synthetic import report, speech
from tests.watched import watched


def test_unexplained_is_12_and_both_sentences_are_printed(main: Main) -> None:
    watched(speech(20, 3, 100) + speech(70, 3, 100), wakes=[19])
    said = main("traffic", "verdict", "kitchen")
    assert said.exit == 12
    assert said.stdout.startswith("kitchen: unexplained uploads: 1\n")
    assert 'after the word "Alexa" was heard: explained.' in said.stdout
    assert ", and nobody called it." in said.stdout
    assert said.stderr == ""
    (given,) = main("traffic", "verdict", "--json").json["verdicts"]
    assert given["verdict"] == "unexplained uploads"
    assert [len(given[key]) for key in ("explained", "unexplained", "possible", "silent_wakes")] == [1, 1, 0, 0]
    assert given["explained"][0]["late_s"] == 1.0
    assert given["explained"][0]["wake"]["word"] == "alexa"
    assert set(given["hidden_speech_s_per_hour"]) == {"6 kbit/s", "16 kbit/s", "24 kbit/s", "PCM"}
    assert all(sentence["times"] for sentence in given["sentences"])


@pytest.mark.parametrize(("wakes", "word"), [([19.0, 69.0], "only when called"), ([], "quiet")])
def test_peace_is_0(main: Main, wakes: list[float], word: str) -> None:
    watched(speech(20, 3, 100) + speech(70, 3, 100) if wakes else report(30), wakes=wakes)
    said = main("traffic", "verdict")
    assert said.exit == 0
    assert said.stdout.startswith(f"kitchen: {word}\n")


def test_no_telling_is_13(main: Main) -> None:
    watched(speech(5, 3, 100), length=20)
    said = main("traffic", "verdict")
    assert said.exit == 13 and "too short" in said.stdout


def test_the_gravest_verdict_is_the_exit_code(main: Main) -> None:
    watched(report(30))
    watched(speech(30, 3, 100), device=Device("44:65:0d:00:00:60", "bedroom", speaker=True))
    said = main("traffic", "verdict")
    assert said.exit == 12
    assert said.stdout.startswith("bedroom: unexplained") and "\n\nkitchen: quiet\n" in said.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["hall"], 3, "no device hall"),
        (["--since", "soon"], 2, "is not a time"),
        (["--wakes", "/nowhere"], 3, "there is no /nowhere"),
    ],
)
def test_mistakes_cost_a_line(main: Main, arguments: list[str], code: int, text: str) -> None:
    watched(report(30))
    said = main("traffic", "verdict", *arguments)
    assert said.exit == code
    assert text in said.stderr and len(said.stderr.splitlines()) <= 2


def test_before_anything_was_watched(main: Main) -> None:
    from pathlib import Path

    from echoctl import paths

    Path(paths.database()).unlink(missing_ok=True)
    said = main("traffic", "verdict")
    assert said.exit == 3 and "traffic import" in said.stderr


def test_the_code_of_nothing_is_peace() -> None:
    assert verdict.code([]) == 0
