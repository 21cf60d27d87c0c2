from pathlib import Path

import pytest

from echoctl import paths
from echoctl.errors import NotFound
from echoctl.services.history.recorder import Recorder
from echoctl.services.system import completion
from tests.heard import say


@pytest.mark.parametrize("kind", ["recordings", "rooms", "devices", "endpoints", "models", "nonsense", ""])
def test_without_a_store_there_is_nothing_and_nothing_is_made(store: Path, kind: str) -> None:
    assert completion.values(kind, "") == []
    assert list(store.iterdir()) == []


def test_wake_words_with_a_neural_model_are_known_before_anything_was_heard(store: Path) -> None:
    assert completion.values("wake-words", "hey j") == [("hey jarvis", "has a neural model")]


def test_a_word_that_was_heard_says_how_often(recorder: Recorder) -> None:
    say(recorder, "what time is it")
    assert dict(completion.values("wake-words", ""))["alexa"] == "1 recording"


def test_a_damaged_store_has_nothing_to_offer(store: Path) -> None:
    folder = Path(paths.private_dir(paths.data_dir()))
    (folder / "echoctl.db").write_bytes(b"not a database" * 500)
    (folder / "echoctl.db").chmod(0o600)
    assert completion.values("rooms", "") == []
    assert dict(completion.values("wake-words", "alexa")) == {"alexa": "has a neural model"}


def test_models_are_the_folders_that_are_there(store: Path) -> None:
    for name in ("en-us", "de", ".half"):
        (Path(paths.models_dir()) / name).mkdir(parents=True)
    assert completion.values("models", "") == [("de", ""), ("en-us", "")]
    assert completion.values("models", "e") == [("en-us", "")]


def test_a_missing_script_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(completion.SCRIPTS, "bash", "nowhere")
    with pytest.raises(NotFound):
        completion.script("bash")
