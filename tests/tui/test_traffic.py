"""The Traffic pane, by its keys."""

from pathlib import Path

from echoctl.model.traffic import VerdictWord
from echoctl.tui.widgets.traffic import STYLES
from tests.tui.pictures import evening_stage
from tests.tui.stage import stage


def test_every_verdict_has_a_style() -> None:
    assert set(STYLES) == {word.value for word in VerdictWord}


async def test_without_traffic_it_says_how_to_get_some(store: Path) -> None:
    async with stage() as on:
        await on.sees("no traffic seen yet: echoctl traffic watch")
        await on.press("4", "enter")
        await on.sees("no traffic seen yet")


async def test_enter_shows_the_evidence(evening: None) -> None:
    async with evening_stage((110, 40)) as on:
        await on.sees("kitchen: unexplained uploads: 1")
        await on.press("tab", "enter")
        await on.sees("verdict on kitchen")
        await on.sees("and nobody called")
        await on.sees('"Alexa" was heard: explained')
        await on.press("down", "down", "escape")
        await on.sees("╭─ now")


async def test_minus_and_plus_change_the_time(evening: None) -> None:
    async with evening_stage((110, 40)) as on:
        await on.sees("18:46")
        await on.press("minus")
        await on.sees("13:46")
        await on.press("plus", "plus")
        await on.sees("19:31")


async def test_a_mark_stands_over_its_upload(evening: None) -> None:
    async with evening_stage((110, 40)) as on:
        lines = on.app.traffic.text.splitlines()
        wakes = next(line for line in lines if "heard here" in line)
        lane = next(line for line in lines if line.startswith("kitchen  "))
        speech = next(line for line in lines if "speech-like" in line)
        for at in (at for at, letter in enumerate(speech) if letter in "●▲"):
            assert set(lane[at : at + 2]) & set("▅▆▇█"), lines
        assert wakes.count("▼") == speech.count("●") == 5
        assert speech.count("▲") == 1


async def test_ascii_has_signs_of_its_own(evening: None) -> None:
    async with stage((110, 40), ascii=True) as on:
        await on.sees("kitchen: unexplained uploads: 1")
        await on.until(lambda: "!" in on.app.traffic.text)
        assert on.app.traffic.text.isascii()
