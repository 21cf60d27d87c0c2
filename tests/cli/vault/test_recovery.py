"""docs/recovery.md, walked: two machines, a person who types, and nothing but the commands that stand there."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from echoctl.clock import SystemClock
from echoctl.model.speech import StoreMode
from echoctl.services.history.recorder import Recorder
from echoctl.services.vault import unlocking
from tests.conftest import REPOSITORY, Run
from tests.heard import pcm, say
from tests.terminal import converse

Cli = Callable[..., Run]
GOOD = "correct horse battery"


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", (REPOSITORY / "docs/recovery.md").read_text(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


@pytest.mark.lab
def test_from_a_dead_laptop_to_sound_that_plays(
    cli: Cli, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, backup, restore, recover, verify, listing, export, play = commands()
    stick = tmp_path / "stick"
    stick.mkdir()

    def typed(command: str) -> list[str]:
        return command.replace("/media/stick", str(stick)).split()[1:]

    sound = pcm(1.0)
    unlocking.ensure()
    recorder = Recorder(mode=StoreMode.BOTH, room="kitchen", wall=SystemClock())
    made = say(recorder, "what time is it", SystemClock().now_ms(), sound=sound)
    recorder.close()
    code, _ = converse(["vault", "passphrase"], [("new passphrase: ", GOOD), ("the same again: ", GOOD)])
    assert code == 0
    code, shown = converse(typed(make), [("passphrase: ", GOOD)])
    paper = re.search(r"AGE-SECRET-KEY-1[A-Z0-9]{58}", shown)
    assert code == 0 and paper
    assert cli(*typed(backup)).exit == 0

    shutil.rmtree(home)  # the laptop dies
    home.mkdir()
    said = cli(*typed(restore))
    assert said.exit == 0 and recover.removeprefix("echoctl ") in said.stderr
    new = "quite another sentence"
    code, shown = converse(
        typed(recover), [("recovery line: ", paper[0]), ("new passphrase: ", new), ("the same again: ", new)]
    )
    assert code == 0 and paper[0] not in shown
    code, shown = converse(typed(verify), [("passphrase: ", new)])
    assert code == 0 and "1 recording, 1 whole" in shown
    assert made.id[:10] in cli(*typed(listing)).stdout
    monkeypatch.chdir(tmp_path)
    code, shown = converse(typed(export.replace("ID", made.id[:10])), [("passphrase: ", new)])
    assert code == 0 and (tmp_path / "first.wav").read_bytes()[44:] == sound
    player, file = play.split()
    subprocess.run([player, "-D", "null", file], cwd=tmp_path, check=True, capture_output=True)


def test_the_page_names_what_the_commands_say() -> None:
    """The table of what can go wrong quotes real messages."""
    page = (REPOSITORY / "docs/recovery.md").read_text()
    source = "".join(file.read_text() for file in (REPOSITORY / "echoctl").rglob("*.py"))
    quoted = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    assert len(quoted) == 5
    for message in quoted:
        assert message in source, message
