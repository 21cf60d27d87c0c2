from pathlib import Path

import pytest

from echoctl.cli.app import COMMANDS
from echoctl.config.schema import Config, DashboardSettings
from echoctl.errors import UsageError
from echoctl.services import state
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.tui import keys, shell_commands
from echoctl.tui.app import Dashboard
from echoctl.tui.options import Options
from tests.tui.stage import stage


def test_every_key_has_an_action() -> None:
    app = Dashboard(Options(spec=EarSpec()), Config())
    for key in keys.KEYS:
        name, _, argument = key.action.partition("(")
        assert hasattr(app, f"action_{name}"), key
        if name == "history":
            assert argument.strip("')") in app.history_actions.verbs


def test_every_twin_and_every_verb_is_a_command() -> None:
    twins = [twin.strip() for key in keys.KEYS for twin in key.twin.split(",") if twin.strip()]
    for words in [*twins, *(words for words, _ in shell_commands.VERBS)]:
        name = words.removeprefix("echoctl ").split()[0]
        assert name in COMMANDS or name.startswith("-"), words


def test_other_keys_by_id() -> None:
    chosen = keys.keymap({"mute": "x, f5", "talk": " t"})
    assert (chosen["mute"], chosen["talk"], chosen["quit"]) == ("x,f5", "t", "q,ctrl+c")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mutte": "x"}, "there is no action mutte"),
        ({"mute": "q"}, "q would both mute and quit"),
        ({"play": "x, m"}, "m would both mute and play"),
        ({"play": "?"}, "question_mark would both play and keys"),
        ({"play": "-"}, "minus would both longer and play"),
        ({"mute": " , "}, "mute would have no key"),
        ({"mute": ""}, "mute would have no key"),
        ({"mute": "x,"}, "mute would have no key"),
    ],
)
def test_mistakes(changes: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        keys.keymap(changes)
    assert message in caught.value.message


def test_how_keys_are_written() -> None:
    assert [keys.shown(key) for key in ("space", "slash", "ctrl+p", "D,shift+d", "m")] == ["space", "/", "^p", "D", "m"]


async def test_other_keys_hold_over_the_panes_too(heard: list[str]) -> None:
    async with stage(settings=other_keys(mute="x", feedback="o", keys="f2")) as on:
        await on.sees("set a timer")
        await on.press("enter")
        await on.sees("o right?")
        await on.press("m", "f", "o")
        await on.sees("is the text right?")
        assert not state.snapshot().muted
        await on.press("x")
        await on.until(lambda: state.snapshot().muted)
        await on.press("escape", "escape", "f2")
        await on.until(lambda: len(on.app.screen_stack) == 2)
        await on.press("f2")
        await on.until(lambda: len(on.app.screen_stack) == 1)


async def test_keys_can_change_places(vault: Path) -> None:
    async with stage(settings=other_keys(mute="q", quit="m")) as on:
        await on.press("q")
        await on.until(lambda: state.snapshot().muted)
        await on.press("m")
        await on.until(lambda: not on.app.is_running)


async def test_esc_leaves_a_question_even_where_it_mutes(heard: list[str]) -> None:
    async with stage(settings=other_keys(mute="escape", back="f5")) as on:
        await on.sees("set a timer")
        for key in ("d", "e"):
            await on.press(key)
            assert len(on.app.screen_stack) == 2
            await on.press("escape")
            assert len(on.app.screen_stack) == 1
        assert not state.snapshot().muted


async def test_only_the_keys_of_the_table_are_bound(store: Path) -> None:
    async with stage() as on:
        await on.press("ctrl+q")
        assert on.app.is_running


def other_keys(**changes: str) -> Config:
    return Config(tui=DashboardSettings(keys=changes))


@pytest.mark.parametrize("opened", ["slash", "question_mark", "enter"])
async def test_a_mute_key_that_types_nothing_mutes_once_wherever_one_is(heard: list[str], opened: str) -> None:
    async with stage(settings=other_keys(mute="x, f5")) as on:
        await on.sees("set a timer")
        await on.press(opened)
        await on.until(lambda: len(on.app.screen_stack) == 2)
        for wanted in (True, False):
            await on.press("f5")
            await on.until(lambda wanted=wanted: state.snapshot().muted is wanted)
