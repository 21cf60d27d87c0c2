import pytest

from echoctl.cli.app import COMMANDS
from echoctl.errors import UsageError
from echoctl.tui import keys, shell_commands
from echoctl.tui.actions import Controls
from echoctl.tui.history_actions import HistoryActions


def test_every_key_has_an_action() -> None:
    for key in keys.KEYS:
        name, _, argument = key.action.partition("(")
        assert hasattr(Controls, f"action_{name}"), key
        if name == "record":
            assert hasattr(HistoryActions, argument.strip("')"))


def test_every_twin_and_every_verb_is_a_command() -> None:
    twins = [twin.strip() for key in keys.KEYS for twin in key.twin.split(",") if twin.strip()]
    for words in [*twins, *(words for words, _ in shell_commands.VERBS)]:
        name = words.removeprefix("echoctl ").split()[0]
        assert name in COMMANDS or name.startswith("-"), words


def test_other_keys_by_id() -> None:
    chosen = keys.keymap({"mute": "x", "talk": "t"})
    assert (chosen["mute"], chosen["talk"], chosen["quit"]) == ("x", "t", "q,ctrl+c")


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"mutte": "x"}, "there is no action mutte"), ({"mute": "q"}, "q would both mute and quit")],
)
def test_mistakes(changes: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        keys.keymap(changes)
    assert message in caught.value.message


def test_how_keys_are_written() -> None:
    assert [keys.shown(key) for key in ("space", "slash", "ctrl+p", "D,shift+d", "m")] == ["space", "/", "^p", "D", "m"]
