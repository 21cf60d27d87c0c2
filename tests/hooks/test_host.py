import io
import json

import pytest

from echoctl.errors import VaultLocked
from echoctl.hooks.host import Handlers, answer, fault


def answered(work: object, done: object = dict) -> object:
    answers = io.BytesIO()
    answer(answers, work, done)  # type: ignore[arg-type]
    return json.loads(answers.getvalue())


def fail(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize("error", [ValueError("said"), SystemExit(3), KeyboardInterrupt()])
def test_whatever_is_raised_is_an_answer(error: BaseException) -> None:
    said = answered(lambda: fail(error))
    assert str(said).startswith(f"{{'fault': '{type(error).__name__} in test_host.py, line ")


def test_work_that_is_done_is_answered_with_what_was_asked() -> None:
    assert answered(lambda: None) == {}
    assert answered(lambda: None, lambda: {"types": None}) == {"types": None}


def test_the_text_of_an_error_is_shown_only_when_it_was_written_for_people() -> None:
    assert fault(VaultLocked("the vault\nis locked"), heard=True) == "the vault is locked"
    assert fault(ValueError("what time is it"), heard=True) == "ValueError"


def test_before_anything_was_heard_there_is_nothing_to_quote() -> None:
    assert fault(ImportError("no module\nnamed x"), heard=False) == "ImportError: no module named x"
    assert fault(RuntimeError(), heard=False) == "RuntimeError"


def test_each_handler_hears_its_types() -> None:
    heard: list[str] = []
    handlers = Handlers()
    handlers(lambda event: heard.append("a"), "wake", "state")
    handlers(lambda event: heard.append("b"), "state")
    assert handlers.types == ["state", "wake"]
    handlers.tell({"type": "state"})
    handlers.tell({"type": "wake"})
    handlers.tell({"type": "ready"})
    assert heard == ["a", "b", "a"]
    handlers(lambda event: heard.append("c"))
    assert handlers.types is None
