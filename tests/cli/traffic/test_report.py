import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from echoctl.model.traffic import Device
from tests.cli.inside import Main
from tests.traffic.inputs.synthetic import BEGIN_MS, SPEAKER, speech
from tests.watched import watched

ADDRESS = re.compile(r"https?://|url\((?!#)|src=|href=|@import|<script", re.IGNORECASE)


@pytest.fixture
def kitchen() -> None:
    watched(speech(20, 3, 100) + speech(70, 3, 100), wakes=[19])


def test_both_pictures_in_one_svg(main: Main, kitchen: None, tmp_path: Path) -> None:
    said = main("traffic", "report", "kitchen", "--svg", str(tmp_path / "week.svg"))
    assert said.exit == 0 and said.stdout == ""
    text = (tmp_path / "week.svg").read_text()
    ElementTree.fromstring(text)
    assert not ADDRESS.search(text.replace('xmlns="http://www.w3.org/2000/svg"', ""))
    for words in ("Unexplained uploads: 1", ">alexa<", ">nobody called it<", "before, during and 10 s after a request"):
        assert words in text
    assert text.count('class="alone" d="M') == 1


def test_the_page_needs_nothing_else(main: Main, kitchen: None, tmp_path: Path) -> None:
    main("traffic", "report", "--html", str(tmp_path / "week.html"))
    text = (tmp_path / "week.html").read_text()
    assert not ADDRESS.search(text.replace('xmlns="http://www.w3.org/2000/svg"', ""))
    assert text.startswith("<!doctype html>") and "<svg" in text
    assert "and nobody called it." in text and "explained." in text


def test_text_and_json(main: Main, kitchen: None) -> None:
    said = main("traffic", "report")
    assert said.exit == 0
    assert "unexplained uploads: 1" in said.stdout and "█" in said.stdout and "10 s BEFORE" in said.stdout
    (found,) = main("traffic", "report", "--json").json["reports"]
    assert found["step_s"] == 1 and len(found["up"]) == len(found["down"])
    assert found["verdict"]["verdict"] == "unexplained uploads"
    assert found["endpoints"][0]["during"]["up"] > 25_000
    assert found["requests"] == 1


def test_a_dash_is_stdout(main: Main, kitchen: None) -> None:
    assert main("traffic", "report", "--svg", "-").stdout.startswith("<svg ")


def test_names_cannot_break_out_of_the_picture(main: Main, tmp_path: Path) -> None:
    watched(speech(70, 3, 100), device=Device(SPEAKER, "<script>&\x1b", speaker=True))
    text = main("traffic", "report", "--svg", "-").stdout
    ElementTree.fromstring(text)
    assert "<script" not in text
    assert "<script" not in main("traffic", "report", "--html", "-").stdout


def test_two_speakers_are_two_sections_and_no_one_picture(main: Main, kitchen: None) -> None:
    watched([], device=Device("44:65:0d:00:00:60", "bedroom", speaker=True))
    assert main("traffic", "report", "--html", "-").stdout.count("<section>") == 2
    said = main("traffic", "report", "--svg", "-")
    assert said.exit == 2 and "one speaker" in said.stderr


@pytest.mark.parametrize("length", [0.4, 5, 90_000, 9_000_000])
def test_any_length_of_time_can_be_drawn(main: Main, length: float) -> None:
    watched([], length=length)
    ElementTree.fromstring(main("traffic", "report", "--svg", "-").stdout)


def test_a_place_that_cannot_be_written(main: Main, kitchen: None) -> None:
    said = main("traffic", "report", "--svg", "/nowhere/x.svg")
    assert said.exit != 0 and len(said.stderr.splitlines()) <= 2


@pytest.mark.parametrize(("path", "code"), [("nowhere/x.html", 3), (".", 2)])
def test_a_page_that_cannot_be_written_costs_a_line(main: Main, kitchen: None, path: str, code: int) -> None:
    said = main("traffic", "report", "--html", path)
    assert said.exit == code
    assert said.stderr.splitlines()[0].startswith(f"echoctl: error: {path}: ")


def test_page_and_picture_are_written_together(main: Main, kitchen: None, tmp_path: Path) -> None:
    assert main("traffic", "report", "--html", str(tmp_path / "a.html"), "--svg", str(tmp_path / "a.svg")).exit == 0
    assert (tmp_path / "a.svg").read_text() in (tmp_path / "a.html").read_text()


def test_wakes_from_elsewhere_stand_in_for_ours(main: Main, kitchen: None, tmp_path: Path) -> None:
    (tmp_path / "wakes").write_text(f"{BEGIN_MS / 1000 + 19}\n{BEGIN_MS / 1000 + 69} computer\n")
    said = main("traffic", "report", "--wakes", str(tmp_path / "wakes"))
    assert "only when called" in said.stdout and "Computer" in said.stdout
