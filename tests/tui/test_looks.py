"""How the dashboard looks: themes, plain ASCII, no colour."""

from pathlib import Path

import pytest
from textual.color import Color
from textual.theme import Theme

from echoctl.errors import UsageError
from echoctl.tui import theme
from echoctl.tui.widgets.ring import RingStyle
from tests.tui.stage import IDLE, MUTED, READY, STATES, stage


@pytest.mark.parametrize("name", [one.name for one in theme.THEMES])
async def test_each_theme_paints(heard: list[str], name: str) -> None:
    async with stage(theme=name) as on:
        on.hear(*STATES["listening"])
        await on.sees("● listening")
        await on.sees("set a timer")


def contrast(one: str, other: str) -> float:
    """As WCAG 2 has it: 1 for none, 21 for black on white."""

    def light(colour: str) -> float:
        parts = Color.parse(colour).normalized
        red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("one", [one for one in theme.THEMES if not one.ansi], ids=lambda one: one.name)
def test_every_text_can_be_read(one: Theme) -> None:
    assert one.background and one.foreground and one.accent and one.error and one.warning and one.success
    least = 7.0 if one.name == "echoctl-contrast" else 4.5
    names = ("e-dim", "e-label", "e-talk", "e-think")
    texts = [one.foreground, one.accent, one.error, one.warning, one.success, *(one.variables[name] for name in names)]
    assert min(contrast(text, one.background) for text in texts) >= least
    assert contrast(one.variables["e-on-cursor"], one.variables["e-cursor"]) >= least


@pytest.mark.parametrize("name", ["nord", "solarized-light", "ansi-dark"])
async def test_a_theme_that_is_not_ours_lends_its_colours(heard: list[str], name: str) -> None:
    async with stage(theme=name) as on:
        await on.sees("set a timer")
        cursor = on.app.history.get_component_styles("history--cursor")
        assert cursor.background != cursor.color
        assert on.app.theme_variables["e-edge"] not in theme.THEMES[0].variables.values()


async def test_an_unknown_theme_is_a_mistake_with_a_hint(store: Path) -> None:
    with pytest.raises(UsageError) as caught:
        async with stage(theme="echoctl-drak"):
            pass
    assert caught.value.hint == "did you mean echoctl-dark?"


async def test_ascii_draws_nothing_else(heard: list[str]) -> None:
    async with stage(ascii=True) as on:
        on.hear(*STATES["listening"])
        await on.sees("@ listening")
        await on.sees("set a timer")
        assert on.app.live.ring.ring_style is RingStyle.ASCII
        assert on.screen.isascii()


@pytest.mark.parametrize("keys", ["enter", "d", "D", "e", "f", "slash", "question_mark", "ctrl+p"])
async def test_ascii_draws_nothing_else_over_the_panes(heard: list[str], keys: str) -> None:
    async with stage(ascii=True) as on:
        await on.sees("set a timer")
        await on.press(keys)
        await on.until(lambda: len(on.app.screen_stack) == 2)
        await on.pilot.pause(0.1)
        assert on.screen.isascii(), on.screen


async def test_without_colour_the_frame_tells_too(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with stage() as on:
        assert on.app.live.ring.ring_style is RingStyle.MONO
        on.hear(READY, MUTED)
        await on.sees("■ MUTED")
        await on.sees("┏")
        on.hear(IDLE)
        await on.until(lambda: "┏" not in on.screen)
