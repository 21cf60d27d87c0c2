"""The mouse: it does what the keys do."""

from pathlib import Path

from textual.events import MouseScrollDown

from echoctl.services import state
from echoctl.services.history.recorder import Recorder
from tests.heard import say
from tests.tui.conftest import NOON_MS
from tests.tui.pictures import evening_stage
from tests.tui.stage import stage


async def test_a_click_selects_and_one_more_opens(heard: list[str]) -> None:
    async with stage() as on:
        await on.sees("set a timer")
        await on.pilot.click("#history", offset=(20, 3))
        await on.until(lambda: on.app.history.cursor == 2)
        assert len(on.app.screen_stack) == 1
        await on.pilot.click("#history", offset=(20, 3))
        await on.sees(heard[2])


async def test_a_click_below_the_list_is_nothing(heard: list[str]) -> None:
    async with stage() as on:
        await on.sees("set a timer")
        await on.pilot.click("#history", offset=(20, 6))
        assert on.app.history.cursor == 0
        assert len(on.app.screen_stack) == 1


async def test_the_wheel_scrolls_and_a_click_means_what_is_seen(recorder: Recorder) -> None:
    for number in range(30):
        say(recorder, f"number {number}", NOON_MS + number * 1000)
    async with stage() as on:
        await on.sees("number 29")
        await on.until(lambda: on.app.history.allow_vertical_scroll)  # the scrollbar has come: its room is taken
        await on.pilot.pause()
        at = on.app.history.region
        for _ in range(3):
            on.app.history.post_message(
                MouseScrollDown(on.app.history, 5, 3, 0, 1, 0, False, False, False, at.x + 5, at.y + 3)
            )
        await on.until(lambda: on.app.history.scroll_offset.y > 0)
        await on.pilot.pause(0.4)
        top = on.app.history.scroll_offset.y
        await on.pilot.click("#history", offset=(20, 1))
        await on.until(lambda: on.app.history.cursor == top)


async def test_the_keys_of_the_bar_can_be_clicked(vault: Path) -> None:
    async with stage() as on:
        bar = on.app.keybar.text
        await on.pilot.click("#keybar", offset=(bar.index("mute"), 0))
        await on.until(lambda: state.snapshot().muted)
        await on.pilot.click("#keybar", offset=(bar.index("keys"), 0))
        await on.sees("these keys")


async def test_a_click_on_the_traffic_shows_the_evidence(evening: None) -> None:
    async with evening_stage((110, 40)) as on:
        await on.pilot.click("#traffic", offset=(30, 3))
        await on.sees("verdict on kitchen")
